// A column as the store sees it, from TypeORM's metadata: its name in the database, what kind of value it takes, and
// how a value of it crosses. Options of the entity hold here as they do in TypeORM, which converts the values that need
// it: what a transformer makes, dates, JSON and lists. A date crosses as ISO 8601, JSON and lists as they are.

import { randomUUID } from 'node:crypto';
import type { DataSource, EntityMetadata } from 'typeorm';
import { badArgument, plainFault, unexpected } from '../../plugins/index.ts';
import type { Dialect, SqlValue } from './dialect.ts';
import type { CellValue } from './store.ts';

/** `any`: plain data, for the transformer of the entity. `blob`: bytes, or another type that does not cross. */
export type Kind = 'boolean' | 'integer' | 'number' | 'text' | 'datetime' | 'json' | 'list' | 'any' | 'blob';

type ColumnMetadata = EntityMetadata['columns'][number];

export interface TableColumn {
  readonly name: string;
  /** The quoted name. */
  readonly sql: string;
  readonly kind: Kind;
  /** Whether the database holds text there. */
  readonly isText: boolean;
  /** Left out of `all`: the entity does not select it. */
  readonly hidden: boolean;
  /** The value is computed from others, or kept by the database. */
  readonly computed: boolean;
  /** Whether new rows, and changes, may give a value. */
  readonly insertable: boolean;
  readonly updatable: boolean;
  /** The value of a new row that gives none, if the database itself has no default for it; null: none. */
  readonly onInsert: (() => SqlValue) | null;
  /** An expression that every update sets the column to, unless the update gives a value; null: none. */
  readonly onUpdate: string | null;
  readonly boolean: (value: boolean) => SqlValue;
  /** TypeORM's conversions; null: a value is stored as it is. */
  readonly convert: { readonly to: (value: unknown) => unknown; readonly from: (value: unknown) => unknown } | null;
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const kindOf = (metadata: ColumnMetadata, type: string, { kinds, otherKind }: Dialect): Kind => {
  if (metadata.transformer !== undefined) return 'any';
  if (metadata.isArray) return 'blob';
  const declared = typeof metadata.type === 'string' ? kinds[metadata.type] : undefined;
  return declared ?? kinds[type] ?? otherKind(type);
};

const CONVERTED: readonly Kind[] = ['datetime', 'json', 'list', 'any'];
/** Read as dates of the local zone, which TypeORM makes texts of again. */
const DAY = 'date';
const NO_TEXT: readonly Kind[] = ['blob', 'boolean', 'integer', 'number'];

export const columnOf = (metadata: ColumnMetadata, { driver }: DataSource, dialect: Dialect): TableColumn => {
  const type = driver.normalizeType(metadata).toLowerCase();
  const sql = quoted(metadata.databaseName);
  const kind = kindOf(metadata, type, dialect);
  return {
    name: metadata.databaseName,
    sql,
    kind,
    isText: kind !== 'blob' && !NO_TEXT.includes(dialect.kinds[type] ?? dialect.otherKind(type)),
    hidden: !metadata.isSelect,
    computed: metadata.generatedType !== undefined,
    insertable: metadata.isInsert,
    updatable: metadata.isUpdate,
    onInsert:
      metadata.isGenerated && metadata.generationStrategy === 'uuid' ? randomUUID : metadata.isVersion ? () => 1 : null,
    onUpdate: metadata.isUpdateDate ? dialect.now : metadata.isVersion ? `${sql} + 1` : null,
    boolean: dialect.boolean,
    convert:
      CONVERTED.includes(kind) || (kind === 'text' && type === DAY)
        ? {
            to: (value) => driver.preparePersistentValue(value, metadata),
            from: (value) => driver.prepareHydratedValue(value, metadata),
          }
        : null,
  };
};

const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?$/;
const isText = (value: unknown): boolean => typeof value === 'string' && !value.includes('\0');
/** Without a zone it is in UTC, as the database has it. */
const isDate = (value: unknown): boolean =>
  typeof value === 'string' && ISO.test(value) && !Number.isNaN(Date.parse(value));
const inUtc = (text: string): string => (/[Z+]|-\d\d:\d\d$/.test(text.slice(10)) ? text : `${text.replace(' ', 'T')}Z`);

const ACCEPTS: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isSafeInteger(value),
  number: (value) => Number.isFinite(value),
  text: isText,
  datetime: isDate,
  json: (value) => plainFault(value) === null,
  list: (value) => Array.isArray(value) && value.every((part) => isText(part) && part !== '' && !part.includes(',')),
  any: (value) => plainFault(value) === null,
  blob: () => false,
};

const TAKES: Readonly<Record<Kind, string>> = {
  boolean: 'true or false',
  integer: 'an integer',
  number: 'a number',
  text: 'a text',
  datetime: 'a date and time as ISO 8601',
  json: 'plain data',
  list: 'a list of texts that are not empty and have no comma',
  any: 'plain data',
  blob: 'bytes, which do not cross',
};

/** A value for a column. SQLite would store any value anywhere; this holds callers to the column's kind. */
export const toSql = (column: TableColumn, value: unknown): SqlValue => {
  const { kind, convert } = column;
  if (value === null && kind !== 'any') return null;
  if (value !== null && !ACCEPTS[kind](value)) return unexpected(`column ${column.name}`, TAKES[kind], value);
  const given = convert === null ? value : convert.to(kind === 'datetime' ? inUtc(value as string) : value);
  return typeof given === 'boolean' ? column.boolean(given) : ((given ?? null) as SqlValue);
};

/** A value to compare with. Throws GRAFT_BAD_ARGUMENT where the column has no such comparison. */
export const comparedWith = (column: TableColumn, op: string, value: unknown): SqlValue => {
  const { kind } = column;
  const isOrdered = op !== '=' && op !== '!=' && op !== 'in';
  if (kind === 'json' || kind === 'list' || (kind === 'any' && isOrdered))
    return badArgument(`where.${column.name}: a column that takes ${TAKES[kind]} has no ${op}`);
  return toSql(column, value);
};

/**
 * A value of the database as it crosses. A value that cannot cross unchanged is refused: a number would be rounded,
 * bytes would become something else.
 */
export const fromSql = (column: TableColumn, value: unknown): CellValue => {
  if (column.convert !== null) return hydrated(column.convert.from(value));
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string' && (column.kind === 'integer' || column.kind === 'number')) return exact(column, value);
  if (typeof value === 'number') {
    if (column.kind === 'boolean') return value !== 0;
    // better-sqlite3 rounds an integer of 64 bits beyond 2^53 to a double, and every such double is an integer that is
    // not safe.
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
      return badArgument(`column ${column.name} holds a number that cannot be told exactly`);
    return value;
  }
  if (typeof value !== 'string' || value.includes('\0'))
    return badArgument(`column ${column.name} holds a value that is not plain data`);
  return value;
};

/** A double tells as many digits of a number. */
const DIGITS_MAX = 15;

/** A number that PostgreSQL tells as a text, for it has types of more digits. */
const exact = (column: TableColumn, text: string): number => {
  const value = Number(text);
  const digits = text.replace(/^-?[0.]*|\.|e.*$/g, '').replace(/0+$/, '').length;
  const isTold =
    column.kind === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value) && digits <= DIGITS_MAX;
  return isTold ? value : badArgument(`column ${column.name} holds a number that cannot be told exactly`);
};

const hydrated = (value: unknown): CellValue => {
  if (!(value instanceof Date)) return (value ?? null) as CellValue;
  return Number.isNaN(value.getTime()) ? null : value.toISOString();
};
