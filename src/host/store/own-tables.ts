// The host's own tables: in the application's database those that share its COMMIT (messages to send, the id of the
// last transaction, stored state), in the registry's file its plugins and records. Both kinds have a version and steps
// from each version to the next, carried out in one transaction at start. A file of a newer release, or one whose
// tables are not those of its version, is refused and left as it is.
//
// A step is never changed once it is released: a new one is added behind it.

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

/** 0: the file has no version, since it is empty or older than versions are. */
const versionOf = (database: SqliteDatabase): number => {
  const isThere = database.prepare(`SELECT 1 FROM sqlite_master WHERE name = '${VERSION}'`).get() !== undefined;
  if (!isThere) return 0;
  return (database.prepare(`SELECT version FROM ${VERSION}`).get() as { version: number } | undefined)?.version ?? 0;
};

const run = (database: SqliteDatabase, steps: Migrations): void => {
  for (const statements of steps) for (const statement of statements) database.exec(statement);
};

/** What a new file would have. */
const wantedBy = (steps: Migrations): ReturnType<typeof schemaOf> => {
  const scratch = new NodeSqlite(':memory:');
  run(scratch, steps);
  const schema = schemaOf(scratch);
  scratch.close();
  return schema;
};

const refused = (database: SqliteDatabase, why: string): GraftError =>
  new GraftError('GRAFT_STORE_RELEASE', `${database.name}: ${why}. Nothing in it was changed`);

const checkVersion = (database: SqliteDatabase, steps: Migrations): number => {
  const version = versionOf(database);
  if (version > steps.length)
    throw refused(database, `its version ${version} is of a newer release, and this one knows ${steps.length}`);
  return version;
};

/** Brings the host's own tables in a file to this release's version. Throws GRAFT_STORE_RELEASE. */
export const bringUp = (database: SqliteDatabase, steps: Migrations): void => {
  // First without any write: a file that is refused is left as it is.
  checkVersion(database, steps);
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = checkVersion(database, steps);
    run(database, steps.slice(version));
    const { missing, differences } = compareSchemas(wantedBy(steps), schemaOf(database));
    const faults = [...missing.map(({ name }) => `${name} is missing`), ...differences];
    if (faults.length > 0) throw refused(database, `its tables are of no release: ${faults.join('; ')}`);
    if (version < steps.length) {
      database.exec(
        `CREATE TABLE IF NOT EXISTS ${VERSION} (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL)`,
      );
      database.prepare(`REPLACE INTO ${VERSION} (one, version) VALUES (1, ?)`).run(steps.length);
    }
    database.exec('COMMIT');
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
};
