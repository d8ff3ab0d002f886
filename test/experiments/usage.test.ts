import { describe, expect, it } from '@jest/globals';
import { usage } from '../../experiments/usage.ts';
import { runLoad, USES } from '../../experiments/usage-load.ts';
import type { Table } from '../../report/index.ts';

const load = (uses: readonly (typeof USES)[number][], seed = 4) => runLoad({ scale: 1, seed, kind: 'direct', uses });

describe('a mixed load', () => {
  it('asks the points of the grafts that stand, and no others', async () => {
    const { costs, exits_counted } = await load(['transform', 'thread-exit']);
    for (const use of USES) {
      const stands = use === 'transform' || use === 'thread-exit';
      expect([use, costs[use].calls > 0, costs[use].own_us > 0]).toEqual([use, stands, stands]);
      expect([use, costs[use].committed, costs[use].aborted]).toEqual([use, costs[use].calls, 0]);
    }
    expect(exits_counted).toBe(costs['thread-exit'].calls);
  });

  it('charges each call what a call costs, whoever runs meanwhile', async () => {
    const { costs } = await load(USES);
    // Begin, commit and the fixed cost of a call that is not metered, and at most one lock besides
    // (kernel-model/limits.ts).
    for (const use of USES) {
      const each_us = costs[use].own_us / costs[use].calls;
      expect([use, each_us >= 216, each_us <= 216.5 + 2 * 33.3 + 1]).toEqual([use, true, true]);
    }
  });

  it('is done sooner with the grafts that save waiting', async () => {
    const [with_all, without] = [await load(USES), await load([])];
    for (const use of ['compute-ra', 'evict', 'schedule-delegate'] as const)
      expect(with_all.done_ms[use]).toBeLessThan(0.95 * without.done_ms[use]);
  });
});

it('is the same twice, and its shares add up', async () => {
  const run = (seed: number) => usage.run({ small: true, seed, flags: { compartment: 'direct' }, progress: () => {} });
  const [one, two, other] = [await run(1), await run(1), await run(2)];
  expect([two.hash, other.hash === one.hash]).toEqual([one.hash, false]);
  const shares = (one.parts[0] as Table).rows.map((row) => row.at(-1) as number);
  expect(shares.reduce((a, b) => a + b)).toBeCloseTo(one.facts.grafts_share_percent as number, 9);
});
