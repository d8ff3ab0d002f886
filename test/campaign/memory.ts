// Memory over many calls and aborts: the heap after a collection, at the end against after the warm-up, of the host and
// of the plugin's process. Used by `npm run campaign -- memory [--calls N] [--aborts N]`; needs --expose-gc, which the
// script gives.

import { readFileSync } from 'node:fs';
import { createHost } from '../../src/host/index.ts';

export interface MemoryRun {
  readonly calls: number;
  readonly aborts: number;
  /** MB (2^20 bytes): after the warm-up, and at the end. */
  readonly heap_mb: readonly [number, number];
  readonly resident_mb: readonly [number, number];
  readonly plugin_resident_mb: readonly [number, number];
}

const PLUGIN = `let kept = 0;
export const add = (input, api) => {
  kept += input.n;
  api.sum.add(input.n);
  if (input.fails) throw new Error('no');
  return input.n;
};`;

const mb = (bytes: number): number => Math.round((bytes / 2 ** 20) * 10) / 10;

const residentOf = (pid: number | undefined): number =>
  pid === undefined ? 0 : mb(Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096);

const collect = (): void => (globalThis as { gc?: () => void }).gc?.();

export const runMemory = async (
  calls: number,
  aborts: number,
  progress: (text: string) => void,
): Promise<MemoryRun> => {
  const host = await createHost({ store: 'memory', report: () => {} });
  try {
    const sum = host.counter('sum');
    const point = host.graftPoint<{ n: number; fails: boolean }, number>({
      name: 'memory/add',
      kind: 'function',
      default: () => 0,
      budget: Number.POSITIVE_INFINITY,
      callable: { sum: sum.writable() },
    });
    await host.install({
      manifest: {
        name: 'adder',
        graftwork: { api: 1, grafts: [{ point: 'memory/add', export: 'add' }], needs: ['sum'] },
      },
      files: { 'index.js': PLUGIN },
    });
    const run = async (count: number, failEvery: number): Promise<void> => {
      let next = 0;
      const caller = async (): Promise<void> => {
        while (next < count) {
          const n = next++;
          await point.invoke({ n: 1, fails: failEvery > 0 && n % failEvery === 0 });
        }
      };
      await Promise.all(Array.from({ length: 16 }, caller));
    };
    const measure = (): [number, number, number] => {
      collect();
      const { heapUsed, rss } = process.memoryUsage();
      return [mb(heapUsed), mb(rss), residentOf(host.pids()[0])];
    };
    const failEvery = aborts === 0 ? 0 : Math.floor(calls / aborts);
    // The warm-up is as long as the run: V8 lets its young generation grow to its full size over the first 60,000 calls
    // or so, and keeps it.
    await run(calls, failEvery);
    const before = measure();
    progress(`after the warm-up: heap ${before[0]} MB, resident ${before[1]} MB, plugin ${before[2]} MB`);
    await run(calls, failEvery);
    const after = measure();
    return {
      calls,
      aborts,
      heap_mb: [before[0], after[0]],
      resident_mb: [before[1], after[1]],
      plugin_resident_mb: [before[2], after[2]],
    };
  } finally {
    await host.close();
  }
};
