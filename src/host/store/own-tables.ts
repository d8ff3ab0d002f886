// The host's own tables: in the application's database those that share its COMMIT (messages to send, the id of the
// last transaction, stored state), in the registry's file its plugins and records; with PostgreSQL all of them in one
// schema. Each kind has a version and steps from each version to the next, carried out in one transaction at start. A
// database of a newer release, or one whose tables are not those of its version, is refused and left as it is.
//
// A step is never changed once it is released: a new one is added behind it.
//
// The way is the same for every database (`bringing`): it yields statements, and whoever drives it runs them, at once
// or awaited, and gives their rows back.

import { GraftError } from '../../plugins/index.ts';
import { NodeSqlite, type SqliteDatabase } from './node-sqlite.ts';
import { compareSchemas, schemaOf } from './schema.ts';

/** Names that begin with this are the store's own. */
export const RESERVED = 'graftwork_';

export const OUTBOX = 'graftwork_outbox';
export const STATE = 'graftwork_state';
export const TRANSACTION = 'graftwork_transaction';
const VERSION = 'graftwork_version';

/** The statements that lead from each version to the next, beginning with an empty file. */
export type Migrations = readonly (readonly string[])[];

/**
 * Of the store. Rows of the state lie in the order in which their keys were added, which is the order of the map after
 * a restart. The transaction is the one that committed last, to look up a COMMIT whose answer was lost.
 */
export const STORE_STEPS: Migrations = [
  [
    `CREATE TABLE IF NOT EXISTS "${OUTBOX}" ("seq" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "id" text NOT NULL, ` +
      '"channel" text NOT NULL, "payload" text NOT NULL, UNIQUE ("id"))',
    `CREATE INDEX IF NOT EXISTS "graftwork_outbox_order" ON "${OUTBOX}" ("channel", "seq")`,
    `CREATE TABLE IF NOT EXISTS "${STATE}" ("map" text NOT NULL, "key" text NOT NULL, "value" text NOT NULL, ` +
      'PRIMARY KEY ("map", "key"))',
    `CREATE TABLE IF NOT EXISTS "${TRANSACTION}" ("one" integer PRIMARY KEY NOT NULL, "id" text NOT NULL)`,
  ],
];

/** A column of `p` that should hold JSON, or `otherwise`. */
const valid = (column: string, otherwise: string): string =>
  `CASE WHEN json_valid(p."${column}") THEN p."${column}" ELSE '${otherwise}' END`;

export const REGISTRY_STEPS: Migrations = [
  [
    'CREATE TABLE IF NOT EXISTS "plugin" ("seq" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "name" text NOT NULL, ' +
      '"version" text NOT NULL, "digest" text NOT NULL, "installer" text NOT NULL, "installed_at" text NOT NULL, ' +
      `"package" text NOT NULL, "removed" text NOT NULL DEFAULT ('[]'), UNIQUE ("name"))`,
    'CREATE TABLE IF NOT EXISTS "abort" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "at" text NOT NULL, ' +
      '"point" text NOT NULL, "graft" text NOT NULL, "reason" text NOT NULL, "detail" text NOT NULL, ' +
      '"source" text NOT NULL, "undone" text NOT NULL, "removed" boolean NOT NULL)',
    'CREATE TABLE IF NOT EXISTS "missing" ("point" text NOT NULL, "graft" text NOT NULL, "reason" text NOT NULL, ' +
      'PRIMARY KEY ("point", "graft"))',
  ],
  // Grafts by point and export, each with its removal; a removed plugin is kept, with its own in place of the list.
  // What a package is broken in does not take the names of its grafts along.
  [
    'CREATE TABLE "graft" ("plugin" text NOT NULL, "point" text NOT NULL, "export" text NOT NULL, "removed" text, ' +
      'PRIMARY KEY ("plugin", "point", "export"))',
    `INSERT OR IGNORE INTO "graft" ("plugin", "point", "export", "removed")
      SELECT p."name", g.value ->> '$.point', g.value ->> '$.export', CASE WHEN EXISTS (
        SELECT 1 FROM json_each(${valid('removed', '[]')}) r WHERE r.value = g.value ->> '$.export'
      ) THEN json_object('reason', 'cancelled', 'detail', '', 'at', p."installed_at", 'by', '') END
      FROM "plugin" p, json_each(${valid('package', '{}')}, '$.manifest.grafts') g
      WHERE g.value ->> '$.point' IS NOT NULL AND g.value ->> '$.export' IS NOT NULL`,
    `UPDATE "plugin" SET "removed" = '[]' WHERE json_valid("removed")`,
  ],
];

