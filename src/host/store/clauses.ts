// Arguments of reads and writes, checked exactly and turned into SQL. A caller has rights to a table: the columns it
// may read and write, and the rows it may have at once. Anything beyond throws GRAFT_BAD_ARGUMENT; nothing is ignored
// and nothing converted.

import { badArgument, unexpected, unknownName } from '../../plugins/index.ts';
import { FIND_BYTES_MAX, IN_VALUES_MAX, LIKE_LENGTH_MAX, LIKE_WILDCARDS_MAX, ORDER_COLUMNS_MAX } from './bounds.ts';
import { comparedWith, type TableColumn, toSql } from './column.ts';
import type { Dialect, SqlValue } from './dialect.ts';
import { conditionPrice, orderPrice } from './scan.ts';
import type { Table } from './table.ts';

/** What one caller may do with a table. */
export interface TableRights {
  readonly table: Table;
  readonly readable: ReadonlyMap<string, TableColumn>;
  readonly writable: ReadonlyMap<string, TableColumn>;
  /** Rows and JSON bytes of one find; Infinity for the host itself. */
  readonly rows_max: number;
  readonly bytes_max: number;
  /** Whether its statements pay for each row that they look at, and its texts must fit into an answer. */
  readonly isBounded: boolean;
}

/** A piece of SQL, or all of a statement, with the values of its parameters. */
export interface Clause {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export interface Selection extends Clause {
  readonly columns: readonly TableColumn[];
  /** The rows at most. Without a limit, one row more is read, to tell that there are too many. */
  readonly rows_max: number;
}

/** The entries of an object that has known keys only. Throws GRAFT_BAD_ARGUMENT. */
export const record = (value: unknown, what: string, keys?: readonly string[]): [string, unknown][] => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return unexpected(what, 'an object', value);
  const entries = Object.entries(value);
  const unknown = keys === undefined ? undefined : entries.find(([key]) => !keys.includes(key));
  return unknown === undefined ? entries : badArgument(`${what}: ${unknownName('key', unknown[0], keys ?? [])}`);
};

const columnIn = (columns: ReadonlyMap<string, TableColumn>, name: unknown, what: string): TableColumn => {
  const column = typeof name === 'string' ? columns.get(name) : undefined;
  return column ?? badArgument(`${what}: ${unknownName('column', name, columns.keys())}`);
};

type Operator = (column: TableColumn, value: unknown, dialect: Dialect) => Clause;

const OPERATORS: Record<string, Operator> = {
  '<': (column, value) => ordered(column, '<', value),
  '<=': (column, value) => ordered(column, '<=', value),
  '>': (column, value) => ordered(column, '>', value),
  '>=': (column, value) => ordered(column, '>=', value),
  '!=': (column, value, { isNot }) => ({
    sql: `${column.sql} ${isNot} ?`,
    values: [value === null ? null : comparedWith(column, '!=', value)],
  }),
  in: (column, value, dialect) => inList(column, value, dialect),
  like: (column, value, dialect) => like(column, value, dialect),
};

const ordered = (column: TableColumn, operator: string, value: unknown): Clause => {
  if (value === null) return badArgument(`where.${column.name}: ${operator} takes no null`);
  return { sql: `${column.sql} ${operator} ?`, values: [comparedWith(column, operator, value)] };
};

/** One parameter for a list of any length, so that one prepared statement serves all. */
const inList = (column: TableColumn, value: unknown, dialect: Dialect): Clause => {
  if (!Array.isArray(value) || value.length > IN_VALUES_MAX)
    return unexpected(`where.${column.name}: in`, `a list of at most ${IN_VALUES_MAX} values`, value);
  const values = value.map((one) =>
    one === null ? badArgument(`where.${column.name}: in takes no null`) : comparedWith(column, 'in', one),
  );
  return { sql: dialect.in(column.sql), values: [dialect.list(values)] };
};

const like = (column: TableColumn, value: unknown, dialect: Dialect): Clause => {
  if (column.kind !== 'text') return badArgument(`where.${column.name}: like is for text`);
  if (
    typeof value !== 'string' ||
    value.length > LIKE_LENGTH_MAX ||
    (value.match(/[%_]/g)?.length ?? 0) > LIKE_WILDCARDS_MAX
  )
    return unexpected(
      `where.${column.name}: like`,
      `at most ${LIKE_LENGTH_MAX} characters, ${LIKE_WILDCARDS_MAX} of them % or _`,
      value,
    );
  return { sql: dialect.like(column.sql), values: [toSql(column, value)] };
};

