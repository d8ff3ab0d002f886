import { expect, it } from '@jest/globals';
import { locks } from '../../experiments/locks.ts';
import type { Table } from '../../report/index.ts';
import { LOCK_TIMEOUT_MS } from '../../src/kernel-model/limits.ts';

it('lets a holder commit within the time-out of the lock’s class, and undoes one that holds on', async () => {
  const { parts } = await locks.run({ small: true, seed: 1, flags: {}, progress: () => {} });
  const ends = parts.find((part): part is Table => part.title.startsWith('A lock held on to'));
  expect(ends?.rows.length).toBeGreaterThan(2);
  for (const [held_ms, waited_ms, holder] of ends?.rows ?? []) {
    const undone = Number(held_ms) > LOCK_TIMEOUT_MS.user;
    expect(String(holder).startsWith(undone ? 'is undone' : 'commits')).toBe(true);
    expect(Number(waited_ms)).toBeLessThan(LOCK_TIMEOUT_MS.user + 1);
  }
});
