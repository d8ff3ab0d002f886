// What a host says of itself.

import { afterEach, describe, expect, test } from '@jest/globals';
import { createHost, type Host } from '../../src/host/index.ts';
import { IsolateMaker } from '../../src/plugins/compartment/index.ts';
import { folder } from './store/fixture.ts';

let host: Host;
afterEach(() => host.close());

test('a host of isolates warns of plugins that nobody has signed', async () => {
  host = await createHost({ store: 'memory', report: () => {}, compartment: new IsolateMaker() });
  expect(host.facts()).toMatchObject({ compartment: 'isolate', 'unsigned plugins': expect.stringMatching(/^WARNING/) });
});

test('a host of processes has no reason to', async () => {
  host = await createHost({ store: 'memory', report: () => {} });
  expect(Object.keys(host.facts())).not.toContain('unsigned plugins');
});

describe('a plugin', () => {
  const PLUGIN = {
    manifest: {
      name: 'fair-price',
      version: '1.2.0',
      description: 'Takes a third off.\n\u202e',
      graftwork: {
        api: 1,
        grafts: [
          { point: 'shop/price', export: 'price' },
          { point: 'shop/title', export: 'title' },
        ],
        needs: ['stock.get', 'log'],
        limits: { calls: 7 },
      },
    },
    files: { 'index.js': 'export const price = () => { throw new Error("no") }; export const title = () => "sale";' },
  };

  const open = async (registry: string): Promise<void> => {
    host = await createHost({ store: 'memory', registry, compartment: new IsolateMaker(), report: () => {} });
    const stock = host.map('stock').readable();
    host.graftPoint({ name: 'shop/price', kind: 'function', default: () => 1, callable: { stock, log: host.log } });
    const limits = { calls: 5 };
    host.graftPoint({ name: 'shop/title', kind: 'function', default: () => '', callable: { log: host.log }, limits });
    await host.restore();
  };

  test('is told in one shape, installed, removed and after a restart', async () => {
    const place = folder();
    const registry = `${place.path}/registry.db`;
    await open(registry);
    const before = new Date().toISOString();
    const installed = await host.install(PLUGIN, { installer: 'ada' });
    expect(installed).toMatchObject({
      name: 'fair-price',
      version: '1.2.0',
      description: 'Takes a third off.\\u{a}\\u{202e}',
      installer: 'ada',
      state: 'installed',
      removedBecause: null,
      broken: null,
      needs: ['stock.get', 'log'],
      limits: { calls: 7 },
      grafts: [
        { export: 'price', granted: ['stock.get', 'log'], passedOver: [], limits: { calls: 7 } },
        { export: 'title', granted: ['log'], passedOver: ['stock.get'], limits: { calls: 5 } },
      ],
    });
    expect(installed.installedAt >= before && installed.installedAt <= new Date().toISOString()).toBe(true);
    expect(host.plugins()).toEqual([installed]);
    await host.invoke('shop/price', 1);
    const because = { reason: 'thrown', detail: 'Error: no', by: 'its aborts' };
    const [half] = host.plugins();
    expect(half).toMatchObject({ state: 'installed', removedBecause: null });
    expect(half?.grafts).toMatchObject([
      { state: 'removed', removedBecause: because, calls: 1, aborts: 1 },
      { state: 'installed', removedBecause: null },
    ]);
    await host.close();
    await open(registry);
    expect(host.plugins()).toMatchObject([
      {
        installedAt: installed.installedAt,
        grafts: half?.grafts.map(({ state, removedBecause }) => ({ state, removedBecause })),
      },
    ]);
    const removed = await host.remove('fair-price', { by: 'bob' });
    expect(removed).toMatchObject({ state: 'removed', removedBecause: { reason: 'cancelled', by: 'bob' } });
    const [listed] = host.removedPlugins();
    const { grafts: _loaded, ...told } = removed;
    expect(listed).toMatchObject(told);
    expect(listed?.grafts.map(({ removedBecause }) => removedBecause)).toMatchObject([because, { by: 'bob' }]);
    expect(Object.keys(listed ?? {})).toEqual(Object.keys(installed));
    expect(Object.keys(listed?.grafts[0] ?? {})).toEqual(Object.keys(installed.grafts[0] ?? {}));
    place.remove();
  });
});
