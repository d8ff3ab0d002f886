// Named locks: VINO's second lock interface (lock … do … unlock) for grafts. They are locks of the host's one table, so
// deadlocks through them are found, their time-out aborts who hoards one, and any end of the transaction frees them.
// Unlocking says only that the caller is done: two-phase locking keeps the lock to the end. A name stands in the table
// while somebody holds or awaits it.

import type { CallableTree } from '../../plugins/index.ts';
import { acquire, Lock, type LockClass, type Transaction, unlock, WRITE } from '../../txn/index.ts';
import { nameOf } from './names.ts';

class NamedLock extends Lock {
  readonly #name: string;
  readonly #table: Map<string, NamedLock>;

  constructor(lockClass: LockClass, name: string, table: Map<string, NamedLock>) {
    super(lockClass);
    this.#name = name;
    this.#table = table;
  }

  override get name(): string {
    return `lock ${this.#name}`;
  }

  override released(): void {
    if (this.queue === null && this.others === null) this.#table.delete(this.#name);
  }
}

export class NamedLocks {
  readonly #class: LockClass;
  readonly #locks = new Map<string, NamedLock>();

  /** `lock_timeout_ms`: how long anyone may wait before the holder is aborted. */
  constructor(lock_timeout_ms: number) {
    this.#class = { name: 'lock', timeout_ms: lock_timeout_ms };
  }

  /** Names that somebody holds or awaits. */
  get held(): string[] {
    return [...this.#locks.keys()];
  }

  #of(txn: Transaction, name: string): NamedLock {
    let lock = this.#locks.get(name);
    if (lock === undefined) {
      txn.check(); // Whoever cannot take it must not leave its name behind.
      lock = new NamedLock(this.#class, name, this.#locks);
      this.#locks.set(name, lock);
    }
    return lock;
  }

  /** Takes a lock for the host's own code. A ticket: wait and try again. */
  acquire(txn: Transaction, name: string): ReturnType<typeof acquire> {
    return acquire(txn, this.#of(txn, name), WRITE);
  }

  /** `lock(name)` and `unlock(name)` for grafts. Unlocking what the call does not hold is GRAFT_TXN_MISUSE. */
  readonly callables: CallableTree = {
    lock: { waits: false, run: ({ txn }, [name]) => this.acquire(txn, nameOf('lock', name)) },
    unlock: {
      waits: false,
      run: ({ txn }, [value]) => {
        const name = nameOf('unlock', value);
        unlock(txn, this.#locks.get(name) ?? new NamedLock(this.#class, name, this.#locks));
      },
    },
  };
}
