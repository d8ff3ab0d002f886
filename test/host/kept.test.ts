// What plugins keep between calls: the accounts balance after every end of a transaction, whatever the program, and a
// plugin that hoards ends at its limit.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHost, type Host } from '../../src/host/index.ts';
import { HostMap, keptMap } from '../../src/host/state.ts';
import { IsolateMaker } from '../../src/plugins/compartment/index.ts';
import {
  type Caller,
  HANDLES,
  KEPT_BYTES,
  KEPT_ENTRIES,
  Keepers,
  type KeptLimits,
  PLUGIN_KEPT,
  TIMERS,
  unitsOf,
} from '../../src/plugins/index.ts';
import { until } from '../support/base.ts';
import { Random } from '../support/random.ts';
import { Bed, run, thrown } from './callables/bed.ts';

const PLUGINS = ['one', 'two'];
const KEYS = ['a', 'b', 'c', 'd'];

/** What the model knows: who keeps what under a key, and the elements of the list. */
interface Model {
  readonly map: Map<string, { plugin: string; units: number }>;
  readonly list: { plugin: string; units: number }[];
}

const copyOf = ({ map, list }: Model): Model => ({ map: new Map(map), list: [...list] });

const heldBy = ({ map, list }: Model, plugin: string): [bytes: number, entries: number] => {
  const own = [...map.values(), ...list].filter((one) => one.plugin === plugin);
  return [own.reduce((sum, { units }) => sum + units, 0), own.length];
};

describe('accounts of what is kept', () => {
  let host: Host;
  afterEach(() => host.close());

  test.each(Array.from({ length: 40 }, (_, i) => i + 1))('balance after every end, seed %i', async (seed) => {
    const random = new Random(seed);
    const bed = new Bed();
    host = await createHost({ store: 'memory' });
    const map = new HostMap<string>(
      keptMap('map'),
      () => Promise.reject(),
      () => null,
    ).writable();
    const list = host.list<string>('list').writable();
    const change = (model: Model, caller: Caller): void => {
      const key = random.pick(KEYS);
      const text = 'x'.repeat(random.below(50));
      const kept = { plugin: caller.plugin, units: unitsOf(text) };
      const act = random.below(5);
      if (act < 2) {
        run(map.set, caller, key, text);
        model.map.set(key, { ...kept, units: kept.units + key.length });
      } else if (act === 2) {
        run(map.delete, caller, key);
        model.map.delete(key);
      } else if (act === 3) {
        run(list.push, caller, text);
        model.list.push(kept);
      } else {
        run(list.pop, caller);
        model.list.pop();
      }
    };
    const balances = (model: Model): void => {
      for (const plugin of PLUGINS) {
        const { account, installerAccount } = bed.keepers.of(plugin, 'somebody');
        expect([account.held[KEPT_BYTES], account.held[KEPT_ENTRIES]]).toEqual(heldBy(model, plugin));
        for (const [i, limit] of [PLUGIN_KEPT.kept_bytes, PLUGIN_KEPT.kept_entries].entries())
          expect((account.free[i] as number) + (account.held[i] as number)).toBe(limit);
        const all = PLUGINS.map((name) => bed.keepers.of(name, 'somebody').account.held[KEPT_BYTES] as number);
        expect(installerAccount.held[KEPT_BYTES]).toBe(all.reduce((sum, units) => sum + units, 0));
      }
    };
    let committed: Model = { map: new Map(), list: [] };
    for (let call = 0; call < 12; call++) {
      const top = bed.begin();
      let model = copyOf(committed);
      for (let nested = random.below(3); nested >= 0; nested--) {
        const inner = copyOf(model);
        const caller = bed.callerIn(top, random.pick(PLUGINS));
        for (let n = random.below(6); n >= 0; n--) change(inner, caller);
        if (random.chance(0.3)) caller.txn.abort();
        else {
          caller.txn.commit();
          model = inner;
        }
      }
      if (random.chance(0.3)) top.abort();
      else {
        top.commit();
        committed = model;
      }
      balances(committed);
    }
    const last = bed.caller('two');
    for (const key of KEYS) run(map.delete, last, key);
    while (committed.list.pop() !== undefined) run(list.pop, last);
    last.txn.commit();
    (last.txn.parent as typeof last.txn).commit();
    balances({ map: new Map(), list: [] });
    expect(bed.keepers.list()).toEqual([]);
  });

  test('what the host replaces is kept by nobody any more', async () => {
    const { keepers, begin, caller } = bedOf();
    host = await createHost({ store: 'memory' });
    const cell = host.cell<string>('cell', '');
    const own = caller();
    run(cell.writable().set, own, 'x'.repeat(100));
    own.txn.commit();
    (own.txn.parent as ReturnType<typeof begin>).commit();
    expect(keepers.list()).toMatchObject([{ plugin: 'p', held: { kept_bytes: 116, kept_entries: 1 } }]);
    await cell.set('');
    expect([keepers.list(), cell.get()]).toEqual([[], '']);
  });
});