/** A condition, after its price where the caller's statements pay. */
const condition = (rights: TableRights, column: TableColumn, wanted: unknown): Clause => {
  const { dialect } = rights.table;
  const clause = comparison(column, wanted, dialect);
  if (!rights.isBounded || !dialect.counts) return clause;
  const { op = '=', value = wanted } = typeof wanted === 'object' ? ((wanted ?? {}) as Record<string, unknown>) : {};
  return { sql: `${conditionPrice(column, String(op), value)} AND ${clause.sql}`, values: clause.values };
};

const comparison = (column: TableColumn, wanted: unknown, dialect: Dialect): Clause => {
  if (wanted === null) return { sql: `${column.sql} IS NULL`, values: [] };
  if (typeof wanted !== 'object') return { sql: `${column.sql} = ?`, values: [comparedWith(column, '=', wanted)] };
  const parts = new Map(record(wanted, `where.${column.name}`, ['op', 'value']));
  const op = parts.get('op');
  if (typeof op !== 'string' || !Object.hasOwn(OPERATORS, op))
    return badArgument(`where.${column.name}: ${unknownName('operator', op, Object.keys(OPERATORS))}`);
  if (!parts.has('value')) return badArgument(`where.${column.name}: a value is missing`);
  return (OPERATORS[op] as Operator)(column, parts.get('value'), dialect);
};

/** ` WHERE …`; empty if there are no conditions. Rows that are deleted and kept are left out. */
export const whereClause = (rights: TableRights, where: unknown): Clause => {
  const { deleted } = rights.table;
  const conditions = (where === undefined ? [] : record(where, 'where')).map(([name, wanted]) =>
    condition(rights, columnIn(rights.readable, name, 'where'), wanted),
  );
  if (deleted !== null) conditions.push({ sql: `${deleted.sql} IS NULL`, values: [] });
  if (conditions.length === 0) return { sql: '', values: [] };
  return {
    sql: ` WHERE ${conditions.map((one) => one.sql).join(' AND ')}`,
    values: conditions.flatMap((one) => one.values),
  };
};

/** The conditions of a write, which must be given. */
export const targetClause = (rights: TableRights, where: unknown, what: string): Clause => {
  if (where === undefined || record(where, 'where').length === 0)
    return badArgument(`${what} takes conditions: which rows`);
  return whereClause(rights, where);
};

/** Whether the host's own code sees a column that it does not name. */
const isShown = (column: TableColumn): boolean => !column.hidden;

const chosenColumns = (rights: TableRights, names: unknown): TableColumn[] => {
  if (names === undefined) return [...rights.readable.values()].filter(rights.isBounded ? () => true : isShown);
  if (!Array.isArray(names) || names.length === 0) return unexpected('columns', 'a list of names', names);
  if (new Set(names).size !== names.length) return badArgument('columns: a name twice');
  return names.map((name) => columnIn(rights.readable, name, 'columns'));
};

interface Order {
  readonly sql: string;
  readonly columns: readonly TableColumn[];
}

const UNORDERED: Order = { sql: '', columns: [] };

const orderClause = (rights: TableRights, orderBy: unknown): Order => {
  if (orderBy === undefined) return UNORDERED;
  if (!Array.isArray(orderBy) || orderBy.length === 0 || orderBy.length > ORDER_COLUMNS_MAX)
    return unexpected('orderBy', `a list of 1 to ${ORDER_COLUMNS_MAX} columns`, orderBy);
  const terms = orderBy.map((term) => {
    const parts = new Map(record(term, 'orderBy', ['column', 'descending']));
    const descending = parts.get('descending') ?? false;
    if (typeof descending !== 'boolean') return unexpected('orderBy: descending', 'true or false', descending);
    const column = columnIn(rights.readable, parts.get('column'), 'orderBy');
    return { column, sql: rights.table.dialect.order(column.sql, descending) };
  });
  const columns = terms.map(({ column }) => column);
  return { sql: ` ORDER BY ${terms.map(({ sql }) => sql).join(', ')}`, columns };
};

const whole = (value: unknown, what: string): number =>
  Number.isSafeInteger(value) && (value as number) >= 0
    ? (value as number)
    : unexpected(what, 'a whole number, not negative', value);

