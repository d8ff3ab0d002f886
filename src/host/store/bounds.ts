// Every bound and constant of the store, with its unit.

/** How long a transaction waits for the writer's slot or a snapshot before the holder is aborted. */
export const LOCK_TIMEOUT_MS = 1000;
/** How long SQLite itself blocks when another process has the file. It blocks this whole process, so it is short. */
export const BUSY_TIMEOUT_MS = 100;
/** How long a host waits for another one that has claimed a file and not said who it is yet, before it looks again. */
export const CLAIM_RETRY_MS = 2;
/** Connections that keep a snapshot for grafts that only read. */
export const SNAPSHOTS = 4;
/** Connections to PostgreSQL on which transactions run, each one at a time. */
export const CONNECTIONS = 10;
/** How long a statement runs before PostgreSQL is asked whether it waits for rows of somebody else. */
export const PROBE_MS = 50;
/** How long PostgreSQL itself waits for a row that somebody keeps who is not of this host. */
export const FOREIGN_LOCK_TIMEOUT_MS = 3 * LOCK_TIMEOUT_MS;
/** How long a host waits for the sessions of one before it, which has just ended, to end too. */
export const CLAIM_WAIT_MS = 2000;
/** How long a lost connection, or the outcome of a COMMIT on it, is asked for again before the host gives up. */
export const RECONNECT_MS = 30_000;
/** How long it waits before it asks again. */
export const ASK_AGAIN_MS = 20;
/** How often a transaction is made again that PostgreSQL could put in no order. */
export const REPEATS_MAX = 16;
/** The wait before it is made again is chosen by chance, up to this; each further one doubles it. */
export const REPEAT_MS = 2;
/** Prepared statements kept by one connection. */
export const STATEMENTS_MAX = 200;

/** The rows that one find of a graft answers at most, unless its grant says otherwise. */
export const ROWS_MAX = 1000;
/**
 * The JSON text of the rows of one find at most. What crosses is bounded to 1 MiB; the rest is for the message around
 * it.
 */
export const FIND_BYTES_MAX = 900_000;
/** Values in the rows of one find, counting each row; what crosses is bounded to 100,000 values. */
export const FIND_VALUES_MAX = 90_000;
export const IN_VALUES_MAX = 500;
export const LIKE_LENGTH_MAX = 100;
export const LIKE_WILDCARDS_MAX = 4;
export const ORDER_COLUMNS_MAX = 8;
/**
 * Steps of one statement of a graft. SQLite works on the host's thread, and nothing can interrupt it there, so each row
 * that it comes to is paid for before it is looked at (scan.ts). A step takes 2 ns at worst: 0.2 s in all.
 */
export const SCAN_STEPS_MAX = 100_000_000;
/** A row, or a condition on one: the call that counts it takes 160 ns. */
export const ROW_STEPS = 100;
/** A text by which rows are put in order: it is compared with about so many others, same bytes anew each time. */
export const ORDER_STEPS = 20;
/** A text looked up in a list of IN_VALUES_MAX: log2(500). */
export const IN_STEPS = 9;

/** Messages of one channel read from the outbox at a time. */
export const OUTBOX_PAGE = 100;
/** How often one message is tried between two starts of the host. */
export const SEND_ATTEMPTS_MAX = 6;
/** The wait after the first failure; each further one doubles it: 100 + 200 + 400 + 800 + 1600 = 3.1 s in all. */
export const SEND_RETRY_MS = 100;
/** Sent messages that wait for the writer's slot to be free before their deletion queues for it. */
export const SENT_MAX = 64;

/** Records of aborts that the registry keeps, and how many more it lets gather before it prunes. */
export const ABORTS_MAX = 10_000;
export const ABORTS_PRUNE = 500;
/** Removed plugins that the registry keeps. */
export const REMOVED_MAX = 200;
/** The wait after a first write of the registry that failed; each further one doubles it. */
export const RETRY_MS = 500;
export const RETRY_MS_MAX = 30_000;
