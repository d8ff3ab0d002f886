import { describe, expect, test } from '@jest/globals';
import { sleep } from '../../../src/host/callables/sleep.ts';
import { Aborted } from '../../../src/txn/index.ts';
import { Bed, run, thrown } from './bed.ts';

describe('sleep', () => {
  test('ends after its time, and waits for nobody', async () => {
    const bed = new Bed();
    const { txn, ...caller } = bed.caller();
    const sleeping = run(sleep, { ...caller, txn }, 20);
    expect(txn.tree.waiting).toHaveLength(1);
    bed.clock.advance(20);
    expect(await sleeping).toBeNull();
    expect(txn.tree.waiting).toHaveLength(0);
    txn.commit();
  });

  test('ends with its transaction, and leaves no timer', async () => {
    const bed = new Bed();
    const caller = bed.caller();
    const sleeping = run(sleep, caller, 20) as Promise<null>;
    caller.txn.abort('total-time');
    await expect(sleeping).rejects.toBeInstanceOf(Aborted);
    expect(bed.clock.armed).toBe(0);
  });

  test.each([[-1], [60_001], [Number.NaN], ['5'], [undefined]])('refuses %p milliseconds', (ms) => {
    const bed = new Bed();
    expect(thrown(() => run(sleep, bed.caller(), ms))).toBe('GRAFT_BAD_ARGUMENT');
    expect(bed.clock.armed).toBe(0);
  });
});
