// Each policy beside a naive model of it, on seeded references; and what holds for all of them, whatever they prefer.

import { describe, expect, it } from '@jest/globals';
import { evict as adaptiveGraft } from '../../../../src/kernel-model/grafts/eviction/adaptive.ts';
import { evict as clockGraft } from '../../../../src/kernel-model/grafts/eviction/clock.ts';
import { evict as fifoGraft } from '../../../../src/kernel-model/grafts/eviction/fifo.ts';
import {
  type Evict,
  makeAdaptive,
  makeClock,
  makeFifo,
  makeLirs,
  makeLru,
  makeMru,
  makeOpt,
  makeS3Fifo,
} from '../../../../src/kernel-model/grafts/eviction/index.ts';
import { evict as lirsGraft } from '../../../../src/kernel-model/grafts/eviction/lirs.ts';
import { evict as lruGraft } from '../../../../src/kernel-model/grafts/eviction/lru.ts';
import { evict as mruGraft } from '../../../../src/kernel-model/grafts/eviction/mru.ts';
import { evict as s3fifoGraft } from '../../../../src/kernel-model/grafts/eviction/s3fifo.ts';
import { Random } from '../../../support/random.ts';
import { ReplayMemory, replay, someReferences } from '../../../support/replay.ts';
import * as models from './models.ts';

const MODELLED = [
  ['FIFO', makeFifo, models.fifo],
  ['CLOCK', makeClock, models.clock],
  ['LRU', makeLru, models.lru],
  ['MRU', makeMru, models.mru],
  ['S3-FIFO', makeS3Fifo, models.s3fifo],
  ['LIRS', makeLirs, models.lirs],
] as const;

/** A policy for these references. */
const POLICIES: readonly (readonly [string, (references: Int32Array) => Evict])[] = [
  ...MODELLED.map(([name, make]) => [name, () => make()] as const),
  ['ADAPTIVE', () => makeAdaptive()],
  ['OPT', (references) => makeOpt(references)],
];

const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);

/** The case of a seed: few frames first, then more. */
const caseOf = (seed: number): { random: Random; frames: number; references: Int32Array } => {
  const random = new Random(seed);
  const frames = seed <= 12 ? 1 + (seed % 4) : 1 + random.below(60);
  return { random, frames, references: someReferences(random, 1_500, 2 + random.below(3 * frames + 5)) };
};

/** Hits where LRU has filled the frames during the first half of the references, and the policy takes over then. */
const hitsWhenLate = (makeFor: (references: Int32Array) => Evict, references: Int32Array, frames: number): number => {
  const half = references.length >> 1;
  const late = references.subarray(half);
  let policy: Evict = makeLru();
  const memory = new ReplayMemory((victim, columns) => policy(victim, columns), frames);
  for (const page of references.subarray(0, half)) memory.reference(page);
  memory.read();
  policy = makeFor(late);
  for (const page of late) memory.reference(page);
  return memory.hits;
};

describe('beside its naive model', () => {
  it.each(MODELLED)('%s evicts the same pages in the same order', (_, make, model) => {
    for (const seed of SEEDS) {
      const { frames, references } = caseOf(seed);
      const { hits, evicted } = replay(make(), references, frames);
      expect({ seed, hits, evicted }).toEqual({ seed, ...model(frames)(references) });
    }
  });

  it('OPT has as many hits as a search of the future at every fault', () => {
    for (const seed of SEEDS) {
      const { frames, references } = caseOf(seed);
      expect({ seed, hits: replay(makeOpt(references), references, frames).hits }).toEqual({
        seed,
        hits: models.optHits(references, frames),
      });
    }
  });
});

