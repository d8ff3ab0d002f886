// Locks. Locking is strict and two-phase: a granted lock is held to the end of the top-level transaction, or to the
// abort of the nested one that took it.
//
//   acquire(txn, lock, mode)  →  null: granted, or a Ticket: the driver waits for it (the kernel runs its machine, the
//                                host awaits)
//
// The holder of a lock is a tree of nested transactions, since only the deepest one of a tree runs. So a child may take
// what its ancestors hold. The locks of a tree are a stack, and a nested transaction is a mark on it: its commit leaves
// its locks to its parent, its abort releases down to the mark. Waiters are served first come, first served; only a
// holder that strengthens its hold goes before them. A time-out belongs to a lock's class and is armed only while a
// transaction waits. It aborts the smallest transaction whose end lets the first waiter in. Time in which a holder was
// held up by the machine does not count.

import { Aborted, TransactionError } from './abort.ts';
import type { Timer } from './clock.ts';
import { needStack } from './stack-room.ts';
import type { Transaction } from './transaction.ts';
import type { Tree } from './tree.ts';
import { endDeadlocks, type Waiting } from './wait-graph.ts';

/**
 * READ goes with READ, CHANGE (commutative changes: a counter's add, a map's key set) with CHANGE, WRITE with nothing;
 * READ | CHANGE is WRITE.
 */
export type Mode = 1 | 2 | 3;
export const READ = 1;
export const CHANGE = 2;
export const WRITE = 3;

/**
 * Locks that share a time-out. `timeout_ms` is how long a transaction may wait before the holder is aborted; Infinity:
 * for ever.
 */
export interface LockClass {
  readonly name: string;
  readonly timeout_ms: number;
}

const goTogether = (held: number, wanted: number): boolean => held === wanted && held !== WRITE;

export class Lock {
  readonly class: LockClass;
  /** The first holder, and the mode in which all holders hold: 0 while free. */
  owner: Tree | null = null;
  mode: 0 | Mode = 0;
  /** Further holders; never empty, null instead. */
  others: Set<Tree> | null = null;
  /** The waiting tickets, in the order of service; never empty, null instead. */
  queue: Ticket[] | null = null;
  timer: Timer | null = null;

  constructor(lockClass: LockClass) {
    this.class = lockClass;
  }

  /** The name in messages. */
  get name(): string {
    return this.class.name;
  }

  heldBy(tree: Tree): boolean {
    return this.owner === tree || (this.others?.has(tree) ?? false);
  }

  /** For states that are their own lock: called when `tree` lets go, before another is let in. */
  released(_tree: Tree, _committed: boolean): void {}
}

/** A place in a lock's queue. It is settled once: granted, or given up because the waiting transaction has ended. */
export class Ticket implements Waiting {
  readonly lock: Lock;
  readonly txn: Transaction;
  readonly mode: Mode;
  state: 'waiting' | 'granted' | 'given-up' = 'waiting';
  /**
   * Called once when the ticket is settled; not if it is settled already. It must not run transactions itself, but wake
   * the driver that does.
   */
  onSettled: (() => void) | null = null;
  readonly any = false;

  constructor(lock: Lock, txn: Transaction, mode: Mode) {
    this.lock = lock;
    this.txn = txn;
    this.mode = mode;
  }

  /** Trees that must let go, or be served, before this ticket. */
  blockers(): Tree[] {
    const { lock, txn } = this;
    const upgrade = lock.heldBy(txn.tree);
    const trees = holders(lock).filter((tree) => tree !== txn.tree && (upgrade || !goTogether(lock.mode, this.mode)));
    for (const ahead of lock.queue ?? []) {
      if (ahead === this) break;
      if (ahead.txn.tree !== txn.tree) trees.push(ahead.txn.tree);
    }
    return trees;
  }

  /** Leaves the queue because the waiting transaction ends. */
  giveUp(): void {
    if (this.state !== 'waiting') return;
    const queue = this.lock.queue as Ticket[];
    const at = queue.indexOf(this);
    queue.splice(at, 1);
    this.#settle('given-up');
    if (at === 0) serve(this.lock, true);
  }

