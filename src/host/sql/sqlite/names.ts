// The names of a database that matter while a statement is checked, all in lower case: SQLite compares names so.

/** What a grant and the schema of the database say of names. */
export interface Names {
  /** Tables that were granted. */
  readonly tables: ReadonlySet<string>;
  /** The views behind them, which nobody can guess: each with the table that it reads. */
  readonly inner: ReadonlyMap<string, string>;
  /** Everything that has a name in the database, and modules that make tables. */
  readonly taken: ReadonlySet<string>;
}

export const NO_NAMES: Names = { tables: new Set(), inner: new Map(), taken: new Set() };
