// Locks by name: which names stand in the table, and how messages call them.

import { expect, test } from '@jest/globals';
import { NamedLocks } from '../../src/txn/index.ts';
import { codeOf, setUp, TIMEOUT_MS, ticketOf } from './fixture.ts';

const scene = () => ({ ...setUp(), locks: new NamedLocks({ name: 'seat', timeout_ms: TIMEOUT_MS }) });

test('a name stands while somebody holds or awaits its lock', () => {
  const { locks, transactions } = scene();
  const [holder, other] = [transactions.begin(), transactions.begin()] as const;
  expect(locks.acquire(holder, 'a')).toBeNull();
  const ticket = ticketOf(locks.acquire(other, 'a'));
  holder.commit();
  expect([ticket.state, locks.names]).toEqual(['granted', ['a']]);
  expect(locks.all().map(({ name }) => name)).toEqual(['seat a']);
  other.abort();
  expect([locks.names, locks.all()]).toEqual([[], []]);
});

test('whoever cannot take a lock leaves no name behind', () => {
  const { locks, transactions } = scene();
  const ended = transactions.begin();
  ended.commit();
  expect(codeOf(() => locks.acquire(ended, 'a'))).toBe('GRAFT_TXN_ENDED');
  expect(locks.names).toEqual([]);
});

test('unlocking keeps the lock to the end, and what is not held cannot be unlocked', () => {
  const { locks, transactions } = scene();
  const [holder, other] = [transactions.begin(), transactions.begin()] as const;
  locks.acquire(holder, 'a');
  locks.unlock(holder, 'a');
  expect(locks.names).toEqual(['a']);
  for (const name of ['a', 'b']) expect(codeOf(() => locks.unlock(other, name))).toBe('GRAFT_TXN_MISUSE');
  expect(locks.names).toEqual(['a']);
  holder.commit();
  other.abort();
});

test('a message names the lock', () => {
  const { clock, locks, transactions } = scene();
  const [holder, other] = [transactions.begin(), transactions.begin()] as const;
  locks.acquire(holder, 'a');
  locks.acquire(other, 'a');
  clock.advance(TIMEOUT_MS);
  expect(holder.doomed).toMatchObject({ reason: 'lock-timeout', detail: 'seat a' });
  other.abort();
});
