// Top-level transactions: counting, pooling, ending from outside, fencing.

import { describe, expect, test } from '@jest/globals';
import { accessor, Cell, Lock, WRITE } from '../../src/txn/index.ts';
import { codeOf, options, setUp } from './fixture.ts';

test('what has begun and not ended is counted, and trees are used again', () => {
  const { transactions } = setUp();
  const first = transactions.begin();
  const second = transactions.begin();
  expect(transactions.active).toBe(2);
  expect(second.tree.id).toBeGreaterThan(first.tree.id);
  first.abort();
  second.commit();
  expect(transactions.active).toBe(0);
  const again = transactions.begin();
  expect([first.tree, second.tree]).toContain(again.tree);
  expect(again.tree.id).toBeGreaterThan(second.tree.id - 1);
});

test('cancelled: whoever runs in what is ended from outside is told', () => {
  const { transactions } = setUp();
  const cell = new Cell(0, options('cell'));
  const txn = transactions.begin();
  cell.set(txn, 1);
  const told: string[] = [];
  txn.runner = { aborted: (failure) => void told.push(failure.message) };
  transactions.end(txn, 'cancelled', 'the request is gone');
  transactions.end(txn, 'cancelled', 'twice');
  expect(told).toEqual(['cancelled: the request is gone']);
  expect(cell.peek()).toBe(0);
});

describe('an undo that throws', () => {
  const makeThing = () => ({ lock: new Lock({ name: 'thing', timeout_ms: 1 }), value: 0 });
  const broken = accessor({
    name: 'thing.set',
    mode: WRITE,
    place: (thing: ReturnType<typeof makeThing>) => thing,
    change: {
      before: (thing) => thing.value,
      undo: () => {
        throw new Error('cannot');
      },
    },
    apply: (thing, _key, value: number) => {
      thing.value = value;
    },
  });

  test('GRAFT_FENCED: its place is reported and refused from then on, other places are not', () => {
    const { transactions, reports } = setUp();
    const [bad, good] = [makeThing(), makeThing()];
    const cell = new Cell(0, options('cell'));
    const txn = transactions.begin();
    cell.set(txn, 1);
    broken.call(txn, bad, null, 1);
    cell.set(txn, 2);
    txn.abort();
    expect(cell.peek()).toBe(0);
    expect(reports.map(({ what, operation }) => [what, operation])).toEqual([['undo-failed', 'thing.set']]);
    const next = transactions.begin();
    expect(codeOf(() => broken.call(next, bad, null, 2))).toBe('GRAFT_FENCED');
    expect(next.doomed).toBeNull();
    broken.call(next, good, null, 2);
    next.commit();
    expect(good.value).toBe(2);
  });
});