const bedOf = () => {
  const bed = new Bed();
  return { keepers: bed.keepers, begin: () => bed.begin(), caller: () => bed.caller() };
};

test('the plugins of one installer share its account; those of the host itself do not', () => {
  const bed = new Bed();
  const keepers = new Keepers({ plugin: { timers: 3 }, installer: { timers: 4 } });
  const txn = bed.begin();
  keepers.of('a', 'x').keep(txn, TIMERS, 3);
  expect(thrown(() => keepers.of('b', 'x').keep(txn, TIMERS, 2))).toBe('limit: timers of the installer');
  txn.abort();
  const other = bed.begin();
  for (const plugin of ['a', 'b', 'c']) keepers.of(plugin, 'host').keep(other, TIMERS, 3);
  expect(thrown(() => keepers.of('a', 'host').keep(other, TIMERS, 1))).toBe('limit: timers');
  other.abort();
  expect(keepers.list()).toEqual([]);
});

/** A plugin for each resource that it hoards: a call keeps a little more, and never too much for one call. */
const HOARDERS: Record<string, { readonly code: string; readonly limit: string; readonly kept: Partial<KeptLimits> }> =
  {
    'bytes of storage': {
      code: `api.storage.set('k' + n, 'x'.repeat(900))`,
      limit: 'kept_bytes',
      kept: { kept_bytes: 10_000 },
    },
    'keys of storage': { code: `api.storage.set('k' + n, 1)`, limit: 'kept_entries', kept: { kept_entries: 10 } },
    'keys of a map': { code: `api.bag.set('k' + n, 1)`, limit: 'kept_entries', kept: { kept_entries: 10 } },
    'elements of a list': { code: `api.list.push('x'.repeat(900))`, limit: 'kept_bytes', kept: { kept_bytes: 10_000 } },
    'a cell': { code: `api.cell.set('x'.repeat(n * 1000))`, limit: 'kept_bytes', kept: { kept_bytes: 10_000 } },
    messages: { code: `api.mail('hello')`, limit: 'messages', kept: { messages: 10 } },
    'bytes of messages': { code: `api.mail('x'.repeat(900))`, limit: 'kept_bytes', kept: { kept_bytes: 10_000 } },
    timers: { code: `api.schedule(1000000, 'later')`, limit: 'timers', kept: { timers: 10 } },
    subscriptions: { code: `api.on('e' + n, 'later')`, limit: 'subscriptions', kept: { subscriptions: 10 } },
  };