/** Statements to run, each giving its rows back. */
export type Statements<T> = Generator<string, T, readonly unknown[]>;

/** What the databases differ in. */
export interface OwnTables {
  /** The database, in messages. */
  readonly name: string;
  readonly steps: Migrations;
  /** The table of the version, as SQL has it, and a query that answers a row where it is there. */
  readonly version: string;
  readonly isVersioned: string;
  readonly begin: readonly string[];
  /** What of the tables, in words, is not as the steps make it. */
  faults(): Statements<readonly string[]>;
}

const refused = ({ name }: OwnTables, why: string): GraftError =>
  new GraftError('GRAFT_STORE_RELEASE', `${name}: ${why}. Nothing in it was changed`);

/** 0: the database has no version, since it is empty or older than versions are. */
function* checkVersion(own: OwnTables): Statements<number> {
  const [isThere] = yield own.isVersioned;
  const [row] = isThere === undefined ? [] : yield `SELECT version FROM ${own.version}`;
  const version = Number((row as { version?: unknown } | undefined)?.version ?? 0);
  if (version > own.steps.length)
    throw refused(own, `its version ${version} is of a newer release, and this one knows ${own.steps.length}`);
  return version;
}

/** Brings the host's own tables to this release's version. Throws GRAFT_STORE_RELEASE; then all is to be undone. */
export function* bringing(own: OwnTables): Statements<void> {
  // First without any write: a database that is refused is left as it is.
  yield* checkVersion(own);
  yield* own.begin;
  const version = yield* checkVersion(own);
  for (const statements of own.steps.slice(version)) yield* statements;
  const faults = yield* own.faults();
  if (faults.length > 0) throw refused(own, `its tables are of no release: ${faults.join('; ')}`);
  if (version < own.steps.length) {
    const columns = 'one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL';
    yield `CREATE TABLE IF NOT EXISTS ${own.version} (${columns})`;
    const row = `VALUES (1, ${own.steps.length}) ON CONFLICT (one) DO UPDATE SET version = excluded.version`;
    yield `INSERT INTO ${own.version} (one, version) ${row}`;
  }
  yield 'COMMIT';
}

/** What a new file would have. */
const wantedBy = (steps: Migrations): ReturnType<typeof schemaOf> => {
  const scratch = new NodeSqlite(':memory:');
  for (const statements of steps) for (const statement of statements) scratch.exec(statement);
  const schema = schemaOf(scratch);
  scratch.close();
  return schema;
};

const inFile = (database: SqliteDatabase, steps: Migrations): OwnTables => ({
  name: database.name,
  steps,
  version: VERSION,
  isVersioned: `SELECT 1 FROM sqlite_master WHERE name = '${VERSION}'`,
  begin: ['BEGIN IMMEDIATE'],
  *faults() {
    // A file is looked into at once.
    yield* [];
    const { missing, differences } = compareSchemas(wantedBy(steps), schemaOf(database));
    return [...missing.map(({ name }) => `${name} is missing`), ...differences];
  },
});

/** Brings the host's own tables in a file to this release's version. Throws GRAFT_STORE_RELEASE. */
export const bringUp = (database: SqliteDatabase, steps: Migrations): void => {
  const way = bringing(inFile(database, steps));
  try {
    for (let at = way.next([]); at.done !== true; ) {
      const rows = at.value.startsWith('SELECT') ? database.prepare(at.value).all() : database.exec(at.value);
      at = way.next(Array.isArray(rows) ? rows : []);
    }
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
};
