// An installer: who lets a plugin in, and which callables of the points he may grant. A plugin's grafts may never call
// more than that. Install refuses a plugin that needs what none of its points offers.

import { GraftError } from './errors.ts';
import type { PluginPackage } from './package/index.ts';
import type { Placement } from './placement.ts';
import { namesLike } from './unknown-name.ts';

/** `grants`: dotted names of callables, or their first parts. */
export interface Installer {
  /** Who installs. */
  readonly name: string;
  /** Dotted names of callables that may be granted, or their first parts. */
  readonly grants: readonly string[] | 'everything';
}

export const HOST_ITSELF: Installer = { name: 'host', grants: 'everything' };

/** Whether a dotted name is `wider` or lies within it. */
export const covers = (wider: string, name: string): boolean => name === wider || name.startsWith(`${wider}.`);

/** Throws GRAFT_NEEDS where a package needs what its points do not offer or its installer may not grant. */
export const checkNeeds = (pkg: PluginPackage, placements: readonly Placement[], installer: Installer): void => {
  for (const need of pkg.manifest.needs) {
    const points = placements.map(({ point }) => point);
    const offered = new Set(points.flatMap((point) => [...point.callables.keys()]));
    if (![...offered].some((name) => covers(need, name)))
      throw new GraftError(
        'GRAFT_NEEDS',
        `${pkg.name} needs ${need}, which ${points.map((point) => point.name).join(', ')} does not offer; ` +
          namesLike(need, offered),
      );
    if (installer.grants !== 'everything' && !installer.grants.some((grant) => covers(grant, need)))
      throw new GraftError(
        'GRAFT_NEEDS',
        `${pkg.name} needs ${need}, which ${installer.name} may not grant; ${namesLike(need, installer.grants)}`,
      );
  }
};
