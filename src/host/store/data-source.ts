// A store in the application's own DataSource: its entities, its migrations, its SQLite library. The DataSource stays
// the application's; the host never closes it. While the host has the database, its query runners are the host's
// (query-runner.ts).
//
// Nothing here asks for a class: the DataSource may be of another copy of TypeORM.

import type { DataSource } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { GraftError } from '../../plugins/index.ts';
import { claim } from './claim.ts';
import { cannot } from './connection.ts';
import { checkWhileOpen } from './libraries.ts';
import type { SqliteDatabase, SqliteLibrary } from './node-sqlite.ts';
import { checkNames, type OpenDatabase, prepare } from './open.ts';
import { bringUp, STORE_STEPS } from './own-tables.ts';

interface Driver extends Omit<BetterSqlite3Driver, 'databaseConnection'> {
  readonly databaseConnection: SqliteDatabase;
}

interface SqliteOptions {
  readonly database: string;
  readonly timeout?: number;
  readonly key?: string;
  readonly readonly?: boolean;
  readonly prepareDatabase?: (database: SqliteDatabase) => void;
}

const PROPERTIES = ['options', 'driver', 'initialize', 'createEntityManager', 'entityMetadatas'];

export const isDataSource = (value: unknown): value is DataSource =>
  typeof value === 'object' && value !== null && PROPERTIES.every((name) => name in value);

const bad = (what: string): GraftError => new GraftError('GRAFT_BAD_OPTION', `store: ${what}`);

/** Throws GRAFT_STORE_UNSUPPORTED and GRAFT_BAD_OPTION for a DataSource that cannot be a store. */
const checkOptions = (dataSource: DataSource, maySynchronize: boolean): void => {
  const { options } = dataSource;
  if (options.type !== 'better-sqlite3')
    throw new GraftError(
      'GRAFT_STORE_UNSUPPORTED',
      `a DataSource of the type ${options.type} cannot be a store: use better-sqlite3, with any library of its form`,
    );
  const { database, readonly } = options as SqliteOptions;
  if (database === '' || database === ':memory:' || database.startsWith('file:'))
    throw bad('a database in memory has one connection and the store needs several: name a file');
  if (readonly === true) throw bad('the DataSource only reads');
  if ((options.synchronize || options.dropSchema) && !maySynchronize)
    throw bad(
      'the DataSource synchronizes its schema, which drops columns that its entities do not name: use migrations, or ' +
        'set the option maySynchronize',
    );
};

/** Opens a further connection that only reads, as TypeORM has opened its own. */
const readerOf =
  (driver: Driver, path: string) =>
  (timeout: number): SqliteDatabase => {
    const { key, prepareDatabase } = driver.options as SqliteOptions;
    const Library = driver.sqlite as SqliteLibrary;
    const database = new Library(path, { readonly: true, fileMustExist: true, timeout });
    if (key !== undefined) database.pragma(`key = ${JSON.stringify(key)}`);
    prepareDatabase?.(database);
    return database;
  };

/**
 * Takes the application's DataSource for a store; one that is not initialized is initialized, when the file is claimed.
 * Throws GRAFT_BAD_OPTION, GRAFT_STORE_UNSUPPORTED, GRAFT_IN_USE, GRAFT_TWO_LIBRARIES, GRAFT_STORE_RELEASE and
 * GRAFT_STORE; then it is as it was.
 */
export const openDataSource = async (dataSource: DataSource, maySynchronize: boolean): Promise<OpenDatabase> => {
  checkOptions(dataSource, maySynchronize);
  const { database: file, timeout = 5000 } = dataSource.options as SqliteOptions;
  const { path, release } = await claim(file);
  const wasInitialized = dataSource.isInitialized;
  try {
    if (!wasInitialized) await dataSource.initialize();
    const driver = dataSource.driver as unknown as Driver;
    const writer = driver.databaseConnection;
    checkNames(dataSource.entityMetadatas.map(({ tableName }) => tableName));
    const [attached] = Object.keys(driver.attachedDatabases);
    if (attached !== undefined) throw bad(`an entity lies in another database, ${attached}`);
    if (writer.inTransaction) throw bad('a transaction of the DataSource is open');
    bringUp(writer, STORE_STEPS);
    prepare(writer, 'FULL');
    checkWhileOpen(path);
    const close = async (): Promise<void> => {
      if (writer.open) writer.pragma(`busy_timeout = ${timeout}`);
      release();
    };
    return { path, dataSource, writer, openReader: readerOf(driver, path), isOurs: false, close };
  } catch (error) {
    if (!wasInitialized && dataSource.isInitialized) await dataSource.destroy();
    release();
    throw cannot('opened', file, error);
  }
};
