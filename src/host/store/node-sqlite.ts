// Node's own SQLite in the form that TypeORM's driver `better-sqlite3` takes for its option `driver`: nothing is
// compiled, and no second SQLite library comes into the process.
//
//   new DataSource({ type: 'better-sqlite3', driver: NodeSqlite, database: path, … })

import { existsSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

/** A database as this folder uses one: better-sqlite3's own form, which that library has as well. */
export interface SqliteDatabase {
  readonly name: string;
  readonly open: boolean;
  readonly readonly: boolean;
  readonly inTransaction: boolean;
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  /** The rows that a PRAGMA answers; `simple`: the first column of the first one. */
  pragma(source: string, options?: { readonly simple?: boolean }): unknown;
  function(name: string, run: (...args: unknown[]) => unknown): unknown;
  close(): unknown;
}

export interface SqliteStatement {
  /** Whether it answers rows. */
  readonly reader: boolean;
  run(...values: unknown[]): SqliteResult;
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
  iterate(...values: unknown[]): IterableIterator<unknown>;
  /** Rows as arrays. */
  raw(on: boolean): SqliteStatement;
}

export interface SqliteResult {
  readonly changes: number;
  readonly lastInsertRowid: number | bigint;
}

/** How a library opens a file: its class. */
export type SqliteLibrary = new (
  path: string,
  options?: { readonly readonly?: boolean; readonly fileMustExist?: boolean; readonly timeout?: number },
) => SqliteDatabase;

/** Parameters. An object would be taken for named ones, and what it holds not be bound at all. */
const bound = (values: readonly unknown[]): SQLInputValue[] => {
  for (const value of values)
    if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value))
      throw new TypeError('SQLite takes numbers, strings, bytes and null');
  return (values.includes(undefined) ? values.map((value) => value ?? null) : values) as SQLInputValue[];
};

class Statement implements SqliteStatement {
  readonly #statement: StatementSync;
  #reader: boolean | null = null;

  constructor(statement: StatementSync) {
    this.#statement = statement;
  }

  get reader(): boolean {
    this.#reader ??= this.#statement.columns().length > 0;
    return this.#reader;
  }

  run(...values: unknown[]): SqliteResult {
    return this.#statement.run(...bound(values)) as SqliteResult;
  }

  get(...values: unknown[]): unknown {
    return this.#statement.get(...bound(values));
  }

  all(...values: unknown[]): unknown[] {
    return this.#statement.all(...bound(values));
  }

  iterate(...values: unknown[]): IterableIterator<unknown> {
    return this.#statement.iterate(...bound(values));
  }

  raw(on: boolean): this {
    this.#statement.setReturnArrays(on);
    return this;
  }
}

/** A connection of Node's own SQLite. */
export class NodeSqlite implements SqliteDatabase {
  readonly name: string;
  readonly readonly: boolean;
  readonly #database: DatabaseSync;

  constructor(
    ...[path, { readonly = false, fileMustExist = false, timeout = 5000 } = {}]: ConstructorParameters<SqliteLibrary>
  ) {
    if (fileMustExist && !existsSync(path)) throw new Error(`there is no file ${path}`);
    this.name = path;
    this.readonly = readonly;
    this.#database = new DatabaseSync(path, { readOnly: readonly, timeout });
  }

  get open(): boolean {
    return this.#database.isOpen;
  }

  get inTransaction(): boolean {
    return this.#database.isOpen && this.#database.isTransaction;
  }

  prepare(sql: string): SqliteStatement {
    return new Statement(this.#database.prepare(sql));
  }

  exec(sql: string): this {
    this.#database.exec(sql);
    return this;
  }

  pragma(source: string, { simple = false }: { readonly simple?: boolean } = {}): unknown {
    const rows = this.#database.prepare(`PRAGMA ${source}`).all();
    return simple ? Object.values(rows[0] ?? {})[0] : rows;
  }

  function(name: string, run: (...args: unknown[]) => unknown): this {
    this.#database.function(name, run as () => null);
    return this;
  }

  /** Closing it again does nothing. */
  close(): this {
    if (this.#database.isOpen) this.#database.close();
    return this;
  }
}
