// The two orders of waiting requests.

import { describe, expect, it } from '@jest/globals';
import { RequestQueue } from '../../../../src/kernel-model/machine/disk/request-queue.ts';
import { Random } from '../../../support/random.ts';

interface Request {
  readonly lbn: number;
  readonly number: number;
}

/**
 * Pushes and takes at random; tells of every request how many sweeps began while it waited, less those that served
 * others for its block.
 */
const run = (seed: number, blocks: number): { sweeps: Request[][]; waited: number[]; left: number } => {
  const random = new Random(seed);
  const queue = new RequestQueue<Request>('c-scan');
  const came = new Map<number, number>();
  const waiting = new Map<number, number>();
  const sweeps: Request[][] = [[]];
  const waited: number[] = [];
  for (let step = 0, number = 0; step < 2_000; step++) {
    if (random.chance(0.55)) {
      const lbn = random.below(blocks);
      const before = waiting.get(lbn) ?? 0;
      came.set(number, sweeps.length + before);
      waiting.set(lbn, before + 1);
      queue.push({ lbn, number: number++ });
      continue;
    }
    const request = queue.shift();
    if (request === undefined) continue;
    if (request.lbn <= (sweeps.at(-1)?.at(-1)?.lbn ?? -1)) sweeps.push([]);
    sweeps.at(-1)?.push(request);
    waiting.set(request.lbn, (waiting.get(request.lbn) as number) - 1);
    waited.push(sweeps.length - (came.get(request.number) as number));
  }
  return { sweeps, waited, left: queue.length };
};

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);

describe.each([20, 10_000])('c-scan over %i blocks', (blocks) => {
  it.each(SEEDS)(
    'every sweep ascends, and nobody is left out of a second one but for others at his block (seed %i)',
    (seed) => {
      const { sweeps, waited, left } = run(seed, blocks);
      expect(sweeps.length).toBeGreaterThan(1);
      for (const sweep of sweeps)
        expect(sweep.every(({ lbn }, i) => i === 0 || lbn > (sweep[i - 1] as Request).lbn)).toBe(true);
      expect(Math.max(...waited)).toBeLessThanOrEqual(1);
      expect(waited.length + left).toBeGreaterThan(1_000);
    },
  );
});

describe('c-scan', () => {
  it('requests for one block are served in order of arrival, one a sweep', () => {
    const queue = new RequestQueue<Request>('c-scan');
    for (const [number, lbn] of [5, 5, 9, 5, 9].entries()) queue.push({ lbn, number });
    expect(Array.from({ length: 6 }, () => queue.shift()?.number)).toEqual([0, 2, 1, 4, 3, undefined]);
  });

  it('a stream to one block holds nobody up', () => {
    const queue = new RequestQueue<Request>('c-scan');
    queue.push({ lbn: 5, number: 0 });
    queue.push({ lbn: 9, number: 1 });
    expect(queue.shift()?.lbn).toBe(5);
    queue.push({ lbn: 5, number: 2 });
    expect(queue.shift()?.lbn).toBe(9);
    expect(queue.shift()?.lbn).toBe(5);
  });
});

describe('fcfs', () => {
  it('serves in order of arrival', () => {
    const random = new Random(1);
    const queue = new RequestQueue<Request>('fcfs');
    const taken: number[] = [];
    for (let number = 0; number < 500; number++) {
      queue.push({ lbn: random.below(100), number });
      if (random.chance(0.5)) taken.push(queue.shift()?.number ?? -1);
    }
    while (queue.length > 0) taken.push(queue.shift()?.number ?? -1);
    expect(taken).toEqual(Array.from({ length: 500 }, (_, number) => number));
    expect(queue.shift()).toBe(undefined);
  });
});
