// A transaction: what an extension did can be taken back.
//
//   begin → accessors log, lock and charge → commit
//                                          → abort: undo newest first, drop effects, release locks, tell the driver
//
// States: active → committing → committed, or active → aborted (and committing → aborted when the store refuses). A
// nested transaction is three marks on its tree: its commit leaves everything to its parent, its abort unwinds to the
// marks. A transaction that failed once inside is doomed: it cannot commit, whatever the graft catches. Laws 1, 2, 7
// and 8 of ARCHITECTURE.md are about transactions.

import { Aborted, type AbortReason, TransactionError, type Undone } from './abort.ts';
import type { Account } from './account.ts';
import type { Effect, Tree } from './tree.ts';

export type TransactionState = 'active' | 'committing' | 'committed' | 'aborted';

/** What runs in a transaction, as far as transactions have to know. */
export interface Runner {
  /** Called once when the transaction is aborted, for whatever reason. Everything is undone and released by then. */
  aborted(failure: Aborted): void;
  /**
   * How long, in ms, it could not go on although nothing but a processor was missing; of that time no time-out of a
   * lock holds any against it. Absent: no time.
   */
  heldUp_ms?(): number;
}

const NOTHING_UNDONE: Undone = { records: 0, first: [] };

export class Transaction {
  readonly tree: Tree;
  readonly parent: Transaction | null;
  /**
   * The account that pays for accessors; null: nothing is counted. A nested transaction inherits its parent's unless it
   * is given one.
   */
  account: Account | null;
  state: TransactionState = 'active';
  /** The first failure inside; null: none. */
  doomed: Aborted | null = null;
  /** What the abort took back. */
  undone: Undone = NOTHING_UNDONE;
  /** Who runs it; null: nobody that has to be told. */
  runner: Runner | null = null;
  readonly undoMark: number;
  readonly holdMark: number;
  readonly effectMark: number;

  /** @internal Use Transactions.begin or Transaction.begin. */
  constructor(tree: Tree, parent: Transaction | null, account: Account | null) {
    this.tree = tree;
    this.parent = parent;
    this.account = account;
    this.undoMark = tree.log.mark;
    this.holdMark = tree.holds.length;
    this.effectMark = tree.effects.length;
  }

  /** Throws unless this transaction can be used now: it is active, not doomed, and has no active child. */
  check(): void {
    if (this.tree.deepest === this && this.state === 'active' && this.doomed === null) return;
    this.#refuse();
  }

  #refuse(): never {
    if (this.doomed !== null) throw this.doomed;
    if (this.state !== 'active') throw new TransactionError('GRAFT_TXN_ENDED', `the transaction is ${this.state}`);
    const waits = this.tree.deepest === this;
    throw new TransactionError(
      'GRAFT_TXN_BUSY',
      waits ? 'an accessor is waiting for a lock' : 'a nested transaction is active',
    );
  }

  /** Begins a nested transaction. */
  begin(account: Account | null = this.account): Transaction {
    if (this.tree.deepest !== this || this.state !== 'active' || this.doomed !== null || this.tree.waiting.length > 0)
      this.#refuse();
    const child = new Transaction(this.tree, this, account);
    this.tree.deepest = child;
    return child;
  }

  /** Records that this transaction has failed: from now on it can only abort. The first failure counts. */
  doom(reason: AbortReason, detail = ''): Aborted {
    this.doomed ??= new Aborted(reason, detail);
    return this.doomed;
  }

  /** Charges `amount` of resource `index` to the account, or dooms the transaction with `limit` and throws. */
  charge(index: number, amount: number): void {
    const account = this.account;
    if (account === null || account.spend(index, amount, this.tree)) return;
    throw this.doom('limit', account.resources[index]);
  }

  /** Holds an effect back until the top-level commit. */
  defer(effect: Effect): void {
    this.check();
    this.tree.effects.push(effect);
  }

  /**
   * First step of a commit with a store. From here on only a failed COMMIT of the driver may abort the transaction.
   * Only for a top-level transaction.
   */
  prepare(): void {
    if (this.parent !== null) throw new TransactionError('GRAFT_TXN_MISUSE', 'only a top-level transaction prepares');
    this.check();
    if (this.tree.waiting.length > 0) this.#refuse();
    this.tree.committing = true;
    this.state = 'committing';
  }

  /**
   * Commits. A nested one hands its undo records, locks and effects to its parent. Doomed: aborts instead, and throws
   * the failure.
   */
  commit(): void {
    const tree = this.tree;
    if (this.doomed !== null && this.state === 'active') {
      this.abort();
      throw this.doomed;
    }
    if (tree.deepest !== this || (this.state !== 'active' && this.state !== 'committing') || tree.waiting.length > 0)
      this.#refuse();
    this.state = 'committed';
    if (this.parent !== null) {
      tree.deepest = this.parent;
      return;
    }
    tree.transactions.onCommit?.(tree);
    tree.log.clear();
    if (tree.holds.length > 0) tree.releaseTo(0, true);
    if (tree.effects.length > 0) tree.transactions.letGo(tree);
    tree.transactions.recycle(tree);
  }

  /**
   * Undoes everything, with all nested transactions inside, and releases the locks. The reason is the one the
   * transaction was doomed with, or the one given. Aborting an ended transaction does nothing. Never call it while
   * frames of the graft are on the stack of the same thread.
   */
  abort(reason: AbortReason = 'cancelled', detail = ''): Undone {
    if (this.state === 'committed' || this.state === 'aborted') return this.undone;
    const tree = this.tree;
    const failure = this.doom(reason, detail);
    const ended: Transaction[] = [];
    for (let txn = tree.deepest; ; txn = txn.parent as Transaction) {
      txn.state = 'aborted';
      txn.doomed ??= failure;
      ended.push(txn);
      if (txn === this) break;
    }
    for (const waiting of tree.waiting) waiting.giveUp();
    this.undone = tree.transactions.undo(tree, this.undoMark);
    tree.effects.length = this.effectMark;
    tree.releaseTo(this.holdMark, false);
    if (this.parent !== null) tree.deepest = this.parent;
    else tree.transactions.recycle(tree);
    for (const txn of ended) txn.runner?.aborted(txn.doomed as Aborted);
    return this.undone;
  }
}
