// Plugin storage: a transactional map of every plugin's own. A plugin's variables do not outlast an abort; its storage
// does.

import type { Callable, CallableTree } from '../plugins/index.ts';
import { HostMap, keptMap, type OwnTransaction } from './state.ts';

const NAMES = ['get', 'has', 'keys', 'set', 'delete'] as const;

export interface PluginStorage {
  /** The callables of a map, each acting on the map of the plugin that calls. */
  readonly callables: CallableTree;
  /** Deletes all that a plugin has in its map, in a transaction of its own. */
  clear(plugin: string): Promise<void>;
}

export const pluginStorage = (own: OwnTransaction): PluginStorage => {
  const maps = new Map<string, { readonly map: HostMap<unknown>; readonly callables: CallableTree }>();
  const mapOf = (plugin: string): CallableTree => {
    let found = maps.get(plugin);
    if (found === undefined) {
      const map = new HostMap<unknown>(keptMap(`storage of ${plugin}`), own, () => null);
      found = { map, callables: map.writable() };
      maps.set(plugin, found);
    }
    return found.callables;
  };
  const callable = (name: string): Callable => ({
    waits: false,
    run: (caller, args) => (mapOf(caller.plugin)[name] as Callable).run(caller, args),
  });
  return {
    callables: Object.fromEntries(NAMES.map((name) => [name, callable(name)])),
    clear: (plugin) =>
      own(async (txn) => {
        const map = maps.get(plugin)?.map.in(txn);
        for (const key of (await map?.keys()) ?? []) await map?.delete(key);
      }),
  };
};
