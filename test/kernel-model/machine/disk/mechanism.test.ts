// Arm and spindle: longer ways take longer, revolutions repeat, moves do not overlap.

import { describe, expect, it } from '@jest/globals';
import { DRIVE_1995, type SeekCurve } from '../../../../src/kernel-model/machine/disk/index.ts';
import { DriveMechanism, seekTime_us } from '../../../../src/kernel-model/machine/disk/mechanism.ts';
import { Random } from '../../../support/random.ts';
import { SMALL } from './drives.ts';

const FORMULA: SeekCurve = {
  kind: 'formula',
  first_us: [2_000, 2_500],
  split_cylinders: 100,
  root_base_us: 2_000,
  root_us: 500,
  line_base_us: 6_000,
  line_us: 10,
};

describe('the seek curve', () => {
  it.each<[string, SeekCurve]>([
    ['measured points', DRIVE_1995.seek],
    ['a formula', FORMULA],
  ])('grows with the distance: %s', (_, curve) => {
    expect(seekTime_us(curve, 0)).toBe(0);
    for (let distance = 1; distance < 3_000; distance++) {
      expect(seekTime_us(curve, distance)).toBeGreaterThanOrEqual(seekTime_us(curve, distance - 1));
    }
  });

  it('goes through measured points, straight between them, and on along the last line', () => {
    const times = [1, 10, 59, 4, 34.5, 69].map((distance) => seekTime_us(SMALL.seek, distance));
    const slope = 5_000 / 49;
    expect(times).toEqual([1_500, 3_000, 8_000, 2_000, 5_500, 8_000 + 10 * slope]);
  });

  it('takes first distances from the list, then the root, then the line', () => {
    expect([1, 2, 9, 99, 100, 200].map((distance) => seekTime_us(FORMULA, distance))).toEqual([
      2_000,
      2_500,
      3_500,
      2_000 + 500 * Math.sqrt(99),
      7_000,
      8_000,
    ]);
  });
});

describe('the arm', () => {
  it('a move takes the longer of arm and head switch, and settles before a write', () => {
    const mechanism = new DriveMechanism(SMALL);
    const cases: [number, number, boolean, number][] = [
      [0, 0, false, 0],
      [0, 0, true, 0],
      [0, 1, false, 1_000],
      [0, 1, true, 1_300],
      [1, 0, false, 1_500],
      [1, 1, true, 1_800],
    ];
    for (const [cylinder, head, write, time_us] of cases)
      expect(mechanism.move_us({ cylinder, head }, write)).toBe(time_us);
    expect(mechanism.position).toEqual({ cylinder: 0, head: 0 });
  });

  it('a move begins when the one before has ended, and takes the minimum it is given', () => {
    const mechanism = new DriveMechanism(SMALL);
    expect(mechanism.move({ cylinder: 10, head: 0 }, 100)).toBe(3_100);
    expect(mechanism.move({ cylinder: 0, head: 0 }, 200)).toBe(6_100);
    expect(mechanism.move({ cylinder: 0, head: 0 }, 7_000, true, 600)).toBe(7_600);
    expect(mechanism.position).toEqual({ cylinder: 0, head: 0 });
  });
});

describe('the spindle', () => {
  it.each([1, 2, 3])('an angle passes once a revolution, at the first time that is not over (seed %i)', (seed) => {
    const random = new Random(seed);
    const mechanism = new DriveMechanism(SMALL);
    for (let i = 0; i < 1_000; i++) {
      const angle = random.next();
      const from_us = random.next() * 1e8;
      const at_us = mechanism.passes_us(angle, from_us);
      expect(at_us).toBeGreaterThanOrEqual(from_us);
      expect(at_us).toBeLessThan(from_us + 10_000);
      expect(Math.abs(((at_us / 10_000 - angle + 0.5) % 1) - 0.5)).toBeLessThan(1e-6);
      expect(mechanism.passes_us(angle, from_us + 10_000)).toBeCloseTo(at_us + 10_000, 5);
    }
  });
});
