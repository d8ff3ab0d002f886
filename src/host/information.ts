// What a host tells of its points, its plugins, its open resources and the system it runs on.

import { createRequire } from 'node:module';
import { type CompartmentMaker, ProcessMaker, wallsText } from '../plugins/compartment/index.ts';
import { type Graft, type GraftPoint, type Limits, type Plugin, unitsInUse } from '../plugins/index.ts';
import type { MissingGlobal } from '../plugins/package/index.ts';
import type { Account, Transactions } from '../txn/index.ts';
import type { KeptPlugin, Removal } from './registry.ts';

export interface PointInfo {
  readonly name: string;
  readonly kind: string;
  readonly describes: string;
  readonly onFault: string;
  readonly public: boolean;
  readonly limits: Limits;
  readonly callable: readonly string[];
  readonly grafts: readonly string[];
  /** Guards that are missing here: every call that they would have looked at is denied. */
  readonly missing: readonly { readonly graft: string; readonly reason: string }[];
}

/** A graft of a plugin. */
export interface GraftInfo {
  readonly export: string;
  readonly point: string;
  readonly state: 'installed' | 'removed';
  /** Null: it stands. */
  readonly removedBecause: Removal | null;
  /** Of one call: the smaller of its point's and its plugin's. Null: it is not loaded. */
  readonly limits: Limits | null;
  /** What it may call, by the dotted names. */
  readonly granted: readonly string[];
  /** What its plugin needs and its point does not offer. */
  readonly passedOver: readonly string[];
  readonly calls: number;
  readonly aborts: number;
}

/** A plugin, whether it stands or not. */
export interface PluginInfo {
  readonly name: string;
  readonly version: string;
  /** What its package.json says it is; empty: nothing. Text of the plugin. */
  readonly description: string;
  /** Of its package, as SHA-256; empty where that cannot be read. */
  readonly digest: string;
  readonly installer: string;
  /** ISO 8601. */
  readonly installedAt: string;
  /** `removed`: no graft of it stands. `broken`: nor can its record be read. */
  readonly state: 'installed' | 'removed' | 'broken';
  /** Why, when and by whom it was removed, or the last of its grafts. */
  readonly removedBecause: Removal | null;
  /** Why its record cannot be read; null: it can. */
  readonly broken: string | null;
  /** What its manifest says that it needs, and how far it limits itself. */
  readonly needs: readonly string[];
  readonly limits: Readonly<Partial<Limits>>;
  /** Globals that it names, `at` a place of its files, and does not find; what to do `instead`. */
  readonly missing: readonly Omit<MissingGlobal, 'refused'>[];
  readonly grafts: readonly GraftInfo[];
}

export const pointInfo = (point: GraftPoint): PointInfo => ({
  name: point.name,
  kind: point.kind,
  describes: point.options.describes ?? '',
  onFault: point.onFault,
  public: point.options.public === true,
  limits: point.limits,
  callable: [...point.callables.keys()],
  grafts: point.grafts.map((graft) => graft.name),
  missing: [...point.missing].map(([graft, reason]) => ({ graft, reason })),
});

const toldOf = (missing: readonly MissingGlobal[] = []): PluginInfo['missing'] =>
  missing.map(({ name, at, instead }) => ({ name, at, instead }));

/** A plugin that is loaded. `removalOf`: why a graft of it was removed; `removal`: why the plugin was. */
export const pluginInfo = (
  plugin: Plugin,
  removalOf: (graft: Graft) => Removal | null,
  removal: Removal | null = null,
): PluginInfo => {
  const grafts = plugin.grafts.map((graft) => ({
    export: graft.export,
    point: graft.point.name,
    state: graft.stands ? ('installed' as const) : ('removed' as const),
    removedBecause: graft.stands ? null : (removalOf(graft) ?? removal),
    limits: graft.limits,
    granted: graft.granted,
    passedOver: graft.passedOver,
    calls: graft.calls,
    aborts: graft.aborts,
  }));
  return {
    name: plugin.name,
    version: plugin.version,
    description: plugin.description,
    digest: plugin.digest,
    installer: plugin.installer,
    installedAt: plugin.installedAt,
    state: plugin.stands ? 'installed' : 'removed',
    removedBecause: plugin.stands ? null : (removal ?? latest(grafts)),
    broken: null,
    needs: plugin.needs,
    limits: plugin.limits,
    missing: toldOf(plugin.missing),
    grafts,
  };
};

/** The last removal of a graft. */
const latest = (grafts: readonly { readonly removedBecause: Removal | null }[]): Removal | null =>
  grafts
    .flatMap(({ removedBecause }) => removedBecause ?? [])
    .reduce<Removal | null>((last, one) => (last === null || one.at >= last.at ? one : last), null);

/** A plugin of which nothing stands, as the registry keeps it; null: its record says that it stands. */
export const keptInfo = (kept: KeptPlugin): PluginInfo | null => {
  const { name, version, installed, about, removed, broken } = kept;
  const grafts = kept.grafts.map((graft) => ({
    export: graft.export,
    point: graft.point,
    state: 'removed' as const,
    removedBecause: graft.removed ?? removed,
    limits: null,
    granted: [],
    passedOver: [],
    calls: 0,
    aborts: 0,
  }));
  const removedBecause = removed ?? latest(grafts);
  if (removedBecause === null && broken === null) return null;
  return {
    name,
    version,
    description: about?.description ?? '',
    digest: about?.digest ?? '',
    installer: installed.by,
    installedAt: installed.at,
    state: broken === null ? 'removed' : 'broken',
    removedBecause,
    broken,
    needs: about?.manifest.needs ?? [],
    limits: about?.manifest.limits ?? {},
    missing: toldOf(about?.missing),
    grafts,
  };
};

/** Facts about this system and this host, in words. */
export const factsOf = (maker: CompartmentMaker, store: string | object): Record<string, string> => {
  const require = createRequire(import.meta.url);
  const facts: Record<string, string> = {
    node: process.versions.node,
    'isolated-vm': (require('isolated-vm/package.json') as { version: string }).version,
    store: typeof store === 'string' ? (store.split(':')[0] as string) : "the application's DataSource",
    compartment: maker.kind,
  };
  if (maker.kind === 'isolate')
    facts['unsigned plugins'] = 'WARNING: in an isolate a hostile one can stop or end this host; a process survives it';
  if (!(maker instanceof ProcessMaker)) return facts;
  const { network, parentDeath } = maker.facts;
  facts.walls = wallsText(maker.facts);
  facts['network of plugins'] = network === 'open' ? 'OPEN: this system does not let it be taken away' : network;
  facts['plugins die with the host'] = parentDeath ? 'at once' : 'when they next look at their pipe';
  return facts;
};

/**
 * Open resources: transactions that have begun, units in the accounts of calls, named locks, handles, and timers that
 * have not fired.
 */
export interface InUse {
  readonly transactions: number;
  readonly units: number;
  readonly locks: number;
  readonly handles: number;
  readonly timers: number;
}

export const accountsInUse = (
  transactions: Transactions,
  treasury: Account,
): Pick<InUse, 'transactions' | 'units'> => ({
  transactions: transactions.active,
  units: unitsInUse(treasury),
});
