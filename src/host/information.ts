// What a host tells of its points, its plugins, its open resources and the system it runs on.

import { createRequire } from 'node:module';
import { type CompartmentMaker, ProcessMaker, wallsText } from '../plugins/compartment/index.ts';
import { type GraftPoint, type Limits, type Plugin, unitsInUse } from '../plugins/index.ts';
import type { MissingGlobal } from '../plugins/package/index.ts';
import type { Account, Transactions } from '../txn/index.ts';

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

export interface PluginInfo {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly installer: string;
  /** Globals that it names, `at` a place of its files, and does not find; what to do `instead`. */
  readonly missing: readonly Omit<MissingGlobal, 'refused'>[];
  readonly grafts: readonly {
    readonly export: string;
    readonly point: string;
    readonly state: 'installed' | 'removed';
    readonly calls: number;
    readonly aborts: number;
  }[];
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

export const pluginInfo = (plugin: Plugin): PluginInfo => ({
  name: plugin.name,
  version: plugin.version,
  digest: plugin.digest,
  installer: plugin.installer,
  missing: plugin.missing.map(({ name, at, instead }) => ({ name, at, instead })),
  grafts: plugin.grafts.map((graft) => ({
    export: graft.export,
    point: graft.point.name,
    state: graft.stands ? 'installed' : 'removed',
    calls: graft.calls,
    aborts: graft.aborts,
  })),
});

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
