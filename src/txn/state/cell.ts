// A transactional cell: one value, one lock.

import { type Accessor, accessor } from '../accessor.ts';
import { type LockClass, READ, type Ticket, WRITE } from '../lock.ts';
import type { Transaction } from '../transaction.ts';
import { Entry } from './entry.ts';
import type { StateOptions } from './options.ts';

export class Cell<V> {
  readonly name: string;
  readonly entry: Entry<V>;
  readonly #get: Accessor<Entry<V>, null, null, Entry<V>, V>;
  readonly #set: Accessor<Entry<V>, null, V, Entry<V>, void>;

  constructor(initial: V, options: StateOptions) {
    this.name = options.name;
    const lockClass: LockClass = { name: options.name, timeout_ms: options.lock_timeout_ms };
    this.entry = new Entry<V>(lockClass, initial);
    const { keep } = options;
    this.#get = accessor({
      name: `${options.name}.get`,
      mode: READ,
      place: (entry: Entry<V>) => entry,
      ...options.reads,
      apply: (entry) => entry.value as V,
    });
    this.#set = accessor({
      name: `${options.name}.set`,
      mode: WRITE,
      place: (entry: Entry<V>) => entry,
      ...options.writes,
      ...(keep === undefined ? {} : { keep: (entry, _, value, txn) => keep(txn, null, entry.value, value) }),
      change: {
        before: (entry) => entry.before(),
        undo: (entry, _key, before) => {
          entry.value = before as V;
        },
      },
      apply: (entry, _key, value: V) => {
        entry.value = value;
      },
    });
  }

  /** The last committed value, read from outside any transaction. */
  peek(): V {
    return this.entry.committed as V;
  }

  get(txn: Transaction): V | Ticket {
    return this.#get.call(txn, this.entry, null, null);
  }

  set(txn: Transaction, value: V): undefined | Ticket {
    return this.#set.call(txn, this.entry, null, value) as undefined | Ticket;
  }
}
