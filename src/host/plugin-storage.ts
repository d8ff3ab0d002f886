// Plugin storage: a transactional map of every plugin's own. A plugin's variables do not outlast an abort; its storage
// does.

import type { Callable, CallableTree } from '../plugins/index.ts';
import { StateMap } from '../txn/index.ts';
import { HostMap, type OwnTransaction, stateOptions } from './state.ts';

const NAMES = ['get', 'has', 'keys', 'set', 'delete'] as const;

/** The callables of a map, each acting on the map of the calling plugin. */
export const pluginStorage = (own: OwnTransaction): CallableTree => {
  const trees = new Map<string, CallableTree>();
  const treeOf = (plugin: string): CallableTree => {
    let tree = trees.get(plugin);
    if (tree === undefined) {
      tree = new HostMap(
        new StateMap<string, unknown>(stateOptions(`storage of ${plugin}`, {})),
        own,
        () => null,
      ).writable();
      trees.set(plugin, tree);
    }
    return tree;
  };
  return Object.fromEntries(
    NAMES.map((name): [string, Callable] => [
      name,
      { waits: false, run: (caller, args) => (treeOf(caller.plugin)[name] as Callable).run(caller, args) },
    ]),
  );
};
