// What plugins have called later, in a whole host: it comes back with the plugin, and goes with its graft for good.

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Host, HostMap } from '../../src/host/index.ts';
import { until } from '../support/base.ts';
import { Lives } from './lives.ts';

let lives: Lives;
let host: Host;
/** What is called in the middle of a call of `tick`. */
let during: () => null;
let call: (what: string) => Promise<unknown>;
let emit: () => void;
/** Is told when a call of `tick` has been committed, at once. */
let logged: () => void;
let flags: HostMap<boolean>;

beforeEach(() => {
  lives = new Lives({ report: ({ what }) => what === 'log' && logged() });
  logged = () => {};
  during = () => null;
});

afterEach(() => lives.end());

const begin = async ({ later = true } = {}): Promise<void> => {
  host = await lives.begin();
  flags = host.map('flags', { stored: true });
  const events = host.callables.events(['noon']);
  emit = () => events.emit('noon', null);
  const callable = {
    storage: host.storage,
    schedule: host.callables.schedule,
    ...events.callables,
    log: host.log,
    during: { waits: false, run: () => during() },
  };
  const point = host.graftPoint<string, unknown>({ name: 'now', kind: 'function', default: () => 'nobody', callable });
  if (later) host.graftPoint({ name: 'later', kind: 'event', callable });
  call = (what) => point.call(what);
  await host.restore();
};

const CODE = `
const count = (api) => api.storage.get('n') ?? 0;
export const f = (what, api) => {
  if (what === 'count') return count(api);
  if (what === 'throw') api.storage.set('throw', true);
  else if (what === 'on') api.on('noon', 'tick');
  else api.schedule(what === 'long' ? 1e6 : 100, what === 'tock' ? 'tock' : 'tick');
  return null;
};
export const tick = (_, api) => {
  api.storage.set('n', count(api) + 1);
  api.log('tick');
  api.during();
  if (api.storage.has('throw')) throw new Error('no');
  return null;
};
export const tock = (_, api) => api.during();`;

const source = (version: string, exported = 'tick') => ({
  manifest: {
    name: 'a',
    version,
    graftwork: {
      api: 1,
      grafts: [
        { point: 'now', export: 'f' },
        { point: 'later', export: exported },
      ],
      needs: ['storage', 'schedule', 'on', 'log', 'during'],
    },
  },
  files: { 'index.js': CODE },
});

/** How many timers are kept, and how many of them are armed. */
const timers = (): [kept: number, armed: number] => [
  host.kept().reduce((sum, { held }) => sum + held.timers, 0),
  host.inUse().timers,
];

test.each(['kill', 'close'] as const)('a timer fires after a %s, once', async (end) => {
  await begin();
  await host.install(source('1.0.0'));
  await call('soon');
  if (end === 'kill') lives.kill();
  else await host.close();
  await begin();
  await until(() => timers()[0] === 0);
  expect(await call('count')).toBe(1);
  lives.kill();
  await begin();
  expect([timers(), await call('count')]).toEqual([[0, 0], 1]);
});

test('killed in the middle of the call that a timer makes, the host makes it again', async () => {
  await begin();
  await host.install(source('1.0.0'));
  const killed = Promise.withResolvers<void>();
  during = () => {
    during = () => null;
    lives.kill();
    killed.resolve();
    return null;
  };
  await call('soon');
  await killed.promise;
  await begin();
  await until(() => timers()[0] === 0);
  expect(await call('count')).toBe(1);
});

test('killed when that call has been committed, the host does not make it again', async () => {
  await begin();
  await host.install(source('1.0.0'));
  const killed = Promise.withResolvers<void>();
  logged = () => {
    logged = () => {};
    lives.kill();
    killed.resolve();
  };
  await call('soon');
  await killed.promise;
  await begin();
  expect([timers(), await call('count')]).toEqual([[0, 0], 1]);
});

test('a graft that fails when its timer fires is removed, and its timers are gone', async () => {
  await begin();
  await host.install(source('1.0.0'));
  await call('throw');
  await call('long');
  await call('soon');
  await until(() => timers()[0] === 0);
  expect(await call('count')).toBe(0);
  lives.kill();
  await begin();
  expect([timers(), await call('count')]).toEqual([[0, 0], 0]);
});

test('a removed plugin has no timers, nor when it is enabled again', async () => {
  await begin();
  await host.install(source('1.0.0'));
  await call('long');
  await host.remove('a');
  expect(timers()).toEqual([0, 0]);
  lives.kill();
  await begin();
  await host.enable('a');
  expect(timers()).toEqual([0, 0]);
});

test('a new version keeps the timers of an export that still stands, and drops others', async () => {
  await begin();
  await host.install(source('1.0.0'));
  await call('long');
  await host.install(source('1.0.1'));
  expect(timers()).toEqual([1, 1]);
  lives.kill();
  await begin();
  expect(timers()).toEqual([1, 1]);
  await host.install(source('1.0.2', 'tock'));
  expect(timers()).toEqual([0, 0]);
  lives.kill();
  await begin();
  expect(timers()).toEqual([0, 0]);
});

test('timers of a plugin that cannot come back wait for the start at which it can', async () => {
  await begin();
  await host.install(source('1.0.0'));
  await call('soon');
  lives.kill();
  await begin({ later: false });
  expect(timers()).toEqual([1, 0]);
  lives.kill();
  await begin();
  await until(() => timers()[0] === 0);
  expect(await call('count')).toBe(1);
});

test('a subscription comes back with the plugin, and ends with its removal', async () => {
  const heard = async (): Promise<unknown> => {
    const before = await call('count');
    emit();
    await until(() => host.inUse().transactions === 0);
    return ((await call('count')) as number) - (before as number);
  };
  await begin();
  await host.install(source('1.0.0'));
  await call('on');
  await call('on');
  for (const end of ['kill', 'close', 'upgrade']) {
    expect({ end, heard: await heard(), kept: host.kept()[0]?.held.subscriptions }).toEqual({ end, heard: 1, kept: 1 });
    if (end === 'kill') lives.kill();
    else if (end === 'close') await host.close();
    if (end === 'upgrade') await host.install(source('1.0.1'));
    else await begin();
  }
  expect(await heard()).toBe(1);
  await host.remove('a');
  await host.enable('a');
  expect([await heard(), host.kept()[0]?.held.subscriptions]).toEqual([0, 0]);
});

test('a timer whose call ends while another has the database is deleted when that has ended', async () => {
  await begin();
  await host.install(source('1.0.0', 'tock'));
  const called = Promise.withResolvers<void>();
  during = () => {
    called.resolve();
    return null;
  };
  await call('tock');
  await host.transaction(async (txn) => {
    await flags.in(txn).set('up', true);
    await called.promise;
    expect(timers()[0]).toBe(1);
  });
  await until(() => timers()[0] === 0);
  expect(host.plugins()[0]?.grafts).toMatchObject([{ aborts: 0 }, { calls: 1, aborts: 0 }]);
});
