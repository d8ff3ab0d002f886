// The run queue against a list that is searched.

import { describe, expect, it } from '@jest/globals';
import { PRIORITIES } from '../../../src/kernel-model/limits.ts';
import type { Thread } from '../../../src/kernel-model/sched/index.ts';
import { RunQueue } from '../../../src/kernel-model/sched/run-queue.ts';
import { Random } from '../../support/random.ts';

interface Waiting {
  readonly thread: Thread;
  /** That it had when it came. */
  readonly priority: number;
}

const firstOf = (waiting: readonly Waiting[], may: (thread: Thread) => boolean): Waiting | null =>
  waiting
    .filter(({ thread }) => may(thread))
    .reduce<Waiting | null>((best, one) => (best === null || one.priority < best.priority ? one : best), null);

describe('RunQueue', () => {
  it('gives the most urgent first, and among equals who came first', () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = new Random(seed);
      const threads = Array.from(
        { length: 8 },
        (_, id) => ({ id, priority: random.below(PRIORITIES) }) as unknown as Thread,
      );
      const queue = new RunQueue();
      let waiting: Waiting[] = [];
      for (let step = 0; step < 200; step++) {
        const thread = random.pick(threads);
        const may = random.chance(0.7) ? () => true : ({ id }: Thread) => id % 2 === 0;
        const there = waiting.some((one) => one.thread === thread);
        expect(queue.has(thread)).toBe(there);
        if (random.chance(0.5) && !there) {
          queue.add(thread);
          waiting.push({ thread, priority: thread.priority });
        } else if (random.chance(0.2)) {
          // The queue still finds it where it stands.
          thread.priority = random.below(PRIORITIES);
        } else if (random.chance(0.3)) {
          expect(queue.remove(thread)).toBe(there);
          waiting = waiting.filter((one) => one.thread !== thread);
        } else {
          const limit = random.below(PRIORITIES);
          expect(queue.hasBefore(limit, may)).toBe(waiting.some((one) => one.priority < limit && may(one.thread)));
          const expected = firstOf(waiting, may);
          expect(queue.take(may)).toBe(expected?.thread ?? null);
          waiting = waiting.filter((one) => one !== expected);
        }
        expect(queue.size).toBe(waiting.length);
      }
    }
  });
});
