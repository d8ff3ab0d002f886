// Counters: adds of different transactions go together.

import { expect, test } from '@jest/globals';
import { Counter } from '../../../src/txn/index.ts';
import { options, setUp, ticketOf } from '../fixture.ts';

test('adds do not wait for each other, and each is kept apart until its commit', () => {
  const { transactions } = setUp();
  const counter = new Counter(options('counter'), 10);
  const [one, other] = [transactions.begin(), transactions.begin()];
  counter.add(one, 1);
  counter.add(other, 20);
  counter.add(one, 2);
  expect(counter.peek()).toBe(10);
  one.commit();
  expect(counter.peek()).toBe(13);
  other.abort();
  expect(counter.peek()).toBe(13);
});

test('who reads waits for those who add, and the other way round', () => {
  const { transactions } = setUp();
  const counter = new Counter(options('counter'));
  const [adder, reader] = [transactions.begin(), transactions.begin()];
  counter.add(adder, 5);
  const ticket = ticketOf(counter.get(reader));
  expect(counter.get(adder)).toBe(5);
  adder.commit();
  expect([ticket.state, counter.get(reader)]).toEqual(['granted', 5]);
  ticketOf(counter.add(transactions.begin(), 1));
});

test("a child's abort takes back the child's adds", () => {
  const { transactions } = setUp();
  const counter = new Counter(options('counter'));
  const root = transactions.begin();
  counter.add(root, 1);
  const child = root.begin();
  counter.add(child, 10);
  child.abort();
  expect(counter.get(root)).toBe(1);
  root.commit();
  const next = transactions.begin();
  const only = next.begin();
  counter.add(only, 10);
  only.abort();
  next.commit();
  expect(counter.peek()).toBe(1);
});

test('an amount is taken where the value stays within ±(2^53−1), whichever of the trees that add commit', () => {
  const { transactions } = setUp();
  const max = Number.MAX_SAFE_INTEGER;
  const counter = new Counter(options('counter'), max - 10);
  const [one, other] = [transactions.begin(), transactions.begin()];
  expect([counter.takes(one, 10), counter.takes(one, 11), counter.takes(one, Number.NaN)]).toEqual([
    true,
    false,
    false,
  ]);
  counter.add(one, 6);
  expect([counter.takes(other, 4), counter.takes(other, 5), counter.takes(other, -2 * max)]).toEqual([
    true,
    false,
    false,
  ]);
  one.abort();
  expect(counter.takes(other, 10)).toBe(true);
});

test('what a nested transaction may yet take back is no room for others', () => {
  const { transactions } = setUp();
  const counter = new Counter(options('counter'), Number.MAX_SAFE_INTEGER - 10);
  const [one, other] = [transactions.begin(), transactions.begin()];
  counter.add(one, 10);
  const nested = one.begin();
  counter.add(nested, -10);
  expect(counter.takes(other, 1)).toBe(false);
  nested.abort();
  one.commit();
  expect([counter.peek(), counter.takes(other, 1)]).toEqual([Number.MAX_SAFE_INTEGER, false]);
});
