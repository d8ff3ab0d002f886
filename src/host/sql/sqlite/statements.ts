// Statements of grafts on one connection that only reads, in a process of its own (main.ts).
//
// A statement is checked four times, by what knows nothing of each other: its text (text.ts); SQLite's grammar, which
// takes nothing but a query between brackets; what SQLite asks while it makes a program of it (authorizer.ts); and what
// that program opens (plan.ts). It runs in the one state of the database in which it was checked: a schema that has
// changed since is read anew, and what was checked before is forgotten.

import { constants, DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { AnswerText, StatementRefused } from '../answer-text.ts';
import { SQL_BUSY_MS, SQL_STATEMENTS_MAX, SQL_TEXT_MAX, SQL_VALUE_BYTES_MAX } from '../bounds.ts';
import { faultOfPart } from './authorizer.ts';
import { TABLE_FUNCTIONS } from './functions.ts';
import type { Grant, Parameter, Request } from './messages.ts';
import { type Names, NO_NAMES } from './names.ts';
import { faultOfPlan, type Openable, type Operation, type Places } from './plan.ts';
import { treesOf } from './schema-trees.ts';
import { faultOfText, trimmed } from './text.ts';
import { dropViews, makeViews } from './views.ts';

/** A memory of the file that only reads, also where readers make notes for writers. */
const urlOf = (file: string): string => `${pathToFileURL(file).href}?mode=ro&readonly_shm=1`;

const LIMITS = {
  length: SQL_VALUE_BYTES_MAX,
  sqlLength: 8 * SQL_TEXT_MAX,
  exprDepth: 200,
  compoundSelect: 100,
  vdbeOp: 50_000,
  functionArg: 100,
  attach: 0,
  likePatternLength: 200,
  triggerDepth: 0,
};

/** Whole numbers are bound as such: 5 / 2 is 2. */
const bound = (value: Parameter): SQLInputValue => {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  return typeof value === 'object' && value !== null ? Buffer.from(value.base64, 'base64') : value;
};

export class StatementRunner {
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  readonly #version: StatementSync;
  readonly #checked = new Map<string, StatementSync>();
  #grant: Grant = { views: [] };
  /** The schema that names and trees are of. */
  #schema: unknown = null;
  #inner: ReadonlyMap<string, string> = new Map();
  #names: Names = NO_NAMES;
  #trees: ReadonlyMap<number, Places> = new Map();
  /** Whether what SQLite asks for is the host's own. */
  #isOurs = true;
  /** Why the statement that is being made may not take a part. */
  #denied: string | null = null;

  /** Opens the file, and all that SQLite keeps beside it: nothing can be opened afterwards. */
  constructor(file: string) {
    const database = new DatabaseSync(urlOf(file), {
      readOnly: true,
      allowExtension: false,
      defensive: true,
      timeout: SQL_BUSY_MS,
      limits: LIMITS,
      enableDoubleQuotedStringLiterals: false,
    });
    database.exec('PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON');
    database.setAuthorizer((action, ...parts) => this.#ask(action, parts));
    this.#database = database;
    this.#begin = database.prepare('BEGIN');
    this.#end = database.prepare('ROLLBACK');
    this.#version = database.prepare('PRAGMA main.schema_version');
    this.#within(() => this.#version.get());
  }

  #ask(action: number, parts: readonly (string | null)[]): number {
    if (this.#isOurs) return constants.SQLITE_OK;
    const fault = faultOfPart(this.#names, action, parts);
    if (fault === null) return constants.SQLITE_OK;
    this.#denied ??= fault;
    return constants.SQLITE_DENY;
  }

  /** What statements may read from now on. */
  grant(grant: Grant): void {
    this.#grant = grant;
    this.#schema = null;
    dropViews(this.#database);
    this.#inner = makeViews(this.#database, grant.views);
  }

  /** Runs a statement and gives the JSON text of its answer. Throws StatementRefused, and SQLite's errors. */
  run(request: Request): string {
    return this.#within(() => {
      const [{ schema_version: schema }] = [this.#version.get() as { schema_version: unknown }];
      if (schema !== this.#schema) this.#read(schema);
      return this.#theirs(() => this.#answer(request));
    });
  }

  /** One state of the database. */
  #within<T>(work: () => T): T {
    this.#begin.run();
    try {
      return work();
    } finally {
      this.#end.run();
    }
  }

  #theirs<T>(work: () => T): T {
    this.#isOurs = false;
    this.#denied = null;
    try {
      return work();
    } catch (error) {
      throw this.#denied === null ? this.#told(error) : new StatementRefused(this.#denied);
    } finally {
      this.#isOurs = true;
    }
  }

  #ours<T>(work: () => T): T {
    const before = this.#isOurs;
    this.#isOurs = true;
    try {
      return work();
    } finally {
      this.#isOurs = before;
    }
  }

  /** Without the names that nobody knows. */
  #told(error: unknown): unknown {
    if (error instanceof Error)
      for (const [name, table] of this.#inner) error.message = error.message.replaceAll(name, table);
    return error;
  }

  #read(schema: unknown): void {
    const database = this.#database;
    this.#checked.clear();
    this.#trees = new Map(this.#grant.views.flatMap((view) => treesOf(database, view)));
    const taken = database
      .prepare('SELECT name FROM main.sqlite_schema UNION SELECT name FROM pragma_module_list')
      .all();
    this.#names = {
      tables: new Set(this.#grant.views.map(({ table }) => table.toLowerCase())),
      inner: this.#inner,
      taken: new Set(taken.map(({ name }) => String(name).toLowerCase()).filter((name) => !isMade(name))),
    };
    this.#schema = schema;
  }

  #answer({ text, parameters, rows_max }: Request): string {
    const statement = this.#statement(text);
    const answer = new AnswerText(
      statement.columns().map(({ name }) => name),
      rows_max,
    );
    for (const row of statement.iterate(...parameters.map(bound))) answer.add(row as unknown as unknown[]);
    return answer.text;
  }

  #statement(text: string): StatementSync {
    let statement = this.#checked.get(text);
    if (statement !== undefined) return statement;
    statement = this.#check(trimmed(text));
    if (this.#checked.size >= SQL_STATEMENTS_MAX) this.#checked.clear();
    this.#checked.set(text, statement);
    return statement;
  }

  #check(text: string): StatementSync {
    const fault = faultOfText(text);
    if (fault !== null) throw new StatementRefused(fault);
    const statement = this.#database.prepare(text);
    // What ends before a bracket that closes is a query, and all of it.
    this.#database.prepare(`SELECT 1 FROM (\n${text}\n)`);
    const program = this.#ours(() => this.#explain(text));
    const unfit = faultOfPlan(program, { trees: this.#trees, made: this.#made() });
    if (unfit !== null) throw new StatementRefused(`the statement ${unfit}`);
    statement.setReturnArrays(true);
    statement.setReadBigInts(true);
    return statement;
  }

  #explain(text: string): Operation[] {
    return this.#database.prepare(`EXPLAIN ${text}`).all() as unknown as Operation[];
  }

  /** How programs name the tables that functions make. */
  #made(): Openable['made'] {
    const opened = TABLE_FUNCTIONS.flatMap((name) => this.#ours(() => this.#explain(`SELECT * FROM ${name}('[]')`)));
    return new Set(opened.filter(({ opcode }) => opcode === 'VOpen').map(({ p4 }) => p4 ?? ''));
  }
}

const isMade = (name: string): boolean => TABLE_FUNCTIONS.includes(name);
