// What the two databases say differently, in one place. Statements of a table are put together with `?` for parameters
// (clauses.ts).

import type { Kind } from './column.ts';

/** A value as it is bound to a parameter. */
export type SqlValue = string | number | boolean | null | readonly unknown[];

export interface Dialect {
  readonly name: 'sqlite' | 'postgres';
  /** The kinds of column types; a type that is not here is of the kind that `otherKind` says. */
  readonly kinds: Readonly<Record<string, Kind>>;
  otherKind(type: string): Kind;
  /** Whether a column equals no such value, NULL included. */
  readonly isNot: string;
  /** Whether a column has one of a list of values, which is one parameter. */
  in(column: string): string;
  list(values: readonly SqlValue[]): SqlValue;
  /** % and _ stand for others, and nothing else does; letters of ASCII match whatever their case. */
  like(column: string): string;
  /** NULL comes first, descending last. */
  order(column: string, descending: boolean): string;
  /** The LIMIT that is none. */
  readonly unlimited: SqlValue;
  /** Whether statements of grafts count what they look at (scan.ts). */
  readonly counts: boolean;
  /** Now, as columns of dates have it. */
  readonly now: string;
  boolean(value: boolean): SqlValue;
  /** The end of an INSERT that tells a value of the new row. */
  returning(column: string): string;
}

const INTEGER = /int/;

export const SQLITE: Dialect = {
  name: 'sqlite',
  kinds: {
    boolean: 'boolean',
    blob: 'blob',
    // SQLite's binary form of JSON.
    jsonb: 'blob',
    real: 'number',
    double: 'number',
    'double precision': 'number',
    float: 'number',
    numeric: 'number',
    decimal: 'number',
    datetime: 'datetime',
    json: 'json',
    'simple-json': 'json',
    'simple-array': 'list',
  },
  otherKind: (type) => (INTEGER.test(type) ? 'integer' : 'text'),
  isNot: 'IS NOT',
  in: (column) => `${column} IN (SELECT value FROM json_each(?))`,
  list: (values) => JSON.stringify(values),
  like: (column) => `${column} LIKE ?`,
  order: (column, descending) => `${column}${descending ? ' DESC' : ''}`,
  unlimited: -1,
  counts: true,
  now: "datetime('now')",
  boolean: Number,
  returning: () => '',
};

export const POSTGRES: Dialect = {
  name: 'postgres',
  kinds: {
    boolean: 'boolean',
    smallint: 'integer',
    integer: 'integer',
    bigint: 'integer',
    real: 'number',
    'double precision': 'number',
    numeric: 'number',
    text: 'text',
    'character varying': 'text',
    character: 'text',
    citext: 'text',
    uuid: 'text',
    enum: 'text',
    date: 'text',
    'time without time zone': 'text',
    'time with time zone': 'text',
    'timestamp without time zone': 'datetime',
    'timestamp with time zone': 'datetime',
    json: 'json',
    jsonb: 'json',
    'simple-json': 'json',
    'simple-array': 'list',
    'simple-enum': 'text',
  },
  otherKind: () => 'blob',
  isNot: 'IS DISTINCT FROM',
  in: (column) => `${column} = ANY(?)`,
  list: (values) => values,
  like: (column) => `${column} ILIKE ? ESCAPE ''`,
  order: (column, descending) => `${column}${descending ? ' DESC NULLS LAST' : ' NULLS FIRST'}`,
  unlimited: null,
  counts: false,
  now: 'CURRENT_TIMESTAMP',
  boolean: (value) => value,
  returning: (column) => ` RETURNING ${column}`,
};

/** A quoted name, or a `?` outside of one. */
const MARK = /"(?:[^"]|"")*"|'(?:[^']|'')*'|\?/g;

/** A statement in which each `?` for a parameter, the first being 1, is replaced. */
export const replaceMarks = (sql: string, by: (mark: number) => string): string => {
  let last = 0;
  return sql.replace(MARK, (token) => (token === '?' ? by(++last) : token));
};

/** A statement with `?` for parameters as PostgreSQL has it. */
export const numbered = (sql: string): string => replaceMarks(sql, (mark) => `$${mark}`);
