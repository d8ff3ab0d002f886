import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  type AbortRecord,
  aboutOf,
  type KeptGraft,
  type KeptPlugin,
  type Removal,
} from '../../../src/host/registry.ts';
import { NodeSqlite, openRegistry } from '../../../src/host/store/index.ts';
import type { PluginPackage } from '../../../src/plugins/package/index.ts';
import { folder } from './fixture.ts';

let place: ReturnType<typeof folder>;
let path: string;

beforeEach(() => {
  place = folder();
  path = `${place.path}/registry.db`;
});

afterEach(() => place.remove());

const spoil = (sql: string): void => {
  const database = new NodeSqlite(path);
  database.exec(sql);
  database.close();
};

const GRAFTS = [
  { point: 'shop/price', export: 'price' },
  { point: 'shop/stock', export: 'price' },
];

const BY_HOST = { by: 'host', at: '2019-12-31T00:00:00.000Z' };

const pkg = (name: string, version = '1.0.0'): PluginPackage => ({
  name,
  version,
  manifest: { api: 1, grafts: GRAFTS, needs: [] } as never,
  code: `'${name}'`,
  sourceMap: '{}',
  digest: 'd'.repeat(64),
});

const REMOVAL: Removal = { reason: 'own-time', detail: 'ä', at: '2020-01-01T00:00:00.000Z', by: 'its aborts' };

const kept = (name: string, version = '1.0.0'): KeptPlugin => ({
  name,
  version,
  installed: BY_HOST,
  about: aboutOf(pkg(name, version)),
  grafts: GRAFTS.map((graft) => ({ ...graft, removed: null })),
  removed: null,
  broken: null,
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
  for (const name of ['b', 'a', 'c']) first.install(pkg(name), BY_HOST, []);
  const [, second] = kept('b').grafts as readonly [KeptGraft, KeptGraft];
  const guards = [{ point: 'shop/stock', graft: 'b#price', reason: 'own-time' } as const];
  first.graftRemoved('b', { ...second, removed: REMOVAL }, guards);
  first.graftRemoved('nobody', { ...second, removed: REMOVAL }, guards);
  first.remove('c', REMOVAL, guards);
  first.install(pkg('a', '2.0.0'), BY_HOST, guards);
  await first.close();
  const again = await openRegistry(path);
  const [price, stock] = kept('b').grafts as readonly [KeptGraft, KeptGraft];
  expect(again.plugins()).toEqual([
    { ...kept('b'), grafts: [price, { ...stock, removed: REMOVAL }] },
    kept('a', '2.0.0'),
    { ...kept('c'), removed: REMOVAL },
  ]);
  expect(again.packageOf('a')).toEqual(pkg('a', '2.0.0'));
  expect(again.missing()).toEqual(guards);
  again.install(pkg('b', '3.0.0'), BY_HOST, []);
  expect([again.plugins()[0], again.missing()]).toEqual([kept('b', '3.0.0'), []]);
  expect(again.plugins(['b', 'c']).map(({ name }) => name)).toEqual(['a']);
  expect([again.plugin('a'), again.plugin('x')]).toEqual([kept('a', '2.0.0'), null]);
  expect(() => again.packageOf('x')).toThrow(expect.objectContaining({ code: 'GRAFT_UNKNOWN_PLUGIN' }));
  await again.close();
});

test('of removed plugins the newest two hundred are kept', async () => {
  const registry = await openRegistry(path);
  for (let i = 0; i < 203; i++) {
    registry.install(pkg(`p${i}`), BY_HOST, []);
    registry.remove(`p${i}`, { ...REMOVAL, at: new Date(i).toISOString() }, []);
  }
  expect(registry.plugins().map(({ name }) => name)).toEqual(Array.from({ length: 200 }, (_, i) => `p${i + 3}`));
  await registry.close();
});

