// A table as the store sees it: names and kinds of its columns, from TypeORM's metadata. SQL is put together from these
// and parameters only; a name that a caller gives is looked up here, never written into a statement. Columns go by
// their names in the database.

import { randomUUID } from 'node:crypto';
import type { DataSource, EntityMetadata } from 'typeorm';
import { badArgument, GraftError } from '../../plugins/index.ts';
import type { SqlValue } from './connection.ts';
import type { Scalar } from './store.ts';

export type Kind = 'boolean' | 'integer' | 'number' | 'text' | 'blob';

export interface TableColumn {
  readonly name: string;
  /** The quoted name. */
  readonly sql: string;
  readonly kind: Kind;
  /** Left out of `all`: the entity does not select it. */
  readonly hidden: boolean;
  /** The value is computed from others, or kept by the database. */
  readonly computed: boolean;
  /** The value of a new row that gives none, if the database itself has no default for it; null: none. */
  readonly onInsert: (() => SqlValue) | null;
  /** An expression that every update sets the column to, unless the update gives a value; null: none. */
  readonly onUpdate: string | null;
}

const KINDS: Record<string, Kind> = {
  boolean: 'boolean',
  blob: 'blob',
  real: 'number',
  double: 'number',
  'double precision': 'number',
  float: 'number',
  numeric: 'number',
  decimal: 'number',
};
const INTEGER = /int/;
/** Keys that plain data may not have. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const columnOf = (metadata: EntityMetadata['columns'][number], dataSource: DataSource): TableColumn => {
  const type = dataSource.driver.normalizeType(metadata).toLowerCase();
  const sql = quoted(metadata.databaseName);
  return {
    name: metadata.databaseName,
    sql,
    kind: KINDS[type] ?? (INTEGER.test(type) ? 'integer' : 'text'),
    hidden: !metadata.isSelect,
    computed: metadata.generatedType !== undefined,
    onInsert:
      metadata.isGenerated && metadata.generationStrategy === 'uuid' ? randomUUID : metadata.isVersion ? () => 1 : null,
    onUpdate: metadata.isUpdateDate ? "datetime('now')" : metadata.isVersion ? `${sql} + 1` : null,
  };
};

export class Table {
  readonly name: string;
  /** The quoted name. */
  readonly sql: string;
  readonly columns: ReadonlyMap<string, TableColumn>;
  /** The first primary column. */
  readonly primary: TableColumn;
  /** How many columns hold text. */
  readonly texts: number;

  constructor(metadata: EntityMetadata, dataSource: DataSource) {
    this.name = metadata.tableName;
    this.sql = quoted(metadata.tableName);
    const columns = metadata.columns.filter(
      (column) => !column.isVirtualProperty && !FORBIDDEN.has(column.databaseName),
    );
    this.columns = new Map(columns.map((column) => [column.databaseName, columnOf(column, dataSource)]));
    this.texts = [...this.columns.values()].filter(({ kind }) => kind === 'text').length;
    const primary = metadata.primaryColumns[0];
    const found = primary === undefined ? undefined : this.columns.get(primary.databaseName);
    if (found === undefined) throw new GraftError('GRAFT_BAD_OPTION', `table ${this.name} has no primary column`);
    this.primary = found;
  }

  /** The columns of a grant. Throws GRAFT_BAD_OPTION for an unknown one. */
  granted(names: readonly string[] | 'all' | undefined): ReadonlyMap<string, TableColumn> {
    const open = (column: TableColumn): boolean => column.kind !== 'blob';
    if (names === 'all') return new Map([...this.columns].filter(([, column]) => open(column) && !column.hidden));
    return new Map((names ?? []).map((name) => [name, this.#column(name, open)]));
  }

  #column(name: string, open: (column: TableColumn) => boolean): TableColumn {
    const column = this.columns.get(name);
    if (column === undefined)
      throw new GraftError('GRAFT_BAD_OPTION', `table ${this.name} has no column ${String(name).slice(0, 100)}`);
    if (!open(column))
      throw new GraftError(
        'GRAFT_BAD_OPTION',
        `column ${this.name}.${column.name} holds bytes, which cannot be granted`,
      );
    return column;
  }
}

const accepts = (kind: Kind, value: unknown): boolean => {
  switch (kind) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
      return Number.isSafeInteger(value);
    case 'number':
      return Number.isFinite(value);
    case 'text':
      return typeof value === 'string' && !value.includes('\0');
    default:
      return false;
  }
};

/** A value for a column. SQLite would store any value anywhere; this holds callers to the column's kind. */
export const toSql = (column: TableColumn, value: unknown): SqlValue => {
  if (value === null) return null;
  if (!accepts(column.kind, value))
    return badArgument(`column ${column.name} takes ${column.kind === 'integer' ? 'an' : 'a'} ${column.kind}`);
  return typeof value === 'boolean' ? Number(value) : (value as SqlValue);
};

/**
 * A value of the database as it crosses. A value that cannot cross unchanged is refused: a number would be rounded,
 * bytes would become something else.
 */
export const fromSql = (column: TableColumn, value: unknown): Scalar => {
  if (value === null) return null;
  if (typeof value === 'number') {
    if (column.kind === 'boolean') return value !== 0;
    // An integer of 64 bits beyond 2^53 has been rounded to a double by now, and every such double is an integer that
    // is not safe.
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
      return badArgument(`column ${column.name} holds a number that cannot be told exactly`);
    return value;
  }
  if (typeof value !== 'string' || value.includes('\0'))
    return badArgument(`column ${column.name} holds a value that is not plain data`);
  return value;
};
