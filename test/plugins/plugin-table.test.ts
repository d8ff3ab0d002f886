// Installing and removing: who may install what, and that what fails leaves nothing behind.

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openBase, type TestBase } from '../support/base.ts';

const FUNCTION = { name: 'p', kind: 'function', default: () => 'default' } as const;
const coded = (code: string, message: unknown = expect.anything()): object =>
  expect.objectContaining({ code, message });

let base: TestBase;
beforeEach(() => {
  base = openBase('direct');
});
afterEach(() => base.close());

describe('what is not installed', () => {
  it('a graft for a point that is not there', async () => {
    base.point(FUNCTION);
    const grafts = ['p', 'q'].map((point) => ({ point, export: 'graft' }));
    await expect(base.install('a', '{ graft: () => 1 }', { grafts })).rejects.toEqual(
      coded('GRAFT_UNKNOWN_POINT', 'unknown graft point "q"; there is p'),
    );
    expect([base.plugins.list(), base.points.get('p').grafts]).toEqual([[], []]);
  });

  it.each(['orders', 'stock.sell', 'st', 'stock.get.all'])(
    'a plugin that needs %s, which no point of its offers',
    async (need) => {
      base.point(FUNCTION);
      await expect(base.install('a', '{ graft: () => 1 }', { needs: ['log', need] })).rejects.toEqual(
        coded('GRAFT_NEEDS', expect.stringContaining(`a needs ${need}, which p does not offer; there is `)),
      );
    },
  );

  it.each<[string, readonly string[], string]>([
    ['something else', ['log'], 'stock'],
    ['only a part of it', ['stock.get', 'log'], 'stock'],
    ['another part', ['stock.get'], 'stock.set'],
    ['nothing', [], 'log'],
  ])('a plugin that needs what its installer may not grant: he may grant %s', async (_name, grants, need) => {
    base.point(FUNCTION);
    const installer = { name: 'clerk', grants };
    await expect(base.install('a', '{ graft: () => 1 }', { needs: [need], installer })).rejects.toEqual(
      coded('GRAFT_NEEDS', expect.stringContaining(`a needs ${need}, which clerk may not grant; there is `)),
    );
    expect(base.plugins.list()).toEqual([]);
  });

  it('a second graft at a function point; its other grafts do not stand either', async () => {
    const point = base.point(FUNCTION);
    const chain = base.point({ name: 'c', kind: 'chain' });
    await base.install('a', '{ graft: () => 1 }');
    const grafts = [
      { point: 'c', export: 'graft' },
      { point: 'p', export: 'graft' },
    ];
    await expect(base.install('b', '{ graft: () => 2 }', { grafts })).rejects.toEqual(
      coded('GRAFT_POINT_TAKEN', 'p: a#graft stands here'),
    );
    expect([chain.grafts.length, base.plugins.has('b')]).toEqual([0, false]);
    expect(await base.invoke(point, 1)).toMatchObject({ value: 1 });
    base.plugins.remove('a');
    await base.install('b', '{ graft: () => 2 }', { grafts });
    expect(await base.invoke(point, 1)).toMatchObject({ value: 2 });
  });

  it('a plugin while another of its name is on its way, or over one of somebody else', async () => {
    base.point({ name: 'p', kind: 'chain' });
    const both = await Promise.allSettled([
      base.install('a', '{ graft: () => 1 }'),
      base.install('a', '{ graft: () => 1 }'),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    const installer = { name: 'clerk', grants: 'everything' } as const;
    await expect(base.install('a', '{ graft: () => 1 }', { installer })).rejects.toEqual(coded('GRAFT_INSTALLED'));
    expect(base.points.get('p').grafts).toHaveLength(1);
  });

  it('a plugin whose graft may call what waits, where the compartment cannot', async () => {
    base.point({ ...FUNCTION, callable: { ...base.callable, slow: { wait: base.wait } } });
    await expect(base.install('a', '{ graft: () => 1 }', { needs: ['slow'] })).rejects.toEqual(
      coded('GRAFT_MUST_WAIT'),
    );
    await base.install('a', '{ graft: () => 1 }', { needs: ['stock'] });
  });
});

describe('what is installed', () => {
  it('is told who installed it, and may call what he may grant', async () => {
    const point = base.point(FUNCTION);
    const installer = { name: 'clerk', grants: ['stock', 'whoami'] };
    const plugin = await base.install('a', '{ graft: (input, api) => [Object.keys(api), api.whoami().installer] }', {
      needs: ['stock.get', 'whoami'],
      installer,
    });
    expect(plugin.installer).toBe('clerk');
    expect(await base.invoke(point, 1)).toMatchObject({ value: [['stock', 'whoami', 'original'], 'clerk'] });
  });

  it('has the smaller of its own limits and the point’s', async () => {
    base.point({ ...FUNCTION, limits: { calls: 5, writes: 7, own_ms: 20 } });
    const { grafts } = await base.install('a', '{ graft: () => 1 }', { limits: { calls: 3, writes: 9 } });
    expect(grafts[0]?.limits).toEqual({
      own_ms: 20,
      total_ms: 2000,
      memory_mb: 32,
      calls: 3,
      writes: 7,
      log_bytes: 16_384,
      argument_bytes: 16_777_216,
    });
  });

  it('gives each of its grafts what its own point offers', async () => {
    const first = base.point({ ...FUNCTION, callable: { log: base.callable.log as never } });
    const second = base.point({ ...FUNCTION, name: 'q', callable: { stock: base.callable.stock as never } });
    const grafts = [
      { point: 'p', export: 'one' },
      { point: 'q', export: 'two' },
    ];
    const exports =
      '{ one: (input, api) => [Object.keys(api), api.log("x")], ' +
      'two: (input, api) => [Object.keys(api), api.stock.get("a")] }';
    await base.install('a', exports, { grafts });
    expect(await base.invoke(first, 1)).toMatchObject({ value: [['log', 'original'], null] });
    expect(await base.invoke(second, 1)).toMatchObject({ value: [['stock', 'original'], 1] });
    expect(base.lines).toEqual([['x'], []]);
  });

  it('may come again when its grafts have all been removed, or it was', async () => {
    const point = base.point(FUNCTION);
    await base.install('a', '{ graft: () => { throw 1 } }');
    await base.invoke(point, 1);
    await base.install('a', '{ graft: () => 2 }');
    expect(await base.invoke(point, 1)).toMatchObject({ value: 2 });
    base.plugins.remove('a');
    expect(await base.invoke(point, 1)).toMatchObject({ status: 'default' });
    expect(() => base.plugins.remove('a')).toThrow(coded('GRAFT_UNKNOWN_PLUGIN', 'unknown plugin "a"; there is none'));
    expect(() => base.plugins.get('a')).toThrow(coded('GRAFT_UNKNOWN_PLUGIN', 'unknown plugin "a"; there is none'));
    await base.install('a', '{ graft: () => 3 }');
    expect(await base.invoke(point, 1)).toMatchObject({ value: 3 });
  });

  it('loses one graft and keeps the others', async () => {
    const points = ['p', 'q'].map((name) => base.point({ ...FUNCTION, name }));
    const grafts = points.map(({ name }) => ({ point: name, export: name }));
    await base.install('a', '{ p: () => { throw 1 }, q: () => 2 }', { grafts });
    const values = [];
    for (const point of [...points, ...points]) values.push((await base.invoke(point, 1)).status);
    expect(values).toEqual(['default', 'committed', 'default', 'committed']);
  });
});
