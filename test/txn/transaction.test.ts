// States, nesting, dooming, effects, and the codes of misuse.

import { describe, expect, test } from '@jest/globals';
import { Cell, Lock, unlock } from '../../src/txn/index.ts';
import { codeOf, options, reasonOf, setUp, ticketOf } from './fixture.ts';

describe('misuse', () => {
  test('GRAFT_TXN_ENDED: what has ended cannot be used', () => {
    const { transactions } = setUp();
    const cell = new Cell(0, options('cell'));
    const txn = transactions.begin();
    txn.commit();
    for (const use of [
      () => cell.set(txn, 1),
      () => txn.begin(),
      () => txn.commit(),
      () => txn.defer({ leave: () => {} }),
      () => txn.prepare(),
    ])
      expect(codeOf(use)).toBe('GRAFT_TXN_ENDED');
    expect(txn.abort()).toEqual({ records: 0, first: [] });
    expect(txn.state).toBe('committed');
  });

  test('a stale transaction is refused though its tree is in use again', () => {
    const { transactions } = setUp();
    const cell = new Cell(0, options('cell'));
    const stale = transactions.begin();
    stale.commit();
    const next = transactions.begin();
    expect(next.tree).toBe(stale.tree);
    expect(codeOf(() => cell.set(stale, 1))).toBe('GRAFT_TXN_ENDED');
    stale.abort();
    expect(next.state).toBe('active');
  });

  test('GRAFT_TXN_BUSY: a transaction waits while it has a child', () => {
    const { transactions } = setUp();
    const cell = new Cell(0, options('cell'));
    const txn = transactions.begin();
    const child = txn.begin();
    for (const use of [() => cell.set(txn, 1), () => txn.begin(), () => txn.commit(), () => txn.prepare()])
      expect(codeOf(use)).toBe('GRAFT_TXN_BUSY');
    child.commit();
    cell.set(txn, 2);
    txn.commit();
    expect(cell.peek()).toBe(2);
  });

  test('GRAFT_TXN_BUSY: no end and no child while an accessor waits for a lock', () => {
    const { transactions } = setUp();
    const cell = new Cell(0, options('cell'));
    const holder = transactions.begin();
    cell.set(holder, 1);
    const txn = transactions.begin();
    ticketOf(cell.get(txn));
    for (const use of [() => txn.begin(), () => txn.commit(), () => txn.prepare()])
      expect(codeOf(use)).toBe('GRAFT_TXN_BUSY');
    holder.commit();
    expect(cell.get(txn)).toBe(1);
    txn.commit();
  });

  test('GRAFT_TXN_MISUSE: only a top-level transaction prepares; only what is held is unlocked', () => {
    const { transactions } = setUp();
    const txn = transactions.begin();
    const child = txn.begin();
    expect(codeOf(() => child.prepare())).toBe('GRAFT_TXN_MISUSE');
    expect(codeOf(() => unlock(child, new Lock({ name: 'lock', timeout_ms: 1 })))).toBe('GRAFT_TXN_MISUSE');
    txn.abort();
  });
});

describe('a doomed transaction', () => {
  test('cannot commit, whatever is caught', () => {
    const { transactions } = setUp();
    const cell = new Cell(0, options('cell'));
    const txn = transactions.begin();
    cell.set(txn, 1);
    txn.doom('own-time');
    txn.doom('thrown', 'the first failure counts');
    expect(reasonOf(() => cell.set(txn, 2))).toBe('own-time');
    expect(reasonOf(() => txn.begin())).toBe('own-time');
    expect(reasonOf(() => txn.commit())).toBe('own-time');
    expect(txn.state).toBe('aborted');
    expect(cell.peek()).toBe(0);
  });

  test('takes its children with it, and leaves its parent alone', () => {
    const { transactions } = setUp();
    const cell = new Cell(0, options('cell'));
    const root = transactions.begin();
    cell.set(root, 1);
    const child = root.begin();
    const grandchild = child.begin();
    cell.set(grandchild, 2);
    child.doom('thrown');
    expect(reasonOf(() => child.commit())).toBe('thrown');
    expect([root.state, child.state, grandchild.state]).toEqual(['active', 'aborted', 'aborted']);
    expect(cell.get(root)).toBe(1);
    root.commit();
    expect(cell.peek()).toBe(1);
  });
});

describe('an abort', () => {
  test('says what it took back, and tells every level, deepest first, when all is released', () => {
    const { transactions } = setUp();
    const cell = new Cell(0, options('cell'));
    const root = transactions.begin();
    const child = root.begin();
    cell.set(child, 1);
    const told: string[] = [];
    root.runner = { aborted: (failure) => void told.push(`root ${failure.reason} ${cell.entry.mode}`) };
    child.runner = { aborted: (failure) => void told.push(`child ${failure.reason} ${cell.entry.mode}`) };
    expect(root.abort('cancelled')).toEqual({ records: 1, first: ['cell.set'] });
    expect(told).toEqual(['child cancelled 0', 'root cancelled 0']);
    expect(root.doomed?.reason).toBe('cancelled');
    expect(transactions.active).toBe(0);
  });

  test('store-conflict: only the driver ends a transaction that is committing', () => {
    const { transactions } = setUp();
    const cell = new Cell(0, options('cell'));
    const txn = transactions.begin();
    cell.set(txn, 1);
    txn.prepare();
    expect(codeOf(() => cell.set(txn, 2))).toBe('GRAFT_TXN_ENDED');
    transactions.end(txn, 'cancelled', '');
    expect(txn.state).toBe('committing');
    txn.abort('store-conflict');
    expect([txn.state, txn.doomed?.reason, cell.peek()]).toEqual(['aborted', 'store-conflict', 0]);
  });
});

describe('effects', () => {
  test('leave in order after the top-level commit, without those of aborted children', () => {
    const { transactions } = setUp();
    const left: string[] = [];
    const effect = (name: string) => ({ leave: () => void left.push(name) });
    const txn = transactions.begin();
    txn.defer(effect('first'));
    const kept = txn.begin();
    kept.defer(effect('second'));
    kept.commit();
    const dropped = txn.begin();
    dropped.defer(effect('never'));
    dropped.abort();
    expect(left).toEqual([]);
    txn.prepare();
    txn.commit();
    expect(left).toEqual(['first', 'second']);
  });

  test('one that throws is reported and stops no other', () => {
    const { transactions, reports } = setUp();
    const left: string[] = [];
    const txn = transactions.begin();
    txn.defer({
      leave: () => {
        throw new Error('lost');
      },
    });
    txn.defer({ leave: () => void left.push('next') });
    txn.commit();
    expect(left).toEqual(['next']);
    expect(reports.map(({ what, error }) => [what, (error as Error).message])).toEqual([['effect-failed', 'lost']]);
  });
});
