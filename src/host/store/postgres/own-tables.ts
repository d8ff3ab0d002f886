// The host's own tables in PostgreSQL, in a schema of their own beside the application's. What they are for, and how
// they come to be of this release, is as with SQLite (../own-tables.ts).

import { bringing, type Migrations, type OwnTables, type Statements } from '../own-tables.ts';

/** The schema that is the host's own. */
export const SCHEMA = 'graftwork';

export const OUTBOX = `${SCHEMA}.outbox`;
export const STATE = `${SCHEMA}.state`;
export const HOST = `${SCHEMA}.host`;
export const PLUGIN = `${SCHEMA}.plugin`;
export const GRAFT = `${SCHEMA}.graft`;
export const ABORT = `${SCHEMA}.abort`;
export const MISSING = `${SCHEMA}.missing`;

const SERIAL = 'bigint GENERATED ALWAYS AS IDENTITY';

/**
 * Names without a schema: the way there goes through it. `seq` of a message is given by the host, in the order of its
 * commits; that of an entry of the state is the order of its map after a restart.
 */
const STEPS: Migrations = [
  [
    'CREATE TABLE outbox (seq bigint PRIMARY KEY, id text NOT NULL UNIQUE, channel text NOT NULL, ' +
      'payload text NOT NULL)',
    'CREATE INDEX outbox_order ON outbox (channel, seq)',
    `CREATE TABLE state (seq ${SERIAL}, map text, key text, value text NOT NULL, PRIMARY KEY (map, key))`,
    'CREATE TABLE host (one integer PRIMARY KEY CHECK (one = 1), key text NOT NULL, pid integer NOT NULL, ' +
      'machine text NOT NULL, since text NOT NULL)',
    `CREATE TABLE plugin (seq ${SERIAL} PRIMARY KEY, name text NOT NULL UNIQUE, version text NOT NULL, ` +
      'digest text NOT NULL, installer text NOT NULL, installed_at text NOT NULL, package text NOT NULL, removed text)',
    `CREATE TABLE graft (seq ${SERIAL}, plugin text, point text, export text, removed text, ` +
      'PRIMARY KEY (plugin, point, export))',
    `CREATE TABLE abort (id ${SERIAL} PRIMARY KEY, at text NOT NULL, point text NOT NULL, graft text NOT NULL, ` +
      'reason text NOT NULL, detail text NOT NULL, source text NOT NULL, undone text NOT NULL, ' +
      'removed boolean NOT NULL)',
    'CREATE TABLE missing (point text, graft text, reason text NOT NULL, PRIMARY KEY (point, graft))',
  ],
];

/** A schema in which the steps are taken to see what they make; it is dropped in the same transaction. */
const SCRATCH = `${SCHEMA}_scratch`;

const columnsOf = (schema: string): string =>
  "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable AS part " +
  `FROM information_schema.columns WHERE table_schema = '${schema}' AND table_name <> 'version' ORDER BY 1`;

const parts = (rows: readonly unknown[]): string[] => rows.map((row) => (row as { readonly part: string }).part);

const inSchema = (name: string): OwnTables => ({
  name,
  steps: STEPS,
  version: `${SCHEMA}.version`,
  isVersioned: `SELECT 1 FROM information_schema.tables WHERE table_schema = '${SCHEMA}' AND table_name = 'version'`,
  begin: ['BEGIN', `CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`, `SET LOCAL search_path TO ${SCHEMA}`],
  *faults(): Statements<readonly string[]> {
    const has = parts(yield columnsOf(SCHEMA));
    yield `CREATE SCHEMA ${SCRATCH}`;
    yield `SET LOCAL search_path TO ${SCRATCH}`;
    for (const statements of STEPS) yield* statements;
    const wants = parts(yield columnsOf(SCRATCH));
    yield `DROP SCHEMA ${SCRATCH} CASCADE`;
    return [
      ...wants.filter((part) => !has.includes(part)).map((part) => `${part} is missing`),
      ...has.filter((part) => !wants.includes(part)).map((part) => `${part} is too much`),
    ];
  },
});

/** Brings the host's own tables to this release's version. Throws GRAFT_STORE_RELEASE. */
export const bringUp = async (name: string, ask: (sql: string) => Promise<readonly unknown[]>): Promise<void> => {
  const way = bringing(inSchema(name));
  try {
    for (let at = way.next([]); at.done !== true; ) at = way.next(await ask(at.value));
  } catch (error) {
    await ask('ROLLBACK').catch(() => {});
    throw error;
  }
};
