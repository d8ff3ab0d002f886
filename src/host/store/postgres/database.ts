// A PostgreSQL database that a host has claimed. One host, one database: a lock of a session says who has it, and the
// server frees it with the session. The row in `host` names the host; each further connection looks first whether it
// is this one's. A new host ends what sessions of one before it are left, so nothing of that one is committed any more
// when the new one reads.
//
// If the session with the lock is lost, it is made again, and the lock taken again. Where another host has taken it
// meanwhile, this one does nothing more with the database.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { GraftError } from '../../../plugins/index.ts';
import { ASK_AGAIN_MS, CLAIM_WAIT_MS, FOREIGN_LOCK_TIMEOUT_MS, RECONNECT_MS } from '../bounds.ts';
import type { SqlValue } from '../dialect.ts';
import type { PostgresPlace } from '../store.ts';
import { isCut } from './errors.ts';
import { bringUp, HOST, SCHEMA } from './own-tables.ts';
import { type PgConfig, type PgLibrary, Wire } from './wire.ts';

/** The lock of a session: of these two numbers ("graf", "twrk") in this database. */
const LOCK = [0x67726166, 0x7477726b] as const;
const APPLICATION = 'graftwork';
/** A session of a machine that is gone ends after half a minute, and with it its claim. */
const KEEPALIVE = '-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3';

const TERMINATE = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ? AND application_name = ?';

export interface DatabaseOptions {
  readonly library: PgLibrary;
  readonly config: PgConfig;
  /** Hears of what goes on by itself. */
  readonly report: (error: GraftError) => void;
}

type AskDatabase = (sql: string, ...values: SqlValue[]) => Promise<unknown[]>;

interface DatabaseOwner {
  readonly key: string;
  readonly pid: number;
  readonly machine: string;
  readonly since: string;
}

export class Database {
  /** The database in messages: no password. */
  readonly name: string;
  readonly #options: DatabaseOptions;
  readonly #key = randomUUID();
  #service: Wire;
  /** Why nothing goes on any more; null: it does. */
  #broken: GraftError | null = null;
  #closed = false;

