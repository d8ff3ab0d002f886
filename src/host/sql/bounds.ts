// Every bound of statements that grafts write, with its unit.

/** Rows of an answer, unless the callable says otherwise. */
export const SQL_ROWS_MAX = 10_000;
/** The JSON text of an answer; the rest of the 1 MiB that cross is for the message around it. */
export const SQL_BYTES_MAX = 900_000;
/** Values of an answer, counting each row; what crosses is bounded to 100,000 values. */
export const SQL_VALUES_MAX = 90_000;
export const SQL_COLUMNS_MAX = 100;
/** Processor time of one statement, unless the callable says otherwise. */
export const SQL_MS = 500;
/** UTF-16 units of a statement. */
export const SQL_TEXT_MAX = 20_000;
export const SQL_PARAMETERS_MAX = 500;
/** Base64 of the bytes of a parameter. */
export const SQL_BYTES_TEXT_MAX = 1_000_000;
/** UTF-16 units of what a graft is told of a statement that failed. */
export const SQL_MESSAGE_MAX = 300;

/** Memory that a process of statements may take beyond what it takes when it begins: SQLite's and the engine's. */
export const SQL_MEMORY_BYTES = 192 * 1_048_576;
/** The heap of its engine, for the rows of one answer. */
export const SQL_HEAP_MB = 64;
/** Bytes of one value, or of a row that is sorted, in SQLite. */
export const SQL_VALUE_BYTES_MAX = 2_000_000;
/** Checked statements kept by a process. */
export const SQL_STATEMENTS_MAX = 100;
/** How long SQLite waits for a lock on the file. A reader of a write-ahead log hardly ever does. */
export const SQL_BUSY_MS = 200;
/** Plugins that have a process or a connection for statements at a time; whoever needs one more waits. */
export const SQL_WORKERS_MAX = 8;
/** How long a process may take to start. */
export const SQL_START_MS_MAX = 15_000;

/** UTF-16 units of a statement for PostgreSQL, whose parser works in the host's own thread. */
export const POSTGRES_TEXT_MAX = 5_000;
/** Statements whose analysis is kept. */
export const POSTGRES_TEXTS_KEPT = 200;
/** PostgreSQL tells no processor time: by the clock a statement may take so many times of it. */
export const POSTGRES_CLOCK = 4;
/** How long a statement waits for a lock on a table: whoever changes one has it for a moment. */
export const POSTGRES_LOCK_MS = 1_000;
/** Bytes that a connection takes in for one statement: an answer, in the form in which it travels. */
export const POSTGRES_BYTES_MAX = 4_000_000;
/** Schemas of views that are kept: of callables, and of the different filters of one. */
export const POSTGRES_SCHEMAS_MAX = 100;
