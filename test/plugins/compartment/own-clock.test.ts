// A call's own time against the processor time that it truly took, over random courses of a thread: it runs, waits for
// a core, or works for the host. In these courses time passes by hand.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { OwnClock } from '../../../src/plugins/compartment/own-clock.ts';

/** What a thread does: its call runs, it waits for a core, the host works in it, or waits for a core in it. */
const STEPS = ['run', 'starve', 'host runs', 'host starves'] as const;
const step = fc.record({ what: fc.constantFrom(...STEPS), ms: fc.double({ min: 0, max: 100, noNaN: true }) });
const course = fc.array(step, { maxLength: 40 });
/** What the sample of the processor time may be old. */
const SAMPLE_MS = 1;
const ROUNDING_MS = 1e-6;

interface Took {
  readonly own_ms: number;
  /** What the call truly took. */
  readonly ran_ms: number;
  /** The host's waits for a core, which look like work of its own. */
  readonly hidden_ms: number;
}

type Course = readonly { readonly what: (typeof STEPS)[number]; readonly ms: number }[];

const follow = (hostWorksHere: boolean, before_ms: number, steps: Course): Took => {
  let now_ms = 0;
  let cpu_ms = 0;
  const clock = new OwnClock(hostWorksHere, { now_ms: () => now_ms, cpu_ms: () => cpu_ms });
  clock.start(50);
  now_ms += before_ms;
  cpu_ms += before_ms;
  clock.start(50);
  const [ran, hidden] = [[0], [before_ms <= SAMPLE_MS ? before_ms : 0]];
  for (const { what, ms } of steps) {
    const isHost = what.startsWith('host');
    if (isHost) clock.leave();
    now_ms += ms;
    if (what === 'run') ran.push(ms);
    if (what === 'run' || (what === 'host runs' && hostWorksHere)) cpu_ms += ms;
    if (isHost) clock.comeBack();
    if (what === 'host starves' && hostWorksHere) hidden.push(ms);
  }
  const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
  return { own_ms: clock.own_ms(), ran_ms: sum(ran), hidden_ms: sum(hidden) };
};

describe.each([true, false])('own time, the host working in the same thread: %s', (hostWorksHere) => {
  test('is never more than the call took of the processor, once it counts', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 3, noNaN: true }), course, (before_ms, steps) => {
        const { own_ms, ran_ms } = follow(hostWorksHere, before_ms, steps);
        return own_ms < SAMPLE_MS || own_ms <= ran_ms + ROUNDING_MS;
      }),
    );
  });

  test('misses no more of it than the host waited for a core, and what a sample is old', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 3, noNaN: true }), course, (before_ms, steps) => {
        const { own_ms, ran_ms, hidden_ms } = follow(hostWorksHere, before_ms, steps);
        return own_ms >= ran_ms - hidden_ms - ROUNDING_MS;
      }),
    );
  });
});

test('a limit is reached by processor time, not by waiting for a core', () => {
  let now_ms = 0;
  const clock = new OwnClock(false, { now_ms: () => now_ms, cpu_ms: () => 0 });
  clock.start(20);
  now_ms = 10_000;
  expect([clock.isOver(clock.own_ms()), clock.remaining_ms()]).toEqual([false, 20]);
});
