// Plugin storage: a transactional map of every plugin's own. A plugin's variables do not outlast an abort; its storage
// does, and a restart too where the host has a database: then it is stored state (store/stored-state.ts). It belongs to
// the installer and the name: a plugin of the same name that somebody else installs sees nothing of it.

import type { Callable, CallableTree, Caller, Keepers } from '../plugins/index.ts';
import type { StateMap } from '../txn/index.ts';
import { HostMap, keptMap, type OwnTransaction } from './state.ts';
import type { Store } from './store/index.ts';

const NAMES = ['get', 'has', 'keys', 'set', 'delete'] as const;

/** Names of stored maps begin with this; no name of the application's state does. */
const STORED = 'graftwork:storage:';

export interface PluginStorageOptions {
  readonly own: OwnTransaction;
  /** Null: it is kept in memory. */
  readonly store: Store | null;
  readonly keepers: Keepers;
  /** Hears of storage that could not be read at the start. */
  readonly failed: (what: string, error: unknown) => void;
}

interface StorageOwner {
  readonly installer: string;
  readonly plugin: string;
}

interface OwnedMap {
  readonly owner: StorageOwner;
  readonly map: HostMap<unknown>;
  readonly callables: CallableTree;
}

const keyOf = ({ installer, plugin }: StorageOwner): string => JSON.stringify([installer, plugin]);

export class PluginStorage {
  readonly #options: PluginStorageOptions;
  readonly #maps = new Map<string, OwnedMap>();
  /** The callables of a map, each acting on the map of the plugin that calls. */
  readonly callables: CallableTree = Object.fromEntries(NAMES.map((name) => [name, this.#callable(name)]));

  /** Reads what plugins of an earlier start have in their maps: their accounts hold it. */
  constructor(options: PluginStorageOptions) {
    this.#options = options;
    for (const name of options.store?.storedNames(STORED) ?? []) {
      const [installer, plugin] = JSON.parse(name.slice(STORED.length)) as [string, string];
      try {
        this.#of({ installer, plugin });
      } catch (error) {
        options.failed(`storage of ${plugin}`, error);
      }
    }
  }

  #callable(name: string): Callable {
    return {
      waits: false,
      run: (caller: Caller, args) => (this.#of(caller).callables[name] as Callable).run(caller, args),
    };
  }

  #of(owner: StorageOwner): OwnedMap {
    const key = keyOf(owner);
    let found = this.#maps.get(key);
    if (found === undefined) {
      const map = this.#open(owner);
      found = { owner: { installer: owner.installer, plugin: owner.plugin }, map, callables: map.writable() };
      this.#maps.set(key, found);
    }
    return found;
  }

  #open(owner: StorageOwner): HostMap<unknown> {
    const { own, store, keepers } = this.#options;
    const name = `storage of ${owner.plugin}`;
    if (store === null) return new HostMap(keptMap(name), own);
    const stored = store.storedMap(STORED + keyOf(owner));
    const map = keptMap(name, {}, stored.initial, keepers.of(owner.plugin, owner.installer));
    stored.attach(map as StateMap<string, unknown>);
    return new HostMap(map, own, (txn) => stored.touch(txn));
  }

  /** Deletes all that plugins of a name have in their maps, in one transaction: those of one installer, or of all. */
  clear(plugin: string, installer?: string): Promise<void> {
    return this.#options.own(async (txn) => {
      for (const { owner, map } of this.#maps.values()) {
        if (owner.plugin !== plugin || (installer !== undefined && owner.installer !== installer)) continue;
        const entries = map.in(txn);
        for (const key of await entries.keys()) await entries.delete(key);
      }
    });
  }
}
