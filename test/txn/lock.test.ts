// Locks: modes, order of service, upgrades, time-outs, deadlocks.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { acquire, CHANGE, Lock, type Mode, READ, type Transaction, unlock, WRITE } from '../../src/txn/index.ts';
import { reasonOf, setUp, TIMEOUT_MS, ticketOf } from './fixture.ts';

const newLock = (name = 'lock'): Lock => new Lock({ name, timeout_ms: TIMEOUT_MS });

const holds = (txn: Transaction, lock: Lock): boolean => lock.heldBy(txn.tree);

describe('modes', () => {
  test.each<[Mode, Mode, boolean]>([
    [READ, READ, true],
    [CHANGE, CHANGE, true],
    [READ, CHANGE, false],
    [CHANGE, READ, false],
    [READ, WRITE, false],
    [WRITE, READ, false],
    [WRITE, WRITE, false],
  ])('held in %i, wanted in %i: together %p', (held, wanted, together) => {
    const { transactions } = setUp();
    const lock = newLock();
    const [a, b] = [transactions.begin(), transactions.begin()];
    expect(acquire(a, lock, held)).toBeNull();
    expect(acquire(b, lock, wanted) === null).toBe(together);
    a.abort();
    expect(holds(b, lock)).toBe(true);
    b.abort();
    expect(lock.mode).toBe(0);
  });

  test('READ and CHANGE of one holder are WRITE', () => {
    const { transactions } = setUp();
    const lock = newLock();
    const txn = transactions.begin();
    acquire(txn, lock, READ);
    acquire(txn, lock, CHANGE);
    expect(lock.mode).toBe(WRITE);
    txn.commit();
  });

  test('an ended or doomed transaction locks nothing', () => {
    const { transactions } = setUp();
    const lock = newLock();
    const txn = transactions.begin();
    txn.doom('thrown');
    expect(reasonOf(() => acquire(txn, lock, READ))).toBe('thrown');
    txn.abort();
    expect(reasonOf(() => acquire(txn, lock, READ))).toBe('thrown');
    expect(lock.mode).toBe(0);
  });
});

describe('nesting', () => {
  test('a child takes what its ancestors hold, strengthens it, and its abort weakens it again', () => {
    const { transactions } = setUp();
    const lock = newLock();
    const [root, reader] = [transactions.begin(), transactions.begin()];
    acquire(root, lock, READ);
    const child = root.begin();
    expect(acquire(child, lock, WRITE)).toBeNull();
    const ticket = ticketOf(acquire(reader, lock, READ));
    child.abort();
    expect([lock.mode, ticket.state, holds(root, lock), holds(reader, lock)]).toEqual([READ, 'granted', true, true]);
  });

  test("a child's commit hands its locks up; unlock lets nothing go", () => {
    const { transactions } = setUp();
    const [kept, dropped] = [newLock('kept'), newLock('dropped')];
    const root = transactions.begin();
    const first = root.begin();
    acquire(first, kept, WRITE);
    unlock(first, kept);
    first.commit();
    const second = root.begin();
    acquire(second, dropped, WRITE);
    second.abort();
    expect([holds(root, kept), holds(root, dropped)]).toEqual([true, false]);
    root.commit();
    expect(kept.mode).toBe(0);
  });
});

describe('the queue', () => {
  test('serves first come, first served: a reader does not pass a waiting writer', () => {
    const { transactions } = setUp();
    const lock = newLock();
    const [a, writer, b, c] = [1, 2, 3, 4].map(() => transactions.begin()) as [
      Transaction,
      Transaction,
      Transaction,
      Transaction,
    ];
    acquire(a, lock, READ);
    const served: string[] = [];
    for (const [name, txn, mode] of [
      ['writer', writer, WRITE],
      ['b', b, READ],
      ['c', c, READ],
    ] as const)
      ticketOf(acquire(txn, lock, mode)).onSettled = () => void served.push(name);
    a.commit();
    expect(served).toEqual(['writer']);
    writer.commit();
    expect(served).toEqual(['writer', 'b', 'c']);
  });

  test('a holder that strengthens its hold goes before those who hold nothing', () => {
    const { transactions } = setUp();
    const lock = newLock();
    const [a, b, stranger] = [transactions.begin(), transactions.begin(), transactions.begin()];
    acquire(a, lock, READ);
    acquire(b, lock, READ);
    const later = ticketOf(acquire(stranger, lock, WRITE));
    const upgrade = ticketOf(acquire(a, lock, WRITE));
    b.commit();
    expect([upgrade.state, later.state, lock.mode]).toEqual(['granted', 'waiting', WRITE]);
    a.commit();
    expect(later.state).toBe('granted');
  });

  test('a waiter that ends leaves the queue, and lets those behind it in', () => {
    const { transactions } = setUp();
    const lock = newLock();
    const [a, writer, b] = [transactions.begin(), transactions.begin(), transactions.begin()];
    acquire(a, lock, READ);
    const given = ticketOf(acquire(writer, lock, WRITE));
    const behind = ticketOf(acquire(b, lock, READ));
    writer.abort();
    expect([given.state, behind.state]).toEqual(['given-up', 'granted']);
    expect(lock.queue).toBeNull();
  });
});

