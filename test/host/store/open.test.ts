import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { EntitySchema } from 'typeorm';
import { Connection, openStore } from '../../../src/host/store/index.ts';
import { Transactions } from '../../../src/txn/index.ts';
import { call, callerOf, ENTITIES, Fixture, folder, now, realClock, thrown } from './fixture.ts';
import { Account, Entry } from './shop-source.ts';

let place: ReturnType<typeof folder>;

beforeEach(() => {
  place = folder();
});

afterEach(() => place.remove());

const transactions = new Transactions({ clock: realClock });

test.each([
  ['sqlite::memory:', 'GRAFT_BAD_OPTION', /several/],
  ['sqlite:file::memory:?cache=shared', 'GRAFT_BAD_OPTION', /several/],
  ['sqlite:', 'GRAFT_BAD_OPTION', /sqlite:PATH/],
  ['app.db', 'GRAFT_BAD_OPTION', /sqlite:PATH/],
  ['mysql://x', 'GRAFT_BAD_OPTION', /sqlite:PATH/],
])('%s cannot be opened', async (url, code, message) => {
  await expect(openStore(url, { transactions, entities: ENTITIES })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  });
});

test('options are checked', async () => {
  const url = `sqlite:${place.path}/app.db`;
  await expect(openStore(url, { transactions, entities: [], unknown: 1 } as never)).rejects.toMatchObject({
    code: 'GRAFT_BAD_OPTION',
  });
  await expect(openStore(url, { transactions, entities: [], lock_timeout_ms: 0 })).rejects.toMatchObject({
    code: 'GRAFT_BAD_OPTION',
  });
  const own = new EntitySchema<{ id: number }>({
    name: 'Own',
    tableName: 'graftwork_own',
    columns: { id: { type: 'integer', primary: true } },
  });
  await expect(openStore(url, { transactions, entities: [own] })).rejects.toMatchObject({ code: 'GRAFT_BAD_OPTION' });
});

test('a file that is no database', async () => {
  writeFileSync(`${place.path}/app.db`, 'this is not a database, and long enough to be taken for one'.repeat(100));
  await expect(openStore(`sqlite:${place.path}/app.db`, { transactions, entities: [] })).rejects.toMatchObject({
    code: 'GRAFT_STORE',
  });
});

test('the file has a write-ahead log, full synchronisation, foreign keys; only the writer can write', async () => {
  const settings: unknown[] = [];
  const fixture = await Fixture.open(`${place.path}/deep/app.db`, {
    connect: (database, role) => {
      const pragmas = ['journal_mode', 'synchronous', 'foreign_keys'].map((name) =>
        database.pragma(name, { simple: true }),
      );
      settings.push([role, database.readonly, ...(role === 'writer' ? pragmas : [])]);
      return new Connection(database);
    },
  });
  fixture.store.table('owner').count(null);
  const caller = callerOf(fixture.begin(), { readOnly: true });
  call(fixture.store.callables('owner', { read: 'all' }), 'count', caller);
  caller.txn.commit();
  expect(settings).toEqual([
    ['reader', true],
    ['writer', false, 'wal', 2, 1],
    ['snapshot', true],
  ]);
  await fixture.store.close();
});

test('a file that is there keeps its rows and gets the tables that are missing', async () => {
  const first = await Fixture.open(`${place.path}/app.db`, { entities: ENTITIES.slice(0, 1) });
  await first.transact((txn) => first.store.table('owner').insert(txn, { name: 'ann' }));
  expect(thrown(() => first.store.table('purchase')).code).toBe('GRAFT_UNKNOWN_TABLE');
  await first.store.close();
  const second = await Fixture.open(`${place.path}/app.db`);
  expect(second.store.table('owner').find(null, { columns: ['name'] })).toEqual([{ name: 'ann' }]);
  expect(second.store.table('purchase').count(null)).toBe(0);
  await second.store.close();
});

test('entities may be classes with decorators', async () => {
  const fixture = await Fixture.open(`${place.path}/app.db`, { entities: [Account, Entry] });
  await fixture.transact((txn) => fixture.store.table('account').insert(txn, { name: 'ann' }));
  expect(fixture.store.table('account').find(null)).toEqual([{ id: 1, name: 'ann', balance: 0 }]);
  await fixture.store.close();
  const again = await Fixture.open(`${place.path}/app.db`, { entities: [Account, Entry] });
  expect(again.store.table('account').count(null)).toBe(1);
  await again.store.close();
});

test('after close everything says so, and a transaction that was open has left nothing', async () => {
  const fixture = await Fixture.open(`${place.path}/app.db`);
  const owners = fixture.store.table('owner');
  const txn = fixture.begin();
  now(owners.insert(txn, { name: 'ann' }));
  await fixture.store.close();
  await fixture.store.close();
  expect(thrown(() => owners.find(null)).code).toBe('GRAFT_CLOSED');
  expect(thrown(() => owners.find(txn)).reason ?? 'closed').toBeDefined();
  txn.abort();
  expect(fixture.undoFailures).toEqual([]);
  const late = fixture.begin();
  expect(thrown(() => owners.find(late)).code).toBe('GRAFT_CLOSED');
  late.abort();
  const again = await Fixture.open(`${place.path}/app.db`);
  expect(again.store.table('owner').count(null)).toBe(0);
  await again.store.close();
});

test('who has not used the store is none of its business', async () => {
  const steps: string[] = [];
  const fixture = await Fixture.open(`${place.path}/app.db`, { onStep: (step) => steps.push(step) });
  const txn = fixture.begin();
  expect(fixture.store.joined(txn)).toBe(false);
  expect(fixture.commit(txn)).toBeNull();
  expect(steps).toEqual([]);
  await fixture.transact((next) => fixture.store.table('owner').insert(next, { name: 'ann' }));
  expect(steps).toEqual([
    'checked',
    'committing',
    'outbox',
    'stored-state',
    'transaction-id',
    'database-commit',
    'memory-commit',
    'released',
  ]);
  await fixture.store.close();
});
