// Waits that are not for locks: any one of several blockers will do.

import { expect, test } from '@jest/globals';
import { acquire, Lock, type Transaction, WRITE } from '../../src/txn/index.ts';
import { Seats } from '../support/seats.ts';
import { reasonOf, setUp, ticketOf } from './fixture.ts';

const scene = () => {
  const { transactions } = setUp();
  const seats = new Seats(2);
  const lock = new Lock({ name: 'lock', timeout_ms: Number.POSITIVE_INFINITY });
  const [a, b, asker] = [transactions.begin(), transactions.begin(), transactions.begin()] as [
    Transaction,
    Transaction,
    Transaction,
  ];
  for (const txn of [a, b, asker]) txn.runner = { aborted: () => seats.leave(txn) };
  seats.take(a);
  seats.take(b);
  acquire(asker, lock, WRITE);
  return { seats, lock, a, b, asker };
};

test('one free blocker of several is enough: no deadlock', () => {
  const { seats, lock, a, b, asker } = scene();
  ticketOf(acquire(a, lock, WRITE));
  const ticket = seats.take(asker);
  expect(ticket?.state).toBe('waiting');
  b.commit();
  seats.leave(b);
  expect(ticket?.state).toBe('granted');
});

test('all blockers stuck: a deadlock, found when the last of them waits', () => {
  const { seats, lock, a, b, asker } = scene();
  ticketOf(acquire(a, lock, WRITE));
  const ticket = seats.take(asker);
  const second = acquire(b, lock, WRITE);
  expect([asker.state, asker.doomed?.reason, ticket?.state]).toEqual(['aborted', 'deadlock', 'given-up']);
  expect([a.state, b.state]).toEqual(['active', 'active']);
  expect(lock.heldBy(a.tree)).toBe(true);
  expect(ticketOf(second).state).toBe('waiting');
});

test('the youngest ends though it is the one that asks for a seat', () => {
  const { seats, lock, a, b, asker } = scene();
  ticketOf(acquire(a, lock, WRITE));
  ticketOf(acquire(b, lock, WRITE));
  expect(reasonOf(() => seats.take(asker))).toBe('deadlock');
  expect(seats.queue).toEqual([]);
});
