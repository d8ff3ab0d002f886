// A transactional list: a map from index to value, and a cell with its length. So a writer of one element and a reader
// of another do not wait for each other.

import { CUT_SHORT } from '../abort.ts';
import { acquire, Ticket, WRITE } from '../lock.ts';
import type { Transaction } from '../transaction.ts';
import { Cell } from './cell.ts';
import { StateMap } from './map.ts';
import type { StateOptions } from './options.ts';

export class List<V> {
  readonly name: string;
  readonly #items: StateMap<number, V>;
  readonly #length: Cell<number>;

  constructor(options: StateOptions, initial: readonly V[] = []) {
    this.name = options.name;
    this.#items = new StateMap(options, initial.entries());
    const { keep: _, ...unkept } = options;
    this.#length = new Cell(initial.length, { ...unkept, name: `${options.name}.length` });
  }

  length(txn: Transaction): number | Ticket {
    return this.#length.get(txn);
  }

  /** The element at `index`, or undefined beyond the end. */
  get(txn: Transaction, index: number): V | undefined | Ticket {
    return this.#items.get(txn, index);
  }

  /** Replaces the element at `index`. The answer: whether there was one. */
  set(txn: Transaction, index: number, value: V): boolean | Ticket {
    const before = this.#items.get(txn, index);
    if (before instanceof Ticket) return before;
    if (before === undefined) return false;
    return this.#items.set(txn, index, value) ?? true;
  }

  /** Appends an element. The answer: the new length. */
  push(txn: Transaction, value: V): number | Ticket {
    const ticket = acquire(txn, this.#length.entry, WRITE);
    if (ticket !== null) return ticket;
    const length = this.#length.get(txn) as number;
    const second = this.#items.set(txn, length, value);
    if (second !== undefined) return second;
    // The elements have changed: if the length does not follow, the transaction must abort. The lock of the length is
    // held, so this does not wait.
    try {
      this.#length.set(txn, length + 1);
    } catch (error) {
      txn.doomed ??= CUT_SHORT;
      throw error;
    }
    return length + 1;
  }

  /** Takes the last element off. Undefined: the list is empty. */
  pop(txn: Transaction): V | undefined | Ticket {
    const ticket = acquire(txn, this.#length.entry, WRITE);
    if (ticket !== null) return ticket;
    const length = this.#length.get(txn) as number;
    if (length === 0) return undefined;
    const last = this.#items.get(txn, length - 1);
    if (last instanceof Ticket) return last;
    const deleted = this.#items.delete(txn, length - 1);
    if (deleted instanceof Ticket) return deleted;
    try {
      this.#length.set(txn, length - 1);
    } catch (error) {
      txn.doomed ??= CUT_SHORT;
      throw error;
    }
    return last;
  }

  /** The last committed elements, read from outside any transaction. */
  peek(): V[] {
    return Array.from({ length: this.#length.peek() }, (_, index) => this.#items.peek(index) as V);
  }
}
