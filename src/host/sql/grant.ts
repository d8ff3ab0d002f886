// What grafts may read by SQL: tables, columns of each, and the rows that a condition of the host's leaves.
//
//   host.sql({ grants: { product: { read: ['id', 'name'], where: { hidden: false } },
//                        purchase: { read: 'all', where: ({ principal }) => ({ buyer: principal }) } } })

import {
  A_WHOLE,
  AN_OBJECT,
  badArgument,
  checkOptions,
  GraftError,
  isFunction,
  isRecord,
  type OptionChecks,
} from '../../plugins/index.ts';
import type { Clause, SqlPlace, Table, Where } from '../store/index.ts';
import { whereClause } from '../store/index.ts';
import { SQL_MS, SQL_ROWS_MAX } from './bounds.ts';
import type { SqlCaller, SqlParameter } from './engine.ts';

/** A table for SQL of grafts. Rows that are deleted and kept (`deleteDate`) are not there. */
export interface SqlGrant {
  /** Columns by their names in the database; `all` leaves out those that the entity does not select. */
  readonly read: readonly string[] | 'all';
  /** The rows that there are for a graft; default: all. It may depend on who calls. */
  readonly where?: Where | ((caller: SqlCaller) => Where);
}

export interface SqlOptions {
  /** By the names of the tables. */
  readonly grants: Readonly<Record<string, SqlGrant>>;
  /** Rows that one answer may have; default 10,000. */
  readonly rows_max?: number;
  /** Processor time that the database may take for one statement, in ms; default 500. */
  readonly ms?: number;
}

/** A table as it was granted. */
export interface GrantedRows {
  readonly table: Table;
  readonly columns: readonly string[];
  /** The condition, with `?` for its values, and the columns that it looks at. */
  filter(caller: SqlCaller): { readonly clause: Clause; readonly filtered: readonly string[] };
}

export interface SqlRights {
  readonly tables: readonly GrantedRows[];
  readonly rows_max: number;
  readonly ms: number;
}

const bad = (what: string): never => {
  throw new GraftError('GRAFT_BAD_OPTION', `sql: ${what}`);
};

const OPTIONS: OptionChecks = { grants: AN_OBJECT, rows_max: A_WHOLE, ms: A_WHOLE };
const GRANT: OptionChecks = {
  read: ["'all' or a list of columns", (value) => value === 'all' || (Array.isArray(value) && value.length > 0)],
  where: ['a condition or a function', (value) => isRecord(value) || isFunction(value)],
};

const columnsOf = (table: Table, read: SqlGrant['read']): string[] => {
  if (read === 'all') return [...table.columns.values()].filter(({ hidden }) => !hidden).map(({ name }) => name);
  for (const name of read) if (!table.columns.has(name)) bad(`table ${table.name} has no column ${String(name)}`);
  return [...new Set(read)];
};

const granted = (table: Table, grant: SqlGrant): GrantedRows => {
  checkOptions(grant, GRANT, `sql: grant of ${table.name}`);
  if (grant.read === undefined) bad(`grant of ${table.name}: read what?`);
  const rights = {
    table,
    readable: table.columns,
    writable: new Map(),
    rows_max: Number.POSITIVE_INFINITY,
    bytes_max: Number.POSITIVE_INFINITY,
    isBounded: false,
  };
  const deleted = table.deleted === null ? [] : [table.deleted.name];
  const filterOf = (where: Where) => ({
    clause: whereClause(rights, where),
    filtered: [...Object.keys(where), ...deleted],
  });
  const { where = {} } = grant;
  if (typeof where === 'function')
    return { table, columns: columnsOf(table, grant.read), filter: (caller) => ofHost(() => filterOf(where(caller))) };
  const filter = checkedFilter(table, () => filterOf(where));
  return { table, columns: columnsOf(table, grant.read), filter: () => filter };
};

/** A condition that the host's own function gives and that is none is no graft's fault. */
const ofHost = <T>(make: () => T): T => {
  try {
    return make();
  } catch (cause) {
    throw new Error('sql: a filter of the host failed', { cause });
  }
};

const checkedFilter = <T>(table: Table, make: () => T): T => {
  try {
    return make();
  } catch (error) {
    return bad(`grant of ${table.name}: ${(error as Error).message}`);
  }
};

/** Throws GRAFT_BAD_OPTION and GRAFT_UNKNOWN_TABLE. */
export const rightsOf = (place: SqlPlace, options: SqlOptions): SqlRights => {
  checkOptions(options, OPTIONS, 'sql');
  const { grants, rows_max = SQL_ROWS_MAX, ms = SQL_MS } = options;
  if (grants === undefined || Object.keys(grants).length === 0) bad('grants name no table');
  const tables = Object.entries(grants).map(([name, grant]) => granted(place.table(name), grant));
  return { tables, rows_max, ms };
};

const isBase64 = (text: unknown): boolean => typeof text === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(text);

/** A parameter that a graft gives. Throws GRAFT_BAD_ARGUMENT. */
export const parameterOf = (value: unknown): SqlParameter => {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
    return value;
  if (isRecord(value) && Object.keys(value).length === 1 && isBase64(value.base64)) return value as { base64: string };
  return badArgument('sql: a parameter is null, a boolean, a number, a text, or { base64 }');
};
