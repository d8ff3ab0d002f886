// Grafts that a plugin names to be called later: exports of its own that stand at an event point. So the code that runs
// then was declared in the manifest and granted at install. A function is no name: it cannot cross.

import { badArgument, type Graft, type Origin } from '../../plugins/index.ts';

/** What later calls need of the host. */
export interface Later {
  /** The plugin's grafts, as they are installed now. */
  graftsOf(plugin: string): readonly Graft[];
  /** Calls one graft at its event point, in a transaction of its own. `from`: the call that caused it. */
  invoke(graft: Graft, input: unknown, from: Origin): Promise<unknown>;
  /** Reports a failure that no caller waits for. */
  failed(graft: Graft, error: unknown): void;
}

/** A graft of the plugin by the name of its export. Throws GRAFT_BAD_ARGUMENT. */
export const ownGraft = (later: Later, what: string, plugin: string, name: unknown): Graft =>
  later.graftsOf(plugin).find((graft) => graft.export === name && graft.stands && graft.point.kind === 'event') ??
  badArgument(`${what}: takes the name of an export of one's own that stands at an event point`);

/** Calls a graft, unless it no longer stands at its point. */
export const callLater = (later: Later, graft: Graft, input: unknown, from: Origin): void => {
  if (!graft.stands) return;
  later.invoke(graft, input, from).catch((error: unknown) => later.failed(graft, error));
};
