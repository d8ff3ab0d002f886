// The role that runs statements of grafts, and the views that it may read: a schema for each set of rights, whose views
// have the tables' names. The role owns nothing and may read nothing else; a view with `security_barrier` tries no
// condition of a graft's on a row that its filter keeps away.
//
// The schemas go when the host closes. Where it ends otherwise they stay until its next start: a change of a table that
// they stand on then needs `DROP SCHEMA graftwork_sql_… CASCADE`.

import { randomBytes } from 'node:crypto';
import { GraftError } from '../../../plugins/index.ts';
import { type PostgresPlace, quoted, replaceMarks, type SqlValue } from '../../store/index.ts';
import { POSTGRES_LOCK_MS, POSTGRES_SCHEMAS_MAX, SQL_WORKERS_MAX } from '../bounds.ts';
import type { SqlCaller } from '../engine.ts';
import type { SqlRights } from '../grant.ts';

const PREFIX = 'graftwork_sql_';

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** A list as PostgreSQL writes one, which takes its type from where it stands. */
const list = (values: readonly unknown[]): string =>
  text(`{${values.map((value) => `"${String(value).replace(/["\\]/g, '\\$&')}"`).join(',')}}`);

const literal = (value: SqlValue | undefined): string => {
  if (value === null || value === undefined) return 'NULL';
  if (Array.isArray(value)) return list(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : text(String(value));
};

/** Who logs in to run statements. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

const SETTINGS = [
  'default_transaction_read_only = on',
  'work_mem = 16384',
  'jit = off',
  'max_parallel_workers_per_gather = 0',
  `lock_timeout = ${POSTGRES_LOCK_MS}`,
  'idle_in_transaction_session_timeout = 60000',
  `search_path = ''`,
  `bytea_output = 'hex'`,
];

export class PostgresViews {
  readonly #place: PostgresPlace;
  readonly #login: Promise<Login>;
  /** By what they show: the schema of each, the least used first. */
  readonly #schemas = new Map<string, Promise<string>>();
  #made = 0;

  constructor(place: PostgresPlace) {
    this.#place = place;
    this.#login = this.#makeRole();
    this.#login.catch(() => {});
  }

  get login(): Promise<Login> {
    return this.#login;
  }

  async #makeRole(): Promise<Login> {
    const { ask } = this.#place;
    await this.#drop();
    const [row] = await ask<{ id: string }>(
      'SELECT oid::text AS id FROM pg_database WHERE datname = current_database()',
    );
    const login = { user: `${PREFIX}${row?.id}`, password: randomBytes(32).toString('hex') };
    const [there] = await ask('SELECT 1 FROM pg_roles WHERE rolname = ?', login.user);
    const name = quoted(login.user);
    await ask(
      `${there === undefined ? 'CREATE' : 'ALTER'} ROLE ${name} LOGIN NOINHERIT NOCREATEDB NOCREATEROLE ` +
        `CONNECTION LIMIT ${2 * SQL_WORKERS_MAX} PASSWORD ${text(login.password)}`,
    );
    for (const setting of SETTINGS) await ask(`ALTER ROLE ${name} SET ${setting}`);
    return login;
  }

  async #drop(): Promise<void> {
    const { ask } = this.#place;
    const found = await ask<{ name: string }>(
      `SELECT nspname AS name FROM pg_namespace WHERE starts_with(nspname, '${PREFIX}')`,
    );
    for (const { name } of found) await ask(`DROP SCHEMA IF EXISTS ${quoted(name)} CASCADE`);
  }

  /** The schema with the views of what a caller may read. */
  async schema(rights: SqlRights, caller: SqlCaller): Promise<string> {
    const views = rights.tables.map(({ table, columns, filter }) => {
      const { clause } = filter(caller);
      const where = replaceMarks(clause.sql, (mark) => literal(clause.values[mark - 1]));
      return [quoted(table.name), `SELECT ${columns.map(quoted).join(', ')} FROM ${table.sql}${where}`] as const;
    });
    const key = JSON.stringify(views);
    const made = this.#schemas.get(key) ?? this.#make(views);
    // The one that was used last is the last that makes room.
    this.#schemas.delete(key);
    this.#schemas.set(key, made);
    made.catch(() => this.#schemas.delete(key));
    return made;
  }

  async #make(views: readonly (readonly [name: string, query: string])[]): Promise<string> {
    const { ask } = this.#place;
    const { user } = await this.#login;
    const name = `${PREFIX}${++this.#made}_${randomBytes(8).toString('hex')}`;
    if (this.#schemas.size >= POSTGRES_SCHEMAS_MAX) await this.#makeRoom();
    await ask(`CREATE SCHEMA ${quoted(name)}`);
    for (const [view, query] of views) {
      await ask(`CREATE VIEW ${quoted(name)}.${view} WITH (security_barrier) AS ${query}`);
      await ask(`GRANT SELECT ON ${quoted(name)}.${view} TO ${quoted(user)}`);
    }
    await ask(`GRANT USAGE ON SCHEMA ${quoted(name)} TO ${quoted(user)}`);
    return name;
  }

  async #makeRoom(): Promise<void> {
    const [oldest] = this.#schemas;
    if (oldest === undefined) return;
    this.#schemas.delete(oldest[0]);
    await this.#place.ask(`DROP SCHEMA IF EXISTS ${quoted(await oldest[1])} CASCADE`);
  }

  async close(): Promise<void> {
    await this.#login.catch(() => {});
    await this.#drop();
  }
}

/** Throws GRAFT_STORE_UNSUPPORTED where the host's own role may make none for statements. */
export const checkRole = ({ mayMakeRoles, user }: PostgresPlace): void => {
  if (!mayMakeRoles)
    throw new GraftError(
      'GRAFT_STORE_UNSUPPORTED',
      `sql needs a role of its own, and ${user} may make none. Run as an administrator: ` +
        `ALTER ROLE ${quoted(user)} CREATEROLE`,
    );
};
