// Data types that plugins bring, for columns of the application's tables:
//
//   const types = await dataTypes(host, { version: { release: { number: 'number_key' } } })
//   await host.restore()
//   await host.install('./plugins/type-version')        a graft at db/type/version
//   await types.table('release').find({ orderBy: [{ column: 'number' }] })
//
// The entity declares both columns: `number` for the value's text, `number_key` for its key, hidden (`select: false`)
// and with an index.

import type { DataSource, EntityMetadata, EntitySubscriberInterface } from 'typeorm';
import { badArgument, type CallableTree, GraftError, isString, unknownName } from '../../plugins/index.ts';
import type { PluginSource } from '../../plugins/package/index.ts';
import type { Host } from '../host.ts';
import { HostTransaction } from '../host-transaction.ts';
import { DataType } from './data-type.ts';
import { type ColumnNames, TypedColumn } from './typed-column.ts';
import { type TypedTable, typedTable } from './typed-table.ts';

/** By type, by table, by column: the column of the keys. */
export type TypedColumns = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>;

export interface DataTypes {
  /** A table with typed columns. Throws GRAFT_UNKNOWN_TABLE. */
  table(name: string): TypedTable;
  /** What an operator of a type gives for each list of values. Throws GRAFT_TYPE_ABSENT. */
  apply(type: string, operator: string, lists: readonly (readonly string[])[]): Promise<unknown[]>;
  /** For grafts: `apply(operator, ...texts)`, and `key(text)`, to compare with in a statement of SQL. */
  callables(type: string): CallableTree;
  /**
   * Gives every row of the type's columns its key, in one transaction for each column, and says how many there are.
   * With `source`, a plugin is installed before, though it orders values otherwise than what stands.
   */
  reindex(type: string, source?: PluginSource): Promise<number>;
}

const NAME = /^[a-z][a-z0-9_-]{0,63}$/;

const bad = (what: string): never => {
  throw new GraftError('GRAFT_BAD_OPTION', `data types: ${what}`);
};

/** The names of a column and its key, as the entity has them. */
const namesOf = (metadata: EntityMetadata, source: DataSource, column: string, key: string): ColumnNames => {
  const table = metadata.tableName;
  const [primary] = metadata.primaryColumns;
  if (primary === undefined || metadata.primaryColumns.length > 1) return bad(`${table} has not one primary column`);
  const find = (name: string): EntityMetadata['columns'][number] =>
    metadata.columns.find(({ databaseName }) => databaseName === name) ??
    bad(
      `table ${table}: ${unknownName(
        'column',
        name,
        metadata.columns.map(({ databaseName }) => databaseName),
      )}`,
    );
  find(column);
  const keys = find(key);
  if (!keys.isNullable) bad(`${table}.${key}: a column of keys takes NULL`);
  if (keys.isSelect) bad(`${table}.${key}: a column of keys has select: false`);
  const collation = keys.collation?.toUpperCase();
  const isSqlite = source.options.type !== 'postgres';
  if (isSqlite ? collation !== undefined && collation !== 'BINARY' : collation !== 'C')
    bad(`${table}.${key}: keys are in the order of bytes: the collation is ${isSqlite ? 'BINARY' : '"C"'}`);
  return { table, primary: primary.databaseName, column, key };
};

/** Refuses what TypeORM writes to typed columns: it would know no keys. */
const refusing = (columns: readonly ColumnNames[]): EntitySubscriberInterface => {
  const refuse = (metadata: EntityMetadata, isWritten: (name: string) => boolean): void => {
    for (const { table, column, key } of columns)
      if (table === metadata.tableName && (isWritten(column) || isWritten(key)))
        throw new GraftError('GRAFT_TYPE_STALE', `${table}.${column} is written through dataTypes(…).table alone`);
  };
  return {
    beforeInsert: ({ metadata, entity }) =>
      refuse(metadata, (name) => {
        const column = metadata.columns.find(({ databaseName }) => databaseName === name);
        return (column?.getEntityValue(entity ?? {}) ?? null) !== null;
      }),
    beforeUpdate: ({ metadata, updatedColumns, entity }) =>
      refuse(
        metadata,
        (name) =>
          updatedColumns.some(({ databaseName }) => databaseName === name) ||
          (updatedColumns.length === 0 && entity !== undefined && name in entity),
      ),
  };
};

