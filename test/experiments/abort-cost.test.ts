import { expect, it } from '@jest/globals';
import { abortCost, plane } from '../../experiments/abort-cost.ts';
import { Random } from '../support/random.ts';

it.each([1, 2, 3])('finds the plane that points were made of (seed %i)', (seed) => {
  const random = new Random(seed);
  const [a, b, c] = [random.below(1000), random.below(100), random.below(50)];
  const samples = Array.from({ length: 30 }, () => {
    const [locks, records] = [random.below(64), random.below(1024)];
    return [locks, records, a + b * locks + c * records] as const;
  });
  const found = plane(samples);
  for (const [name, value] of Object.entries({ a, b, c, residual: 0 }))
    expect(found[name as 'a']).toBeCloseTo(value, 5);
});

it('leaves every word as it was', async () => {
  const options = { small: true, seed: 1, flags: {}, progress: () => {} };
  const [one, two] = [await abortCost.run(options), await abortCost.run(options)];
  expect(one.hash).toBe(two.hash);
  expect(one.parts[0]).toMatchObject({ kind: 'table', rows: expect.any(Array) });
});
