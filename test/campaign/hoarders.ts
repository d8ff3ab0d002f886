// An honest plugin beside one that hoards. Its latency is measured alone, beside a busy neighbour that keeps no more
// than it has, and beside the hoarder, which keeps as much as it may, tries to keep more, and is never removed here.
// They take turns, so whatever else the machine does falls on all three. The hoarder against the busy neighbour shows
// what hoarding costs others; the busy neighbour against none, what sharing the machine costs. Used by
// `npm run campaign -- hoarders [--calls N]`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHost, type HostPoint } from '../../src/host/index.ts';

export interface HoarderRun {
  readonly calls: number;
  /** Calls of the hoarder that committed, and that ended with `limit`. */
  readonly kept: number;
  readonly limited: number;
  /** MB (2^20 bytes) by which the host's memory grew. */
  readonly grew_mb: number;
  /** Milliseconds of a call of the honest plugin, at the median and at the 99th percentile. */
  readonly alone_ms: readonly [p50: number, p99: number];
  readonly busy_ms: readonly [p50: number, p99: number];
  readonly beside_ms: readonly [p50: number, p99: number];
  /** The 99th percentile beside the hoarder, over that alone and over that beside the busy neighbour. */
  readonly over_alone: number;
  readonly over_busy: number;
}

const HOARDER = `let n = 0;
const kinds = [
  (api) => api.storage.set('k' + n, 'x'.repeat(100000)),
  (api) => api.bag.set('k' + n, 1),
  (api) => api.list.push('x'.repeat(10000)),
  (api) => api.mail('x'.repeat(10000)),
  (api) => api.schedule(1000000, 'later'),
  (api) => api.on('e' + (n % 100), 'later'),
  (api) => { for (;;) api.open('x'); },
];
const own = [];
export const hoard = (seed, api) => {
  n = seed;
  own.push('x'.repeat(1000) + n);
  kinds[seed % kinds.length](api);
  return 1;
};
export const later = () => null;`;
const BUSY = `export const busy = (n, api) => { api.storage.set('k', 'x'.repeat(20000) + n); return 1; };`;
const HONEST = `export const honest = (n, api) => { api.storage.set('k' + (n % 10), n); return n; };`;

const percentiles = (times: number[]): [number, number] => {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 1000) / 1000;
  return [at(0.5), at(0.99)];
};

const ROUNDS = 20;

/** The milliseconds of each call. */
const measured = async (point: HostPoint<unknown, unknown>, calls: number): Promise<number[]> => {
  const times: number[] = [];
  for (let n = 0; n < calls; n++) {
    const begun = performance.now();
    const value = await point.call(n);
    times.push(performance.now() - begun);
    if (value !== n) throw new Error(`the honest plugin answered ${String(value)}`);
  }
  return times;
};

/** The same, while a neighbour makes one call after the other. */
const besideOf = async (
  point: HostPoint<unknown, unknown>,
  calls: number,
  neighbour: () => Promise<unknown>,
): Promise<number[]> => {
  let isOver = false;
  const busy = (async () => {
    while (!isOver) await neighbour();
  })();
  const times = await measured(point, calls);
  isOver = true;
  await busy;
  return times;
};

const memory = (): number => {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
};

const openHost = async (folder: string, gate: Promise<void>) => {
  const host = await createHost({ store: `sqlite:${join(folder, 'app.db')}`, report: () => {} });
  const callable = {
    storage: host.storage,
    bag: host.map('bag').writable(),
    list: host.list('list').writable(),
    mail: host.channel('mail', () => gate).callable,
    schedule: host.callables.schedule,
    ...host.callables.events(Array.from({ length: 100 }, (_, n) => `e${n}`)).callables,
    ...host.callables.handles(() => ({ read: () => null })).callables,
  };
  host.graftPoint({ name: 'later', kind: 'event', budget: Number.POSITIVE_INFINITY });
  const point = (name: string): HostPoint<unknown, unknown> =>
    host.graftPoint({ name, kind: 'function', default: () => null, callable, budget: Number.POSITIVE_INFINITY });
  const points = { hoard: point('hoard'), honest: point('honest'), busy: point('busy') };
  await host.restore();
  const needs = ['storage', 'bag', 'list', 'mail', 'schedule', 'on', 'open'];
  const grafts = ['hoard', 'later'].map((name) => ({ point: name, export: name }));
  await host.install({
    manifest: { name: 'hoarder', graftwork: { api: 1, grafts, needs } },
    files: { 'index.js': HOARDER },
  });
  for (const [name, code] of Object.entries({ honest: HONEST, busy: BUSY })) {
    const graftwork = { api: 1, grafts: [{ point: name, export: name }], needs: ['storage'] };
    await host.install({ manifest: { name, graftwork }, files: { 'index.js': code } });
  }
  return { host, ...points };
};

export const runHoarders = async (calls: number, progress: (text: string) => void): Promise<HoarderRun> => {
  const folder = mkdtempSync(join(tmpdir(), 'hoarders-'));
  const gate = Promise.withResolvers<void>();
  const { host, hoard, honest, busy } = await openHost(folder, gate.promise);
  try {
    await measured(honest, Math.min(calls, 200));
    const before = memory();
    const counts = { kept: 0, limited: 0 };
    let seed = 0;
    const once = async (): Promise<void> => {
      const { status, grafts } = await hoard.invoke(seed++);
      if (status === 'committed') counts.kept++;
      else if (grafts[0]?.reason === 'limit') counts.limited++;
    };
    while (counts.limited < 1000) await once();
    progress(`full: ${JSON.stringify(host.kept())}`);
    const [alone, beside, besideBusy]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(...(await measured(honest, calls / ROUNDS)));
      besideBusy.push(...(await besideOf(honest, calls / ROUNDS, () => busy.invoke(round))));
      beside.push(...(await besideOf(honest, calls / ROUNDS, once)));
    }
    const grew_mb = Math.round(memory() - before);
    const [alone_ms, busy_ms, beside_ms] = [percentiles(alone), percentiles(besideBusy), percentiles(beside)];
    const over = ([, p99]: [number, number]): number => Math.round((beside_ms[1] / p99) * 100) / 100;
    return {
      calls,
      ...counts,
      grew_mb,
      alone_ms,
      busy_ms,
      beside_ms,
      over_alone: over(alone_ms),
      over_busy: over(busy_ms),
    };
  } finally {
    gate.resolve();
    await host.close();
    rmSync(folder, { recursive: true });
  }
};
