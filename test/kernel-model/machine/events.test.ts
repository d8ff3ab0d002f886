// The event queue against a sorted array.

import { describe, expect, it } from '@jest/globals';
import { clockOf, EventQueue } from '../../../src/kernel-model/machine/index.ts';
import { Random } from '../../support/random.ts';

interface Row {
  readonly time_us: number;
  readonly order: number;
}

describe('EventQueue', () => {
  it('runs what a sorted array would, in its order, whatever is cancelled', () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = new Random(seed);
      const events = new EventQueue();
      const rows = new Map<number, Row>();
      const timers = new Map<number, { cancel(): void }>();
      const ran: number[] = [];
      const expected: number[] = [];
      const due = (): [number, Row][] =>
        [...rows]
          .filter(([, { time_us }]) => time_us <= events.now_us)
          .sort(([, a], [, b]) => a.time_us - b.time_us || a.order - b.order);
      for (let order = 0; order < 120; order++) {
        const time_us = events.now_us + random.below(40) - 5;
        if (random.chance(0.6)) {
          rows.set(order, { time_us: Math.max(time_us, events.now_us), order });
          timers.set(
            order,
            events.at(time_us, () => void ran.push(order)),
          );
        } else if (random.chance(0.5)) {
          // Also of what has run: that does nothing.
          const which = random.below(order + 1);
          timers.get(which)?.cancel();
          rows.delete(which);
        } else {
          events.now_us += random.below(12);
          for (const [which] of due()) {
            expected.push(which);
            rows.delete(which);
          }
          events.deliver();
        }
        expect(ran).toEqual(expected);
        expect(events.pending).toBe(rows.size);
        expect(events.next_us).toBe(Math.min(...[...rows.values()].map((row) => row.time_us)));
      }
    }
  });

  it('delivers what an event makes for now, and idles to the next', () => {
    const events = new EventQueue();
    const ran: string[] = [];
    events.at(5, () => {
      ran.push('a');
      events.at(0, () => ran.push('b'));
    });
    expect(events.idle()).toBe(true);
    expect([events.now_us, ran]).toEqual([5, ['a']]);
    events.deliver();
    expect([ran, events.idle()]).toEqual([['a', 'b'], false]);
  });

  it('is a clock in milliseconds', () => {
    const events = new EventQueue();
    const clock = clockOf(events);
    let fired = 0;
    clock.after(2, () => fired++);
    events.now_us = 1999;
    events.deliver();
    expect([fired, clock.now()]).toEqual([0, 1.999]);
    events.now_us = 2000;
    events.deliver();
    expect([fired, clock.now()]).toEqual([1, 2]);
  });
});
