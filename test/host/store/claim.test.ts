// One host, one file: a second host is refused while the first one lives, and let in as soon as that has ended, however
// it ended. And one SQLite library a file.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import BetterSqlite3 from 'better-sqlite3';
import { createHost } from '../../../src/host/index.ts';
import { NodeSqlite, openRegistry } from '../../../src/host/store/index.ts';
import { Fixture, folder } from './fixture.ts';

let place: ReturnType<typeof folder>;
let file: string;

beforeEach(() => {
  place = folder();
  file = `${place.path}/app.db`;
});

afterEach(() => place.remove());

test('a second host on the same file is refused, by whatever path, and told who has it', async () => {
  const first = await Fixture.open(file);
  symlinkSync(file, `${place.path}/link.db`);
  for (const path of [file, `${place.path}/./app.db`, `${place.path}/link.db`])
    await expect(Fixture.open(path)).rejects.toMatchObject({
      code: 'GRAFT_IN_USE',
      message: expect.stringContaining(`this process, ${process.pid} on ${hostname()}`),
    });
  await first.transact((txn) => first.store.table('owner').insert(txn, { name: 'ann' }));
  await first.store.close();
  const second = await Fixture.open(`${place.path}/link.db`);
  expect(second.store.table('owner').count(null)).toBe(1);
  await second.store.close();
});

test('the registry’s file too; a host that cannot have it leaves the store as it was', async () => {
  const registry = await openRegistry(`${place.path}/registry.db`);
  const options = { store: `sqlite:${file}`, registry: `${place.path}/registry.db` };
  await expect(createHost(options)).rejects.toMatchObject({ code: 'GRAFT_IN_USE' });
  await registry.close();
  await (await createHost(options)).close();
});

test('of many that begin at once one is let in', async () => {
  const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => Fixture.open(file)));
  const opened = attempts.filter((one) => one.status === 'fulfilled');
  expect(opened).toHaveLength(1);
  for (const one of attempts) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'GRAFT_IN_USE' });
  await opened[0]?.value.store.close();
});

test('a host in another process has the file until it is killed', async () => {
  const script = fileURLToPath(new URL('./killed-host.ts', import.meta.url));
  const other = spawn(process.execPath, [script, `sqlite:${file}`, `${place.path}/out`, 'none'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(other.stdout, 'data');
  await expect(Fixture.at(`sqlite:${file}`)).rejects.toMatchObject({
    code: 'GRAFT_IN_USE',
    message: expect.stringMatching(`process ${other.pid} on ${hostname()}, since 20`),
  });
  const ended = once(other, 'close');
  other.stdout.resume();
  other.kill('SIGKILL');
  await ended;
  const next = await Fixture.at(`sqlite:${file}`);
  expect(next.store.table('owner').count(null) as number).toBeGreaterThan(0);
  await next.store.close();
});

test.each([
  ['a process that is gone', 2 ** 22 + 1],
  ['a process id that another process has now', process.pid],
])('the name of %s is no claim', async (_, pid) => {
  const side = new NodeSqlite(`${file}-host`);
  side.exec('CREATE TABLE host (one INTEGER PRIMARY KEY, key TEXT, pid INTEGER, machine TEXT, since TEXT)');
  side.prepare("INSERT INTO host VALUES (1, 'k', ?, ?, '2020-01-01')").run(pid, hostname());
  side.close();
  await (await Fixture.open(file)).store.close();
});

test('a file that another SQLite library of this process has open is refused with what to do', async () => {
  await (await Fixture.open(file)).store.close();
  const other = new BetterSqlite3(file);
  const refusal = {
    code: 'GRAFT_TWO_LIBRARIES',
    message: expect.stringMatching(/node:sqlite and \S*better-sqlite3\S*\.node\)/),
  };
  await expect(Fixture.open(file)).rejects.toMatchObject(refusal);
  other.close();
  const fixture = await Fixture.open(file);
  const late = new BetterSqlite3(file);
  late.prepare('SELECT count(*) FROM owner').get();
  await expect(fixture.store.resume()).rejects.toMatchObject(refusal);
  late.close();
  await fixture.store.close();
});
