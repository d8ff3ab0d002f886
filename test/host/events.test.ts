// Who listens to a host: each kind of event, an end of listening, and listeners that fail.

import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createHost, type Host, type HostEvent, type ReportedEvent } from '../../src/host/index.ts';
import { IsolateMaker } from '../../src/plugins/compartment/index.ts';

let host: Host;
let reported: ReportedEvent[];

beforeEach(async () => {
  reported = [];
  const report = (event: ReportedEvent): void => void reported.push(event);
  host = await createHost({ store: 'memory', compartment: new IsolateMaker(), report });
  host.graftPoint({
    name: 'p',
    kind: 'function',
    default: () => 'default',
    callable: {
      log: host.log,
      fails: {
        waits: false,
        run: () => {
          throw new Error('broken');
        },
      },
    },
  });
});

afterEach(async () => {
  jest.restoreAllMocks();
  await host.close();
});

const install = (body: string, needs: readonly string[] = []) =>
  host.install({
    manifest: { name: 'a', graftwork: { api: 1, grafts: [{ point: 'p', export: 'f' }], needs } },
    files: { 'index.js': `export const f = (input, api) => { ${body} };` },
  });

test('an abort and the removal that it caused, then a removal by hand', async () => {
  const heard: HostEvent[] = [];
  host.on('abort', (event) => heard.push(event));
  host.on('removal', (event) => heard.push(event));
  await install(`throw new Error('not today')`);
  await host.invoke('p', 1);
  const [record] = await host.aborts();
  const { id: _id, ...abort } = record as NonNullable<typeof record>;
  const because = { reason: 'thrown', detail: 'Error: not today', at: abort.at, by: 'its aborts' };
  expect(heard).toEqual([
    { what: 'abort', ...abort },
    { what: 'removal', plugin: 'a', version: '0.0.0', graft: 'a#f', because },
  ]);
  await install('return 1');
  await host.remove('a', { by: 'ada' });
  expect(heard.slice(2)).toMatchObject([
    { what: 'removal', plugin: 'a', graft: null, because: { reason: 'cancelled', by: 'ada' } },
  ]);
  expect(reported).toEqual([]);
});

test('a fault of the host, to all who listen until they stop, and to the report', async () => {
  const heard: string[] = [];
  const listener = ({ name }: { readonly name: string }): void => void heard.push(name);
  const stops = [host.on('host-fault', listener), host.on('host-fault', listener)];
  await install('api.fails(); return 1', ['fails']);
  await host.invoke('p', 1);
  expect([heard.length, reported.map(({ what }) => what)]).toEqual([2, ['host-fault']]);
  stops[0]?.();
  stops[0]?.();
  await host.invoke('p', 1);
  expect(heard).toHaveLength(3);
  stops[1]?.();
  await host.invoke('p', 1);
  expect([heard.length, reported.length]).toEqual([3, 3]);
});

test.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('deaf');
    },
  ],
  ['rejects', () => Promise.reject(new Error('deaf'))],
])('a listener that %s hurts no call, and is told of', async (_how, fails) => {
  const heard: unknown[] = [];
  host.on('log', fails);
  host.on('log', ({ lines }) => heard.push(lines));
  await install(`api.log('hello'); return 'graft'`, ['log']);
  expect(await host.invoke('p', 1)).toMatchObject({ status: 'committed', value: 'graft' });
  await new Promise(setImmediate);
  expect(heard).toEqual([['hello']]);
  expect(reported).toMatchObject([
    { what: 'log' },
    { what: 'host-fault', name: 'a listener of log', error: { message: 'deaf' } },
  ]);
});

test('a listener of faults that fails is told of on standard error alone', async () => {
  const printed = jest.spyOn(console, 'error').mockImplementation(() => {});
  host.on('host-fault', () => {
    throw new Error('deaf');
  });
  await install('api.fails(); return 1', ['fails']);
  await host.invoke('p', 1);
  expect(printed.mock.calls.map(([text]) => text)).toEqual(['graftwork: host-fault: a listener of host-fault:']);
  expect(reported).toHaveLength(1);
});

test('a listener runs outside of the call: what it does there is not undone with it', async () => {
  const seen = host.counter('seen');
  const counted = Promise.withResolvers<void>();
  host.on('abort', () => {
    void seen.add(1).then(counted.resolve);
  });
  await install('throw 1');
  await host.invoke('p', 1);
  await counted.promise;
  expect(seen.get()).toBe(1);
});

test('an unknown kind, and a listener that is none', () => {
  expect(() => host.on('aborts' as never, () => {})).toThrow(
    expect.objectContaining({ code: 'GRAFT_BAD_OPTION', message: expect.stringMatching(/"aborts"; there is abort, /) }),
  );
  expect(() => host.on('abort', null as never)).toThrow(expect.objectContaining({ code: 'GRAFT_BAD_OPTION' }));
});
