// Opens a PostgreSQL database for a store: `postgres://…`, through a DataSource of the host's own, or the application's
// DataSource.
//
//   claim (one host, one database) → the entities' tables: with a URL, those that are missing are made, and others must
//   be what the entities say → the host's own tables, in a schema of their own
//
// TypeORM tells what it would change of a schema, and nothing is ever changed but tables that are missing.

import type { DataSource, EntitySchema } from 'typeorm';
import { GraftError } from '../../../plugins/index.ts';
import type { EntityClass } from '../open.ts';
import type { PostgresPlace } from '../store.ts';
import { Database } from './database.ts';
import { cannotOpen } from './errors.ts';
import { SCHEMA } from './own-tables.ts';
import type { PgConfig, PgLibrary } from './wire.ts';

export interface OpenPostgres {
  readonly database: Database;
  readonly dataSource: DataSource;
  /** For SQL of grafts. */
  readonly place: PostgresPlace;
  /** Lets the next host in, and closes a DataSource of the host's own. */
  close(): Promise<void>;
}

interface Settings {
  readonly maySynchronize: boolean;
  readonly report: (error: GraftError) => void;
}

/** TypeORM's driver for PostgreSQL, as far as it is used here. */
interface PgDriver {
  readonly postgres: PgLibrary;
  readonly master: { readonly options: PgConfig };
}

/** Settings of the pool's connections; what it hides is named. */
const configOf = (options: PgConfig): PgConfig => ({
  ...options,
  ...(options.password === undefined ? {} : { password: options.password }),
  ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
});

const URL = /^postgres(ql)?:\/\//;

export const isPostgres = (where: string | DataSource): boolean =>
  typeof where === 'string' ? URL.test(where) : where.options.type === 'postgres';

/** The database in messages, without a password. */
const nameOf = ({ options }: DataSource): string => {
  const { url, host, database } = options as { url?: string; host?: string; database?: string };
  if (url === undefined) return `postgres://${host ?? 'localhost'}/${database ?? ''}`;
  return url.replace(/\/\/[^@/]*@/, '//').replace(/\?.*$/, '');
};

const loadPg = async (): Promise<unknown> => {
  try {
    return (await import('pg')).default;
  } catch (cause) {
    throw new GraftError('GRAFT_STORE_UNSUPPORTED', 'PostgreSQL needs a package that is not here: npm i pg', { cause });
  }
};

const ownDataSource = async (url: string, entities: readonly EntityClass[]): Promise<DataSource> => {
  const driver = await loadPg();
  const { DataSource } = await import('typeorm');
  return new DataSource({ type: 'postgres', url, driver, entities: entities as EntitySchema[], poolSize: 2 });
};

const checkOptions = ({ options }: DataSource, maySynchronize: boolean): void => {
  if ((options.synchronize || options.dropSchema) && !maySynchronize)
    throw new GraftError(
      'GRAFT_BAD_OPTION',
      'store: the DataSource synchronizes its schema, which drops columns that its entities do not name: use ' +
        'migrations, or set the option maySynchronize',
    );
};

const checkNames = ({ entityMetadatas }: DataSource): void => {
  const reserved = entityMetadatas.find(({ schema }) => schema === SCHEMA);
  if (reserved !== undefined)
    throw new GraftError('GRAFT_BAD_OPTION', `the schema ${SCHEMA} is the store's own: ${reserved.tableName}`);
};

/** The table that a statement makes or changes. */
const TARGET = new RegExp(
  '^(?:(?:CREATE|ALTER|DROP) TABLE|CREATE (?:UNIQUE )?INDEX .*? ON|COMMENT ON (?:TABLE|COLUMN)) ' +
    '(?:IF (?:NOT )?EXISTS )?((?:"[^"]*"\\.?)+)',
);

const lastName = (path: string): string => /"([^"]*)"\.?$/.exec(path)?.[1] ?? path;

/** What would make the tables what the entities say, and which of that changes tables that are there. */
const plan = async (dataSource: DataSource): Promise<{ readonly make: string[]; readonly changes: string[] }> => {
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
  const make = upQueries.map(({ query }) => query);
  const fresh = new Set(
    make.filter((sql) => sql.startsWith('CREATE TABLE')).map((sql) => lastName(TARGET.exec(sql)?.[1] ?? '')),
  );
  const isFresh = (sql: string): boolean => {
    const target = TARGET.exec(sql)?.[1];
    return target === undefined ? /^CREATE (TYPE|SCHEMA|SEQUENCE|EXTENSION)/.test(sql) : fresh.has(lastName(target));
  };
  return { make, changes: make.filter((sql) => !isFresh(sql)) };
};

/** Makes tables that are missing. Throws GRAFT_SCHEMA where one that is there is not what its entity says. */
const makeTables = async (name: string, dataSource: DataSource): Promise<void> => {
  const { make, changes } = await plan(dataSource);
  if (changes.length > 0)
    throw new GraftError(
      'GRAFT_SCHEMA',
      `${name} is not what the entities say: it would take ${changes.join('; ')}. Nothing in it was changed. A ` +
        'change of entities needs migrations: give createHost a DataSource of your own that has them',
    );
  await dataSource.transaction(async (entities) => {
    for (const sql of make) await entities.query(sql);
  });
};

/** Opens what `where` names. Throws the coded errors of createHost; then everything is as it was. */
export const openDatabase = async (
  where: string | DataSource,
  entities: readonly EntityClass[],
  { maySynchronize, report }: Settings,
): Promise<OpenPostgres> => {
  const isOurs = typeof where === 'string';
  const dataSource = isOurs ? await ownDataSource(where, entities) : where;
  const name = nameOf(dataSource);
  const wasInitialized = dataSource.isInitialized;
  const giveBack = async (): Promise<void> => {
    if (!wasInitialized && dataSource.isInitialized) await dataSource.destroy();
  };
  let database: Database | null = null;
  try {
    checkOptions(dataSource, maySynchronize);
    if (!wasInitialized) await dataSource.initialize();
    checkNames(dataSource);
    const { postgres: library, master } = dataSource.driver as unknown as PgDriver;
    database = await Database.claim(name, { library, config: configOf(master.options), report }, async () => {
      if (isOurs) await makeTables(name, dataSource);
    });
    const claimed = database;
    const place = await claimed.place();
    const close = async (): Promise<void> => {
      await claimed.close();
      if (isOurs) await giveBack();
    };
    return { database, dataSource, place, close };
  } catch (error) {
    await database?.close();
    await giveBack();
    throw cannotOpen(name, error);
  }
};
