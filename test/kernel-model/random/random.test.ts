// Whole random kernels, with everything that must hold checked after every event; and proof that the checks can fail.

import { beforeAll, describe, expect, test } from '@jest/globals';
import { generate } from './plan.ts';
import { check, type Failure, seek, shrink } from './seek.ts';
import { kernelTwins } from './twins.ts';
import type { Counts } from './world.ts';

const SEED = 5000;
const RUNS = 600;
const TWIN_RUNS = 300;

const tell = ({ plan, error, story }: Failure): string => `seed ${plan.seed}: ${error.message}\n${story}`;

describe(`${RUNS} random kernels from seed ${SEED}`, () => {
  let counts: Counts;
  let failures: Failure[];

  beforeAll(async () => {
    ({ counts, failures } = await seek({ seed: SEED, runs: RUNS, failures_max: 5 }));
  }, 120_000);

  test('keep what must hold, and are the same twice', () => {
    expect(failures.map(tell)).toEqual([]);
  });

  test('do what is spoken of', () => {
    expect(counts.kernels).toBe(RUNS);
    const {
      bytes_checked,
      reads_replayed,
      grafts_committed,
      grafts_aborted,
      preemptions,
      graft_waits,
      evictions,
      page_outs,
      exchanged,
    } = counts;
    const often = {
      bytes_checked,
      reads_replayed,
      grafts_committed,
      grafts_aborted,
      preemptions,
      graft_waits,
      evictions,
      page_outs,
      exchanged,
    };
    for (const [name, count] of Object.entries(often)) expect([name, count >= RUNS / 10]).toEqual([name, true]);
    for (const reason of ['thrown', 'limit', 'invalid-answer', 'lock-timeout'])
      expect(counts.aborts_by_reason[reason] ?? 0).toBeGreaterThan(0);
    for (const error of ['deadlock', 'lock-timeout', 'no-space', 'bad-name', 'exists'])
      expect(counts.calls_failed[error] ?? 0).toBeGreaterThan(0);
  });
});

describe('broken twins are found', () => {
  test.each(kernelTwins.map((twin) => [twin.breaks, twin] as const))(
    '%s',
    async (_breaks, twin) => {
      const restore = twin.install();
      let failures: Failure[];
      try {
        ({ failures } = await seek({ seed: SEED, runs: TWIN_RUNS }));
      } finally {
        restore();
      }
      expect(failures.map(({ error }) => error.message)).toEqual([expect.stringMatching(twin.found)]);
    },
    60_000,
  );

  test('and leave nothing behind', async () => {
    expect((await seek({ seed: SEED, runs: 20 })).failures.map(tell)).toEqual([]);
  });
});

test('a failing kernel is made shorter', async () => {
  const twin = kernelTwins[0] as (typeof kernelTwins)[number];
  const restore = twin.install();
  try {
    const [failure] = (await seek({ seed: SEED, runs: TWIN_RUNS })).failures as [Failure];
    const short = await shrink(failure);
    const steps = ({ plan }: Failure): number => plan.threads.reduce((sum, thread) => sum + thread.steps.length, 0);
    expect(steps(short)).toBeLessThan(steps(failure));
    expect(await check(short.plan)).not.toBeNull();
  } finally {
    restore();
  }
  expect(await check(generate(SEED))).toBeNull();
}, 60_000);
