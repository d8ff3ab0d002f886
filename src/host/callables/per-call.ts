// A bound on how often something is done in one call of a graft. Exceeding it dooms the call with `limit`, as the
// limits of its account do.

import type { Transaction } from '../../txn/index.ts';

export class PerCall {
  readonly #what: string;
  readonly #most: number;
  readonly #counts = new WeakMap<Transaction, number>();

  /** `what` names the bound in the abort's detail. */
  constructor(what: string, most: number) {
    this.#what = what;
    this.#most = most;
  }

  /** Counts one more, or dooms the call and throws. */
  take(txn: Transaction): void {
    const count = (this.#counts.get(txn) ?? 0) + 1;
    if (count > this.#most) throw txn.doom('limit', this.#what);
    this.#counts.set(txn, count);
  }
}
