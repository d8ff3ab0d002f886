// The store of a host, as the rest of the host sees it.

import type { EntityManager } from 'typeorm';
import type { Callable, CallableTree, Participant } from '../../plugins/index.ts';
import type { StateMap, Ticket, Transaction } from '../../txn/index.ts';
import type { HostTransaction } from '../host-transaction.ts';
import type { Registry } from '../registry.ts';
import type { SqlValue } from './dialect.ts';
import type { PgConfig, PgLibrary } from './postgres/wire.ts';
import type { StoreAnswer } from './rows.ts';
import type { EntityTarget, Table } from './table.ts';

/** The steps of a commit with a store, in their order. A test kills the host at each. */
export type CommitStep =
  | 'checked'
  | 'committing'
  | 'outbox'
  | 'stored-state'
  | 'transaction-id'
  | 'database-commit'
  | 'memory-commit'
  | 'released'
  | 'sending'
  | 'sent';

/**
 * What a graft may do with a table: the columns it may read and the ones it may write. It may add or delete rows only
 * if the grant says so.
 */
export interface TableGrant {
  /**
   * Columns that grafts see, and may use in conditions. `all`, alone or in the list, leaves out those that the entity
   * does not select. BLOBs cannot be read.
   */
  readonly read?: readonly string[] | 'all';
  /** Columns that grafts may give values to; `all` as for `read`. */
  readonly write?: readonly string[] | 'all';
  /** Whether existing rows may be changed; true unless given. */
  readonly update?: boolean;
  /** Whether rows may be added; false unless given. */
  readonly insert?: boolean;
  /** Whether rows may be deleted; false unless given. */
  readonly delete?: boolean;
  /** The largest number of rows that one find answers; default 1,000. */
  readonly rows_max?: number;
}

export type Scalar = null | boolean | number | string;

/** A value of a column: JSON and lists as they are, a date and time as ISO 8601 in UTC. */
export type CellValue = Scalar | readonly CellValue[] | { readonly [key: string]: CellValue };

/** Rows as they cross: plain data, by the names of the columns in the database. */
export type Row = Record<string, CellValue>;

/** `!=` holds also where the column is NULL. `in` takes a list, `like` a pattern with % and _ for a column of text. */
export interface Comparison {
  readonly op: '<' | '<=' | '>' | '>=' | '!=' | 'in' | 'like';
  readonly value: unknown;
}

/**
 * A condition on rows: equality, or one comparison, per column; all must hold. JSON and lists are compared with null
 * alone, what a transformer makes by `=`, `!=` and `in`. Rows that are deleted and kept (`deleteDate`) are not there.
 */
export type Where = Record<string, Scalar | Comparison>;

export interface FindOptions {
  /** Conditions that all hold: a value, or comparisons. Omitted: every row. */
  readonly where?: Where;
  /** Omitted: all that may be read. */
  readonly columns?: readonly string[];
  /** The first of them counts before the second. Omitted: any order. */
  readonly orderBy?: readonly { readonly column: string; readonly descending?: boolean }[];
  /** How many rows at most. */
  readonly limit?: number;
  /** How many rows are left out before the first. */
  readonly offset?: number;
}

/**
 * A table in a transaction of the host's own; find and count also work outside any. A ticket: wait and call again. With
 * PostgreSQL every answer is a promise.
 */
export interface WaitingTableAccess {
  find(txn: Transaction | null, options?: FindOptions): StoreAnswer<Row[]>;
  count(txn: Transaction | null, where?: Where): StoreAnswer<number>;
  /** `id` is the value of the first primary column. */
  insert(txn: Transaction, row: Row): StoreAnswer<{ id: number | string }>;
  /** Changes rows, and gives their number. Conditions must be given. */
  update(txn: Transaction, where: Where, changes: Row): StoreAnswer<number>;
  delete(txn: Transaction, where: Where): StoreAnswer<number>;
}

/** With SQLite: answers are there at once, or after the writer's slot was waited for. */
export interface TableAccess extends WaitingTableAccess {
  find(txn: Transaction, options?: FindOptions): Row[] | Ticket;
  find(txn: null, options?: FindOptions): Row[];
  find(txn: Transaction | null, options?: FindOptions): Row[] | Ticket;
  count(txn: Transaction, where?: Where): number | Ticket;
  count(txn: null, where?: Where): number;
  count(txn: Transaction | null, where?: Where): number | Ticket;
  insert(txn: Transaction, row: Row): { id: number | string } | Ticket;
  update(txn: Transaction, where: Where, changes: Row): number | Ticket;
  delete(txn: Transaction, where: Where): number | Ticket;
}

/**
 * Gets each message at least once, with its id, in the order of the channel. If it rejects, it is called again, a
 * bounded number of times.
 */
export type Handler = (id: string, payload: unknown) => void | Promise<void>;

export interface OutgoingChannel {
  /** `send(payload)`, for grafts. */
  readonly callable: Callable;
  send(txn: Transaction, payload: unknown): undefined | Ticket;
}

export interface StoredMap {
  /** The last committed entries, in the order of the map. */
  readonly initial: readonly (readonly [string, unknown])[];
  /** From now on, what commits change in `map` is written in the same COMMIT. */
  attach(map: StateMap<string, unknown>): void;
  /**
   * Call it before every change of the map: a commit must not wait for the writer's slot. A ticket: wait and call
   * again.
   */
  touch(txn: Transaction): Ticket | null;
}

/** How one more connection to PostgreSQL is opened, and what the host's own role may. */
export interface PostgresPlace {
  readonly library: PgLibrary;
  readonly config: PgConfig;
  readonly user: string;
  readonly mayMakeRoles: boolean;
  /** Asks as the host. Parameters are `?`. */
  readonly ask: <Row>(sql: string, ...values: SqlValue[]) => Promise<Row[]>;
}

/** What SQL of grafts needs to know of a store. */
export interface SqlPlace {
  /** The file of SQLite. */
  readonly file?: string;
  readonly postgres?: PostgresPlace;
  /** A table of the application's entities. Throws GRAFT_UNKNOWN_TABLE. */
  table(name: string): Table;
}

export interface Store extends Participant {
  readonly sqlPlace: SqlPlace;
  /** The registry in the same database; absent: it lies elsewhere. */
  readonly registry?: Registry;
  /** Callables `find`, `count`, `insert`, `update`, `delete` over one table, as far as the grant goes. */
  callables(table: EntityTarget, grant: TableGrant): CallableTree;
  /** The host's own access, without a grant. Throws GRAFT_UNKNOWN_TABLE. */
  table(which: EntityTarget): WaitingTableAccess;
  /** A channel for messages that leave the host after commit, never on abort. Nothing is sent before `resume`. */
  channel(name: string, handler: Handler): OutgoingChannel;
  storedMap(name: string): StoredMap;
  /** The names of stored maps that have entries and begin with `prefix`. */
  storedNames(prefix: string): string[];
  /** TypeORM within a transaction of the host. */
  entities(txn: HostTransaction): EntityManager;
  /**
   * Begins to send, first what was committed and not sent before a restart. Call it when all channels have their
   * handlers. Called again, channels that gave up try again. Resolves when every channel has nothing to send or waits
   * to try again. Throws GRAFT_TWO_LIBRARIES.
   */
  resume(): Promise<void>;
  /** Waits for messages that are being sent. All transactions must have ended. */
  close(): Promise<void>;
}

/** The store in an SQLite file. */
export interface SqliteStore extends Store {
  table(which: EntityTarget): TableAccess;
}
