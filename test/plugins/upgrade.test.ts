// Upgrades: what a new version may do, and that one which is refused or fails leaves the old version where it stands.

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openBase, type TestBase } from '../support/base.ts';

const FUNCTION = { name: 'p', kind: 'function', default: () => 'default' } as const;
const coded = (code: string): object => expect.objectContaining({ code });

let base: TestBase;
beforeEach(() => {
  base = openBase('direct');
});
afterEach(() => base.close());

describe('an upgrade', () => {
  it('takes the place of the old version at once, which finishes its calls', async () => {
    base = openBase('process');
    const point = base.point({ ...FUNCTION, callable: { ...base.callable, wait: base.wait } });
    await base.install('a', '{ graft: (input, api) => { api.wait("gate"); return "old" } }', {
      needs: ['wait', 'stock'],
    });
    const inFlight = base.invoke(point, 1);
    await base.gate('gate').reached;
    await base.install('a', '{ graft: () => "new" }', { needs: ['stock.get'] });
    expect(await base.invoke(point, 1)).toMatchObject({ status: 'committed', value: 'new' });
    base.gate('gate').open();
    expect(await inFlight).toMatchObject({ status: 'committed', value: 'old' });
    expect([point.grafts.length, base.plugins.list().length]).toEqual([1, 1]);
  });

  it.each([
    ['needs more', { needs: ['stock', 'log'] }],
    ['stands elsewhere', { needs: [], grafts: [{ point: 'q', export: 'graft' }] }],
    ['has more time', { limits: { own_ms: 60 } }],
    ['has no limits of its own any more', { limits: {} }],
    ['goes before others', { limits: { own_ms: 50 }, grafts: [{ point: 'p', export: 'graft', order: 99 }] }],
  ])('that %s is refused, and the old version stays', async (_, options) => {
    const point = base.point(FUNCTION);
    base.point({ ...FUNCTION, name: 'q' });
    await base.install('a', '{ graft: () => "old" }', { needs: ['stock'], limits: { own_ms: 50 } });
    await expect(base.install('a', '{ graft: () => "new" }', options)).rejects.toEqual(coded('GRAFT_UPGRADE'));
    expect(await base.invoke(point, 1)).toMatchObject({ status: 'committed', value: 'old' });
    expect(base.points.get('q').grafts).toEqual([]);
  });

  it.each([
    ['1.2.3', '1.2.2', 'old'],
    ['1.10.0', '1.9.9', 'old'],
    ['2.0.0', '1.99.99', 'old'],
    ['1.2.3', '1.2.3', 'new'],
    ['1.9.0', '1.10.0', 'new'],
    ['1.2.3-beta', '1.2.3', 'new'],
  ])('over version %s, version %s leaves the %s one standing', async (before, after, standing) => {
    const point = base.point(FUNCTION);
    await base.install('a', '{ graft: () => "old" }', { version: before });
    const upgrade = base.install('a', '{ graft: () => "new" }', { version: after });
    if (standing === 'old') await expect(upgrade).rejects.toEqual(coded('GRAFT_UPGRADE'));
    else await upgrade;
    expect(await base.invoke(point, 1)).toMatchObject({ value: standing });
  });

  it('stands where the old version stood, among others of the same order', async () => {
    const chain = base.point({ name: 'c', kind: 'chain' });
    const grafts = [{ point: 'c', export: 'graft' }];
    for (const name of ['a', 'b']) await base.install(name, `{ graft: (text) => text + "${name}" }`, { grafts });
    await base.install('a', '{ graft: (text) => text + "A" }', { grafts });
    expect(await base.invoke(chain, '')).toMatchObject({ value: 'Ab' });
  });

  it('is cancelled where the plugin is removed meanwhile, and so are calls of the old version', async () => {
    base = openBase('process');
    const point = base.point({ ...FUNCTION, callable: { ...base.callable, wait: base.wait } });
    await base.install('a', '{ graft: (input, api) => { api.wait("gate"); return "old" } }', { needs: ['wait'] });
    const inFlight = base.invoke(point, 1);
    await base.gate('gate').reached;
    await base.install('a', '{ graft: () => "new" }', { needs: ['wait'] });
    const third = base.install('a', '{ graft: () => "newer" }', { needs: ['wait'] });
    base.plugins.remove('a', true);
    await expect(third).rejects.toEqual(coded('GRAFT_UNKNOWN_PLUGIN'));
    expect(await inFlight).toMatchObject({ status: 'aborted', reason: 'cancelled' });
    expect([base.plugins.list(), point.grafts]).toEqual([[], []]);
    base.gate('gate').open();
  });

  it('that fails in its process does the old version no harm there', async () => {
    base = openBase('process', { processes: { processes: 1 } });
    const point = base.point(FUNCTION);
    await base.install('a', '{ graft: () => "old" }');
    for (let i = 0; i < 3; i++)
      await expect(base.install('a', '{ graft: () => 1 }', {}, 'throw 1;')).rejects.toEqual(
        coded('GRAFT_INSTALL_FAILED'),
      );
    expect(await base.invoke(point, 1)).toMatchObject({ status: 'committed', value: 'old' });
  });

  it('that fails to load, or finds a place taken, leaves the old version where it stood', async () => {
    const point = base.point(FUNCTION);
    const chain = base.point({ name: 'c', kind: 'chain' });
    const both = [
      { point: 'p', export: 'graft' },
      { point: 'c', export: 'graft' },
    ];
    await base.install('a', '{ graft: () => "old" }', { grafts: both });
    await expect(base.install('a', '{}', { grafts: both })).rejects.toEqual(coded('GRAFT_INSTALL_FAILED'));
    const twice = [...both, { point: 'p', export: 'graft' }];
    await expect(base.install('a', '{ graft: () => "new" }', { grafts: twice })).rejects.toEqual(
      coded('GRAFT_POINT_TAKEN'),
    );
    expect(await base.invoke(point, 1)).toMatchObject({ status: 'committed', value: 'old' });
    expect(await base.invoke(chain, 1)).toMatchObject({ status: 'committed', value: 'old' });
    expect([point.grafts.length, chain.grafts.length]).toEqual([1, 1]);
  });
});
