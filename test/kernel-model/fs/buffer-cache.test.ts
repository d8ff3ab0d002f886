// The buffer cache against a naive LRU list, and what threads that use it together may rely on.

import { describe, expect, it } from '@jest/globals';
import { BufferCache } from '../../../src/kernel-model/fs/index.ts';
import type { KernelSteps } from '../../../src/kernel-model/wait.ts';
import { Random } from '../../support/random.ts';
import { Blocks } from './blocks.ts';

interface Row {
  readonly block: number;
  dirty: boolean;
}

/** Least recent first. What is clean goes first; where nothing is, the oldest is written. */
const makeRoom = (rows: Row[], capacity: number): number => {
  if (rows.length < capacity) return 0;
  const clean = rows.findIndex(({ dirty }) => !dirty);
  rows.splice(Math.max(0, clean), 1);
  return clean < 0 ? 1 : 0;
};

describe('BufferCache', () => {
  it('hits, misses and writes as a naive LRU does, and gives back what was put in', () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = new Random(seed);
      const capacity = 1 + random.below(6);
      const device = new Blocks();
      const cache = new BufferCache(device, capacity);
      const rows: Row[] = [];
      const bytes = new Map<number, number>();
      let [hits, misses, written] = [0, 0, 0];
      for (let step = 0; step < 150; step++) {
        const block = random.below(9);
        const at = rows.findIndex((row) => row.block === block);
        if (at >= 0) hits++;
        else misses++;
        const row = rows[at] ?? { block, dirty: false };
        if (at >= 0) rows.splice(at, 1);
        else written += makeRoom(rows, capacity);
        rows.push(row);
        const buffer = device.finish(cache.get(block));
        expect(buffer.bytes[7]).toBe(bytes.get(block) ?? 0);
        if (random.chance(0.4)) {
          buffer.bytes[7] = step;
          buffer.dirty = true;
          row.dirty = true;
          bytes.set(block, step & 255);
        }
        expect([cache.counts.hits, cache.counts.misses, cache.counts.written]).toEqual([hits, misses, written]);
        expect([0, 1, 2, 3, 4, 5, 6, 7, 8].filter((one) => cache.has(one))).toEqual(
          rows.map((one) => one.block).sort(),
        );
      }
      device.finish(cache.flush());
      for (const [one, byte] of bytes) expect(device.blocks.get(one)?.[7]).toBe(byte);
    }
  });

  it('lets each of several have its block, where there is room for one', () => {
    const device = new Blocks();
    const cache = new BufferCache(device, 1);
    const use = function* (block: number): KernelSteps<number> {
      for (let i = 0; i < 5; i++) (yield* cache.get(block)).bytes[0] = block;
      return block;
    };
    expect(device.together([use(1), use(2), use(3)])).toEqual([1, 2, 3]);
    expect(device.reads).toBeLessThan(50);
  });

  it('gives a fresh block as zeros, whatever lay there, and whoever is reading it', () => {
    const device = new Blocks(new Map([[4, new Uint8Array(4096).fill(9)]]));
    const cache = new BufferCache(device, 3);
    cache.prefetch(4);
    expect(device.finish(cache.fresh(4)).bytes.some((byte) => byte !== 0)).toBe(false);
    expect([cache.prefetching, cache.counts.prefetched]).toEqual([0, 1]);
  });

  it('drops what is asked for ahead where everything is in use', () => {
    const device = new Blocks();
    const cache = new BufferCache(device, 2);
    for (let block = 0; block < 5; block++) cache.prefetch(block);
    expect([cache.counts.prefetched, cache.counts.dropped, cache.size]).toEqual([2, 3, 2]);
  });
});
