// The buffer's segments beside a naive one that keeps sets of sectors and a list of uses.

import { describe, expect, it } from '@jest/globals';
import { type Segment, SegmentCache } from '../../../../src/kernel-model/machine/disk/segment-cache.ts';
import { Random } from '../../../support/random.ts';
import { SMALL } from './drives.ts';

const SIZE = 6;

/** What each segment holds, in order of use. */
class NaiveCache {
  readonly held = new Map<Segment, number[]>();

  use(segment: Segment, sectors: number[]): void {
    this.held.delete(segment);
    this.held.set(segment, sectors);
  }

  append(segment: Segment, lbn: number): void {
    const sectors = this.held.get(segment) ?? [];
    sectors.push(lbn);
    if (sectors.length > SIZE) sectors.shift();
  }

  forget(from: number, sectors: number): void {
    for (const [segment, held] of this.held)
      if (held.some((lbn) => from <= lbn && lbn < from + sectors)) this.held.set(segment, []);
  }
}

const cacheOf = (separate: boolean): SegmentCache =>
  new SegmentCache({ ...SMALL.cache, segments: 3, segment_sectors: SIZE, separate_write_segment: separate });

describe.each([false, true])('segments, a separate one for writes: %s', (separate) => {
  it.each(Array.from({ length: 30 }, (_, seed) => seed))(
    'finds what a naive buffer holds, and nothing else (seed %i)',
    (seed) => {
      const random = new Random(seed);
      const cache = cacheOf(separate);
      const naive = new NaiveCache();
      for (let step = 0; step < 300; step++) {
        const lbn = random.below(30);
        const sectors = 1 + random.below(SIZE);
        if (random.chance(0.3)) {
          const written = cache.claim(true, lbn, sectors, null);
          cache.forget(lbn, sectors);
          naive.forget(lbn, sectors);
          written.end = written.start + sectors;
          if (!separate)
            naive.use(
              written,
              Array.from({ length: sectors }, (_, i) => lbn + i),
            );
          continue;
        }
        const having = [...naive.held].filter(([, held]) => held.includes(lbn));
        const whole = having.filter(([, held]) => held.includes(lbn + sectors - 1));
        const found = cache.find(lbn, sectors);
        expect({ seed, step, found: found !== null }).toEqual({ seed, step, found: having.length > 0 });
        if (found !== null) expect((whole.length > 0 ? whole : having).map(([segment]) => segment)).toContain(found);
        const segment = found ?? cache.claim(false, lbn, sectors, null);
        naive.use(segment, found === null ? [] : (naive.held.get(segment) as number[]));
        for (let reads = random.below(2 * SIZE); reads > 0; reads--) {
          naive.append(segment, segment.end);
          cache.append(segment);
        }
      }
    },
  );

  it('takes an empty segment, else the least recently used, and last of all the one that is being filled', () => {
    const cache = cacheOf(separate);
    const fill = (lbn: number, filling: Segment | null): Segment => {
      const segment = cache.claim(false, lbn, 1, filling);
      cache.append(segment);
      return segment;
    };
    const [first, second] = [fill(0, null), fill(100, null)] as const;
    expect(second).not.toBe(first);
    if (!separate) expect([first, second]).not.toContain(fill(200, null));
    cache.find(0, 1);
    expect(fill(300, null)).toBe(second);
    expect(fill(400, first)).not.toBe(first);
  });
});
