// Named locks: VINO's second lock interface (lock … do … unlock), in which a lock goes by a name of the caller's
// choice. They are locks like any others: deadlocks through them are found, their time-out aborts a transaction that
// hoards one, and any end of the transaction frees them. Unlocking says only that the caller is done: two-phase locking
// keeps the lock to the end. A name stands in the table while its lock is held or waited for.

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

  /** `lockClass`: the beginning of their names, and how long a transaction may wait before the holder is aborted. */
  constructor(lockClass: LockClass) {
    this.#class = lockClass;
  }

  /** The names of locks that are held or waited for. */
  get names(): string[] {
    return [...this.#locks.keys()];
  }

  /** The locks that are held or waited for. */
  all(): Lock[] {
    return [...this.#locks.values()];
  }

  /** The lock of a name. It stays in the table until it has been taken and released. */
  get(name: string): Lock {
    let lock = this.#locks.get(name);
    if (lock === undefined) {
      lock = new NamedLock(this.#class, name, this.#locks);
      this.#locks.set(name, lock);
    }
    return lock;
  }

  /** Takes the lock of a name. A ticket: wait and call again. */
  acquire(txn: Transaction, name: string): Ticket | null {
    if (!this.#locks.has(name)) txn.check(); // If it cannot take the lock, its name must not stay in the table.
    return acquire(txn, this.get(name), WRITE);
  }

  /** Says that the caller is done with the lock. Throws GRAFT_TXN_MISUSE unless its transaction holds it. */
  unlock(txn: Transaction, name: string): void {
    unlock(txn, this.#locks.get(name) ?? new NamedLock(this.#class, name, this.#locks));
  }
}
