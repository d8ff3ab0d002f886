// The tree of one top-level transaction: the state that its nested transactions share. At any time they form a chain
// from the root to the deepest one, and only the deepest runs. So one undo log, one stack of locks and one list of
// effects serve them all, and each nested transaction is a set of marks. Trees are pooled. A Transaction is made anew
// for every begin, so a stale one is recognised, but the arrays behind it are reused.

import { type Lock, type Mode, release, weaken } from './lock.ts';
import type { Transaction } from './transaction.ts';
import type { Transactions } from './transactions.ts';
import { UndoLog } from './undo-log.ts';
import type { Waiting } from './wait-graph.ts';

/**
 * An action that leaves the host after commit, never on abort: a message, an e-mail, a request that changes something.
 */
export interface Effect {
  leave(): void;
}

const NOT_WAITING: readonly Waiting[] = [];

export class Tree {
  readonly transactions: Transactions;
  /** Grows with every top-level begin; the youngest of a deadlock has the largest. */
  id = 0;
  root!: Transaction;
  deepest!: Transaction;
  /** Set between prepare() and the end: only its own driver may abort it. */
  committing = false;
  readonly log = new UndoLog();
  /** Pairs: a lock, and the mode in which it was held before (0: not at all). */
  readonly holds: (Lock | number)[] = [];
  readonly effects: Effect[] = [];
  waiting: readonly Waiting[] = NOT_WAITING;
  /** How long, in ms, it has waited for somebody outside (a database), and since when it does; null: it does not. */
  outside_ms = 0;
  outsideSince_ms: number | null = null;

  constructor(transactions: Transactions) {
    this.transactions = transactions;
  }

  hold(lock: Lock, before: 0 | Mode): void {
    this.holds.push(lock, before);
  }

  /** The transaction that made the hold at index `i` of `holds`. */
  ownerOfHold(i: number): Transaction {
    let txn = this.deepest;
    while (txn.holdMark > i) txn = txn.parent as Transaction;
    return txn;
  }

  /** How long it has been held up, in ms: what runs in it (see Runner), and by somebody outside. */
  heldUp_ms(): number {
    let ms = this.outside_ms;
    if (this.outsideSince_ms !== null) ms += this.transactions.clock.now() - this.outsideSince_ms;
    for (let txn: Transaction | null = this.deepest; txn !== null; txn = txn.parent)
      ms += txn.runner?.heldUp_ms?.() ?? 0;
    return ms;
  }

  /** Releases every lock taken above `mark`, newest first. */
  releaseTo(mark: number, committed: boolean): void {
    const holds = this.holds;
    while (holds.length > mark) {
      const before = holds.pop() as 0 | Mode;
      const lock = holds.pop() as Lock;
      if (before === 0) release(this, lock, committed);
      else if (!committed) weaken(lock, before);
    }
  }

  /** Somebody outside is asked, and has answered. */
  goesOutside(): void {
    this.outsideSince_ms ??= this.transactions.clock.now();
  }

  isBack(): void {
    if (this.outsideSince_ms !== null) this.outside_ms += this.transactions.clock.now() - this.outsideSince_ms;
    this.outsideSince_ms = null;
  }

  startWaiting(waiting: Waiting): void {
    this.waiting = [...this.waiting, waiting];
  }

  stopWaiting(waiting: Waiting): void {
    this.waiting =
      this.waiting.length === 1 && this.waiting[0] === waiting
        ? NOT_WAITING
        : this.waiting.filter((one) => one !== waiting);
  }
}