  settleGranted(): void {
    this.#settle('granted');
  }

  #settle(state: 'granted' | 'given-up'): void {
    this.state = state;
    this.txn.tree.stopWaiting(this);
    const wake = this.onSettled;
    this.onSettled = null;
    wake?.();
  }
}

/** All trees that hold a lock. */
export const holders = (lock: Lock): Tree[] =>
  lock.owner === null ? [] : lock.others === null ? [lock.owner] : [lock.owner, ...lock.others];

/**
 * Takes `lock` for `txn` in `mode`, or joins the queue. Null: granted. If this wait would close a deadlock, the
 * youngest transaction in it is aborted at once; if that is `txn` itself, it is doomed and Aborted is thrown.
 */
export const acquire = (txn: Transaction, lock: Lock, mode: Mode): Ticket | null => {
  txn.check();
  const tree = txn.tree;
  if (lock.mode === 0 && lock.queue === null) {
    tree.hold(lock, 0);
    lock.owner = tree;
    lock.mode = mode;
    return null;
  }
  if (lock.owner === tree && lock.others === null) {
    strengthen(tree, lock, mode);
    return null;
  }
  return join(txn, lock, mode);
};

const strengthen = (tree: Tree, lock: Lock, mode: Mode): void => {
  const joined = (lock.mode | mode) as Mode;
  if (joined === lock.mode) return;
  tree.hold(lock, lock.mode);
  lock.mode = joined;
};

const join = (txn: Transaction, lock: Lock, mode: Mode): Ticket | null => {
  const tree = txn.tree;
  const holds = lock.heldBy(tree);
  if (holds && (lock.mode | mode) === lock.mode) return null;
  if (!holds && lock.queue === null && goTogether(lock.mode, mode)) {
    share(tree, lock);
    return null;
  }
  needStack();
  const ticket = new Ticket(lock, txn, mode);
  enqueue(lock, ticket, holds);
  tree.startWaiting(ticket);
  endDeadlocks(txn);
  if ((ticket.state as Ticket['state']) === 'given-up') throw txn.doomed ?? new Aborted('deadlock', lock.name);
  if ((ticket.state as Ticket['state']) === 'granted') return null;
  arm(lock, txn);
  return ticket;
};

const share = (tree: Tree, lock: Lock): void => {
  const others = lock.others ?? new Set<Tree>();
  tree.hold(lock, 0);
  others.add(tree);
  lock.others = others;
};

const enqueue = (lock: Lock, ticket: Ticket, holds: boolean): void => {
  lock.queue ??= [];
  if (!holds) lock.queue.push(ticket);
  else {
    const others = lock.queue.findIndex((queued) => !lock.heldBy(queued.txn.tree));
    lock.queue.splice(others === -1 ? lock.queue.length : others, 0, ticket);
  }
};

/** Removes `tree` from the holders of a lock. */
export const release = (tree: Tree, lock: Lock, committed: boolean): void => {
  lock.released(tree, committed);
  if (lock.others === null) {
    lock.owner = null;
    lock.mode = 0;
  } else {
    if (lock.owner === tree) lock.owner = lock.others.values().next().value as Tree;
    else lock.others.delete(tree);
    lock.others.delete(lock.owner as Tree);
    if (lock.others.size === 0) lock.others = null;
  }
  if (lock.queue !== null) serve(lock);
};

/** Takes a strengthened hold back to `mode`. */
export const weaken = (lock: Lock, mode: Mode): void => {
  lock.mode = mode;
  if (lock.queue !== null) serve(lock);
};

