// Broken twins of locks, tickets, time-outs, deadlocks and the end of transactions: laws 3, 4 and 8.

import {
  Accessor,
  Cell,
  Counter,
  Entry,
  type Lock,
  StateMap,
  Ticket,
  Transaction,
  Transactions,
} from '../../../src/txn/index.ts';
import { release } from '../../../src/txn/lock.ts';
import { Tree } from '../../../src/txn/tree.ts';
import { ManualClock } from '../manual-clock.ts';
import { SeatTicket } from '../seats.ts';
import { replace, replaceGetter, type Twin, twin } from './patch.ts';

/** Lets go of `lock` if it was the last one taken. */
const letGoEarly = (tree: Tree, lock: Lock): void => {
  if (tree.holds.at(-2) !== lock || tree.holds.at(-1) !== 0) return;
  tree.holds.length -= 2;
  release(tree, lock, false);
};

const releasesReadLocks = (): (() => void)[] => [
  replace(
    Cell.prototype,
    'get',
    (old) =>
      function (txn) {
        const answer = old.call(this, txn);
        if (!(answer instanceof Ticket)) letGoEarly(txn.tree, this.entry);
        return answer;
      },
  ),
  replace(
    StateMap.prototype,
    'get',
    (old) =>
      function (txn, key) {
        const answer = old.call(this, txn, key);
        const entry = this.entries.get(key);
        if (!(answer instanceof Ticket) && entry !== undefined) letGoEarly(txn.tree, entry);
        return answer;
      },
  ),
];

/** Ends whoever takes a lock after a while, wanted by somebody or not. */
const endsWithoutWaiter = (): (() => void)[] => [
  replace(
    Tree.prototype,
    'hold',
    (old) =>
      function (lock, before) {
        old.call(this, lock, before);
        const { deepest } = this;
        this.transactions.clock.after(50, () => this.transactions.end(deepest, 'lock-timeout', lock.name));
      },
  ),
];

export const lockTwins: readonly Twin[] = [
  twin(3, 'read locks are released early', releasesReadLocks),
  twin(3, 'a peek shows interim values', () => [
    replaceGetter(Entry.prototype, 'committed', function () {
      return this.value;
    }),
  ]),
  twin(3, 'a counter shows interim sums outside', () => {
    const added = new WeakMap<object, number>();
    return [
      replace(
        Counter.prototype,
        'add',
        (old) =>
          function (txn, amount) {
            added.set(this, (added.get(this) ?? 0) + amount);
            return old.call(this, txn, amount);
          },
      ),
      replace(
        Counter.prototype,
        'peek',
        () =>
          function () {
            return added.get(this) ?? 0;
          },
      ),
    ];
  }),
  twin(3, 'write locks of cells are released early', () => [
    replace(
      Accessor.prototype,
      'call',
      (old) =>
        function (txn, target, key, value) {
          const mark = txn.tree.holds.length;
          const answer = old.call(this, txn, target, key, value);
          const lock = txn.tree.holds.at(-2);
          if (!(answer instanceof Ticket) && txn.tree.holds.length === mark + 2 && /^cell.*set$/.test(this.name))
            letGoEarly(txn.tree, lock as Lock);
          return answer;
        },
    ),
  ]),
  twin(4, 'a time-out fires though nobody waits', endsWithoutWaiter),
  twin(4, 'a time-out ends the whole tree, not the smallest holder', () => [
    replace(
      Tree.prototype,
      'ownerOfHold',
      () =>
        function () {
          return this.root;
        },
    ),
  ]),
  twin(4, 'a time-out ends a committing transaction', () => [
    replace(
      Transaction.prototype,
      'prepare',
      (old) =>
        function () {
          old.call(this);
          this.tree.committing = false;
        },
    ),
    replace(Transactions.prototype, 'end', () => (txn, reason, detail) => {
      txn.doom(reason, detail);
      txn.abort();
    }),
  ]),
  twin(4, 'a deadlock ends the oldest', () => {
    let id = 1_000_000;
    return [
      replace(
        Transactions.prototype,
        'begin',
        (old) =>
          function (account) {
            const txn = old.call(this, account);
            txn.tree.id = --id;
            return txn;
          },
      ),
    ];
  }),
  twin(4, 'deadlocks are not seen', () => [replace(Ticket.prototype, 'blockers', () => () => [])]),
  twin(4, 'who waits for any of several is taken to wait for all', () => [
    replace(
      SeatTicket.prototype,
      'blockers',
      (old) =>
        function () {
          return old.call(this).slice(0, 1);
        },
    ),
  ]),
  twin(8, 'a timer stays armed', () => [
    replace(
      ManualClock.prototype,
      'after',
      (old) =>
        function (ms, run) {
          old.call(this, ms, run);
          return { cancel: () => {} };
        },
    ),
  ]),
  twin(8, 'a lock stays held', () => [
    replace(
      Tree.prototype,
      'releaseTo',
      (old) =>
        function (mark, committed) {
          if (this.holds.length >= mark + 6) this.holds.length -= 2;
          old.call(this, mark, committed);
        },
    ),
  ]),
  twin(8, 'a waiter that gives up leaves its timer', () => [
    replace(
      Ticket.prototype,
      'giveUp',
      () =>
        function () {
          if (this.state !== 'waiting') return;
          const queue = this.lock.queue as Ticket[];
          queue.splice(queue.indexOf(this), 1);
          if (queue.length === 0) this.lock.queue = null;
          this.state = 'given-up';
          this.txn.tree.stopWaiting(this);
          this.onSettled?.();
        },
    ),
  ]),
  twin(8, 'transactions that end are counted as active', () => [
    replace(
      Transactions.prototype,
      'recycle',
      (old) =>
        function (tree) {
          old.call(this, tree);
          this.active++;
        },
    ),
  ]),
];
