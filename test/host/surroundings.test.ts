// Code in a transaction that opens another one, which then waits for the first: for itself. It is told at once, by
// whatever way it went, and no graft is blamed.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createHost, type Host, type HostMap } from '../../src/host/index.ts';
import { Note, shopSource } from './store/shop-source.ts';

let folder: string;
let source: DataSource;
let host: Host;
let map: HostMap<number>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'graftwork-self-'));
  source = shopSource(join(folder, 'a.db'));
  host = await createHost({ store: source, report: () => {} });
  map = host.map('stock', { lock_timeout_ms: 60_000 });
});

afterEach(async () => {
  expect(host.inUse()).toEqual({ transactions: 0, units: 0, locks: 0, handles: 0, timers: 0 });
  await host.close();
  await source.destroy();
  rmSync(folder, { recursive: true });
});

const SELF = { code: 'GRAFT_SELF_WAIT' };

test('a map outside of the transaction that has changed it', async () => {
  const own = host.transaction(async (txn) => {
    await map.in(txn).set('a', 1);
    await map.set('a', 2);
  });
  await expect(own).rejects.toMatchObject(SELF);
  expect(map.entries()).toEqual([]);
});

test('a transaction in a transaction in a transaction', async () => {
  const own = host.transaction((outer) =>
    host.transaction(async (middle) => {
      await map.in(outer).set('a', 1);
      await map.in(middle).set('b', 1);
      await host.transaction((inner) => map.in(inner).set('a', 2));
    }),
  );
  await expect(own).rejects.toMatchObject(SELF);
});

test('who catches it can go on', async () => {
  await host.transaction(async (txn) => {
    await map.in(txn).set('a', 1);
    await host.transaction(async (inner) => {
      await expect(map.in(inner).get('a')).rejects.toMatchObject(SELF);
      await map.in(inner).set('b', 1);
    });
  });
  expect([map.get('a'), map.get('b')]).toEqual([1, 1]);
});

test('TypeORM outside of the transaction that has the database', async () => {
  for (const save of [
    () => source.manager.save(Note, { text: 'x' }),
    () => source.transaction((entities) => entities.save(Note, { text: 'x' })),
    () => source.query("INSERT INTO note (text) VALUES ('x')"),
    () => host.transaction((inner) => inner.entities.save(Note, { text: 'x' })),
  ]) {
    const own = host.transaction(async (txn) => {
      await txn.entities.save(Note, { text: 'y' });
      await save();
    });
    await expect(own).rejects.toMatchObject({ driverError: SELF });
  }
  expect(await source.manager.count(Note)).toBe(0);
});

test('an accessor or a default that goes past the transaction of its call is the host’s fault', async () => {
  const point = host.graftPoint<null, string>({
    name: 'shop/note',
    kind: 'function',
    default: () => 'default',
    callable: {
      note: host.table('note').callables({ write: 'all', insert: true }),
      stock: map.writable(),
      save: { waits: true, run: () => source.manager.save(Note, { text: 'x' }).then(() => null) },
      set: { waits: true, run: () => map.set('a', 2).then(() => null) },
    },
  });
  const code = `export const graft = (_, api) => {
    try { api.note.insert({ text: 'y' }); api.save(); } catch {}
    return 'written';
  };
  export const other = (_, api) => { api.stock.set('a', 1); api.set(); return 'written'; };`;
  for (const name of ['graft', 'other']) {
    const graftwork = {
      api: 1,
      grafts: [{ point: 'shop/note', export: name }],
      needs: ['note', 'save', 'stock', 'set'],
    };
    await host.install({ manifest: { name, version: '1.0.0', main: 'i.js', graftwork }, files: { 'i.js': code } });
    expect(await point.invoke(null)).toMatchObject({ status: 'default', grafts: [{ reason: 'host-fault' }] });
    expect(host.plugins()[0]?.grafts).toMatchObject([{ state: 'installed', aborts: 0 }]);
    await host.remove(name);
  }
  const careless = host.graftPoint({
    name: 'shop/careless',
    kind: 'function',
    default: async (_input, txn) => {
      await map.in(txn).set('a', 1);
      await map.set('a', 2);
    },
  });
  await expect(careless.call(null)).rejects.toMatchObject(SELF);
});

test('others wait as ever', async () => {
  const first = Promise.withResolvers<void>();
  const one = host.transaction(async (txn) => {
    await map.in(txn).set('a', 1);
    await first.promise;
  });
  await new Promise(setImmediate);
  const two = map.set('a', 2);
  first.resolve();
  await Promise.all([one, two]);
  expect(map.get('a')).toBe(2);
});