describe('time-outs', () => {
  test('lock-timeout: fire when somebody has waited that long, and end the smallest holder with all inside it', () => {
    const { transactions, clock } = setUp();
    const lock = newLock();
    const root = transactions.begin();
    const holder = root.begin();
    acquire(holder, lock, WRITE);
    const inside = holder.begin();
    clock.advance(10 * TIMEOUT_MS);
    expect([holder.state, clock.armed]).toEqual(['active', 0]);
    const waiter = transactions.begin();
    const ticket = ticketOf(acquire(waiter, lock, WRITE));
    clock.advance(TIMEOUT_MS - 1);
    expect(ticket.state).toBe('waiting');
    clock.advance(1);
    expect([ticket.state, root.state, holder.state, inside.state]).toEqual(['granted', 'active', 'aborted', 'aborted']);
    expect(holder.doomed?.message).toBe('lock-timeout: lock');
    expect(clock.armed).toBe(0);
  });

  test('end who strengthened the lock where that is enough, and who took it where not', () => {
    for (const [wanted, ended] of [
      [READ, 'child'],
      [WRITE, 'root'],
    ] as const) {
      const { transactions, clock } = setUp();
      const lock = newLock();
      const root = transactions.begin();
      acquire(root, lock, READ);
      const child = root.begin();
      acquire(child, lock, WRITE);
      ticketOf(acquire(transactions.begin(), lock, wanted));
      clock.advance(TIMEOUT_MS);
      expect([ended, root.state]).toEqual([ended, ended === 'root' ? 'aborted' : 'active']);
      expect(child.state).toBe('aborted');
    }
  });

  test('never end a committing transaction, and fire again when it has not ended', () => {
    const { transactions, clock } = setUp();
    const lock = newLock();
    const holder = transactions.begin();
    acquire(holder, lock, WRITE);
    holder.prepare();
    const ticket = ticketOf(acquire(transactions.begin(), lock, WRITE));
    clock.advance(3 * TIMEOUT_MS);
    expect([holder.state, ticket.state, clock.armed]).toEqual(['committing', 'waiting', 1]);
    holder.commit();
    expect([ticket.state, clock.armed]).toEqual(['granted', 0]);
  });

  test('are not put off by waiters behind the first, nor by a holder that strengthens and weakens its hold', () => {
    const { transactions, clock } = setUp();
    const lock = newLock();
    const holder = transactions.begin();
    acquire(holder, lock, READ);
    const first = ticketOf(acquire(transactions.begin(), lock, WRITE));
    clock.advance(TIMEOUT_MS - 1);
    const other = transactions.begin();
    ticketOf(acquire(other, lock, WRITE));
    other.abort();
    const child = holder.begin();
    acquire(child, lock, WRITE);
    child.abort();
    clock.advance(1);
    expect([first.state, holder.state]).toEqual(['granted', 'aborted']);
  });

  test('hold no time against a holder in which it was held up, and all other time', () => {
    const spans = fc.array(fc.record({ heldUp: fc.boolean(), ms: fc.integer({ min: 1, max: TIMEOUT_MS }) }));
    fc.assert(
      fc.property(spans, (course) => {
        const { transactions, clock } = setUp();
        const lock = newLock();
        const holder = transactions.begin();
        let heldUp_ms = 0;
        holder.runner = { aborted: () => {}, heldUp_ms: () => heldUp_ms };
        acquire(holder.begin(), lock, WRITE);
        ticketOf(acquire(transactions.begin(), lock, WRITE));
        let free_ms = 0;
        for (const span of course) {
          for (let ms = 0; ms < span.ms && lock.owner === holder.tree; ms++) {
            if (span.heldUp) heldUp_ms++;
            else free_ms++;
            clock.advance(1);
          }
        }
        expect(lock.owner === holder.tree).toBe(free_ms < TIMEOUT_MS);
      }),
    );
  });

  test('Infinity: nobody is ever ended', () => {
    const { transactions, clock } = setUp();
    const lock = new Lock({ name: 'patient', timeout_ms: Number.POSITIVE_INFINITY });
    acquire(transactions.begin(), lock, WRITE);
    ticketOf(acquire(transactions.begin(), lock, WRITE));
    expect(clock.armed).toBe(0);
  });
});

describe('deadlocks', () => {
  test('deadlock: found at once, the youngest ends, at every level', () => {
    const { transactions } = setUp();
    const [left, right] = [newLock('left'), newLock('right')];
    const [older, younger] = [transactions.begin(), transactions.begin()];
    acquire(older, left, WRITE);
    const child = younger.begin();
    acquire(child, right, WRITE);
    ticketOf(acquire(older, right, WRITE));
    expect(reasonOf(() => acquire(child, left, WRITE))).toBe('deadlock');
    expect([child.doomed?.reason, younger.doomed?.reason]).toEqual(['deadlock', 'deadlock']);
    younger.abort();
    expect(holds(older, right)).toBe(true);
  });

  test('where the youngest is another one, who asks is granted in the same call', () => {
    const { transactions } = setUp();
    const [left, right] = [newLock('left'), newLock('right')];
    const [older, younger] = [transactions.begin(), transactions.begin()];
    acquire(older, left, WRITE);
    acquire(younger, right, WRITE);
    ticketOf(acquire(younger, left, WRITE));
    expect(acquire(older, right, WRITE)).toBeNull();
    expect([younger.state, younger.doomed?.reason, older.state]).toEqual(['aborted', 'deadlock', 'active']);
  });

  test('two readers that both want to write: one goes on', () => {
    const { transactions } = setUp();
    const lock = newLock();
    const [older, younger] = [transactions.begin(), transactions.begin()];
    acquire(older, lock, READ);
    acquire(younger, lock, READ);
    ticketOf(acquire(older, lock, WRITE));
    expect(reasonOf(() => acquire(younger, lock, WRITE))).toBe('deadlock');
    younger.abort();
    expect(lock.mode).toBe(WRITE);
    older.commit();
  });
});
