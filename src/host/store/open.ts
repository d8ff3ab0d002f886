// Opens the database of a store that is a file, through a DataSource of the host's own.
//
//   claim (one host, one file) → the host's own tables, brought to this release's version → the entities' tables: those
//   that are missing are made, and others must be what the entities say → TypeORM
//
// No schema is ever changed to what entities say: that can lose columns. An application whose entities change has
// migrations, and a DataSource of its own.

import { DataSource, type EntitySchema } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { GraftError, shown } from '../../plugins/index.ts';
import { BUSY_TIMEOUT_MS } from './bounds.ts';
import { claim } from './claim.ts';
import { cannot } from './connection.ts';
import { checkBeforeOpen, checkWhileOpen } from './libraries.ts';
import { NodeSqlite, type SqliteDatabase } from './node-sqlite.ts';
import { bringUp, type Migrations, RESERVED, STORE_STEPS } from './own-tables.ts';
import { compareSchemas, schemaOf } from './schema.ts';

/** An entity: a class with decorators, or a schema. */
export type EntityClass = EntitySchema | (new (...args: never[]) => object);

/** A database that is open for a host. */
export interface OpenDatabase {
  readonly path: string;
  readonly dataSource: DataSource;
  /** TypeORM's connection. */
  readonly writer: SqliteDatabase;
  /** Opens a further connection, which only reads; `timeout`: how many milliseconds it waits for another process. */
  readonly openReader: (timeout: number) => SqliteDatabase;
  /** Whether the host closes TypeORM's connection; otherwise that is the application's. */
  readonly isOurs: boolean;
  /** Lets the next host in. All other connections must be closed. */
  close(): Promise<void>;
}

/** The path in `sqlite:PATH`. */
const pathOf = (url: string): string => {
  const path = url.startsWith('sqlite:') ? url.slice('sqlite:'.length) : null;
  if (path === null || path === '')
    throw new GraftError(
      'GRAFT_BAD_OPTION',
      `store: expected "sqlite:PATH", "postgres://…" or "memory", got ${shown(url)}`,
    );
  if (path.startsWith(':memory:') || path.startsWith('file:'))
    throw new GraftError(
      'GRAFT_BAD_OPTION',
      'store: a database in memory has one connection and the store needs several: name a file',
    );
  return path;
};

/** Settings of a connection that writes. A write-ahead log lets others read meanwhile; FULL survives loss of power. */
export const prepare = (database: SqliteDatabase, synchronous: 'FULL' | 'NORMAL'): void => {
  database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  database.pragma('foreign_keys = ON');
  database.pragma('journal_mode = WAL');
  database.pragma(`synchronous = ${synchronous}`);
};

/** Throws GRAFT_BAD_OPTION where a table of the application has a name of the store's own. */
export const checkNames = (tables: readonly string[]): void => {
  const reserved = tables.find((name) => name.startsWith(RESERVED));
  if (reserved !== undefined)
    throw new GraftError('GRAFT_BAD_OPTION', `table names with ${RESERVED} are the store's own: ${reserved}`);
};

/** What a new file with the tables of these entities would have. */
const wantedBy = async (entities: readonly EntityClass[]): Promise<ReturnType<typeof schemaOf>> => {
  const scratch = new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    driver: NodeSqlite,
    entities: entities as EntitySchema[],
    synchronize: true,
  });
  await scratch.initialize();
  const schema = schemaOf((scratch.driver as BetterSqlite3Driver).databaseConnection as SqliteDatabase);
  await scratch.destroy();
  return schema;
};

/** Throws GRAFT_SCHEMA where a table that is there is another one than is wanted. */
const checkTables = (database: SqliteDatabase, wanted: ReturnType<typeof schemaOf>): void => {
  const { differences } = compareSchemas(wanted, schemaOf(database));
  if (differences.length > 0)
    throw new GraftError(
      'GRAFT_SCHEMA',
      `${database.name} is not what the entities say: ${differences.join('; ')}. Nothing in it was changed. A change ` +
        'of entities needs migrations: give createHost a DataSource of your own that has them',
    );
};

const makeTables = (database: SqliteDatabase, wanted: ReturnType<typeof schemaOf>): void => {
  const { missing } = compareSchemas(wanted, schemaOf(database));
  database.exec('BEGIN IMMEDIATE');
  for (const { sql } of missing) database.exec(sql);
  database.exec('COMMIT');
};

/** A claimed file whose own tables are brought up, before anybody else opens it. */
export interface PreparedFile {
  readonly path: string;
  readonly database: SqliteDatabase;
  /** Closes `database`, and lets the next host in. */
  close(): void;
}

/**
 * Claims a file and brings the host's own tables there up, unless `check` of the file as it is throws. Throws
 * GRAFT_IN_USE, GRAFT_TWO_LIBRARIES, GRAFT_STORE_RELEASE and GRAFT_STORE as well; then the file is as it was.
 */
export const prepareFile = async (
  file: string,
  steps: Migrations,
  synchronous: 'FULL' | 'NORMAL',
  check: (database: SqliteDatabase) => void = () => {},
): Promise<PreparedFile> => {
  const { path, release } = await claim(file);
  let database: SqliteDatabase | null = null;
  try {
    checkBeforeOpen(path);
    database = new NodeSqlite(path, { timeout: BUSY_TIMEOUT_MS });
    check(database);
    bringUp(database, steps);
    prepare(database, synchronous);
    checkWhileOpen(path);
    const opened = database;
    const close = (): void => {
      opened.close();
      release();
    };
    return { path, database, close };
  } catch (error) {
    database?.close();
    release();
    throw cannot('opened', file, error);
  }
};

/**
 * Opens `sqlite:PATH`; makes the file, and the tables of the entities that are missing. Throws what prepareFile throws,
 * and GRAFT_SCHEMA.
 */
export const openFile = async (url: string, entities: readonly EntityClass[]): Promise<OpenDatabase> => {
  const file = pathOf(url);
  const wanted = await wantedBy(entities).catch((error: unknown) => {
    throw cannot('opened', file, error);
  });
  checkNames(wanted.map(({ name }) => name));
  const prepared = await prepareFile(file, STORE_STEPS, 'FULL', (database) => checkTables(database, wanted));
  const { path } = prepared;
  const dataSource = new DataSource({
    type: 'better-sqlite3',
    database: path,
    driver: NodeSqlite,
    entities: entities as EntitySchema[],
    prepareDatabase: (database: SqliteDatabase) => prepare(database, 'FULL'),
  });
  try {
    makeTables(prepared.database, wanted);
    await dataSource.initialize();
    prepared.database.close();
    return {
      path,
      dataSource,
      writer: (dataSource.driver as BetterSqlite3Driver).databaseConnection as SqliteDatabase,
      openReader: (timeout) => new NodeSqlite(path, { readonly: true, fileMustExist: true, timeout }),
      isOurs: true,
      close: async () => {
        await dataSource.destroy();
        prepared.close();
      },
    };
  } catch (error) {
    prepared.close();
    throw cannot('opened', file, error);
  }
};
