// A transactional counter: adds of different transactions go together (CHANGE goes with CHANGE), each kept apart until
// its commit. Its value stays within ±(2^53−1), whichever of the trees that add to it commit: `takes` says whether an
// amount leaves it there.

import { type Accessor, accessor } from '../accessor.ts';
import { CHANGE, Lock, READ, type Ticket } from '../lock.ts';
import type { Transaction } from '../transaction.ts';
import type { Tree } from '../tree.ts';
import type { StateOptions } from './options.ts';

/** How far a tree has gone while it added: its nested transactions may take it back there. */
interface Span {
  low: number;
  high: number;
}

const NOWHERE: Span = { low: 0, high: 0 };

class Sum extends Lock {
  committed: number;
  /** What each tree has added and not committed. */
  readonly added = new Map<Tree, number>();
  readonly #reached = new Map<Tree, Span>();

  constructor(options: StateOptions, initial: number) {
    super({ name: options.name, timeout_ms: options.lock_timeout_ms });
    this.committed = initial;
  }

  get lock(): Lock {
    return this;
  }

  /** Whether `tree` may add `amount`: no end of any tree takes the value out of bounds then. */
  takes(tree: Tree, amount: number): boolean {
    const own = (this.added.get(tree) ?? 0) + amount;
    const reach = this.#reached.get(tree) ?? NOWHERE;
    let high = this.committed + Math.max(reach.high, own);
    let low = this.committed + Math.min(reach.low, own);
    for (const [other, reached] of this.#reached) {
      if (other === tree) continue;
      high += reached.high;
      low += reached.low;
    }
    return high <= Number.MAX_SAFE_INTEGER && low >= Number.MIN_SAFE_INTEGER;
  }

  add(tree: Tree, amount: number): void {
    const sum = (this.added.get(tree) ?? 0) + amount;
    this.added.set(tree, sum);
    const reach = this.#reached.get(tree);
    if (reach === undefined) this.#reached.set(tree, { low: Math.min(0, sum), high: Math.max(0, sum) });
    else {
      reach.low = Math.min(reach.low, sum);
      reach.high = Math.max(reach.high, sum);
    }
  }

  override released(tree: Tree, committed: boolean): void {
    this.#reached.delete(tree);
    const added = this.added.get(tree);
    if (added === undefined) return;
    this.added.delete(tree);
    if (committed) this.committed += added;
  }
}

export class Counter {
  readonly name: string;
  readonly #sum: Sum;
  readonly #add: Accessor<Sum, null, number, Sum, void>;
  readonly #get: Accessor<Sum, null, null, Sum, number>;

  constructor(options: StateOptions, initial = 0) {
    this.name = options.name;
    this.#sum = new Sum(options, initial);
    this.#get = accessor({
      name: `${options.name}.get`,
      mode: READ,
      place: (sum: Sum) => sum,
      ...options.reads,
      apply: (sum, _key, _value, txn) => sum.committed + (sum.added.get(txn.tree) ?? 0),
    });
    this.#add = accessor({
      name: `${options.name}.add`,
      mode: CHANGE,
      place: (sum: Sum) => sum,
      ...options.writes,
      change: {
        before: (sum, _key, txn) => ({ tree: txn.tree, added: sum.added.get(txn.tree) }),
        undo: (sum, _key, before) => {
          const { tree, added } = before as { tree: Tree; added: number | undefined };
          if (added === undefined) sum.added.delete(tree);
          else sum.added.set(tree, added);
        },
      },
      apply: (sum, _key, amount: number, txn) => sum.add(txn.tree, amount),
    });
  }

  /** Whether `amount` may be added now. Ask right before `add`. */
  takes(txn: Transaction, amount: number): boolean {
    return this.#sum.takes(txn.tree, amount);
  }

  add(txn: Transaction, amount: number): undefined | Ticket {
    return this.#add.call(txn, this.#sum, null, amount) as undefined | Ticket;
  }

  get(txn: Transaction): number | Ticket {
    return this.#get.call(txn, this.#sum, null, null);
  }

  /** The last committed value, read from outside any transaction. */
  peek(): number {
    return this.#sum.committed;
  }
}
