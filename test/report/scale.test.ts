// Scales: every value lies on them, their ends are ticks or near them, and nothing that an experiment may find makes
// one impossible.

import { describe, expect, test } from '@jest/globals';
import { along, type Scale, scaleOf } from '../../report/scale.ts';
import { Random } from '../support/random.ts';

/** What holds for every scale. */
const expectSound = (scale: Scale, values: readonly number[], seed: number): void => {
  expect({ seed, ordered: scale.min < scale.max }).toEqual({ seed, ordered: true });
  expect({
    seed,
    outside: values.filter((value) => along(scale, value) < -1e-6 || along(scale, value) > 1 + 1e-6),
  }).toEqual({
    seed,
    outside: [],
  });
  expect({ seed, ticks: scale.ticks.length >= 2 && scale.ticks.length <= 12 }).toEqual({ seed, ticks: true });
  expect({ seed, outside: scale.ticks.filter((tick) => tick < scale.min || tick > scale.max) }).toEqual({
    seed,
    outside: [],
  });
  expect({ seed, labels: new Set(scale.labels).size }).toEqual({ seed, labels: scale.ticks.length });
};

const magnitude = (random: Random): number => 10 ** (random.below(24) - 12);

describe('scaleOf', () => {
  test('names stand side by side from 1 on, each in the middle of its place', () => {
    const scale = scaleOf([2, 2], { names: ['one', 'two', 'three', 'four'], log: true });
    expect(scale.labels).toEqual(['one', 'two', 'three', 'four']);
    expect(scale.ticks.map((tick) => along(scale, tick))).toEqual([1 / 8, 3 / 8, 5 / 8, 7 / 8]);
  });

  test('linear: values of any size and spread', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = new Random(seed);
      const [middle, spread] = [random.chance(0.3) ? 0 : (random.next() - 0.5) * magnitude(random), magnitude(random)];
      const values = Array.from({ length: 1 + random.below(20) }, () => middle + (random.next() - 0.5) * spread);
      expectSound(scaleOf(values, { zero: random.chance(0.5) }), values, seed);
    }
  });

  test('logarithmic: values of any size and spread', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = new Random(seed);
      const low = magnitude(random);
      const decades = random.next() * 20;
      const values = Array.from({ length: 1 + random.below(20) }, () => low * 10 ** (random.next() * decades));
      expectSound(scaleOf(values, { log: true }), values, seed);
    }
  });

  test('ticks are round numbers', () => {
    expect(scaleOf([1, 97], {}).ticks).toEqual([0, 20, 40, 60, 80, 100]);
    expect(scaleOf([41, 97], {}).ticks).toEqual([40, 60, 80, 100]);
    expect(scaleOf([0.11, 0.29], {}).labels).toEqual(['0.10', '0.15', '0.20', '0.25', '0.30']);
    expect(scaleOf([3, 700], { log: true }).ticks).toEqual([2, 5, 10, 20, 50, 100, 200, 500, 1000]);
    expect(scaleOf([3, 70_000], { log: true }).ticks).toEqual([10, 100, 1000, 10_000, 100_000]);
  });

  test('no values, equal values: there is room around', () => {
    expect(scaleOf([], {})).toMatchObject({ min: 0, max: 1 });
    expect(scaleOf([], { log: true })).toMatchObject({ min: 1, max: 10 });
    expect(along(scaleOf([8, 8], {}), 8)).toBe(0.5);
    expect(along(scaleOf([0], {}), 0)).toBe(0);
  });

  test('zero is on the scale where it is asked for', () => {
    expect(scaleOf([90, 97], { zero: true }).min).toBe(0);
    expect(scaleOf([-97, -90], { zero: true }).max).toBe(0);
  });
});

test('along: a logarithmic scale gives every power of ten the same room', () => {
  const scale = scaleOf([1, 1000], { log: true });
  expect([1, 10, 100, 1000].map((value) => along(scale, value))).toEqual([
    0,
    expect.closeTo(1 / 3),
    expect.closeTo(2 / 3),
    1,
  ]);
});