/** `SELECT …` of a find. */
export const selection = (rights: TableRights, options: unknown): Selection => {
  const parts = new Map(
    options === undefined ? [] : record(options, 'options', ['where', 'columns', 'orderBy', 'limit', 'offset']),
  );
  const columns = chosenColumns(rights, parts.get('columns'));
  const where = whereClause(rights, parts.get('where'));
  const order = orderClause(rights, parts.get('orderBy'));
  const limit = parts.get('limit') === undefined ? null : whole(parts.get('limit'), 'limit');
  if (limit !== null && limit > rights.rows_max) return unexpected('limit', `at most ${rights.rows_max} rows`, limit);
  const offset = parts.get('offset') === undefined ? 0 : whole(parts.get('offset'), 'offset');
  const isPaid = rights.isBounded && rights.table.dialect.counts && (order.columns.length > 0 || offset > 0);
  const price = isPaid ? `${where.sql === '' ? ' WHERE' : ' AND'} ${orderPrice(columns, order.columns)}` : '';
  const rows = limit ?? (Number.isFinite(rights.rows_max) ? rights.rows_max + 1 : rights.table.dialect.unlimited);
  return {
    sql:
      `SELECT ${columns.map((column) => column.sql).join(', ')} ` +
      `FROM ${rights.table.sql}${where.sql}${price}${order.sql} LIMIT ? OFFSET ?`,
    values: [...where.values, rows, offset],
    columns,
    rows_max: rights.rows_max,
  };
};

export const countOf = (rights: TableRights, where: Clause): Clause => ({
  sql: `SELECT count(*) AS n FROM ${rights.table.sql}${where.sql}`,
  values: where.values,
});

/** A row must fit into the answer of a find: each text, or what is kept as text, may take its share of that. */
const checkText = (table: Table, { name }: TableColumn, value: unknown): void => {
  const bytes_max = Math.floor((FIND_BYTES_MAX - 10_000) / table.texts);
  if (typeof value !== 'object' && (typeof value !== 'string' || 6 * value.length <= bytes_max)) return;
  if (Buffer.byteLength(JSON.stringify(value)) > bytes_max)
    badArgument(`column ${name}: a text of more than ${bytes_max} bytes could not be found again`);
};

const assignments = (rights: TableRights, row: unknown, what: string): [TableColumn, SqlValue][] =>
  record(row, what).map(([name, value]) => {
    const column = columnIn(rights.writable, name, what);
    if (column.computed) return badArgument(`${what}: ${column.name} is computed`);
    if (!(what === 'row' ? column.insertable : column.updatable))
      return badArgument(`${what}: ${column.name} is never ${what === 'row' ? 'given' : 'changed'}`);
    if (rights.isBounded) checkText(rights.table, column, value);
    return [column, toSql(column, value)];
  });

/** `INSERT …`; `id` is the primary value if it is known before. */
export const insertion = (rights: TableRights, row: unknown): Clause & { readonly id: SqlValue } => {
  const { table } = rights;
  const cells = assignments(rights, row, 'row');
  const given = (wanted: TableColumn): boolean => cells.some(([column]) => column === wanted);
  for (const column of table.columns.values())
    if (column.onInsert !== null && !given(column)) cells.push([column, column.onInsert()]);
  const id = cells.find(([column]) => column === table.primary)?.[1] ?? null;
  const returning = id === null ? table.dialect.returning(table.primary.sql) : '';
  if (cells.length === 0) return { sql: `INSERT INTO ${table.sql} DEFAULT VALUES${returning}`, values: [], id };
  const names = cells.map(([column]) => column.sql).join(', ');
  const marks = cells.map(() => '?').join(', ');
  const sql = `INSERT INTO ${table.sql} (${names}) VALUES (${marks})${returning}`;
  return { sql, values: cells.map(([, value]) => value), id };
};

/** `UPDATE …` without its conditions. */
export const changesClause = (rights: TableRights, changes: unknown): Clause => {
  const { table } = rights;
  const cells = assignments(rights, changes, 'changes');
  if (cells.length === 0) return badArgument('changes must name a column');
  const terms = cells.map(([column]) => `${column.sql} = ?`);
  for (const column of table.columns.values())
    if (column.onUpdate !== null && !cells.some(([given]) => given === column))
      terms.push(`${column.sql} = ${column.onUpdate}`);
  return { sql: `UPDATE ${table.sql} SET ${terms.join(', ')}`, values: cells.map(([, value]) => value) };
};
