// Plugin storage: a transactional map of every plugin's own. A plugin's variables do not outlast an abort; its storage
// does. It belongs to the installer and the name: a plugin of the same name that somebody else installs sees nothing of
// it.

import type { Callable, CallableTree, Caller } from '../plugins/index.ts';
import { HostMap, keptMap, type OwnTransaction } from './state.ts';

const NAMES = ['get', 'has', 'keys', 'set', 'delete'] as const;

export interface PluginStorage {
  /** The callables of a map, each acting on the map of the plugin that calls. */
  readonly callables: CallableTree;
  /** Deletes all that plugins of a name have in their maps, whoever installed them, in a transaction of its own. */
  clear(plugin: string): Promise<void>;
}

interface OwnedMap {
  readonly plugin: string;
  readonly map: HostMap<unknown>;
  readonly callables: CallableTree;
}

export const pluginStorage = (own: OwnTransaction): PluginStorage => {
  const maps = new Map<string, OwnedMap>();
  const mapOf = ({ installer, plugin }: Caller): CallableTree => {
    const key = JSON.stringify([installer, plugin]);
    let found = maps.get(key);
    if (found === undefined) {
      const map = new HostMap<unknown>(keptMap(`storage of ${plugin}`), own);
      found = { plugin, map, callables: map.writable() };
      maps.set(key, found);
    }
    return found.callables;
  };
  const callable = (name: string): Callable => ({
    waits: false,
    run: (caller, args) => (mapOf(caller)[name] as Callable).run(caller, args),
  });
  return {
    callables: Object.fromEntries(NAMES.map((name) => [name, callable(name)])),
    clear: (plugin) =>
      own(async (txn) => {
        for (const owned of maps.values()) {
          if (owned.plugin !== plugin) continue;
          const map = owned.map.in(txn);
          for (const key of await map.keys()) await map.delete(key);
        }
      }),
  };
};
