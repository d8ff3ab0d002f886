// Locks for grafts: lock(name) and unlock(name), over a table of named locks of the host's.

import type { CallableTree } from '../../plugins/index.ts';
import { NamedLocks, type Ticket, type Transaction } from '../../txn/index.ts';
import { nameOf } from './names.ts';

export class Locks {
  readonly #locks: NamedLocks;

  /** `lock_timeout_ms`: how long a transaction may wait before the holder is aborted. */
  constructor(lock_timeout_ms: number) {
    this.#locks = new NamedLocks({ name: 'lock', timeout_ms: lock_timeout_ms });
  }

  /** The names of locks that are held or waited for. */
  get held(): string[] {
    return this.#locks.names;
  }

  /** Takes a lock for the host's own code. A ticket: wait and call again. */
  acquire(txn: Transaction, name: string): Ticket | null {
    return this.#locks.acquire(txn, name);
  }

  /** `lock(name)` and `unlock(name)` for grafts. Unlocking what the call does not hold is GRAFT_TXN_MISUSE. */
  readonly callables: CallableTree = {
    lock: { waits: false, run: ({ txn }, [name]) => this.acquire(txn, nameOf('lock', name)) },
    unlock: { waits: false, run: ({ txn }, [name]) => this.#locks.unlock(txn, nameOf('unlock', name)) },
  };
}
