// An upgrade: a package installed over a plugin of its name that stands. The new version may do no more than the old
// one, since nobody has looked at it yet. It may not be older than the old one, which may have closed a hole.

import { GraftError } from './errors.ts';
import { covers, type Installer } from './installer.ts';
import { LIMIT_NAMES } from './limits.ts';
import type { PluginPackage } from './package/index.ts';
import type { Placement } from './placement.ts';
import type { Plugin } from './plugin.ts';

/** Throws GRAFT_INSTALLED where `old` is somebody else's, and GRAFT_UPGRADE where the new version may not follow it. */
export const checkUpgrade = (
  old: Plugin,
  pkg: PluginPackage,
  placements: readonly Placement[],
  installer: Installer,
): void => {
  if (old.installer !== installer.name) throw new GraftError('GRAFT_INSTALLED', `${pkg.name}, by somebody else`);
  const need = pkg.manifest.needs.find((one) => !old.needs.some((had) => covers(had, one)));
  if (need !== undefined)
    throw new GraftError('GRAFT_UPGRADE', `${pkg.name} needs ${need}, which ${old.version} does not`);
  for (const placement of placements) checkPlacement(old, pkg.name, placement);
  if (isOlder(pkg.version, old.version))
    throw new GraftError('GRAFT_UPGRADE', `${pkg.name} ${pkg.version} is older than ${old.version}`);
};

/** Throws GRAFT_UPGRADE for a graft that stands elsewhere, earlier, or within wider limits than the old version's. */
const checkPlacement = (old: Plugin, name: string, { point, limits, order }: Placement): void => {
  const had = old.grafts.filter((graft) => graft.point.name === point.name);
  if (had.length === 0)
    throw new GraftError('GRAFT_UPGRADE', `${name} stands at ${point.name}, where ${old.version} does not`);
  const more = LIMIT_NAMES.find((limit) => limits[limit] > Math.max(...had.map((graft) => graft.limits[limit])));
  if (more !== undefined)
    throw new GraftError('GRAFT_UPGRADE', `${name} has more ${more} at ${point.name} than ${old.version}`);
  if (order < Math.min(...had.map((graft) => graft.order)))
    throw new GraftError('GRAFT_UPGRADE', `${name} goes before others at ${point.name}, which ${old.version} does not`);
};

/** The three numbers of a version, without what follows a hyphen or a plus. */
const numbersOf = (version: string): number[] => version.split(/[-+]/, 1)[0]?.split('.').map(Number) ?? [];

/** Whether a version comes before another; of the same three numbers, neither does. */
const isOlder = (version: string, than: string): boolean => {
  const [numbers, others] = [numbersOf(version), numbersOf(than)];
  const at = numbers.findIndex((number, i) => number !== others[i]);
  return at >= 0 && (numbers[at] as number) < (others[at] as number);
};
