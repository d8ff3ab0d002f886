// Accessors: the only way an extension changes its base. An accessor is declared once, as lock, cost, before-image and
// operation, and always works in the order lock → charge → keep → log the before-image → apply. A graft may run the
// stack out between any two steps. So the before-image is logged before the change, and `undo` only restores it.
// Whatever is thrown after the before-image was logged dooms the transaction: the change may be half made.
//
//   const setPriority = accessor({
//     name: 'thread.set-priority',
//     mode: WRITE,
//     place: (thread: Thread) => thread,
//     cost: 1,
//     resource: CALLS,
//     change: { before: (thread) => thread.priority, undo: (thread, _, before) => { thread.priority = before } },
//     apply: (thread, _, priority: number) => { thread.priority = priority },
//   });
//   setPriority.call(txn, thread, null, 5)      →  the operation's value, or a Ticket: wait and call again

import { CUT_SHORT, TransactionError } from './abort.ts';
import { acquire, type Lock, type Mode, type Ticket } from './lock.ts';
import type { Transaction } from './transaction.ts';
import type { Undoable } from './undo-log.ts';

/** The place of an operation: an object that has its own lock. */
export interface Place {
  readonly lock: Lock;
}

export interface AccessorSpec<Target, Key, Value, P extends Place, Result> {
  readonly name: string;
  readonly mode: Mode;
  /** Finds the place that is locked and changed. */
  readonly place: (target: Target, key: Key) => P;
  /** A second lock, if the first shows that it is needed (a map's key set). */
  readonly also?: (place: P) => { readonly lock: Lock; readonly mode: Mode } | null;
  /** Units of resource number `resource` that one call costs. */
  readonly cost?: number;
  readonly resource?: number;
  /** Holds what the change keeps, on whatever accounts pay for that; throws Aborted where it may not be kept. */
  readonly keep?: (place: P, key: Key, value: Value, txn: Transaction) => void;
  /**
   * The before-image and the operation that restores it, for accessors that change state. `undo` is harmless when
   * nothing was applied.
   */
  readonly change?: {
    before(place: P, key: Key, txn: Transaction): unknown;
    undo(place: P, key: Key, before: unknown): void;
  };
  readonly apply: (place: P, key: Key, value: Value, txn: Transaction) => Result;
}

export class Accessor<Target, Key, Value, P extends Place, Result> implements Undoable {
  readonly name: string;
  readonly #spec: AccessorSpec<Target, Key, Value, P, Result>;
  readonly #cost: number;
  readonly #resource: number;

  constructor(spec: AccessorSpec<Target, Key, Value, P, Result>) {
    this.name = spec.name;
    this.#spec = spec;
    this.#cost = spec.cost ?? 0;
    this.#resource = spec.resource ?? 0;
  }

  /**
   * Does the operation in `txn`, or returns the ticket of a lock to wait for. Throws Aborted if the transaction cannot
   * go on.
   */
  call(txn: Transaction, target: Target, key: Key, value: Value): Result | Ticket {
    const spec = this.#spec;
    txn.check();
    const place = spec.place(target, key);
    const ticket = acquire(txn, place.lock, spec.mode);
    if (ticket !== null) return ticket;
    if (spec.also !== undefined) {
      const also = spec.also(place);
      const second = also === null ? null : acquire(txn, also.lock, also.mode);
      if (second !== null) return second;
    }
    if (txn.tree.transactions.isFenced(place))
      throw new TransactionError('GRAFT_FENCED', `${this.name}: an undo failed here earlier`);
    if (this.#cost !== 0) txn.charge(this.#resource, this.#cost);
    if (spec.change === undefined) return spec.apply(place, key, value, txn);
    spec.keep?.(place, key, value, txn);
    const before = spec.change.before(place, key, txn);
    try {
      txn.tree.log.push(this, place, key, before);
      return spec.apply(place, key, value, txn);
    } catch (error) {
      txn.doomed ??= CUT_SHORT;
      throw error;
    }
  }

  undo(place: unknown, key: unknown, before: unknown): void {
    this.#spec.change?.undo(place as P, key as Key, before);
  }
}

/** Declares an accessor. */
export const accessor = <Target, Key, Value, P extends Place, Result>(
  spec: AccessorSpec<Target, Key, Value, P, Result>,
): Accessor<Target, Key, Value, P, Result> => new Accessor(spec);
