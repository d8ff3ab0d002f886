// Accounts: opening and closing, limits, and what transactions bring in before they commit.

import { describe, expect, test } from '@jest/globals';
import { Account } from '../../src/txn/index.ts';
import { codeOf, reasonOf, setUp, ticketOf } from './fixture.ts';

const account = (units: number): Account => {
  const made = new Account(['calls']);
  made.create(0, units);
  return made;
};

const units = ({ free, held, spent }: Account) => [free[0], held[0], spent[0]];

describe('a call', () => {
  test('runs on an account filled from its source, which is charged at its close', () => {
    const source = account(10);
    const call = source.open([4]);
    expect([call.spend(0, 3), call.spend(0, 2), call.spend(0, -1), call.spend(0, Number.NaN)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    call.close();
    call.close();
    expect([units(source), units(call)]).toEqual([
      [7, 0, 3],
      [0, 0, 0],
    ]);
    expect(source.open([100]).free).toEqual([7]);
  });

  test('limit: charging more dooms the transaction', () => {
    const { transactions } = setUp();
    const txn = transactions.begin(account(1));
    txn.charge(0, 1);
    expect(reasonOf(() => txn.charge(0, 1))).toBe('limit: calls');
    expect(reasonOf(() => txn.commit())).toBe('limit: calls');
    transactions.begin().charge(0, 1000);
  });

  test("a closed account's memory is used again, but not while accounts opened from it are open", () => {
    const source = account(10);
    const first = source.open([4]);
    const inner = first.open([2]);
    first.close();
    expect(source.open([1], null, first)).not.toBe(first);
    inner.close();
    expect(units(source)).toEqual([9, 0, 0]);
    expect(source.open([1], null, first)).toBe(first);
  });

  test('is closed when the transaction ends that has locked its account', () => {
    const { transactions } = setUp();
    const source = account(10);
    const txn = transactions.begin();
    const call = source.open([4]);
    call.hold(txn, 0, 3);
    call.close();
    expect(units(source)).toEqual([6, 0, 0]);
    txn.commit();
    expect(units(source)).toEqual([7, 3, 0]);
    expect(codeOf(() => call.hold(transactions.begin(), 0, 1))).toBe('GRAFT_TXN_MISUSE');
  });
});

describe('a transfer', () => {
  test('serves only who brought it, until the commit', () => {
    const { transactions } = setUp();
    const [from, to] = [account(10), account(1)];
    const txn = transactions.begin(to);
    from.transfer(txn, to, 0, 5);
    expect([to.available(0, null), to.available(0, txn.tree)]).toEqual([1, 6]);
    expect(to.spend(0, 2)).toBe(false);
    txn.charge(0, 2);
    txn.commit();
    expect([units(from), units(to), to.available(0, null)]).toEqual([[5, 0, 0], [4, 0, 2], 4]);
  });

  test('is taken back by an abort; what was spent of it is charged to its source', () => {
    const { transactions } = setUp();
    const [from, to] = [account(10), account(1)];
    const txn = transactions.begin(to);
    from.transfer(txn, to, 0, 5);
    txn.charge(0, 4);
    txn.abort();
    expect([units(from), units(to)]).toEqual([
      [7, 0, 3],
      [0, 0, 1],
    ]);
  });

  test('is taken back out of the accounts that were opened with it', () => {
    const { transactions } = setUp();
    const [from, to] = [account(10), account(0)];
    const txn = transactions.begin(to);
    from.transfer(txn, to, 0, 5);
    const call = to.open([5], txn.tree);
    const inner = call.open([2], txn.tree);
    inner.spend(0, 1);
    txn.abort();
    inner.close();
    call.close();
    expect([units(from), units(to)]).toEqual([
      [9, 0, 1],
      [0, 0, 0],
    ]);
  });

  test('limit: of more than there is dooms, and nothing moves', () => {
    const { transactions } = setUp();
    const [from, to] = [account(1), account(0)];
    for (const amount of [2, -1, Number.NaN]) {
      const txn = transactions.begin();
      expect(reasonOf(() => from.transfer(txn, to, 0, amount))).toBe('limit: calls');
      txn.abort();
    }
    expect([units(from), units(to)]).toEqual([
      [1, 0, 0],
      [0, 0, 0],
    ]);
  });

  test('waits for both accounts', () => {
    const { transactions } = setUp();
    const [from, to] = [account(9), account(0)];
    const [first, second] = [transactions.begin(), transactions.begin()];
    from.transfer(first, to, 0, 1);
    const ticket = ticketOf(from.transfer(second, to, 0, 2));
    first.commit();
    expect(ticket.state).toBe('granted');
    from.transfer(second, to, 0, 2);
    second.commit();
    expect(units(to)).toEqual([3, 0, 0]);
  });

  test('overspent by its own tree, it leaves others nothing, and no negative amount', () => {
    const { transactions } = setUp();
    const [from, to] = [account(10), account(2)];
    const txn = transactions.begin(to);
    from.transfer(txn, to, 0, 5);
    txn.charge(0, 6);
    expect(to.available(0, null)).toBe(0);
    expect(to.open([5]).free).toEqual([0]);
    txn.abort();
    expect(to.free[0]).toBeGreaterThanOrEqual(0);
  });
});

describe('held units', () => {
  test('come back on abort', () => {
    const { transactions } = setUp();
    const one = account(5);
    const txn = transactions.begin();
    one.hold(txn, 0, 3);
    expect(units(one)).toEqual([2, 3, 0]);
    txn.abort();
    expect(units(one)).toEqual([5, 0, 0]);
  });

  test('given back, may be held again at once, but are spent only after the commit', () => {
    const { transactions } = setUp();
    const one = account(3);
    const before = transactions.begin();
    one.hold(before, 0, 3);
    before.commit();
    const txn = transactions.begin(one);
    one.giveBack(txn, 0, 3);
    one.hold(txn, 0, 1);
    expect(one.spend(0, 1, txn.tree)).toBe(false);
    txn.abort();
    expect(units(one)).toEqual([0, 3, 0]);
    const after = transactions.begin(one);
    one.giveBack(after, 0, 3);
    after.commit();
    expect(one.spend(0, 3)).toBe(true);
  });

  test('limit: more cannot be given back than are held', () => {
    const { transactions } = setUp();
    expect(reasonOf(() => account(3).giveBack(transactions.begin(), 0, 1))).toBe('limit: calls');
  });
});
