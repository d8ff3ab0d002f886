// Grafts that a plugin names to be called later: exports of its own that stand at an event point. So the code that runs
// then was declared in the manifest and granted at install. A function is no name: it cannot cross.

import { badArgument, type Caller, type Graft, type Origin, type Outcome, unknownName } from '../../plugins/index.ts';
import type { Ticket, Transaction } from '../../txn/index.ts';

/** A graft by its names, which outlast the graft: a new version has the same, and so has the next start. */
export interface GraftNames {
  readonly plugin: string;
  readonly installer: string;
  readonly point: string;
  readonly export: string;
}

/** What later calls need of the host. */
export interface Later {
  /** The plugin's grafts, as they are installed now. */
  graftsOf(plugin: string): readonly Graft[];
  /**
   * The graft that has these names now. `away`: its plugin has not come back from an earlier start, or cannot. `gone`:
   * it was removed, or a new version does not have it.
   */
  whereIs(names: GraftNames): Graft | 'away' | 'gone';
  /**
   * Calls one graft at its event point, in a transaction of its own. `from`: the call that caused it. `last`: what else
   * is done in that transaction, before it commits.
   */
  invoke(
    graft: Graft,
    input: unknown,
    from: Origin,
    last?: (txn: Transaction) => Ticket | null,
  ): Promise<Outcome<unknown>>;
  /** Reports a failure that no caller waits for. */
  failed(graft: Graft, error: unknown): void;
}

/** A graft of the plugin that calls by the name of its export. Throws GRAFT_BAD_ARGUMENT. */
export const ownGraft = (later: Later, what: string, { plugin, installer }: Caller, name: unknown): Graft => {
  const own = later
    .graftsOf(plugin)
    .filter((graft) => graft.stands && graft.point.kind === 'event' && graft.plugin.installer === installer);
  const names = new Set(own.map((graft) => graft.export));
  return (
    own.find((graft) => graft.export === name) ??
    badArgument(`${what}: ${unknownName('export that stands at an event point', name, names)}`)
  );
};

export const namesOf = ({ plugin, point, export: name }: Graft): GraftNames => ({
  plugin: plugin.name,
  installer: plugin.installer,
  point: point.name,
  export: name,
});
