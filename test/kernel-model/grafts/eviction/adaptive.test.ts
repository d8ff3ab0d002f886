// The adaptive policy on references where one of its two models is much better than the other, and on both in turns.

import { describe, expect, it } from '@jest/globals';
import { makeAdaptive, makeLirs, makeLru } from '../../../../src/kernel-model/grafts/eviction/index.ts';
import { Random } from '../../../support/random.ts';
import { replay } from '../../../support/replay.ts';

const FRAMES = 100;

const loop = (rounds: number, pages: number): number[] =>
  Array.from({ length: rounds * pages }, (_, index) => index % pages);

/** A client after the other, each referencing its own few pages often and then never again: LRU's case. */
const bursts = (random: Random, clients: number): number[] =>
  Array.from({ length: clients }, (_, client) =>
    Array.from({ length: 400 }, () => 10_000 + client * 60 + random.below(60)),
  ).flat();

const hitsOf = (references: readonly number[]): { adaptive: number; lru: number; lirs: number } => ({
  adaptive: replay(makeAdaptive(), references, FRAMES).hits,
  lru: replay(makeLru(), references, FRAMES).hits,
  lirs: replay(makeLirs(), references, FRAMES).hits,
});

describe('ADAPTIVE', () => {
  it('follows LIRS through a loop', () => {
    const { adaptive, lru, lirs } = hitsOf(loop(50, 150));
    expect(lru).toBe(0);
    expect(adaptive).toBeGreaterThanOrEqual(0.98 * lirs);
  });

  it.each([1, 2, 3])('follows LRU through bursts (seed %i)', (seed) => {
    const { adaptive, lru, lirs } = hitsOf(bursts(new Random(seed), 60));
    expect(lirs).toBeLessThan(0.95 * lru);
    expect(adaptive).toBeGreaterThanOrEqual(0.98 * lru);
  });

  it.each([1, 2, 3])('beats both where phases of both kinds follow each other (seed %i)', (seed) => {
    const random = new Random(seed);
    const { adaptive, lru, lirs } = hitsOf(
      Array.from({ length: 6 }, () => [...loop(20, 150), ...bursts(random, 20)]).flat(),
    );
    expect(adaptive).toBeGreaterThan(Math.max(lru, lirs));
  });
});
