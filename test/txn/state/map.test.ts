// Maps: the order of keys, deletions, the lock of the key set, peeking.

import { describe, expect, test } from '@jest/globals';
import { StateMap } from '../../../src/txn/index.ts';
import { options, setUp, ticketOf } from '../fixture.ts';

const newMap = () =>
  new StateMap<string, number>(options('map'), [
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ]);

const orderOf = (map: StateMap<string, number>): string => [...map.peekEntries()].map(([key]) => key).join('');

describe('the order of keys', () => {
  test('is unchanged by an abort, whatever was deleted and set again', () => {
    const { transactions } = setUp();
    const map = newMap();
    const txn = transactions.begin();
    map.delete(txn, 'a');
    map.set(txn, 'd', 4);
    map.set(txn, 'a', 5);
    map.delete(txn, 'b');
    expect(map.keys(txn)).toEqual(['a', 'c', 'd']);
    txn.abort();
    expect([...map.peekEntries()]).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect(map.entries.size).toBe(3);
  });

  test("is unchanged by a child's abort, of keys that the parent has added, too", () => {
    const { transactions } = setUp();
    const map = newMap();
    const txn = transactions.begin();
    map.set(txn, 'x', 1);
    map.set(txn, 'y', 2);
    const child = txn.begin();
    map.delete(child, 'x');
    map.set(child, 'x', 3);
    map.set(child, 'z', 4);
    child.abort();
    expect(map.keys(txn)).toEqual(['a', 'b', 'c', 'x', 'y']);
    txn.commit();
    expect(orderOf(map)).toBe('abcxy');
  });

  test('a key that an aborted child added comes where its parent adds it', () => {
    const { transactions } = setUp();
    const map = newMap();
    const txn = transactions.begin();
    map.get(txn, 'x');
    const child = txn.begin();
    map.set(child, 'x', 1);
    child.abort();
    map.set(txn, 'y', 2);
    map.set(txn, 'x', 3);
    txn.commit();
    expect(orderOf(map)).toBe('abcyx');
  });

  test('deletions are carried out at commit: a key deleted and set again keeps its place, later it comes last', () => {
    const { transactions } = setUp();
    const map = newMap();
    const first = transactions.begin();
    map.delete(first, 'a');
    map.set(first, 'a', 9);
    map.delete(first, 'b');
    first.commit();
    expect(orderOf(map)).toBe('ac');
    const second = transactions.begin();
    map.set(second, 'b', 9);
    second.commit();
    expect(orderOf(map)).toBe('acb');
  });

  test('is that of the commits, not of the writes', () => {
    const { transactions } = setUp();
    const map = newMap();
    const [early, late] = [transactions.begin(), transactions.begin()];
    map.set(early, 'early', 1);
    map.set(late, 'late', 2);
    late.commit();
    early.commit();
    expect([...map.peekEntries()].slice(3)).toEqual([
      ['late', 2],
      ['early', 1],
    ]);
  });
});

describe('locks', () => {
  test('writers of different keys do not meet, also where both are new', () => {
    const { transactions } = setUp();
    const map = newMap();
    const [one, other] = [transactions.begin(), transactions.begin()];
    expect([map.set(one, 'a', 9), map.set(one, 'x', 9), map.set(other, 'b', 9), map.delete(other, 'y')]).toEqual([
      undefined,
      undefined,
      undefined,
      false,
    ]);
    expect(map.set(other, 'z', 9)).toBeUndefined();
  });

  test('who has seen the keys finds them unchanged: no phantoms', () => {
    const { transactions } = setUp();
    const map = newMap();
    const [reader, writer] = [transactions.begin(), transactions.begin()];
    map.keys(reader);
    map.set(writer, 'a', 9);
    const ticket = ticketOf(map.set(writer, 'x', 9));
    expect(map.keys(reader)).toEqual(['a', 'b', 'c']);
    reader.commit();
    expect(ticket.state).toBe('granted');
    map.set(writer, 'x', 9);
    writer.commit();
    expect(orderOf(map)).toBe('abcx');
  });

  test('a read of a key that is not there keeps it away; then nothing is left of it', () => {
    const { transactions } = setUp();
    const map = newMap();
    const [reader, writer] = [transactions.begin(), transactions.begin()];
    expect(map.get(reader, 'x')).toBeUndefined();
    ticketOf(map.set(writer, 'x', 9));
    writer.abort();
    reader.commit();
    expect(map.entries.has('x')).toBe(false);
  });

  test('a key that is waited for while its deletion is committed is there for the waiter to set', () => {
    const { transactions } = setUp();
    const map = newMap();
    const [first, second] = [transactions.begin(), transactions.begin()];
    map.delete(first, 'a');
    ticketOf(map.get(second, 'a'));
    first.commit();
    expect(map.get(second, 'a')).toBeUndefined();
    map.set(second, 'a', 7);
    second.commit();
    expect([...map.peekEntries()]).toEqual([
      ['b', 2],
      ['c', 3],
      ['a', 7],
    ]);
  });
});

test('a peek shows the last committed values, at every moment', () => {
  const { transactions } = setUp();
  const map = newMap();
  const txn = transactions.begin();
  map.set(txn, 'a', 9);
  map.delete(txn, 'b');
  map.set(txn, 'x', 9);
  expect([map.peek('a'), map.peek('b'), map.peek('x'), map.peek('none')]).toEqual([1, 2, undefined, undefined]);
  expect([map.get(txn, 'a'), map.get(txn, 'b'), map.get(txn, 'x')]).toEqual([9, undefined, 9]);
  txn.commit();
  expect([map.peek('a'), map.peek('b'), map.peek('x')]).toEqual([9, undefined, 9]);
});
