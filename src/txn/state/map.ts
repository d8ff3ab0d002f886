// A transactional map: a lock for each key and one for the key set. So writers of different keys do not wait for each
// other, and a transaction that looked at the keys finds them unchanged. Its order is that of a JavaScript Map filled
// by the committed transactions one after the other.
//
// A locked key without a value stays as an entry until its lock is released; a deleted key keeps its place until then,
// too. So a deletion is carried out at commit, an abort finds the key in its old place, and a key deleted and set again
// in one transaction stays where it was.

import { type Accessor, accessor } from '../accessor.ts';
import { CHANGE, Lock, type LockClass, READ, type Ticket, WRITE } from '../lock.ts';
import type { Transaction } from '../transaction.ts';
import type { Tree } from '../tree.ts';
import { ABSENT, type Absent, DELETED, Entry } from './entry.ts';
import type { StateOptions } from './options.ts';

class MapEntry<K, V> extends Entry<V> {
  readonly key: K;
  readonly map: StateMap<K, V>;

  constructor(map: StateMap<K, V>, key: K, value: V | Absent) {
    super(map.lockClass, value);
    this.map = map;
    this.key = key;
  }

  override get name(): string {
    return `${this.class.name}[${String(this.key)}]`;
  }

  override released(tree: Tree, committed: boolean): void {
    super.released(tree, committed);
    if (this.value === DELETED) this.value = ABSENT;
    if (this.value !== ABSENT || this.queue !== null || this.others !== null) return;
    const { entries } = this.map;
    if (entries.get(this.key) === this) entries.delete(this.key);
  }
}

/** The lock of the key set: READ to look at all keys, CHANGE to add or delete one. */
class KeySet<K, V> extends Lock {
  readonly map: StateMap<K, V>;
  readonly mine: { readonly lock: Lock; readonly mode: typeof CHANGE };

  constructor(map: StateMap<K, V>, lockClass: LockClass) {
    super(lockClass);
    this.map = map;
    this.mine = { lock: this, mode: CHANGE };
  }

  get lock(): Lock {
    return this;
  }

  override get name(): string {
    return `${this.class.name}.keys`;
  }

  /** Puts keys that other trees are still adding behind those that this tree's commit has just added. */
  override released(tree: Tree, committed: boolean): void {
    if (!committed || this.others === null) return;
    const entries = this.map.entries;
    for (const entry of [...entries.values()]) {
      if (!entry.dirty || entry.old !== ABSENT || entry.heldBy(tree)) continue;
      entries.delete(entry.key);
      entries.set(entry.key, entry);
    }
  }
}

export class StateMap<K, V> {
  readonly name: string;
  readonly lockClass: LockClass;
  /** @internal Keys with a value, and locked keys without one. */
  readonly entries = new Map<K, MapEntry<K, V>>();
  readonly #keySet: KeySet<K, V>;
  readonly #get: Accessor<this, K, null, MapEntry<K, V>, V | undefined>;
  readonly #set: Accessor<this, K, V, MapEntry<K, V>, void>;
  readonly #delete: Accessor<this, K, null, MapEntry<K, V>, boolean>;
  readonly #keys: Accessor<this, null, null, KeySet<K, V>, K[]>;

  constructor(options: StateOptions, initial: Iterable<readonly [K, V]> = []) {
    this.name = options.name;
    this.lockClass = { name: options.name, timeout_ms: options.lock_timeout_ms };
    this.#keySet = new KeySet(this, this.lockClass);
    for (const [key, value] of initial) this.entries.set(key, new MapEntry(this, key, value));
    const place = (map: this, key: K): MapEntry<K, V> => map.#entry(key);
    const { keep } = options;
    const change = {
      before: (entry: MapEntry<K, V>) => entry.before(),
      undo: (entry: MapEntry<K, V>, _key: K, before: unknown) => {
        entry.value = before as V | Absent;
      },
    };
    this.#get = accessor({ name: `${options.name}.get`, mode: READ, place, ...options.reads, apply: present<K, V> });
    this.#set = accessor({
      name: `${options.name}.set`,
      mode: WRITE,
      place,
      also: (entry) => (entry.value === ABSENT ? this.#keySet.mine : null),
      ...options.writes,
      ...(keep === undefined ? {} : { keep: (entry, key, value, txn) => keep(txn, key, present(entry), value) }),
      change,
      apply: (entry, _key, value: V) => entry.map.#put(entry, value),
    });
    this.#delete = accessor({
      name: `${options.name}.delete`,
      mode: WRITE,
      place,
      also: (entry) => (isThere(entry.value) ? this.#keySet.mine : null),
      ...options.writes,
      ...(keep === undefined ? {} : { keep: (entry, key, _, txn) => keep(txn, key, present(entry), undefined) }),
      change,
      apply: remove<K, V>,
    });
    this.#keys = accessor({
      name: `${options.name}.keys`,
      mode: READ,
      place: (map: this) => map.#keySet,
      ...options.reads,
      apply: (keySet) => keySet.map.#present(),
    });
  }

  #entry(key: K): MapEntry<K, V> {
    let entry = this.entries.get(key);
    if (entry === undefined) {
      entry = new MapEntry<K, V>(this, key, ABSENT);
      this.entries.set(key, entry);
    }
    return entry;
  }

  #put(entry: MapEntry<K, V>, value: V): void {
    if (entry.value === ABSENT) {
      this.entries.delete(entry.key);
      this.entries.set(entry.key, entry);
    }
    entry.value = value;
  }

  #present(): K[] {
    const keys: K[] = [];
    for (const entry of this.entries.values()) if (isThere(entry.value)) keys.push(entry.key);
    return keys;
  }

  get(txn: Transaction, key: K): V | undefined | Ticket {
    return this.#get.call(txn, this, key, null);
  }

  set(txn: Transaction, key: K, value: V): undefined | Ticket {
    return this.#set.call(txn, this, key, value) as undefined | Ticket;
  }

  /** Deletes a key. The answer: whether it was there. */
  delete(txn: Transaction, key: K): boolean | Ticket {
    return this.#delete.call(txn, this, key, null);
  }

  /** All keys, in order. No other transaction adds or deletes one until the end. */
  keys(txn: Transaction): K[] | Ticket {
    return this.#keys.call(txn, this, null, null);
  }

  /** The last committed value, read from outside any transaction. */
  peek(key: K): V | undefined {
    const value = this.entries.get(key)?.committed;
    return value !== undefined && isThere(value) ? value : undefined;
  }

  /** The last committed keys and values, read from outside any transaction. */
  *peekEntries(): IterableIterator<[K, V]> {
    for (const entry of this.entries.values()) {
      const value = entry.committed;
      if (isThere(value)) yield [entry.key, value];
    }
  }
}

const isThere = <V>(value: V | Absent): value is V => value !== ABSENT && value !== DELETED;

const present = <K, V>(entry: MapEntry<K, V>): V | undefined => (isThere(entry.value) ? entry.value : undefined);

const remove = <K, V>(entry: MapEntry<K, V>): boolean => {
  if (!isThere(entry.value)) return false;
  entry.value = DELETED;
  return true;
};
