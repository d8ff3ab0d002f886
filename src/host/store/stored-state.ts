// State of the host's memory that is declared `stored`: maps whose committed entries lie in the application's database.
// A commit writes, in its own COMMIT, the final value of every entry that the tree has locked and changed; the tree's
// locks tell which entries those are.

import { GraftError } from '../../plugins/index.ts';
import { ABSENT, Entry, type Lock, type LockClass, type StateMap, type Tree } from '../../txn/index.ts';
import type { SqlValue } from './dialect.ts';

type Entries = StateMap<string, unknown>['entries'];
type StoredEntry = Entries extends Map<string, infer E> ? E : never;

interface Stored {
  readonly name: string;
  readonly map: StateMap<string, unknown>;
}

/** Runs a statement in the transaction that commits. */
export type Writer = (sql: string, ...values: SqlValue[]) => unknown;

export class StoredState {
  readonly #put: string;
  readonly #delete: string;
  readonly #names = new Set<string>();
  readonly #maps = new Map<LockClass, Stored>();

  /** `table`: its name in SQL. */
  constructor(table: string) {
    this.#put =
      `INSERT INTO ${table} (map, key, value) VALUES (?, ?, ?) ` +
      'ON CONFLICT (map, key) DO UPDATE SET value = excluded.value';
    this.#delete = `DELETE FROM ${table} WHERE map = ? AND key = ?`;
  }

  /** The committed entries of a map, from its rows; a name is used once. */
  load(name: string, rows: readonly { readonly key: string; readonly value: string }[]): [string, unknown][] {
    if (this.#names.has(name)) throw new GraftError('GRAFT_BAD_OPTION', `there is a stored map ${name} already`);
    const entries = rows.map((row): [string, unknown] => [row.key, JSON.parse(row.value)]);
    this.#names.add(name);
    return entries;
  }

  attach(name: string, map: StateMap<string, unknown>): void {
    this.#maps.set(map.lockClass, { name, map });
  }

  /** Whether `tree` has changed a stored map. */
  isChangedBy(tree: Tree): boolean {
    return this.#maps.size > 0 && tree.holds.some((lock) => this.#isChanged(lock));
  }

  #isChanged(lock: Lock | number): lock is Lock & StoredEntry {
    return lock instanceof Entry && lock.dirty && this.#maps.has(lock.class);
  }

  /** Writes the entries that `tree` has changed; its transaction is open. */
  write(tree: Tree, run: Writer): void {
    if (this.#maps.size === 0) return;
    const changed = new Map<Stored, Set<StoredEntry>>();
    for (const lock of tree.holds) {
      if (!this.#isChanged(lock)) continue;
      const stored = this.#maps.get(lock.class) as Stored;
      const entries = changed.get(stored);
      if (entries === undefined) changed.set(stored, new Set([lock]));
      else entries.add(lock);
    }
    for (const [{ name, map }, entries] of changed)
      for (const entry of inOrder(map, entries)) this.#writeEntry(name, entry, run);
  }

  #writeEntry(name: string, entry: StoredEntry, run: Writer): void {
    if (typeof entry.value === 'symbol') {
      run(this.#delete, name, entry.key);
      return;
    }
    const text = JSON.stringify(entry.value);
    if (text === undefined) throw new GraftError('GRAFT_STORE', `${name}: a value that cannot be stored`);
    run(this.#put, name, entry.key, text);
  }
}

/** New keys are written in their order in the map. If there is at most one, no order has to be found. */
const inOrder = (map: StateMap<string, unknown>, entries: Set<StoredEntry>): Iterable<StoredEntry> => {
  let added = 0;
  for (const entry of entries) if (entry.old === ABSENT) added++;
  return added < 2 ? entries : [...map.entries.values()].filter((entry) => entries.has(entry));
};
