// A table as the store sees it, from TypeORM's metadata. SQL is put together from the names of its columns and from
// parameters only; a name that a caller gives is looked up here, never written into a statement. Columns go by their
// names in the database.
//
// Not every entity is a table that can be had row by row: of several entities in one table, of a tree or a view only
// TypeORM knows what a row means.

import type { DataSource, EntityMetadata, EntitySchema } from 'typeorm';
import { GraftError, isString, unknownName } from '../../plugins/index.ts';
import { columnOf, quoted, type TableColumn } from './column.ts';
import type { Dialect } from './dialect.ts';

/** Keys that plain data may not have. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** Why an entity cannot be had as a table; null: it can. */
const unfit = (metadata: EntityMetadata): string | null => {
  if (metadata.tableType === 'view') return 'is a view';
  if (metadata.treeType !== undefined) return 'is a tree';
  if (metadata.inheritancePattern === 'STI' || metadata.tableType === 'entity-child') return 'holds several entities';
  return metadata.primaryColumns.length === 0 ? 'has no primary column' : null;
};

/** An entity by its table's name, its class or its schema. */
export type EntityTarget<Entity extends object = object> =
  | string
  | (abstract new (
      ...args: never[]
    ) => Entity)
  | EntitySchema<Entity>;

export const entityName = (entity: Exclude<EntityTarget, string>): string =>
  typeof entity === 'function' ? entity.name : String(entity?.options?.name);

/**
 * The metadata of an entity, whose rows are told by the names of its properties: so no column may have another name
 * than its property. Throws GRAFT_BAD_OPTION for one that has.
 */
export const entityOf = (dataSource: DataSource, entity: Exclude<EntityTarget, string>): EntityMetadata | undefined => {
  if (!dataSource.hasMetadata(entity as never)) return undefined;
  const metadata = dataSource.getMetadata(entity as never);
  const other = metadata.columns.find((one) => !one.isVirtualProperty && one.propertyPath !== one.databaseName);
  if (other === undefined) return metadata;
  throw new GraftError(
    'GRAFT_BAD_OPTION',
    `${metadata.name}.${other.propertyPath} is the column ${other.databaseName}, and rows go by columns: ` +
      `use table('${metadata.tableName}')`,
  );
};

export class Table {
  readonly name: string;
  readonly dialect: Dialect;
  /** The quoted name. */
  readonly sql: string;
  readonly columns: ReadonlyMap<string, TableColumn>;
  /** The first primary column. */
  readonly primary: TableColumn;
  /** How many columns hold text. */
  readonly texts: number;
  /** Set in rows that are deleted and kept (`deleteDate`): nobody sees them here. Null: rows are not kept. */
  readonly deleted: TableColumn | null;

  /** Throws GRAFT_BAD_OPTION for an entity that cannot be had row by row. */
  constructor(metadata: EntityMetadata, dataSource: DataSource, dialect: Dialect) {
    const why = unfit(metadata);
    if (why !== null)
      throw new GraftError('GRAFT_BAD_OPTION', `table ${metadata.tableName} ${why}: use entities of a transaction`);
    this.name = metadata.tableName;
    this.dialect = dialect;
    const { schema, tableName } = metadata;
    this.sql = dialect.name === 'postgres' && schema ? `${quoted(schema)}.${quoted(tableName)}` : quoted(tableName);
    const columns = metadata.columns.filter(
      (column) => !column.isVirtualProperty && !FORBIDDEN.has(column.databaseName),
    );
    this.columns = new Map(columns.map((column) => [column.databaseName, columnOf(column, dataSource, dialect)]));
    this.texts = [...this.columns.values()].filter(({ isText }) => isText).length;
    const named = (column: { databaseName: string } | undefined): TableColumn | undefined =>
      column && this.columns.get(column.databaseName);
    this.deleted = named(metadata.deleteDateColumn) ?? null;
    this.primary = named(metadata.primaryColumns[0]) as TableColumn;
  }

  /** The columns of a grant; `all` may stand in the list. Throws GRAFT_BAD_OPTION for an unknown one. */
  granted(names: readonly string[] | 'all' | undefined): ReadonlyMap<string, TableColumn> {
    const open = (column: TableColumn): boolean => column.kind !== 'blob';
    const all = [...this.columns].filter(([, column]) => open(column) && !column.hidden);
    const listed = names === 'all' ? ['all'] : (names ?? []);
    return new Map(
      listed.flatMap((name): (readonly [string, TableColumn])[] =>
        name === 'all' ? all : [[name, this.#column(name, open)]],
      ),
    );
  }

  #column(name: string, open: (column: TableColumn) => boolean): TableColumn {
    const column = this.columns.get(name);
    if (column === undefined)
      throw new GraftError(
        'GRAFT_BAD_OPTION',
        `table ${this.name}: ${unknownName('column', name, this.columns.keys())}`,
      );
    if (!open(column))
      throw new GraftError(
        'GRAFT_BAD_OPTION',
        `column ${this.name}.${column.name} holds bytes, or what does not cross either, which cannot be granted`,
      );
    return column;
  }
}

/** The tables of a DataSource, each made when it is first asked for. */
export class Tables {
  readonly #dataSource: DataSource;
  readonly #dialect: Dialect;
  readonly #tables = new Map<string, Table>();

  constructor(dataSource: DataSource, dialect: Dialect) {
    this.#dataSource = dataSource;
    this.#dialect = dialect;
  }

  /** Throws GRAFT_UNKNOWN_TABLE, and what a table throws. */
  get(which: EntityTarget): Table {
    const { entityMetadatas } = this.#dataSource;
    const metadata = isString(which)
      ? entityMetadatas.find(({ tableName }) => tableName === which)
      : entityOf(this.#dataSource, which);
    if (metadata === undefined) {
      const name = isString(which) ? which : entityName(which);
      const names = entityMetadatas.map(({ tableName }) => tableName);
      throw new GraftError('GRAFT_UNKNOWN_TABLE', unknownName('table', name, names));
    }
    const table = this.#tables.get(metadata.tableName) ?? new Table(metadata, this.#dataSource, this.#dialect);
    this.#tables.set(metadata.tableName, table);
    return table;
  }
}
