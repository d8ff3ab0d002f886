// lock(name) and unlock(name) of grafts, over a table of named locks.

import { describe, expect, test } from '@jest/globals';
import { Locks } from '../../../src/host/callables/locks.ts';
import type { Transaction } from '../../../src/txn/index.ts';
import { Random } from '../../support/random.ts';
import { Bed, run, thrown, waits } from './bed.ts';

const open = () => {
  const bed = new Bed();
  const locks = new Locks(500);
  const { lock, unlock } = locks.callables;
  return { bed, locks, lock, unlock };
};

describe('named locks', () => {
  test('are held to the end of the transaction, unlocked or not', () => {
    const { bed, locks, lock, unlock } = open();
    const one = bed.caller();
    expect(run(lock, one, 'a')).toBeNull();
    run(unlock, one, 'a');
    const other = bed.caller();
    expect(waits(run(lock, other, 'a'))).toBe(true);
    one.txn.tree.root.abort();
    expect(run(lock, other, 'a')).toBeNull();
    other.txn.tree.root.abort();
    expect(locks.held).toEqual([]);
  });

  test('cannot be given back by whoever does not hold them, held by another or not', () => {
    const { bed, locks, lock, unlock } = open();
    const holder = bed.caller();
    run(lock, holder, 'a');
    const other = bed.caller();
    expect(thrown(() => run(unlock, other, 'a'))).toBe('GRAFT_TXN_MISUSE');
    expect(thrown(() => run(unlock, other, 'free'))).toBe('GRAFT_TXN_MISUSE');
    expect(locks.held).toEqual(['a']);
  });

  test('a nested call may take what its caller holds', () => {
    const { bed, lock } = open();
    const txn = bed.begin();
    const outer = bed.callerIn(txn);
    run(lock, outer, 'a');
    outer.txn.commit();
    expect(run(lock, bed.callerIn(txn), 'a')).toBeNull();
  });

  test('a hoarder is aborted when somebody has waited long enough', () => {
    const { bed, lock } = open();
    const hoarder = bed.caller();
    run(lock, hoarder, 'a');
    const other = bed.caller();
    run(lock, other, 'a');
    bed.clock.advance(499);
    expect(hoarder.txn.state).toBe('active');
    bed.clock.advance(1);
    expect(hoarder.txn).toMatchObject({ state: 'aborted', doomed: { reason: 'lock-timeout', detail: 'lock a' } });
    expect(run(lock, other, 'a')).toBeNull();
  });

  test.each([[''], ['x'.repeat(201)], [1], [null], [{}]])('refuse the name %p', (name) => {
    const { bed, locks, lock, unlock } = open();
    expect(thrown(() => run(lock, bed.caller(), name))).toBe('GRAFT_BAD_ARGUMENT');
    expect(thrown(() => run(unlock, bed.caller(), name))).toBe('GRAFT_BAD_ARGUMENT');
    expect(locks.held).toEqual([]);
  });

  test('whatever random transactions do with them, no name is left when all have ended', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = new Random(seed);
      const { bed, locks, lock } = open();
      const running: Transaction[] = [];
      for (let step = 0; step < 60; step++) {
        const txn = running[random.below(running.length + 1)] ?? bed.begin();
        if (!running.includes(txn)) running.push(txn);
        if (txn.state === 'active' && txn.tree.deepest === txn && txn.doomed === null) {
          const caller = bed.callerIn(txn);
          thrown(() => run(lock, caller, `n${random.below(4)}`));
          if (caller.txn.state === 'active' && caller.txn.doomed === null && txn.tree.waiting.length === 0)
            caller.txn.commit();
        } else txn.abort();
        if (random.chance(0.2)) bed.clock.advance(300);
      }
      for (const txn of running) txn.abort();
      expect({ seed, held: locks.held, armed: bed.clock.armed, active: bed.transactions.active }).toEqual({
        seed,
        held: [],
        armed: 0,
        active: 0,
      });
    }
  });
});
