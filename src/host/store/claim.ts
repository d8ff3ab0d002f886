// One host, one file. A host claims each database file before it opens it, by a side file FILE-host: an SQLite database
// with one row, which names the host, and with a write lock that the host keeps to its end. The kernel frees that lock
// with the process, so a claim outlives no host: not one that was killed, not one whose process id another process has
// now, not one of before a restart of the machine.
//
// The row is visible to others only when it is committed, and a COMMIT gives the lock back. So the lock is taken again,
// until the committed row is one's own while one has the lock.

import { randomUUID } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { GraftError } from '../../plugins/index.ts';
import { BUSY_TIMEOUT_MS, CLAIM_RETRY_MS } from './bounds.ts';
import { cannot, sqliteCode } from './connection.ts';
import { NodeSqlite, type SqliteDatabase } from './node-sqlite.ts';

export interface Claim {
  /** The file's real path: symbolic links lead to one file. */
  readonly path: string;
  release(): void;
}

interface Owner {
  readonly key: string;
  readonly pid: number;
  readonly machine: string;
  readonly since: string;
}

const TABLE = `CREATE TABLE IF NOT EXISTS host
  (one INTEGER PRIMARY KEY CHECK (one = 1), key TEXT NOT NULL, pid INTEGER NOT NULL, machine TEXT NOT NULL,
   since TEXT NOT NULL)`;

/** The path of a file that need not be there yet; its folder is made. */
const realPath = (path: string): string => {
  const folder = dirname(resolve(path));
  mkdirSync(folder, { recursive: true });
  const inFolder = join(realpathSync(folder), basename(path));
  try {
    return realpathSync(inFolder);
  } catch {
    return inFolder;
  }
};

const ownerOf = (side: SqliteDatabase): Owner | undefined =>
  side.prepare("SELECT 1 FROM sqlite_master WHERE name = 'host'").get() === undefined
    ? undefined
    : (side.prepare('SELECT * FROM host').get() as Owner | undefined);

/** Takes the write lock. False: another host has it. */
const lock = (side: SqliteDatabase): boolean => {
  try {
    side.exec('BEGIN IMMEDIATE');
    return true;
  } catch (error) {
    if (sqliteCode(error)?.startsWith('SQLITE_BUSY')) return false;
    throw error;
  }
};

const sign = (side: SqliteDatabase, key: string): void => {
  side.exec(TABLE);
  side
    .prepare('REPLACE INTO host (one, key, pid, machine, since) VALUES (1, ?, ?, ?, ?)')
    .run(key, process.pid, hostname(), new Date().toISOString());
  side.exec('COMMIT');
};

const inUse = (path: string, { pid, machine, since }: Owner): GraftError => {
  const where = pid === process.pid && machine === hostname() ? `this process, ${pid}` : `process ${pid}`;
  return new GraftError(
    'GRAFT_IN_USE',
    `${path} is the database of another host: ${where} on ${machine}, since ${since}. End that host, or give this ` +
      'one a file of its own',
  );
};

/** Has the lock at the end, and its own row is the one that others read. Throws GRAFT_IN_USE. */
const take = async (side: SqliteDatabase, path: string, key: string): Promise<void> => {
  for (;;) {
    const has = lock(side);
    const owner = ownerOf(side);
    if (has && owner?.key === key) return;
    if (has) sign(side, key);
    else if (owner !== undefined && owner.key !== key) throw inUse(path, owner);
    // Another host has the lock and has not signed yet.
    else await wait(CLAIM_RETRY_MS);
  }
};

/** Claims a database file. Throws GRAFT_IN_USE, which names the host that has it, and GRAFT_STORE. */
export const claim = async (file: string): Promise<Claim> => {
  let side: SqliteDatabase | null = null;
  try {
    const path = realPath(file);
    side = new NodeSqlite(`${path}-host`, { timeout: BUSY_TIMEOUT_MS });
    await take(side, path, randomUUID());
    const taken = side;
    return { path, release: () => taken.close() };
  } catch (error) {
    side?.close();
    throw cannot('opened', file, error);
  }
};
