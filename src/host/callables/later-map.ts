// What grafts are to be called for later: timers, or subscriptions. Each is an entry of a transactional map and holds a
// unit of its plugin's account. Where the host has a database the map is stored state, so an entry is written in the
// COMMIT of the call that made it, and is there again after a restart.
//
//   map.add(txn, key, entry, keeper)   a ticket: wait and call again
//   map.delete(txn, key)               the same
//   map.drop([key, …])                 gone at once, and deleted in a transaction of its own

import { type Keeper, type Keepers, WRITES } from '../../plugins/index.ts';
import { StateMap, Ticket, type Transaction } from '../../txn/index.ts';
import type { OwnTransaction } from '../state.ts';
import type { Store, StoredMap } from '../store/index.ts';
import type { GraftNames } from './later.ts';

/** What entries lie in. */
export interface LaterMaps {
  /** Null: in memory. */
  readonly store: Store | null;
  readonly keepers: Keepers;
  readonly own: OwnTransaction;
  /** Hears of entries that could not be deleted. */
  readonly undeleted: (what: string, error: unknown) => unknown;
}

interface OfGraft {
  readonly graft: GraftNames;
}

/** An entry, and who keeps it. */
class KeptEntry<E extends OfGraft> {
  readonly entry: E;
  readonly keeper: Keeper | null;

  constructor(entry: E, keeper: Keeper | null) {
    this.entry = entry;
    this.keeper = keeper;
  }

  /** As it is stored. */
  toJSON(): E {
    return this.entry;
  }
}

/** Names of stored maps begin with this; no name of the application's state does. */
const STORED = 'graftwork:';
const LOCK_TIMEOUT_MS = 500;

export class LaterMap<E extends OfGraft> {
  readonly #maps: LaterMaps;
  readonly #map: StateMap<string, KeptEntry<E>>;
  readonly #stored: StoredMap | null;
  /** Keys that are deleted as soon as that is possible. */
  readonly #dropped = new Set<string>();

  /** `resource`: of which each entry holds a unit. */
  constructor(name: string, resource: number, maps: LaterMaps) {
    this.#maps = maps;
    this.#stored = maps.store?.storedMap(STORED + name) ?? null;
    const initial = (this.#stored?.initial ?? []) as readonly (readonly [string, E])[];
    const rows = initial.map(([key, entry]) => {
      const keeper = maps.keepers.of(entry.graft.plugin, entry.graft.installer);
      keeper.holdNow(resource, 1);
      return [key, new KeptEntry(entry, keeper)] as const;
    });
    const keep = (txn: Transaction, _key: unknown, before: unknown, after: unknown): void => {
      const [from, to] = [before, after].map((kept) => (kept as KeptEntry<E> | undefined)?.keeper ?? null);
      if (from === to) return;
      to?.keep(txn, resource, 1);
      from?.drop(txn, resource, 1);
    };
    this.#map = new StateMap({ name, lock_timeout_ms: LOCK_TIMEOUT_MS, keep }, rows);
    this.#stored?.attach(this.#map as StateMap<string, unknown>);
  }

  /** The last committed entry; one that is dropped is not there. */
  get(key: string): E | undefined {
    return this.#dropped.has(key) ? undefined : this.#map.peek(key)?.entry;
  }

  /** The last committed entries, but for those that are dropped. */
  entries(): [string, E][] {
    return [...this.#map.peekEntries()].flatMap(([key, { entry }]) => (this.#dropped.has(key) ? [] : [[key, entry]]));
  }

  /** Adds an entry, as one write of the graft that calls. */
  add(txn: Transaction, key: string, entry: E, keeper: Keeper | null): Ticket | null {
    const ticket = this.#stored?.touch(txn) ?? this.#map.set(txn, key, new KeptEntry(entry, keeper));
    if (ticket instanceof Ticket) return ticket;
    txn.charge(WRITES, 1);
    if (this.#dropped.has(key)) txn.defer({ leave: () => this.#dropped.delete(key) });
    return null;
  }

  delete(txn: Transaction, key: string): Ticket | null {
    const answer = this.#stored?.touch(txn) ?? this.#map.delete(txn, key);
    return answer instanceof Ticket ? answer : null;
  }

  /** Resolves when they are deleted, or that is reported; then it is tried again with the next ones. */
  async drop(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#dropped.add(key);
    if (keys.length === 0) return;
    const all = [...this.#dropped];
    try {
      await this.#maps.own(async (txn) => {
        // One that has been added anew meanwhile stays.
        for (const key of all) await txn.run((core) => (this.#dropped.has(key) ? this.delete(core, key) : null));
      });
      for (const key of all) this.#dropped.delete(key);
    } catch (error) {
      this.#maps.undeleted(this.#map.name, error);
    }
  }
}