  private constructor(name: string, options: DatabaseOptions) {
    this.name = name;
    this.#options = options;
    this.#service = this.#wire(
      async () => {},
      () => this.#lost(),
    );
  }

  /**
   * Claims a database and brings the host's own tables there up, unless `check` of the database as it is throws. Throws
   * GRAFT_IN_USE and GRAFT_STORE_RELEASE as well, and what the library throws.
   */
  static async claim(
    name: string,
    options: DatabaseOptions,
    check: (ask: AskDatabase) => Promise<void>,
  ): Promise<Database> {
    const database = new Database(name, options);
    try {
      const ask: AskDatabase = (sql, ...values) => database.ask(sql, ...values);
      await database.#checkRole(ask);
      await database.#take(ask);
      await check(ask);
      await bringUp(name, ask);
      await database.#sign(ask);
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** What SQL of grafts needs to know. */
  async place(): Promise<PostgresPlace> {
    const [role] = await this.ask<{ user: string; makes: boolean }>(
      'SELECT rolname AS user, rolcreaterole OR rolsuper AS makes FROM pg_roles WHERE rolname = current_user',
    );
    const { library, config } = this.#options;
    const ask: PostgresPlace['ask'] = (sql, ...values) => this.ask(sql, ...values);
    return { library, config, user: role?.user ?? '', mayMakeRoles: role?.makes === true, ask };
  }

  /** Asks something beside all transactions. */
  ask<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]> {
    return this.#service.ask<Row>(sql, ...values);
  }

  /** The same for what may be asked twice: over a connection that is lost it is asked again. */
  async surely<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]> {
    for (const until = performance.now() + RECONNECT_MS; ; await wait(ASK_AGAIN_MS)) {
      try {
        return await this.ask<Row>(sql, ...values);
      } catch (error) {
        if (!isCut(error) || this.#closed || this.#broken !== null || performance.now() > until) throw error;
      }
    }
  }

  /** Throws GRAFT_STORE where nothing goes on any more. */
  check(): void {
    if (this.#broken !== null) throw this.#broken;
    if (this.#closed) throw new GraftError('GRAFT_CLOSED', 'the store is closed');
  }

  /** Opens a further connection. */
  open(onCut: () => void = () => {}): Wire {
    this.check();
    return this.#wire(async (ask) => {
      const [row] = (await ask(`SELECT key FROM ${HOST}`)) as { readonly key: string }[];
      if (row?.key !== this.#key) throw this.#breaks('another host has taken the database');
    }, onCut);
  }

  #wire(checked: (ask: AskDatabase) => Promise<void>, onCut: () => unknown): Wire {
    const { library, config } = this.#options;
    return new Wire({
      library,
      config: {
        ...config,
        lock_timeout: FOREIGN_LOCK_TIMEOUT_MS,
        options: [config.options, KEEPALIVE].filter(Boolean).join(' '),
      },
      name: this.#session,
      terminate: (pid) => {
        this.ask(TERMINATE, pid, this.#session).catch(() => {});
      },
      checked,
      onCut,
    });
  }

  /** How the server's list of sessions names this host's. */
  get #session(): string {
    return `${APPLICATION} ${this.#key}`;
  }

  #breaks(why: string): GraftError {
    this.#broken ??= new GraftError('GRAFT_STORE', `${this.name}: ${why}; the host must be started again`);
    return this.#broken;
  }

  /** A role of the schema's name finds the application's tables there, and not where they are. */
  async #checkRole(ask: AskDatabase): Promise<void> {
    const path = "current_setting('search_path') LIKE '%$user%'";
    const [row] = await ask(`SELECT 1 WHERE current_user = '${SCHEMA}' AND ${path}`);
    if (row !== undefined)
      throw new GraftError(
        'GRAFT_BAD_OPTION',
        `store: the role ${SCHEMA} has the schema of the host's own tables for its own: use another role, or say ` +
          `ALTER ROLE ${SCHEMA} SET search_path TO public`,
      );
  }

  async #take(ask: AskDatabase): Promise<void> {
    for (const until = performance.now() + CLAIM_WAIT_MS; ; await wait(ASK_AGAIN_MS)) {
      const [row] = (await ask('SELECT pg_try_advisory_lock(?::int, ?::int) AS has', ...LOCK)) as { has: boolean }[];
      if (row?.has === true) return;
      if (performance.now() > until) throw await this.#inUse(ask);
    }
  }

  async #inUse(ask: AskDatabase): Promise<GraftError> {
    const owner = await this.#owner(ask);
    const who = owner === null ? 'another host' : `process ${owner.pid} on ${owner.machine}, since ${owner.since}`;
    return new GraftError(
      'GRAFT_IN_USE',
      `${this.name} is the database of another host: ${who}. End that host, or give this one a database of its own`,
    );
  }

  async #owner(ask: AskDatabase): Promise<DatabaseOwner | null> {
    const [there] = await ask(`SELECT 1 FROM pg_tables WHERE schemaname || '.' || tablename = '${HOST}'`);
    return there === undefined ? null : (((await ask(`SELECT * FROM ${HOST}`)) as DatabaseOwner[])[0] ?? null);
  }

  /** From now on the database says that it is this host's, and sessions of an earlier one are gone. */
  async #sign(ask: AskDatabase): Promise<void> {
    const columns = 'one, key, pid, machine, since';
    const changes = 'key = excluded.key, pid = excluded.pid, machine = excluded.machine, since = excluded.since';
    await ask(
      `INSERT INTO ${HOST} (${columns}) VALUES (1, ?, ?, ?, ?) ON CONFLICT (one) DO UPDATE SET ${changes}`,
      this.#key,
      process.pid,
      hostname(),
      new Date().toISOString(),
    );
    const left = `application_name LIKE '${APPLICATION} %' AND application_name <> ? AND datname = current_database()`;
    const sql = `SELECT count(pg_terminate_backend(pid))::int AS n FROM pg_stat_activity WHERE ${left}`;
    for (const until = performance.now() + CLAIM_WAIT_MS; ; await wait(ASK_AGAIN_MS)) {
      const [row] = (await ask(sql, this.#session)) as { readonly n: number }[];
      if (row?.n === 0) return;
      if (performance.now() > until)
        throw new GraftError('GRAFT_IN_USE', `${this.name}: sessions of another host do not end`);
    }
  }

  /** The session with the lock is lost: it is made again. */
  #lost(): void {
    if (this.#closed || this.#broken !== null) return;
    this.#options.report(new GraftError('GRAFT_STORE', `${this.name}: the connection is lost, and made again`));
    this.#again().catch((error: unknown) => this.#options.report(this.#breaks(String((error as Error).message))));
  }

  async #again(): Promise<void> {
    for (const until = performance.now() + RECONNECT_MS; !this.#closed; await wait(ASK_AGAIN_MS)) {
      const service = this.#wire(
        async () => {},
        () => service === this.#service && this.#lost(),
      );
      try {
        const ask: AskDatabase = (sql, ...values) => service.ask(sql, ...values);
        await this.#take(ask);
        const owner = await this.#owner(ask);
        if (owner?.key !== this.#key) throw this.#breaks('another host has taken the database');
        this.#service = service;
        return;
      } catch (error) {
        service.cut();
        if (this.#broken !== null || performance.now() > until) throw error;
      }
    }
  }

  /**
   * Whether a transaction that was lost on its way has committed: asked until it is known. Throws GRAFT_STORE where the
   * database does not say: then nothing goes on before a restart.
   */
  async committed(id: string): Promise<boolean> {
    for (const until = performance.now() + RECONNECT_MS; ; await wait(ASK_AGAIN_MS)) {
      const [row] = await this.surely<{ status: string | null }>('SELECT pg_xact_status(?::xid8) AS status', id).catch(
        () => [],
      );
      if (row?.status === 'committed') return true;
      if (row?.status === 'aborted') return false;
      if (performance.now() > until) throw this.#breaks('the outcome of a commit is not known');
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#service.close();
  }
}
