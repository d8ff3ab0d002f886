// The transactions of one base (a kernel, a host). Begins top-level ones, ends those that keep others waiting, and
// hears which places could not be undone.

import type { AbortReason, Undone } from './abort.ts';
import type { Account } from './account.ts';
import type { Clock } from './clock.ts';
import { Transaction } from './transaction.ts';
import { Tree } from './tree.ts';

/** A failure that no return value can report: an undo that threw (its place is now fenced), or an effect that threw. */
export interface Report {
  readonly what: 'undo-failed' | 'effect-failed';
  readonly operation: string;
  readonly error: unknown;
}

export interface TransactionsOptions {
  readonly clock: Clock;
  readonly report?: (report: Report) => void;
}

const POOLED_MAX = 64;

export class Transactions {
  readonly clock: Clock;
  /** The number of top-level transactions that have begun and not ended. */
  active = 0;
  /** Called whenever the last one of them ends. */
  onIdle: (() => void) | null = null;
  /** Told of each top-level commit before its locks are released; null: nobody listens. */
  onCommit: ((tree: Tree) => void) | null = null;
  readonly #report: (report: Report) => void;
  readonly #pool: Tree[] = [];
  readonly #fenced = new WeakSet<object>();
  #fences = 0;
  #lastId = 0;

  constructor(options: TransactionsOptions) {
    this.clock = options.clock;
    this.#report = options.report ?? (() => {});
  }

  /** Begins a top-level transaction; its costs are charged to `account`. */
  begin(account: Account | null = null): Transaction {
    const tree = this.#pool.pop() ?? new Tree(this);
    tree.id = ++this.#lastId;
    this.active++;
    const txn = new Transaction(tree, null, account);
    tree.root = txn;
    tree.deepest = txn;
    return txn;
  }

  /**
   * Aborts a transaction for a reason that lies outside it (a lock's time-out, a deadlock, a cancelled request). Its
   * driver hears of it through its `runner`.
   */
  end(txn: Transaction, reason: AbortReason, detail: string): void {
    if (txn.state !== 'active' || txn.tree.committing) return;
    txn.doom(reason, detail);
    txn.abort();
  }

  /** Takes a tree back after its root's end, for reuse. */
  recycle(tree: Tree): void {
    if (--this.active === 0) this.onIdle?.();
    tree.committing = false;
    tree.outside_ms = 0;
    tree.outsideSince_ms = null;
    if (this.#pool.length < POOLED_MAX) this.#pool.push(tree);
  }

  /** Sends effects after commit, in their order. One that throws stops nothing. */
  letGo(tree: Tree): void {
    const effects = tree.effects.splice(0);
    for (const effect of effects) {
      try {
        effect.leave();
      } catch (error) {
        this.#report({ what: 'effect-failed', operation: 'leave', error });
      }
    }
  }

  /** Undoes to a mark. A place whose undo throws is fenced. */
  undo(tree: Tree, mark: number): Undone {
    return tree.log.unwind(mark, (place, operation, error) => {
      if (typeof place === 'object' && place !== null) this.#fenced.add(place);
      this.#fences++;
      this.#report({ what: 'undo-failed', operation, error });
    });
  }

  /** Whether an undo of `place` has failed: its state is wrong, and accessors refuse it. */
  isFenced(place: object): boolean {
    return this.#fences > 0 && this.#fenced.has(place);
  }
}
