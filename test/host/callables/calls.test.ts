// The callables of a host, on a host: calls by name, endings, events and timers of real plugins.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHost, type Host, type HostMap, type HostPoint } from '../../../src/host/index.ts';
import type { CallableTree } from '../../../src/plugins/index.ts';
import { until } from '../../support/base.ts';
import { makerOf } from '../../support/makers.ts';

let host: Host;
let seen: HostMap<unknown>;

beforeEach(async () => {
  host = await createHost({ store: 'memory', compartment: makerOf('process', new Map()), report: () => {} });
  seen = host.map('seen');
});

afterEach(() => host.close());

const point = (
  name: string,
  callable: CallableTree,
  kind: 'function' | 'event' = 'function',
): HostPoint<unknown, unknown> =>
  host.graftPoint({
    name,
    kind,
    ...(kind === 'function' ? { default: () => 'default', onFault: 'fail' } : {}),
    budget: 100,
    limits: { own_ms: 5000, total_ms: 20_000 },
    callable,
  });

const install = (name: string, grafts: [point: string, source: string][], needs: string[]): Promise<unknown> =>
  host.install({
    manifest: { name, graftwork: { api: 1, grafts: grafts.map(([at], i) => ({ point: at, export: `g${i}` })), needs } },
    files: { 'index.js': grafts.map(([, source], i) => `export const g${i} = ${source};`).join('\n') },
  });

describe('call', () => {
  test('reaches the points that are listed, and no others', async () => {
    point('b', {});
    point('c', {});
    const a = point('a', { call: host.callables.calls({ b: 'b', later: 'd' }) });
    await install('pb', [['b', '(input) => input + 1']], []);
    await install('pa', [['a', '(input, api) => api.call(input, 1)']], ['call']);
    expect(await a.call('b')).toBe(2);
    for (const name of ['c', 'nowhere', 'constructor', '', 7])
      expect(await a.invoke(name)).toMatchObject({ status: 'failed', reason: 'thrown' });
    point('d', {});
    expect(await a.call('later')).toBe('default');
  });

  test('ends where it is nested too deep, and everything is undone', async () => {
    const a = point('a', { call: host.callables.calls({ b: 'b' }), set: seen.writable().set as CallableTree });
    point('b', { call: host.callables.calls({ b: 'a' }), set: seen.writable().set as CallableTree });
    const source = '(input, api) => { api.set("n", input); return api.call("b", input + 1); }';
    await install('pa', [['a', source]], ['call', 'set']);
    await install('pb', [['b', source]], ['call', 'set']);
    expect((await a.invoke(0)).status).not.toBe('committed');
    expect({ entries: seen.entries(), use: host.inUse() }).toMatchObject({
      entries: [],
      use: { transactions: 0, units: 0 },
    });
  });
});

describe('endings', () => {
  test('abort dooms the call, whatever is caught; onAbort is refused', async () => {
    const { abort, onAbort } = host.callables;
    const a = point('a', { abort, onAbort });
    await install(
      'pa',
      [['a', '(input, api) => { try { api[input]("x"); } catch (e) { return e.code; } }']],
      ['abort', 'onAbort'],
    );
    expect(await a.invoke('abort')).toMatchObject({
      status: 'failed',
      grafts: [{ reason: 'thrown', detail: 'the graft aborted its call' }],
    });
    expect(await a.call('onAbort')).toBe('GRAFT_BAD_ARGUMENT');
  });
});

describe('later calls of real plugins', () => {
  test('events and timers call declared grafts, and a plugin that is removed is called no more', async () => {
    const events = host.callables.events(['changed']);
    const set = seen.writable().set as CallableTree;
    point('on', { set, ...events.callables, schedule: host.callables.schedule }, 'event');
    const start = point('start', { ...events.callables, schedule: host.callables.schedule });
    const subscribe = "(input, api) => { api.on('changed', 'g1'); api.schedule(100, 'g1'); return 1; }";
    const handle = "(input, api) => { api.set(input.event ?? 'timer', input.value ?? 0); }";
    const plugin = [
      ['start', subscribe],
      ['on', handle],
    ] as [string, string][];
    await install('p', plugin, ['set', 'on', 'schedule']);
    expect(await start.call(null)).toBe(1);
    expect(host.inUse().timers).toBe(1);
    events.emit('changed', 'x');
    await until(() => seen.get('changed') === 'x' && seen.get('timer') === 0);
    await start.call(null);
    await host.remove('p');
    expect({ timers: host.inUse().timers, subscribed: events.size }).toEqual({ timers: 0, subscribed: 0 });
  });
});
