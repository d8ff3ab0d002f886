// The page queue, and second chance, against a naive CLOCK: an array of places with a bit each.

import { describe, expect, it } from '@jest/globals';
import { PageQueue } from '../../../src/kernel-model/vm/page-queue.ts';
import { Random } from '../../support/random.ts';

describe('PageQueue', () => {
  it('finds the victim that a naive CLOCK finds, also after frames have changed places', () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = new Random(seed);
      const frames = 1 + random.below(9);
      const queue = new PageQueue(frames);
      const places = Array.from({ length: frames }, (_, frame) => frame);
      const bits = new Array<boolean>(frames).fill(false);
      const theirs = [...bits];
      let hand = 0;
      for (let step = 0; step < 60; step++) {
        const frame = random.below(frames);
        if (random.chance(0.5)) {
          bits[frame] = true;
          theirs[frame] = true;
        } else if (random.chance(0.3)) {
          const other = random.below(frames);
          queue.exchange(frame, other);
          const [a, b] = [places.indexOf(frame), places.indexOf(other)];
          [places[a], places[b]] = [other, frame];
        } else {
          while (theirs[places[hand] as number] === true) {
            theirs[places[hand] as number] = false;
            hand = (hand + 1) % frames;
          }
          const expected = places[hand];
          hand = (hand + 1) % frames;
          const victim = queue.sweep((one) => {
            const spared = bits[one];
            bits[one] = false;
            return !spared;
          });
          expect(victim).toBe(expected);
        }
        expect(places.map((one) => queue.placeOf(one))).toEqual(places.map((_, place) => place));
        expect([queue.hand, bits]).toEqual([hand, theirs]);
      }
    }
  });

  it('goes round twice in vain', () => {
    let asked = 0;
    expect(new PageQueue(5).sweep(() => ++asked < 0)).toBe(-1);
    expect(asked).toBe(10);
  });
});
