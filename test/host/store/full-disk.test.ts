// A database that is full: whoever meets it is undone, told of it as the host's own fault with its cause, and no graft
// is blamed. SQLite's own bound on pages makes it full; a COMMIT that fails is made to fail by the test's connection.

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createHost, type Host, type HostEvent } from '../../../src/host/index.ts';
import { Connection, NodeSqlite, type SqliteDatabase } from '../../../src/host/store/index.ts';
import { Fixture, folder, now } from './fixture.ts';
import { Note, shopSource } from './shop-source.ts';

let place: ReturnType<typeof folder>;

beforeEach(() => {
  place = folder();
});

afterEach(() => place.remove());

const FULL = { code: 'GRAFT_STORE', cause: { code: 'ERR_SQLITE_ERROR', errcode: 13 } };

/** 12 kB a row: what is left in the file is soon used up. */
const fill = (ending: string): string =>
  `export const graft = (rows, api) => { ${ending.replace(
    'FILL',
    'for (let i = 0; i < rows; i++) api.note.insert({ text: "x".repeat(12000) });',
  )} };`;

test.each([
  ['does not catch it', 'FILL return "written";'],
  ['catches it and goes on', 'try { FILL } catch {} return "written";'],
])('a graft that fills the database, and %s, stays', async (_, ending) => {
  const source: DataSource = shopSource(`${place.path}/shop.db`, { driver: NodeSqlite });
  const events: HostEvent[] = [];
  const host: Host = await createHost({ store: source, report: (event) => events.push(event) });
  const note = host.table('note');
  const point = host.graftPoint<number, string>({
    name: 'shop/note',
    kind: 'function',
    default: () => 'default',
    callable: { note: note.callables({ write: 'all', insert: true }) },
  });
  await host.install({
    manifest: {
      name: 'writer',
      version: '1.0.0',
      main: 'index.js',
      graftwork: { api: 1, grafts: [{ point: 'shop/note', export: 'graft' }], needs: ['note.insert'] },
    },
    files: { 'index.js': fill(ending) },
  });
  const { databaseConnection: writer } = source.driver as unknown as { databaseConnection: SqliteDatabase };
  const pages = writer.pragma('page_count', { simple: true }) as number;
  writer.pragma(`max_page_count = ${pages + 8}`);
  for (let i = 0; i < 3; i++)
    expect(await point.invoke(20)).toMatchObject({
      status: 'default',
      value: 'default',
      grafts: [{ reason: 'host-fault', status: 'aborted' }],
    });
  expect(host.plugins()[0]?.grafts[0]).toMatchObject({ state: 'installed', aborts: 0 });
  expect(events.filter(({ what }) => what === 'host-fault')).toHaveLength(3);
  expect(events[0]).toMatchObject({ what: 'host-fault', error: FULL });
  expect(await source.manager.count(Note)).toBe(0);
  const save = host.transaction((txn) => txn.entities.save(Note, { text: 'y'.repeat(100_000) }));
  await expect(save).rejects.toMatchObject({ driverError: FULL });
  writer.pragma('max_page_count = 1000000');
  expect(await point.invoke(20)).toMatchObject({ status: 'committed', value: 'written' });
  expect(await source.manager.count(Note)).toBe(20);
  await host.close();
  await source.destroy();
});

test('a COMMIT that finds the disk full is undone and tells its cause', async () => {
  let full = true;
  class Full extends Connection {
    override commit(): void {
      if (full) throw Object.assign(new Error('database or disk is full'), FULL.cause);
      super.commit();
    }
  }
  const fixture = await Fixture.open(`${place.path}/app.db`, { connect: (database) => new Full(database) });
  const owners = fixture.store.table('owner');
  const txn = fixture.begin();
  now(owners.insert(txn, { name: 'ann' }));
  expect(fixture.commit(txn)).toMatchObject({ reason: 'host-fault', cause: FULL });
  expect([txn.state, owners.count(null)]).toEqual(['aborted', 0]);
  full = false;
  await fixture.transact((next) => owners.insert(next, { name: 'ann' }));
  expect(owners.count(null)).toBe(1);
  await fixture.store.close();
});