test.each([
  ['cut short', `package = substr(package, 1, 60)`],
  ['of another form', `package = '{"name":"broken"}'`],
  ['of another plugin', `package = (SELECT package FROM plugin WHERE name = 'sound')`],
  ['no object', `package = '7'`],
  ['a graft without a point', `package = json_set(package, '$.manifest.grafts[0].point', 7)`],
])('a package that is %s is told apart, and its grafts are known', async (_what, spoils) => {
  const first = await openRegistry(path);
  for (const name of ['broken', 'sound']) first.install(pkg(name), BY_HOST, []);
  await first.close();
  spoil(`UPDATE plugin SET ${spoils} WHERE name = 'broken'`);
  const again = await openRegistry(path);
  const [broken, sound] = again.plugins();
  expect(broken).toEqual({ ...kept('broken'), about: null, broken: expect.stringContaining('cannot be read') });
  expect(sound).toEqual(kept('sound'));
  expect(() => again.packageOf('broken')).toThrow(expect.objectContaining({ code: 'GRAFT_STORE' }));
  await again.close();
});

test('a removal whose record is damaged is one all the same', async () => {
  const first = await openRegistry(path);
  first.install(pkg('a'), BY_HOST, []);
  first.remove('a', REMOVAL, []);
  await first.close();
  spoil(`UPDATE plugin SET removed = '{'; UPDATE graft SET removed = '['`);
  const again = await openRegistry(path);
  expect(again.plugins()).toMatchObject([
    { removed: { reason: 'cancelled' }, grafts: [{ removed: {} }, { removed: {} }] },
  ]);
  await again.close();
});

/** The file, locked for writing by another connection until `free` is called. */
const locked = (): { free: () => void } => {
  const database = new NodeSqlite(path);
  database.exec('BEGIN IMMEDIATE');
  return {
    free: () => {
      database.exec('ROLLBACK');
      database.close();
    },
  };
};

test('what cannot be written is refused, or reported and written with what comes next', async () => {
  const reports: string[] = [];
  const registry = await openRegistry(path, { report: (error) => reports.push(error.message) });
  registry.install(pkg('a'), BY_HOST, []);
  const lock = locked();
  expect(() => registry.install(pkg('b'), BY_HOST, [])).toThrow(expect.objectContaining({ code: 'GRAFT_STORE' }));
  expect(() => registry.remove('a', REMOVAL, [])).toThrow(expect.objectContaining({ code: 'GRAFT_STORE' }));
  expect(() => registry.saveMissing([])).toThrow(expect.objectContaining({ code: 'GRAFT_STORE' }));
  const [price] = kept('a').grafts as readonly [KeptGraft];
  const guards = [{ point: 'shop/price', graft: 'a#price', reason: 'own-time' } as const];
  registry.graftRemoved('a', { ...price, removed: REMOVAL }, guards);
  registry.recordAbort(record(1));
  expect(reports).toEqual(['registry: not written yet: the removal of a#price']);
  expect(registry.plugins()).toEqual([kept('a')]);
  lock.free();
  expect(await registry.aborts({ limit: 10 })).toHaveLength(1);
  expect([registry.plugins()[0]?.grafts[0]?.removed, registry.missing()]).toEqual([REMOVAL, guards]);
  await registry.close();
});

test('what cannot be written is tried again by itself', async () => {
  const registry = await openRegistry(path);
  const lock = locked();
  registry.recordAbort(record(1));
  await new Promise<void>((resolve) => setImmediate(resolve));
  lock.free();
  const reader = new NodeSqlite(path, { readonly: true });
  const written = (): number => (reader.prepare('SELECT count(*) AS n FROM abort').get() as { n: number }).n;
  while (written() === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  reader.close();
  await registry.close();
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
  first.graftRemoved('a', { point: 'x', export: 'x', removed: REMOVAL }, []);
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

test('after close it says so', async () => {
  const registry = await openRegistry(path);
  await registry.close();
  await registry.close();
  expect(() => registry.plugins()).toThrow(expect.objectContaining({ code: 'GRAFT_CLOSED' }));
  expect(() => registry.install(pkg('a'), BY_HOST, [])).toThrow(expect.objectContaining({ code: 'GRAFT_CLOSED' }));
});
