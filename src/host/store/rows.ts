// How statements of a table reach a database: with SQLite at once (sqlite-rows.ts), with PostgreSQL over a wire
// (postgres/rows.ts). What a caller may say, and what it is answered, is the same (table-access.ts).

import type { Ticket, Transaction, Undoable } from '../../txn/index.ts';
import type { Clause, TableRights } from './clauses.ts';

/** An answer of the database. A ticket: wait and ask again. */
export type StoreAnswer<T> = T | Ticket | Promise<T>;

/** Who reads what. */
export interface Reading {
  /** Null: outside transactions. */
  readonly txn: Transaction | null;
  readonly readOnly: boolean;
  readonly rights: TableRights;
}

/** Takes rows, as lists of cells, while they are read; throws where they are too much. */
export interface RowTaker<T> {
  take(cells: readonly unknown[]): void;
  done(): T;
}

/** A change of rows: which ones, how many they are, and the statement that changes them. */
export interface Change {
  readonly rights: TableRights;
  /** How the undo log names it. */
  readonly logged: Undoable;
  readonly target: Clause;
  readonly statement: Clause;
}

export interface RowAccess {
  /** Whether answers take time. */
  readonly waits: boolean;
  find<T>(reading: Reading, clause: Clause, taker: () => RowTaker<T>): StoreAnswer<T>;
  count(reading: Reading, clause: Clause): StoreAnswer<number>;
  /** Gives what the database made the first primary column; null where the statement knew it. */
  insert(txn: Transaction, logged: Undoable, statement: Clause): StoreAnswer<number | string | null>;
  /** Gives the number of rows, which the account of `txn` has paid. */
  change(txn: Transaction, change: Change): StoreAnswer<number>;
}
