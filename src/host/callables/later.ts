// Grafts that a plugin names to be called later: exports of its own, which its manifest lets stand at an event point,
// so that what runs then was declared and granted at install. A function is no name: it cannot cross.

import { badArgument, type Graft, type Origin } from '../../plugins/index.ts';

/** What later calls need of the host. */
export interface Later {
  /** The plugin's grafts, as they are installed now. */
  graftsOf(plugin: string): readonly Graft[];
  /** Calls one graft at its event point, in a transaction of its own. `from`: the call that has caused it. */
  invoke(graft: Graft, input: unknown, from: Origin): Promise<unknown>;
  /** Nobody waits for what went wrong. */
  failed(graft: Graft, error: unknown): void;
}

/** Throws GRAFT_BAD_ARGUMENT. */
export const ownGraft = (later: Later, what: string, plugin: string, name: unknown): Graft =>
  later.graftsOf(plugin).find((graft) => graft.export === name && graft.stands && graft.point.kind === 'event') ??
  badArgument(`${what}: takes the name of an export of one's own that stands at an event point`);

/** Calls a graft if it still stands. */
export const callLater = (later: Later, graft: Graft, input: unknown, from: Origin): void => {
  if (!graft.stands) return;
  later.invoke(graft, input, from).catch((error: unknown) => later.failed(graft, error));
};