class TypesOfHost implements DataTypes {
  readonly #host: Host;
  readonly #types: ReadonlyMap<string, DataType>;
  readonly #columns: readonly TypedColumn[];

  constructor(host: Host, names: ReadonlyMap<string, readonly ColumnNames[]>) {
    this.#host = host;
    const columns: TypedColumn[] = [];
    const types = new Map<string, DataType>();
    for (const [name, ofType] of names) {
      const own: TypedColumn[] = [];
      const type = new DataType(host, name, {
        some: async () => (await Promise.all(own.map((column) => column.some()))).flat(),
        agree: async (read) => {
          for (const column of own) await column.agree(read);
        },
        tried: () => {
          for (const column of own) column.tried();
        },
      });
      types.set(name, type);
      own.push(...ofType.map((one) => new TypedColumn(host, type, one)));
      columns.push(...own);
    }
    this.#types = types;
    this.#columns = columns;
  }

  table(name: string): TypedTable {
    const columns = this.#columns.filter(({ names }) => names.table === name);
    if (columns.length > 0) return typedTable(this.#host, name, columns);
    throw new GraftError(
      'GRAFT_UNKNOWN_TABLE',
      unknownName(
        'table',
        name,
        this.#columns.map(({ names }) => names.table),
      ),
    );
  }

  #type(name: string): DataType {
    return this.#types.get(name) ?? bad(unknownName('type', name, this.#types.keys()));
  }

  apply(type: string, operator: string, lists: readonly (readonly string[])[]): Promise<unknown[]> {
    return this.#type(type).apply(operator, lists);
  }

  callables(name: string): CallableTree {
    const type = this.#type(name);
    const texts = (args: readonly unknown[]): string[] =>
      args.map((text) => (isString(text) ? text : badArgument(`type ${name}: texts`)));
    return {
      apply: {
        waits: true,
        run: async ({ txn }, args) => {
          const [operator = '', ...values] = texts(args);
          return (await type.apply(operator, [values], new HostTransaction(txn)))[0];
        },
      },
      key: {
        waits: true,
        run: async ({ txn }, args) =>
          (await type.read(texts(args.slice(0, 1)), new HostTransaction(txn)))[0]?.key ?? null,
      },
    };
  }

  async reindex(name: string, source?: PluginSource): Promise<number> {
    const type = this.#type(name);
    const columns = this.#columns.filter((column) => column.type === type);
    if (source !== undefined) {
      for (const column of columns) column.makeStale('it waits to be indexed anew');
      await this.#host.install(source);
    }
    let count = 0;
    for (const column of columns) count += await column.reindex();
    return count;
  }
}

/**
 * Declares data types and the columns that are of them: a graft point `db/type/NAME` for each. Call it before
 * `restore`. Throws GRAFT_BAD_OPTION for columns that cannot be, and GRAFT_UNKNOWN_TABLE.
 */
export const dataTypes = async (host: Host, columns: TypedColumns): Promise<DataTypes> => {
  const source = await host.transaction(async ({ entities }) => entities.dataSource);
  const names = new Map<string, ColumnNames[]>();
  for (const [type, tables] of Object.entries(columns)) {
    if (!NAME.test(type)) bad(`the name of a type is ${NAME.source}, not ${type}`);
    const ofType: ColumnNames[] = [];
    for (const [table, keys] of Object.entries(tables)) {
      host.table(table);
      const metadata = source.entityMetadatas.find(({ tableName }) => tableName === table) as EntityMetadata;
      for (const [column, key] of Object.entries(keys)) ofType.push(namesOf(metadata, source, column, key));
    }
    names.set(type, ofType);
  }
  source.subscribers.push(refusing([...names.values()].flat()));
  return new TypesOfHost(host, names);
};
