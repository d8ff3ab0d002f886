// Every path on which a process gives a call up ends that call, and blames whom it should: a row a path. Beside the
// call stand honest ones in the same pipe, which all have to be answered.

import { afterEach, describe, expect, test } from '@jest/globals';
import { createHost, type Host, type Outcome } from '../../../src/host/index.ts';
import { until } from '../../support/base.ts';

/** Busy in one operation that looks at no interrupt: only SIGKILL ends it. */
const CODE = `let loaded = 0;
const wedge = () => (7n ** 30000000n) > 1n;
const hoard = () => { const all = []; for (;;) all.push(new Array(10000).fill({})); };
const exceed = (api) => { try { for (let i = 0; i < 5000; i++) api.log('x'.repeat(100)); } catch {} };
export const graft = (input, api) => {
  if (input === 'doomed, then wedged') { exceed(api); wedge(); }
  if (input === 'doomed, then answers') { exceed(api); return 'well'; }
  if (input === 'doomed, then throws') { exceed(api); throw new Error('other'); }
  if (input === 'wedged') wedge();
  if (input === 'loops') for (;;);
  if (input === 'hoards') hoard();
  if (input === 'throws') throw new Error('no');
  if (input === 'waits') api.hold('gate');
  return 'honest';
};`;

interface Path {
  readonly how: string;
  readonly input: string;
  /** What happens while the call runs or waits. */
  readonly meanwhile?: (host: Host, stop: AbortController) => void;
  readonly ends: { readonly status: Outcome<unknown>['status']; readonly reason: string };
  /** Whether its graft is counted for it. */
  readonly blamed: boolean;
}

const killAll = (host: Host): void => {
  for (const pid of host.pids()) process.kill(pid, 'SIGKILL');
};

const PATHS: readonly Path[] = [
  { how: 'it throws', input: 'throws', ends: { status: 'default', reason: 'thrown' }, blamed: true },
  { how: 'it loops', input: 'loops', ends: { status: 'default', reason: 'own-time' }, blamed: true },
  { how: 'it hoards', input: 'hoards', ends: { status: 'default', reason: 'memory-limit' }, blamed: true },
  {
    how: 'its process has to be killed',
    input: 'wedged',
    ends: { status: 'default', reason: 'own-time' },
    blamed: true,
  },
  {
    how: 'it exceeds a limit, catches that, and its process has to be killed',
    input: 'doomed, then wedged',
    ends: { status: 'default', reason: 'limit' },
    blamed: true,
  },
  {
    how: 'it exceeds a limit, catches that, and answers',
    input: 'doomed, then answers',
    ends: { status: 'default', reason: 'limit' },
    blamed: true,
  },
  {
    how: 'it exceeds a limit, catches that, and throws',
    input: 'doomed, then throws',
    ends: { status: 'default', reason: 'limit' },
    blamed: true,
  },
  {
    how: 'its process is killed from outside while it waits for the host',
    input: 'waits',
    meanwhile: killAll,
    ends: { status: 'committed', reason: '' },
    blamed: false,
  },
  {
    how: 'its caller cancels',
    input: 'waits',
    meanwhile: (_host, stop) => stop.abort(),
    ends: { status: 'aborted', reason: 'cancelled' },
    blamed: false,
  },
];

let host: Host;
afterEach(() => host.close());

/** How a call ended, and for what. */
const told = (outcome: Outcome<unknown>): { status: string; reason: string } => ({
  status: outcome.status,
  reason: 'reason' in outcome ? outcome.reason : (outcome.grafts[0]?.reason ?? ''),
});

/** A host whose one plugin has one process, and whose accessor `hold` waits until `free` is called. */
const opened = async () => {
  host = await createHost({ store: 'memory', report: () => {}, processes: { processes: 1, spares: 1 } });
  let holding = 0;
  const gate = Promise.withResolvers<null>();
  const hold = { waits: true, run: () => (++holding > 0 ? gate.promise : null) };
  const point = host.graftPoint<string, string>({
    name: 'p',
    kind: 'function',
    default: () => 'default',
    callable: { log: host.log, hold },
    limits: { own_ms: 500, total_ms: 20_000, memory_mb: 16 },
    budget: 100,
  });
  const graftwork = { api: 1, grafts: [{ point: 'p', export: 'graft' }], needs: ['log', 'hold'] };
  await host.install({ manifest: { name: 'evil', graftwork }, files: { 'index.js': CODE } });
  return { point, isHeld: () => holding > 0, free: () => gate.resolve(null) };
};

describe('a call that is given up is ended', () => {
  test.each(PATHS.map((path) => [path.how, path] as const))('where %s', async (_how, path) => {
    const { point, isHeld, free } = await opened();
    // Beyond the calls that the engine's own time-out watches.
    for (let i = 0; i < 110; i++) await point.call('honest');
    const stop = new AbortController();
    const call = point.invoke(path.input, { signal: stop.signal });
    const beside = [1, 2, 3].map(() => point.invoke('honest'));
    if (path.meanwhile !== undefined) {
      await until(isHeld);
      path.meanwhile(host, stop);
      free();
    }
    expect(told(await call)).toEqual(path.ends);
    expect((await Promise.all(beside)).map(told)).toEqual(beside.map(() => ({ status: 'committed', reason: '' })));
    expect(host.plugins()[0]?.grafts[0]?.aborts).toBe(path.blamed ? 1 : 0);
    expect(host.inUse()).toMatchObject({ transactions: 0, units: 0 });
  });

  test('where the host closes while it runs or waits for a process', async () => {
    const { point, isHeld } = await opened();
    const calls = [point.invoke('waits'), ...[1, 2, 3].map(() => point.invoke('honest'))];
    await until(isHeld);
    await host.close();
    const ends = await Promise.all(calls);
    expect(ends.map(told)).toEqual(calls.map(() => ({ status: 'aborted', reason: 'cancelled' })));
    expect(host.plugins()[0]?.grafts[0]?.aborts).toBe(0);
  });
});
