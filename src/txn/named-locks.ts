// Named locks: VINO's second lock interface, lock … do … unlock, where whoever locks says by a name what for. They are
// locks like any others: deadlocks through them are found, their time-out aborts who hoards one, and any end of the
// transaction frees them. Unlocking says only that the caller is done: two-phase locking keeps the lock to the end. A
// name stands in the table while somebody holds or awaits it.

import { acquire, Lock, type LockClass, type Ticket, unlock, WRITE } from './lock.ts';
import type { Transaction } from './transaction.ts';

class NamedLock extends Lock {
  readonly #name: string;
  readonly #table: Map<string, Lock>;

  constructor(lockClass: LockClass, name: string, table: Map<string, Lock>) {
    super(lockClass);
    this.#name = name;
    this.#table = table;
  }

  override get name(): string {
    return `${this.class.name} ${this.#name}`;
  }

  override released(): void {
    if (this.queue === null && this.others === null) this.#table.delete(this.#name);
  }
}

export class NamedLocks {
  readonly #class: LockClass;
  readonly #locks = new Map<string, Lock>();

  /** `lockClass`: what their names begin with, and how long anyone may wait before the holder is aborted. */
  constructor(lockClass: LockClass) {
    this.#class = lockClass;
  }

  /** Names that somebody holds or awaits. */
  get names(): string[] {
    return [...this.#locks.keys()];
  }

  /** Locks that somebody holds or awaits. */
  all(): Lock[] {
    return [...this.#locks.values()];
  }

  /** The lock of a name. It stands in the table until it is taken and let go. */
  get(name: string): Lock {
    let lock = this.#locks.get(name);
    if (lock === undefined) {
      lock = new NamedLock(this.#class, name, this.#locks);
      this.#locks.set(name, lock);
    }
    return lock;
  }

  /** Takes the lock of a name. A ticket: wait and try again. */
  acquire(txn: Transaction, name: string): Ticket | null {
    if (!this.#locks.has(name)) txn.check(); // Whoever cannot take it must not leave its name behind.
    return acquire(txn, this.get(name), WRITE);
  }

  /** Says that the caller is done with the lock. Throws GRAFT_TXN_MISUSE where its transaction does not hold it. */
  unlock(txn: Transaction, name: string): void {
    unlock(txn, this.#locks.get(name) ?? new NamedLock(this.#class, name, this.#locks));
  }
}
