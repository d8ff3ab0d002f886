// Callables: the accessors as a graft sees them (VINO: graft-callable functions). A graft point lists what grafts
// standing there may call; each has a dotted name under `api`, an ordinary function for the graft, whatever the host
// does to answer.

import type { Ticket, Transaction } from '../txn/index.ts';
import { GraftError } from './errors.ts';
import type { Keeper } from './keeper.ts';
import { shown } from './shown.ts';

/** What a callable is told about who calls it. */
export interface Caller {
  /** The graft's transaction. */
  readonly txn: Transaction;
  readonly plugin: string;
  readonly graftName: string;
  /** Who installed the plugin. */
  readonly installer: string;
  /** How deep calls through graft points are nested already. */
  readonly depth: number;
  /** On whose behalf the call is made; calls that it makes in turn are of the same principal. */
  readonly principal: string;
  /** True where the graft point takes no writes: one snapshot of the store is read. */
  readonly readOnly: boolean;
  /** Holds what the plugin keeps between calls; null: nobody counts. */
  readonly keeper?: Keeper | null;
  /** Keeps a line of the call's log; it is delivered with the call's end. */
  log(text: string): void;
}

/**
 * A function that a graft may call. `arguments` is plain data, and must be checked. It answers plain data at once, or a
 * ticket (it is called again when the lock is granted), or a promise where `waits` is true. Throw a GraftError for what
 * the graft did wrong; any other error dooms the call.
 */
export interface Callable {
  readonly waits: boolean;
  run(caller: Caller, args: readonly unknown[]): unknown | Ticket | Promise<unknown>;
}

/** What a point offers: callables, and groups of them, by name. */
export interface CallableTree {
  readonly [name: string]: Callable | CallableTree;
}

const NAME = /^[a-z][A-Za-z0-9_]{0,63}$/;
const DEPTH_MAX = 4;

const isCallable = (value: Callable | CallableTree): value is Callable => typeof (value as Callable).run === 'function';

/** The dotted names of a tree, in order, each with its callable. */
export const flatten = (tree: CallableTree, prefix = '', depth = 1): [string, Callable][] => {
  if (depth > DEPTH_MAX)
    throw new GraftError('GRAFT_BAD_OPTION', `callable ${prefix} is nested deeper than ${DEPTH_MAX}`);
  return Object.entries(tree).flatMap(([name, value]) => {
    if (!NAME.test(name))
      throw new GraftError(
        'GRAFT_BAD_OPTION',
        `callable ${prefix}: expected a name of a small letter, then at most 63 of A-Z a-z 0-9 _, got ${shown(name)}`,
      );
    if (typeof value !== 'object' || value === null)
      throw new GraftError(
        'GRAFT_BAD_OPTION',
        `callable ${prefix}${name}: expected a callable or a group, got ${shown(value)}`,
      );
    return isCallable(value)
      ? [[prefix + name, value] as [string, Callable]]
      : flatten(value, `${prefix}${name}.`, depth + 1);
  });
};

/** Throws the coded error of a call in which an argument is not what it should be. */
export const unexpected = (what: string, expected: string, got: unknown): never =>
  badArgument(`${what}: expected ${expected}, got ${shown(got)}`);

/** Throws the coded error of a call with arguments that the accessor does not take. */
export const badArgument = (what: string): never => {
  throw new GraftError('GRAFT_BAD_ARGUMENT', what);
};