describe.each(POLICIES)('%s', (_, makeFor) => {
  it('answers the same however often, and when, it is called only to read', () => {
    for (const seed of SEEDS) {
      const { random, frames, references } = caseOf(seed);
      const expected = replay(makeFor(references), references, frames);
      const readBefore = (): boolean => random.chance(0.1);
      expect({
        seed,
        ...replay(makeFor(references), references, frames, { events: 1 + random.below(20), readBefore }),
      }).toEqual({
        seed,
        ...expected,
      });
    }
  });

  it('sees no meaning in page numbers, up to 31 bits', () => {
    for (const seed of SEEDS) {
      const { frames, references } = caseOf(seed);
      const other = references.map((page) => 0x7fffffff - page * 104_729);
      const { hits, evicted } = replay(makeFor(other), other, frames);
      const expected = replay(makeFor(references), references, frames);
      expect({ seed, hits, evicted }).toEqual({
        seed,
        hits: expected.hits,
        evicted: expected.evicted.map((page) => 0x7fffffff - page * 104_729),
      });
    }
  });

  it('never has more hits than OPT', () => {
    for (const seed of SEEDS) {
      const { frames, references } = caseOf(seed);
      const optimum = replay(makeOpt(references), references, frames).hits;
      expect(replay(makeFor(references), references, frames).hits).toBeLessThanOrEqual(optimum);
    }
  });

  it('keeps everything where there are frames enough', () => {
    const { references } = caseOf(30);
    const distinct = new Set(references).size;
    expect(replay(makeFor(references), references, distinct)).toEqual({
      hits: references.length - distinct,
      evicted: [],
    });
  });

  it('answers a frame with a page, also when frames are freed without a word', () => {
    for (const seed of SEEDS) {
      const { random, frames, references } = caseOf(seed);
      const freeBefore = (index: number): number => (random.chance(0.2) ? references[random.below(index + 1)]! : -1);
      expect(() =>
        replay(makeFor(references), references, frames, { events: 1 + random.below(20), freeBefore }),
      ).not.toThrow();
    }
  });

  it('that comes late takes over the frames as they are, and still has no more hits than OPT', () => {
    for (const seed of SEEDS) {
      const { frames, references } = caseOf(seed);
      expect(hitsWhenLate(makeFor, references, frames)).toBeLessThanOrEqual(hitsWhenLate(makeOpt, references, frames));
    }
  });
});

const GRAFTS = [
  ['FIFO', fifoGraft, makeFifo],
  ['CLOCK', clockGraft, makeClock],
  ['LRU', lruGraft, makeLru],
  ['MRU', mruGraft, makeMru],
  ['S3-FIFO', s3fifoGraft, makeS3Fifo],
  ['LIRS', lirsGraft, makeLirs],
  ['ADAPTIVE', adaptiveGraft, makeAdaptive],
] as const;

describe('as a graft', () => {
  it.each(GRAFTS)('%s answers what it answers as the kernel’s own', (_, evict, make) => {
    const { frames, references } = caseOf(20);
    expect(replay((victim, columns) => evict(victim, { columns }), references, frames)).toEqual(
      replay(make(), references, frames),
    );
  });
});

describe('OPT', () => {
  it('answers the kernel’s own victim from the first reference that was not announced', () => {
    const announced = Int32Array.of(1, 2, 3, 1, 2);
    const evict = makeOpt(announced);
    const columns = { events: Int32Array.of(-1, -2, 0), request: Int32Array.of(2, 3), pages: Int32Array.of(1, 2) };
    // Page 2 is needed later than page 1.
    expect(evict(0, columns)).toBe(1);
    // Page 1 is referenced where 3 was announced.
    columns.events[0] = 0;
    columns.request.set([1, 3]);
    expect(evict(0, columns)).toBe(0);
    expect(evict(1, columns)).toBe(1);
  });

  it('that comes late has the fewest faults from there on that are possible', () => {
    // Frames hold 1 and 2; 2 is never needed again.
    const evict = makeOpt(Int32Array.of(3, 1, 3, 1));
    const columns = { events: new Int32Array(4), request: Int32Array.of(0, 3), pages: Int32Array.of(1, 2) };
    expect(evict(0, columns)).toBe(1);
  });
});

describe('LIRS', () => {
  it('forgets ghosts beyond a bound', () => {
    // Known again, a page becomes LIR and outlasts a scan; forgotten, it is new and does not.
    const survives = (between: number): boolean => {
      const scan = (from: number, length: number): number[] => Array.from({ length }, (_, index) => from + index);
      const first = [...scan(0, 4), 9, ...scan(1_000, between), 9, ...scan(100_000, 10)];
      return replay(makeLirs(), [...first, 9], 4).hits > replay(makeLirs(), first, 4).hits;
    };
    expect(survives(100)).toBe(true);
    expect(survives(50_000)).toBe(false);
  });
});
