// A transactional counter. Adds of different transactions go together (CHANGE goes with CHANGE); each is kept apart
// until its commit.

import { type Accessor, accessor } from '../accessor.ts';
import { CHANGE, Lock, READ, type Ticket } from '../lock.ts';
import type { Transaction } from '../transaction.ts';
import type { Tree } from '../tree.ts';
import type { StateOptions } from './options.ts';

class Sum extends Lock {
  committed: number;
  /** What each tree has added and not committed. */
  readonly added = new Map<Tree, number>();

  constructor(options: StateOptions, initial: number) {
    super({ name: options.name, timeout_ms: options.lock_timeout_ms });
    this.committed = initial;
  }

  get lock(): Lock {
    return this;
  }

  override released(tree: Tree, committed: boolean): void {
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
      apply: (sum, _key, amount: number, txn) => {
        sum.added.set(txn.tree, (sum.added.get(txn.tree) ?? 0) + amount);
      },
    });
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
