// Lists: elements and length.

import { expect, test } from '@jest/globals';
import { List } from '../../../src/txn/index.ts';
import { options, setUp, ticketOf } from '../fixture.ts';

const newList = () => new List(options('list'), ['a', 'b']);

test('push, pop, set and get, inside and outside', () => {
  const { transactions } = setUp();
  const list = newList();
  const txn = transactions.begin();
  expect([list.push(txn, 'c'), list.pop(txn), list.pop(txn), list.length(txn)]).toEqual([3, 'c', 'b', 1]);
  expect([list.set(txn, 0, 'z'), list.set(txn, 1, 'no'), list.get(txn, 0), list.get(txn, 1)]).toEqual([
    true,
    false,
    'z',
    undefined,
  ]);
  expect(list.push(txn, 'y')).toBe(2);
  expect(list.peek()).toEqual(['a', 'b']);
  txn.commit();
  expect(list.peek()).toEqual(['z', 'y']);
});

test('pop of an empty list gives undefined', () => {
  const { transactions } = setUp();
  const list = new List<string>(options('list'));
  expect(list.pop(transactions.begin())).toBeUndefined();
});

test('an abort brings back what was popped', () => {
  const { transactions } = setUp();
  const list = newList();
  const txn = transactions.begin();
  list.pop(txn);
  const child = txn.begin();
  list.pop(child);
  list.push(child, 'x');
  child.abort();
  expect([list.length(txn), list.get(txn, 0)]).toEqual([1, 'a']);
  txn.abort();
  expect(list.peek()).toEqual(['a', 'b']);
});

test('a pop that had to wait gives the element when it is repeated', () => {
  const { transactions } = setUp();
  const list = newList();
  const [reader, popper] = [transactions.begin(), transactions.begin()];
  list.length(reader);
  list.get(reader, 1);
  ticketOf(list.pop(popper));
  reader.commit();
  expect(list.pop(popper)).toBe('b');
  popper.commit();
  expect(list.peek()).toEqual(['a']);
});

test('a writer of one element and a reader of another do not meet; a push waits for a reader beyond the end', () => {
  const { transactions } = setUp();
  const list = newList();
  const [one, other] = [transactions.begin(), transactions.begin()];
  expect([list.set(one, 0, 'z'), list.get(other, 1)]).toEqual([true, 'b']);
  expect(list.get(other, 2)).toBeUndefined();
  ticketOf(list.push(one, 'c'));
});
