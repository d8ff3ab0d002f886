// Reading on: sector by sector beside a naive reader, and what the bus has not taken stays.

import { describe, expect, it } from '@jest/globals';
import { Layout } from '../../../../src/kernel-model/machine/disk/index.ts';
import { DriveMechanism } from '../../../../src/kernel-model/machine/disk/mechanism.ts';
import { moved, ReadStream } from '../../../../src/kernel-model/machine/disk/read-stream.ts';
import { SegmentCache } from '../../../../src/kernel-model/machine/disk/segment-cache.ts';
import { Random } from '../../../support/random.ts';
import { SMALL } from './drives.ts';

const start = (lbn: number, limit: number, from_us: number) => {
  const layout = new Layout(SMALL);
  const cache = new SegmentCache(SMALL.cache);
  const stream = new ReadStream(layout, new DriveMechanism(SMALL), cache);
  const segment = cache.claim(false, lbn, 1, null);
  segment.limit = limit;
  stream.start(segment, from_us);
  return { layout, stream, segment };
};

describe('reading on', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'comes as far in many steps as in one, and stops at the limit (seed %i)',
    (seed) => {
      const random = new Random(seed);
      const lbn = random.below(2_000);
      const limit = lbn + 1 + random.below(200);
      const until_us = 300_000 * random.next();
      const [one, many] = [start(lbn, limit, 5), start(lbn, limit, 5)] as const;
      one.stream.advance(until_us);
      for (let at_us = 0; at_us < until_us; at_us += 5_000 * random.next()) many.stream.advance(at_us);
      many.stream.advance(until_us);
      expect([many.segment.start, many.segment.end]).toEqual([one.segment.start, one.segment.end]);
      one.stream.advance(1e7);
      expect(one.segment.end).toBe(limit);
      expect(one.segment.start).toBe(Math.max(lbn, limit - SMALL.cache.segment_sectors));
      expect(one.stream.next_us).toBe(Number.POSITIVE_INFINITY);
    },
  );

  it('a track of blocks passes in a revolution, and then the next one after its skew', () => {
    const { stream, segment } = start(0, 40, 0);
    const ends_us: number[] = [];
    while (stream.segment !== null) {
      const [before, at_us] = [segment.end, stream.next_us] as const;
      stream.advance(at_us);
      if (segment.end > before) ends_us.push(Math.round(at_us));
    }
    // The heads switch until 11000; the next track begins three sectors after the mark.
    const track = (from_us: number): number[] => Array.from({ length: 20 }, (_, i) => from_us + 500 * (i + 1));
    expect(ends_us).toEqual([...track(0), ...track(11_500)]);
  });

  it('a sector for which there is no room comes again after a revolution', () => {
    const { stream, segment } = start(0, 200, 0);
    stream.taking = { lbn: 0, sectors: 0, start_us: 0, sector_us: 100 };
    stream.advance(200_000);
    expect([segment.start, segment.end]).toEqual([0, SMALL.cache.segment_sectors]);
    stream.taking = { lbn: 0, sectors: 3, start_us: 200_000, sector_us: 100 };
    stream.advance(400_000);
    expect([segment.start, segment.end]).toEqual([3, SMALL.cache.segment_sectors + 3]);
    stream.taking = null;
    stream.advance(600_000);
    expect(segment.end).toBe(200);
  });

  it('stops at once', () => {
    const { stream, segment } = start(0, 200, 0);
    stream.advance(5_250);
    stream.stop();
    stream.advance(1e6);
    expect([segment.start, segment.end]).toEqual([0, 10]);
  });
});

describe('a transfer', () => {
  it('moves a sector at a time, from its start to its last', () => {
    const transfer = { lbn: 0, sectors: 3, start_us: 100, sector_us: 10 };
    expect([0, 100, 109, 110, 125, 130, 1_000].map((at_us) => moved(transfer, at_us))).toEqual([0, 0, 0, 1, 2, 3, 3]);
    expect([99, 100].map((at_us) => moved({ ...transfer, sector_us: 0 }, at_us))).toEqual([0, 3]);
  });
});
