// Rows of a registry, as what they say of plugins. What is damaged costs the plugin alone that it is of.

import { GraftError, isObject, isString } from '../../plugins/index.ts';
import type { PluginPackage } from '../../plugins/package/index.ts';
import { type AbortRecord, aboutOf, type KeptGraft, type KeptPlugin, type Removal } from '../registry.ts';

export interface PluginRow {
  readonly name: string;
  readonly version: string;
  readonly installer: string;
  readonly installed_at: string;
  readonly package: string;
  /** A removal; null: it stands. */
  readonly removed: string | null;
}

export interface GraftRow {
  readonly plugin: string;
  readonly point: string;
  readonly export: string;
  readonly removed: string | null;
}

/** A record of an abort that has no id yet. */
export type FreshAbort = Omit<AbortRecord, 'id'>;

/** A graft that was removed for what it did, until that is written. */
export interface GraftRemoved {
  readonly plugin: string;
  readonly graft: KeptGraft;
}

/** A removal whose text is damaged is one all the same. */
const removalOf = (text: string | null): Removal | null => {
  if (text === null) return null;
  try {
    const { reason, detail, at, by } = JSON.parse(text) as Removal;
    return { reason, detail, at, by };
  } catch {
    return { reason: 'cancelled', detail: 'the record of its removal cannot be read', at: '', by: '' };
  }
};

/** What is wrong with a package as it was kept; null: nothing. */
const faultIn = (pkg: unknown, name: string): string | null => {
  if (!isObject(pkg)) return 'it is no object';
  const { manifest, ...texts } = pkg as Partial<PluginPackage>;
  for (const field of ['name', 'version', 'code', 'sourceMap', 'digest'] as const)
    if (!isString(texts[field])) return `it has no ${field}`;
  if (texts.name !== name) return 'it is of another plugin';
  const { grafts, needs } = (manifest ?? {}) as Partial<PluginPackage['manifest']>;
  if (!Array.isArray(grafts) || !Array.isArray(needs)) return 'it has no manifest';
  return grafts.every((graft) => isString(graft?.point) && isString(graft?.export)) ? null : 'a graft has no point';
};

/** A package as it was kept. Throws GRAFT_STORE for what is none. */
export const packageIn = (text: string, name: string): PluginPackage => {
  let pkg: unknown;
  let fault: string | null;
  try {
    pkg = JSON.parse(text);
    fault = faultIn(pkg, name);
  } catch (error) {
    fault = (error as Error).message;
  }
  if (fault === null) return pkg as PluginPackage;
  throw new GraftError('GRAFT_STORE', `registry: the package of ${name} cannot be read: ${fault}`);
};

/** What a package as it was kept says of itself, and why that, or its removal, cannot be read. */
const readRow = ({ package: text, name, removed }: PluginRow): Pick<KeptPlugin, 'about' | 'broken'> => {
  let about: KeptPlugin['about'] = null;
  try {
    about = aboutOf(packageIn(text, name));
    JSON.parse(removed ?? 'null');
    return { about, broken: null };
  } catch (error) {
    return { about, broken: (error as Error).message };
  }
};

/** What rows say of plugins, in their order. */
export const keptPlugins = (plugins: readonly PluginRow[], grafts: readonly GraftRow[]): KeptPlugin[] => {
  const byPlugin = Map.groupBy(grafts, ({ plugin }) => plugin);
  return plugins.map((row) => ({
    name: row.name,
    version: row.version,
    installed: { by: row.installer, at: row.installed_at },
    grafts: (byPlugin.get(row.name) ?? []).map((graft) => ({
      point: graft.point,
      export: graft.export,
      removed: removalOf(graft.removed),
    })),
    removed: removalOf(row.removed),
    ...readRow(row),
  }));
};
