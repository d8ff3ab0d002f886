// One connection to an SQLite file. Everything here is synchronous: a statement has run when the call returns, so no
// statement of a transaction can run after its end. Prepared statements are kept by their text; the least recently used
// one goes.

import { GraftError } from '../../plugins/index.ts';
import { STATEMENTS_MAX } from './bounds.ts';
import type { SqlValue } from './dialect.ts';
import type { SqliteDatabase, SqliteResult, SqliteStatement } from './node-sqlite.ts';
import { StepCounter } from './scan.ts';

export class Connection {
  readonly database: SqliteDatabase;
  /** Counts what statements of grafts look at. */
  readonly steps: StepCounter;
  #closed = false;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(database: SqliteDatabase) {
    this.database = database;
    this.steps = new StepCounter(database);
  }

  get inTransaction(): boolean {
    return !this.#closed && this.database.inTransaction;
  }

  /** Runs a statement that answers no rows. */
  run(sql: string, ...values: SqlValue[]): SqliteResult {
    return this.#prepared(sql, false).run(...values);
  }

  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#prepared(sql, false).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return this.#prepared(sql, false).all(...values) as Row[];
  }

  /** Rows as arrays, one by one. The loop must end, or be left by `break` or a throw, before the next statement. */
  rows(sql: string, values: readonly SqlValue[]): IterableIterator<unknown[]> {
    return this.#prepared(sql, true).iterate(...values) as IterableIterator<unknown[]>;
  }

  /** COMMIT. A method of its own, so that a test can make it fail. */
  commit(): void {
    this.run('COMMIT');
  }

  /** A statement that answers objects. */
  statement(sql: string): SqliteStatement {
    return this.#prepared(sql, false);
  }

  /** From now on every statement is refused. The database is closed too, unless it is somebody else's. */
  close({ isOurs = true }: { readonly isOurs?: boolean } = {}): void {
    this.#closed = true;
    this.#statements.clear();
    if (isOurs) this.database.close();
  }

  #prepared(sql: string, raw: boolean): SqliteStatement {
    if (this.#closed || !this.database.open) throw new GraftError('GRAFT_CLOSED', 'the store is closed');
    const key = raw ? `raw ${sql}` : sql;
    const kept = this.#statements.get(key);
    if (kept !== undefined) {
      this.#statements.delete(key);
      this.#statements.set(key, kept);
      return kept;
    }
    const statement = this.database.prepare(sql);
    if (raw) statement.raw(true);
    this.#statements.set(key, statement);
    if (this.#statements.size > STATEMENTS_MAX) this.#statements.delete(this.#statements.keys().next().value as string);
    return statement;
  }
}

const CONSTRAINT = /^(UNIQUE|NOT NULL|CHECK|FOREIGN KEY) constraint failed(?:: ((?:index ')?[\w.]+'?(?:, [\w.]+)*))?$/;

/** SQLite's primary result codes that are told apart, by their numbers (sqlite3.h). */
const PRIMARY: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  8: 'SQLITE_READONLY',
  9: 'SQLITE_INTERRUPT',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  19: 'SQLITE_CONSTRAINT',
  26: 'SQLITE_NOTADB',
};

/**
 * The code of an SQLite error: of better-sqlite3, or of node:sqlite, which tells the number; null for any other error.
 * Its class is not asked: an addon's errors may come from another realm.
 */
export const sqliteCode = (error: unknown): string | null => {
  if (typeof error !== 'object' || error === null) return null;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (code === 'ERR_SQLITE_ERROR') return PRIMARY[Number(errcode) & 0xff] ?? 'SQLITE_ERROR';
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : null;
};

/** Whether an integer was read that no number of JavaScript tells exactly (node:sqlite). */
const isTooLarge = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'ERR_OUT_OF_RANGE';

/**
 * An error of SQLite as it may leave the store. A violated constraint is the caller's mistake and is named; of any
 * other error only that it happened. Never SQL text, never values. Other errors stay what they are.
 */
export const asSeen = (error: unknown): unknown => {
  if (isTooLarge(error)) return new GraftError('GRAFT_BAD_ARGUMENT', 'a number that cannot be told exactly');
  const code = sqliteCode(error);
  if (code === null) return error;
  if (!code.startsWith('SQLITE_CONSTRAINT'))
    return new GraftError('GRAFT_STORE', `the database failed: ${code}`, { cause: error });
  const [, kind = 'a', name] = CONSTRAINT.exec(String((error as Error).message)) ?? [];
  return new GraftError('GRAFT_BAD_ARGUMENT', `${kind} constraint failed${name === undefined ? '' : `: ${name}`}`);
};

/** The error for a file that cannot be opened, or not be read. It names the file, which grafts are not told. */
export const cannot = (what: 'opened' | 'read', file: string, error: unknown): GraftError => {
  if (error instanceof GraftError) return error;
  const why = String((error as { message?: unknown } | null)?.message);
  return new GraftError('GRAFT_STORE', `the database ${file} cannot be ${what}: ${why}`, { cause: error });
};