/** Grants tickets in the order of the queue, as far as the lock allows. `moved`: the first waiter has left already. */
const serve = (lock: Lock, moved = false): void => {
  let same = !moved;
  while (lock.queue !== null && lock.queue.length > 0) {
    const ticket = lock.queue[0] as Ticket;
    const tree = ticket.txn.tree;
    if (lock.mode === 0) {
      lock.owner = tree;
      lock.mode = ticket.mode;
      tree.hold(lock, 0);
    } else if (lock.heldBy(tree)) {
      if ((lock.mode | ticket.mode) !== lock.mode && lock.others !== null) break;
      strengthen(tree, lock, ticket.mode);
    } else if (goTogether(lock.mode, ticket.mode)) share(tree, lock);
    else break;
    lock.queue.shift();
    same = false;
    ticket.settleGranted();
  }
  if (lock.queue !== null && lock.queue.length === 0) lock.queue = null;
  if (!same) rearm(lock);
};

/** How long what runs in the trees that hold a lock has been held up, in ms, all together. */
const heldUp_ms = (lock: Lock): number => holders(lock).reduce((sum, tree) => sum + tree.heldUp_ms(), 0);

/** A time-out begins. */
const arm = (lock: Lock, txn: Transaction): void => {
  const { timeout_ms } = lock.class;
  if (lock.timer === null && timeout_ms !== Number.POSITIVE_INFINITY) wait(lock, txn, timeout_ms, heldUp_ms(lock));
};

/** `before_ms`: how long the holders had been held up, as far as that has been taken into account. */
const wait = (lock: Lock, txn: Transaction, ms: number, before_ms: number): void => {
  lock.timer = txn.tree.transactions.clock.after(ms, () => expire(lock, before_ms));
};

/** Arms the timer anew after the first waiter has changed: the new one has a full time-out. No waiter: no timer. */
const rearm = (lock: Lock): void => {
  lock.timer?.cancel();
  lock.timer = null;
  const head = lock.queue?.[0];
  if (head !== undefined) arm(lock, head.txn);
};

/** Less than this is not worth a timer. */
const SPARE_MS_MIN = 1;

/**
 * The time-out has passed: the holders that keep the first waiter out are aborted, unless they are committing. Where
 * they were held up meanwhile, they have that time first.
 */
const expire = (lock: Lock, before_ms: number): void => {
  lock.timer = null;
  const head = lock.queue?.[0];
  if (head === undefined) return;
  const held_ms = heldUp_ms(lock);
  if (held_ms - before_ms >= SPARE_MS_MIN) return wait(lock, head.txn, held_ms - before_ms, held_ms);
  for (const tree of holders(lock)) {
    if (tree === head.txn.tree || tree.committing || head.state !== 'waiting') continue;
    const holder = smallestHolder(tree, lock, head.mode);
    if (holder !== null) tree.transactions.end(holder, 'lock-timeout', lock.name);
  }
  if (lock.queue !== null && lock.timer === null) arm(lock, (lock.queue[0] as Ticket).txn);
};

/**
 * Lets the time-out of a lock pass at once: a holder is aborted now that cannot go on, because its frames lie below the
 * waiter's on the stack.
 */
export const expireNow = (lock: Lock): void => {
  lock.timer?.cancel();
  expire(lock, Number.POSITIVE_INFINITY);
};

/**
 * The smallest transaction of `tree` whose abort makes room for `wanted`: the one that took the lock, or strengthened
 * it to the mode that is now in the way.
 */
const smallestHolder = (tree: Tree, lock: Lock, wanted: Mode): Transaction | null => {
  for (let i = tree.holds.length - 2; i >= 0; i -= 2) {
    if (tree.holds[i] !== lock) continue;
    const before = tree.holds[i + 1] as 0 | Mode;
    if (before === 0 || goTogether(before, wanted)) return tree.ownerOfHold(i);
  }
  return null;
};

/**
 * The second lock interface (VINO: lock … do … unlock): the caller is done with a lock it took. Two-phase locking keeps
 * the lock until the end all the same. Unlocking a lock that is not held is misuse.
 */
export const unlock = (txn: Transaction, lock: Lock): void => {
  txn.check();
  if (!lock.heldBy(txn.tree))
    throw new TransactionError('GRAFT_TXN_MISUSE', `unlock of ${lock.name}, which is not held`);
};
