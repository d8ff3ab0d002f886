// How a kind ends a graft that would never end. Each body runs under a limit on its own time. It counts as stopped when
// its call has ended, the event loop has turned since, and the same plugin has answered an honest call. Each body has a
// process of its own: if the kind does not stop it, it takes that process with it.

import { setTimeout as later } from 'node:timers/promises';
import { GraftError } from 'graftwork/plugins';
import { type Asked, Bed, committed } from './bed.ts';
import { BODIES, LIMITS_MS, WASM_BODIES } from './bodies.ts';
import type { Kind } from './kinds.ts';
import { READY_MS, type Size } from './life.ts';
import { direct, type Source } from './source.ts';

export interface Stop {
  readonly limit_ms: number;
  /** The reasons of the aborts. */
  readonly reasons: readonly string[];
  readonly stopped_ms: readonly number[];
  /** The time from that end to the next answer. */
  readonly next_ms: readonly number[];
  /** The number of honest calls that were aborted on the way. */
  readonly wronged: number;
}

/** `refused`: such a plugin is not installed. `none`: the language has no such thing. */
export type Stops = readonly Stop[] | 'refused' | 'none';

/** A graft that runs `name` if its input says so; null: the kind has no such graft. */
const sourceOf = (kind: Kind, name: string): Source | null => {
  const [js, wat] = [BODIES[name] as string, WASM_BODIES[name]];
  if (kind.takes === 'wasm' && wat === undefined) return null;
  return {
    js: `(n) => n > 0 ? n : ${js}`,
    wat: direct(`(if (f64.lt (local.get $n) (f64.const 0)) (then ${wat})) (local.get $n)`),
  };
};

/** On a busy machine an honest call may also take longer than a small limit allows. */
const HONEST_TRIES = 20;

/** Calls until there is an answer. Gives the number of aborted calls before. */
const honest = async ({ ask }: Asked): Promise<number> => {
  for (let aborted = 0; ; aborted++) {
    const outcome = await ask(1);
    if (outcome.status === 'committed') return aborted;
    if (aborted === HONEST_TRIES) committed(outcome);
  }
};

const once = async (
  graft: Asked,
  pause_ms: number,
): Promise<{ reason: string; stopped_ms: number; next_ms: number; wronged: number }> => {
  const begun = performance.now();
  const pending = graft.ask(-1);
  const outcome = pending instanceof Promise ? await pending : pending;
  const ended = performance.now();
  const wronged = await honest(graft);
  const next = performance.now();
  await later(pause_ms);
  return {
    reason: outcome.grafts[0]?.reason ?? outcome.status,
    stopped_ms: ended - begun,
    next_ms: next - ended,
    wronged,
  };
};

const stopsAt = async (kind: Kind, bed: Bed, body: Source, limit_ms: number, size: Size): Promise<Stop> => {
  const graft = await bed.install(body, { limits: { own_ms: limit_ms } });
  await honest(graft);
  size.alive();
  await later(kind.spare_ms ?? READY_MS);
  const reasons = new Set<string>();
  const stopped_ms: number[] = [];
  const next_ms: number[] = [];
  let wronged = 0;
  for (let i = 0; i < (size.small ? 2 : 50); i++) {
    const one = await once(graft, kind.pause_ms ?? READY_MS);
    reasons.add(one.reason);
    stopped_ms.push(one.stopped_ms);
    next_ms.push(one.next_ms);
    wronged += one.wronged;
    size.alive();
  }
  return { limit_ms, reasons: [...reasons], stopped_ms, next_ms, wronged };
};

/** Runs one body under each limit. Does not return if the kind does not stop it. */
export const stops = async (kind: Kind, name: string, size: Size): Promise<Stops> => {
  const source = sourceOf(kind, name);
  if (source === null) return 'none';
  const bed = new Bed(kind, 1);
  try {
    const all: Stop[] = [];
    for (const limit_ms of LIMITS_MS) all.push(await stopsAt(kind, bed, source, limit_ms, size));
    return all;
  } catch (error) {
    if (error instanceof GraftError && error.code === 'GRAFT_INSTALL_FAILED') return 'refused';
    throw error;
  } finally {
    bed.close();
  }
};
