import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { AbortRecord, KeptPlugin } from '../../../src/host/registry.ts';
import { openRegistry } from '../../../src/host/store/index.ts';
import { folder } from './fixture.ts';

let place: ReturnType<typeof folder>;
let path: string;

beforeEach(() => {
  place = folder();
  path = `${place.path}/registry.db`;
});

afterEach(() => place.remove());

const plugin = (name: string, version = '1.0.0'): KeptPlugin => ({
  package: {
    name,
    version,
    manifest: { api: 1, grafts: [] } as never,
    code: `'${name}'`,
    sourceMap: '{}',
    digest: 'd'.repeat(64),
  },
  installer: 'host',
  removed: [],
});

const record = (number: number): Omit<AbortRecord, 'id'> => ({
  at: '2020-01-01T00:00:00.000Z',
  point: 'shop/price',
  graft: `p/g${number}`,
  reason: 'own-time',
  detail: 'ä',
  source: 'src/price.ts:3:7',
  undone: { records: number, first: ['stock.set x'] },
  removed: number % 2 === 0,
});

test('plugins, in the order of their first installation, over restarts', async () => {
  const first = await openRegistry(path);
  await first.savePlugin(plugin('b'));
  await first.savePlugin(plugin('a'));
  await first.savePlugin(plugin('c'));
  first.graftRemoved('b', 'price');
  first.graftRemoved('b', 'price');
  first.graftRemoved('b', 'stock');
  first.graftRemoved('nobody', 'x');
  await first.removePlugin('c');
  await first.savePlugin(plugin('a', '2.0.0'));
  await first.close();
  const second = await openRegistry(path);
  expect(await second.plugins()).toEqual([{ ...plugin('b'), removed: ['price', 'stock'] }, plugin('a', '2.0.0')]);
  await second.savePlugin(plugin('b', '3.0.0'));
  expect((await second.plugins())[0]).toEqual(plugin('b', '3.0.0'));
  await second.close();
});

test('records of aborts, newest first, by pages, over restarts', async () => {
  const first = await openRegistry(path);
  for (let i = 1; i <= 5; i++) first.recordAbort(record(i));
  const [newest, next] = await first.aborts({ limit: 2 });
  expect([newest, next]).toEqual([
    { ...record(5), id: 5 },
    { ...record(4), id: 4 },
  ]);
  first.recordAbort(record(6));
  await first.close();
  first.recordAbort(record(7));
  first.graftRemoved('a', 'x');
  const second = await openRegistry(path);
  expect((await second.aborts({ limit: 10 })).map((one) => one.id)).toEqual([6, 5, 4, 3, 2, 1]);
  expect((await second.aborts({ limit: 10, before: 4 })).map((one) => one.id)).toEqual([3, 2, 1]);
  await second.close();
});

test('only the newest ten thousand or so are kept', async () => {
  const registry = await openRegistry(path);
  for (let i = 1; i <= 10_700; i++) {
    registry.recordAbort(record(i));
    if (i % 350 === 0) await registry.aborts({ limit: 1 });
  }
  await registry.close();
  const again = await openRegistry(path);
  const all = await again.aborts({ limit: 20_000 });
  expect(all.length).toBeGreaterThanOrEqual(10_000);
  expect(all.length).toBeLessThanOrEqual(10_500);
  expect(all[0]?.id).toBe(10_700);
  await again.close();
});

test('a record that cannot be kept is reported and harms nothing', async () => {
  const reports: string[] = [];
  const registry = await openRegistry(path, { report: (error) => reports.push(error.message) });
  registry.recordAbort({ ...record(1), reason: null as never });
  expect(await registry.aborts({ limit: 10 })).toEqual([]);
  registry.recordAbort(record(2));
  expect(await registry.aborts({ limit: 10 })).toHaveLength(1);
  expect(reports).toEqual(['registry: 1 records of aborts were not kept']);
  await registry.close();
});

test('after close it says so', async () => {
  const registry = await openRegistry(path);
  await registry.close();
  await registry.close();
  await expect(registry.plugins()).rejects.toMatchObject({ code: 'GRAFT_CLOSED' });
  await expect(registry.savePlugin(plugin('a'))).rejects.toMatchObject({ code: 'GRAFT_CLOSED' });
});