describe('a plugin that hoards', () => {
  let folder: string;
  let host: Host;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kept-'));
  });
  afterEach(async () => {
    await host.close();
    rmSync(folder, { recursive: true });
  });

  const points = (sent: Promise<void>) => {
    const events = host.callables.events(Array.from({ length: 40 }, (_, n) => `e${n}`));
    const state = { bag: host.map('bag'), list: host.list('list'), cell: host.cell('cell', '') };
    const callable = {
      storage: host.storage,
      bag: state.bag.writable(),
      list: state.list.writable(),
      cell: state.cell.writable(),
      mail: host.channel('mail', () => sent).callable,
      schedule: host.callables.schedule,
      ...events.callables,
    };
    host.graftPoint({ name: 'later', kind: 'event' });
    const point = (name: string) =>
      host.graftPoint({ name, kind: 'function', default: () => 'default', callable, limits: { own_ms: 5000 } });
    return { state, hoard: point('hoard'), honest: point('honest') };
  };

  const install = (name: string, point: string, code: string): Promise<unknown> => {
    const grafts = [
      { point, export: 'f' },
      { point: 'later', export: 'later' },
    ];
    const needs = ['storage', 'bag', 'list', 'cell', 'mail', 'schedule', 'on'];
    const source = `export const f = (n, api) => { ${code}; return n; }; export const later = () => null;`;
    return host.install({ manifest: { name, graftwork: { api: 1, grafts, needs } }, files: { 'index.js': source } });
  };

  test.each(Object.entries(HOARDERS))(
    '%s ends at its limit, another one goes on, and all comes back',
    async (_what, hoarder) => {
      const { code, limit, kept } = hoarder;
      const gate = Promise.withResolvers<void>();
      host = await createHost({
        store: `sqlite:${join(folder, 'app.db')}`,
        compartment: new IsolateMaker(),
        report: () => {},
        kept: { plugin: kept },
      });
      const { state, hoard, honest } = points(gate.promise);
      await host.restore();
      await install('hoarder', 'hoard', code);
      await install('honest', 'honest', "api.storage.set('k', n); api.list.push(n); api.list.pop(); api.mail(n)");
      let calls = 0;
      for (let n = 0; n < 40; n++) {
        const end = await hoard.invoke(n);
        if (n < 5) expect(await honest.call(n)).toBe(n);
        if (end.status === 'committed') calls++;
        else if (end.grafts.length > 0)
          expect(end.grafts).toMatchObject([{ graft: 'hoarder#f', reason: 'limit', detail: limit, removed: true }]);
      }
      expect(calls).toBeGreaterThanOrEqual(9);
      expect(calls).toBeLessThanOrEqual(11);
      expect(host.plugins().flatMap(({ grafts }) => grafts.map(({ state }) => state))).toEqual([
        'removed',
        'installed',
        'installed',
        'installed',
      ]);
      gate.resolve();
      await host.remove('hoarder');
      await host.remove('honest');
      for (const plugin of ['hoarder', 'honest']) await host.clearStorage(plugin);
      await host.transaction(async (txn) => {
        for (const [key] of state.bag.entries()) await state.bag.in(txn).delete(key);
        while ((await state.list.in(txn).pop()) !== undefined);
        await state.cell.in(txn).set('');
      });
      await until(() => host.kept().length === 0);
    },
  );
});

test('timers and subscriptions go with their plugin, handles with their call', async () => {
  const bed = new Bed();
  const host = await createHost({ store: 'memory', compartment: new IsolateMaker(), report: () => {} });
  const handles = host.callables.handles(() => ({ read: () => null }));
  const callable = {
    ...host.callables.events(['e']).callables,
    ...handles.callables,
    schedule: host.callables.schedule,
  };
  const point = host.graftPoint({ name: 'p', kind: 'function', default: () => 0, callable });
  host.graftPoint({ name: 'later', kind: 'event' });
  const grafts = [
    { point: 'p', export: 'f' },
    { point: 'later', export: 'g' },
  ];
  const needs = ['on', 'schedule', 'open', 'close'];
  const code = `export const f = (n, api) => {
    api.on('e', 'g'); api.schedule(1000000, 'g');
    for (let i = 0; i < 300; i++) api.close(api.open('x'));
    api.open('x'); api.open('x');
    return n;
  }; export const g = () => null;`;
  await host.install({ manifest: { name: 'a', graftwork: { api: 1, grafts, needs } }, files: { 'index.js': code } });
  expect([await point.call(1), await point.call(2)]).toEqual([1, 2]);
  const held = { timers: 2, subscriptions: 1, handles: 0 };
  expect(host.kept()).toEqual([{ plugin: 'a', installer: 'host', held: expect.objectContaining(held) }]);
  await host.remove('a');
  expect(host.kept()).toEqual([]);
  await host.close();
  const caller = bed.caller();
  caller.keeper?.keep(caller.txn, HANDLES, 256);
  expect(thrown(() => run(handles.callables.open, caller, 'x'))).toBe('limit: handles');
});
