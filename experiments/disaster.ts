// A disaster: one way in which a graft misbehaves, as data. And the building blocks of most of them: a graft that
// changes what it may change, and then ends badly.

import type { PluginPackage } from '../src/plugins/package/index.ts';
import { KINDS, type Kind } from './compartments.ts';
import type { Accomplice, DisasterWorld, Evidence, Seat } from './disaster-world.ts';
import type { Part } from './kernel-state.ts';

/** Numbers in a graft's text. */
export interface Names {
  readonly self: number;
  readonly mate: number;
  readonly bystander: number;
  readonly space: number;
  readonly other_space: number;
}

/** One way to misbehave. */
export interface Disaster {
  /** The abuse, or the rule that is broken. */
  readonly abuse: string;
  readonly what: string;
  readonly seat: Seat;
  /** Kinds of compartment that claim to survive it. */
  readonly claims: readonly Kind[];
  /** The graft: a function expression, or a module that exports `graft` where it begins with `export`. */
  text(names: Names): string;
  /** Right ends: abort reasons, `committed`, or the code with which install refuses. */
  readonly ends: readonly string[];
  /** The smallest number of records that must have been undone. */
  readonly undone?: number;
  /** Parts of the state that the graft changes rightly, since it commits. */
  readonly changes?: readonly Part[];
  /** Parts that other threads change while it waits. */
  readonly meanwhile?: readonly Part[];
  /** It misbehaves at its first call or not at all: later the threads that it needs have ended. */
  readonly once?: true;
  readonly limits?: Readonly<Record<string, number>>;
  readonly accomplices?: readonly Accomplice[];
  /** Another user's point, or one that does not exist. */
  readonly point?: (world: DisasterWorld) => string;
  /** A second place, for `first` of its module. */
  readonly first?: Seat;
  /** The point is global, and the install without privilege. */
  readonly unprivileged?: true;
  readonly needs?: readonly string[];
  /** The result depends on this machine's stack, or its speed. */
  readonly varies?: true;
  /** Changes the package before install. */
  readonly alter?: (pkg: PluginPackage) => PluginPackage;
  /** A further check: the fault, or null. */
  readonly also?: (world: DisasterWorld, evidence: Evidence) => string | null;
}

/** Transactions and checks hold in all kinds. */
export const ALL: readonly Kind[] = KINDS;
/** No names of the host's in reach. */
export const CLOSED: readonly Kind[] = ['ses', 'metered', 'isolate'];
/** A clock or fuel ends what runs too long. */
export const TIMED: readonly Kind[] = ['metered', 'isolate'];
/** It can be preempted. */
export const FUELLED: readonly Kind[] = ['metered'];

const ANSWER = 'the base calls it: it returns invalid data';
/** The abuse of grafts that do not return. */
export const NEVER = 'the base calls it: it does not return as it should';

/**
 * The beginning of a graft that changes what it may change: the shared map, a priority, the wiring of a page, a lock.
 */
export const meddle = ({ mate, space }: Names): string => {
  const wire = `try { api.memory.wire(${space}, page); done = true; } catch {}`;
  return `
  api.shared.set('a', 666);
  api.threads.setPriority(${mate}, 9);
  for (let page = 0, done = false; page < 12 && !done; page++) ${wire}
  api.lock('x');`;
};

/** Meddles, and then ends as `end` says. */
const meddling =
  (end: (names: Names) => string) =>
  (names: Names): string =>
    `(input, api) => {${meddle(names)}\n  ${end(names)}\n}`;

/** A graft whose text uses no names. */
export const plain = (text: string) => (): string => text;

/** Records of `meddle`: a set, a priority, an account's units and a wire. */
export const MEDDLED = 4;
/** At the scheduler's first call no page of the application can be wired yet. */
const meddledAt = (seat: Seat): number => (seat === 'schedule-delegate' ? 2 : MEDDLED);

/** A graft that meddles, and then gives an answer that is invalid. */
export const answers = (what: string, seat: Seat, answer: string): Disaster => ({
  abuse: ANSWER,
  what,
  seat,
  claims: ALL,
  text: meddling(() => `return ${answer};`),
  ends: ['invalid-answer'],
  undone: meddledAt(seat),
});

/** A graft that meddles, and then loops. */
export const loops = (seat: Seat): Disaster => ({
  abuse: NEVER,
  what: `loops for ever at ${seat} [9]`,
  seat,
  claims: TIMED,
  text: meddling(() => 'for (;;);'),
  ...(seat === 'thread-exit' ? { once: true } : {}),
  ends: ['own-time'],
  undone: meddledAt(seat),
});

/** A graft at the eviction method that meddles, then does `end`, and must end for one of the reasons. */
export const ends = (
  abuse: string,
  what: string,
  claims: readonly Kind[],
  end: string | ((names: Names) => string),
  reasons: readonly string[],
): Disaster => ({
  abuse,
  what,
  seat: 'evict',
  claims,
  text: meddling(typeof end === 'string' ? () => end : end),
  ends: reasons,
  undone: MEDDLED,
});

/** The part that a graft changes which sets a key and commits. */
export const ONE_KEY: readonly Part[] = ['shared map'];
