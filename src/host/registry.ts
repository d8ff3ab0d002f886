// The registry of a host: its plugins from one start to the next, and the aborts of their grafts. It lies in a file
// (store/registry.ts), or in the store's own database where that is PostgreSQL (store/postgres/registry.ts); or, if
// there is neither, in memory (here): then it keeps the newest aborts alone, and everything is forgotten at the end.

import { GraftError, unknownName } from '../plugins/index.ts';
import type { PluginPackage } from '../plugins/package/index.ts';
import type { AbortReason } from '../txn/index.ts';

/** The record of an abort. */
export interface AbortRecord {
  readonly id: number;
  /** ISO 8601. */
  readonly at: string;
  readonly point: string;
  readonly graft: string;
  readonly reason: string;
  /** The details; text of the plugin if it threw. */
  readonly detail: string;
  /** The author's `file:line:column`; '': unknown. */
  readonly source: string;
  readonly undone: { readonly records: number; readonly first: readonly string[] };
  /** Whether this abort removed the graft. */
  readonly removed: boolean;
}

/** How a graft, or a plugin with all of them, came to be removed. */
export interface Removal {
  readonly reason: AbortReason;
  readonly detail: string;
  /** ISO 8601. */
  readonly at: string;
  /** Who removed it: a name; `ABORTS` where it was removed for what it did. */
  readonly by: string;
}

/** Removes what aborts for its own fault. */
export const ABORTS = 'its aborts';

/** A graft of a kept plugin. */
export interface KeptGraft {
  readonly point: string;
  readonly export: string;
  /** Null: it stands. */
  readonly removed: Removal | null;
}

/** Who installed a plugin, and when (ISO 8601). */
export interface Installed {
  readonly by: string;
  readonly at: string;
}

/** What a package says of itself: all but its code. */
export type About = Omit<PluginPackage, 'code' | 'sourceMap'>;

export const aboutOf = ({ code: _code, sourceMap: _map, ...about }: PluginPackage): About => about;

/** A plugin as it is kept between two starts. */
export interface KeptPlugin {
  readonly name: string;
  readonly version: string;
  readonly installed: Installed;
  /** Null: its package cannot be read. */
  readonly about: About | null;
  readonly grafts: readonly KeptGraft[];
  /** Removed as a whole; null: it is installed. */
  readonly removed: Removal | null;
  /** Why its package cannot be read; null: it can. */
  readonly broken: string | null;
}

/** A guard that is missing at a point which fails closed. */
export interface MissingGuard {
  readonly point: string;
  /** `plugin#export` */
  readonly graft: string;
  readonly reason: AbortReason;
}

/**
 * Where a host keeps its plugins and its abort records. What throws GRAFT_STORE has changed nothing. What does not
 * throw is written at once where that is possible; where it is not, that is reported, and done again until it is.
 */
export interface Registry {
  /** In the order of their first installation, but for those of these names. */
  plugins(without?: readonly string[]): readonly KeptPlugin[];
  /** The one of this name; null: there is none. */
  plugin(name: string): KeptPlugin | null;
  /** Throws GRAFT_UNKNOWN_PLUGIN, and GRAFT_STORE for one that is broken. */
  packageOf(name: string): PluginPackage;
  /** Adds a plugin that stands, or replaces the one of its name. Throws, or rejects with, GRAFT_STORE. */
  install(pkg: PluginPackage, installed: Installed, missing: readonly MissingGuard[]): void | Promise<void>;
  /** A plugin was removed as a whole; it is kept. Throws, or rejects with, GRAFT_STORE. */
  remove(name: string, removal: Removal, missing: readonly MissingGuard[]): void | Promise<void>;
  /** Replaces what was kept of missing guards, at once or soon. Throws GRAFT_STORE. */
  saveMissing(guards: readonly MissingGuard[]): void;
  /** Guards that were missing at the end. */
  missing(): readonly MissingGuard[];
  /** A graft was removed for what it did. */
  graftRemoved(plugin: string, graft: KeptGraft, missing: readonly MissingGuard[]): void;
  /** Cheap: kept at once, written soon. */
  recordAbort(record: Omit<AbortRecord, 'id'>): void;
  /** Newest first. */
  aborts(options: { readonly limit: number; readonly before?: number }): Promise<AbortRecord[]>;
  close(): Promise<void>;
}

const KEPT_MAX = 1000;

/** The grafts of a package that stands. */
export const graftsOf = ({ manifest }: PluginPackage): KeptGraft[] =>
  manifest.grafts.map((graft) => ({ point: graft.point, export: graft.export, removed: null }));

/** The same plugin with one graft in another state. */
const withGraft = (kept: KeptPlugin, graft: KeptGraft): KeptPlugin => ({
  ...kept,
  grafts: kept.grafts.map((one) => (one.point === graft.point && one.export === graft.export ? graft : one)),
});

/** A registry that forgets everything at the end. */
export const memoryRegistry = (): Registry => {
  const plugins = new Map<string, { readonly kept: KeptPlugin; readonly pkg: PluginPackage }>();
  let records: AbortRecord[] = [];
  let lastId = 0;
  const change = (name: string, next: (kept: KeptPlugin) => KeptPlugin): void => {
    const entry = plugins.get(name);
    if (entry !== undefined) plugins.set(name, { ...entry, kept: next(entry.kept) });
  };
  return {
    plugins: (without = []) =>
      [...plugins.values()].map(({ kept }) => kept).filter(({ name }) => !without.includes(name)),
    plugin: (name) => plugins.get(name)?.kept ?? null,
    packageOf: (name) => {
      const entry = plugins.get(name);
      if (entry === undefined)
        throw new GraftError('GRAFT_UNKNOWN_PLUGIN', unknownName('plugin', name, plugins.keys()));
      return entry.pkg;
    },
    install: (pkg, installed) => {
      const { name, version } = pkg;
      plugins.set(name, {
        kept: { name, version, installed, about: aboutOf(pkg), grafts: graftsOf(pkg), removed: null, broken: null },
        pkg,
      });
    },
    remove: (name, removed) => change(name, (kept) => ({ ...kept, removed })),
    saveMissing: () => {},
    missing: () => [],
    graftRemoved: (name, graft) => change(name, (kept) => withGraft(kept, graft)),
    recordAbort: (record) => {
      records.push({ id: ++lastId, ...record });
      if (records.length > 2 * KEPT_MAX) records = records.slice(-KEPT_MAX);
    },
    aborts: async ({ limit, before = Number.POSITIVE_INFINITY }) =>
      records
        .filter((record) => record.id < before)
        .slice(-limit)
        .reverse(),
    close: async () => {},
  };
};
