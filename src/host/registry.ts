// The registry of a host: its plugins from one start to the next, and the aborts of their grafts. It lies in a file
// (store/registry.ts); or, if the host names none, in memory (here): then it keeps the newest aborts alone, and
// everything is forgotten at the end.

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

/** A plugin as it is kept between two starts. */
export interface KeptPlugin {
  readonly package: PluginPackage;
  readonly installer: string;
  /** Exports whose grafts have been removed. */
  readonly removed: readonly string[];
}

/** A guard that is missing at a point which fails closed. */
export interface MissingGuard {
  readonly point: string;
  /** `plugin#export` */
  readonly graft: string;
  readonly reason: AbortReason;
}

/** Where a host keeps its plugins and its abort records. */
export interface Registry {
  plugins(): Promise<KeptPlugin[]>;
  savePlugin(kept: KeptPlugin): Promise<void>;
  graftRemoved(plugin: string, exported: string): void;
  removePlugin(name: string): Promise<void>;
  /** Guards that were missing at the end. */
  missing(): Promise<MissingGuard[]>;
  /** Replaces what was kept of missing guards. */
  saveMissing(guards: readonly MissingGuard[]): void;
  /** Cheap: kept at once, written soon. */
  recordAbort(record: Omit<AbortRecord, 'id'>): void;
  /** Newest first. */
  aborts(options: { readonly limit: number; readonly before?: number }): Promise<AbortRecord[]>;
  close(): Promise<void>;
}

const KEPT_MAX = 1000;

/** A registry that forgets everything at the end. */
export const memoryRegistry = (): Registry => {
  let records: AbortRecord[] = [];
  let lastId = 0;
  return {
    plugins: async () => [],
    savePlugin: async () => {},
    graftRemoved: () => {},
    removePlugin: async () => {},
    missing: async () => [],
    saveMissing: () => {},
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
