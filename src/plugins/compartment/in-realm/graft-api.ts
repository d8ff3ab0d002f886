// Grafts of compartments in the calling realm: the functions of a plugin's grafts, and the api object of each.
//
// A graft's api is made once. Its functions work while a call of that very graft runs, on the call's transaction; at
// any other time, and in another graft's call, they throw.

import { columnView } from '../../columns.ts';
import { PLAIN_BOUNDS, plainFault } from '../../plain.ts';
import type { Failure } from '../../protocol.ts';
import { isObject } from '../../type-guards.ts';
import { namesLike } from '../../unknown-name.ts';
import type { CompartmentCall, GraftSource } from '../compartment.ts';
import { Fault } from '../ending.ts';
import { plainFailure, thrownFailure } from '../realm/failure.ts';
import { plainCopy } from './plain-copy.ts';
import { isProxy } from './proxies.ts';

export type GraftFunction = (input: unknown, api: object) => unknown;

/** The place in which a plugin's calls run. */
export interface Seat {
  /** The innermost running call; null: none. */
  readonly running: CompartmentCall | null;
}

/**
 * A call of an accessor by a graft: `args` as the graft gave them, of which the accessor gets a copy where `copies`.
 * Throws what the graft shall see.
 */
export type Ask = (args: unknown[], copies: boolean) => unknown;
/**
 * Wraps a call of an accessor in the function that a graft gets. If the graft is not trusted, nothing of the host may
 * be in reach from it.
 */
export type Face = (ask: Ask) => object;

/** The list itself is the host's already. */
const checked = (name: string, args: unknown[], copies: boolean, call: CompartmentCall): unknown[] => {
  const { fault, copy } =
    copies && args.some(isObject) ? plainCopy(args) : { fault: plainFault(args, PLAIN_BOUNDS, isProxy), copy: args };
  if (fault === null) return copy as unknown[];
  const what = `api.${name}, arguments${fault.path}: ${fault.why}`;
  if (fault.beyond) call.txn.doom('limit', what);
  throw new TypeError(what);
};

const asking =
  (seat: Seat, graft: number, index: number, name: string): Ask =>
  (args, copies) => {
    const call = seat.running;
    if (call === null || call.index !== graft)
      throw new Error(`api.${name}: no call of the graft that this function was made for runs`);
    while (args.length > 0 && args[args.length - 1] === undefined) args.length--;
    const given = args.length === 0 ? args : checked(name, args, copies, call);
    return call.callAccessor(index, given) ?? null;
  };

/** The function itself. */
export const bare: Face =
  (ask) =>
  (...args: unknown[]): unknown =>
    ask(args, false);

type Group = Record<string, unknown>;

const freezeGroups = (group: Group): Group => {
  for (const value of Object.values(group)) if (typeof value === 'object') freezeGroups(value as Group);
  return Object.freeze(group);
};

/** The api object of graft number `graft`: frozen namespaces from dotted names, and its columns. */
export const apiOf = (seat: Seat, graft: number, source: GraftSource, face: Face): object => {
  const api = Object.create(null) as Group;
  for (const [index, name] of source.callable.entries()) {
    const steps = name.split('.');
    let group = api;
    for (const step of steps.slice(0, -1)) {
      group[step] ??= Object.create(null);
      group = group[step] as Group;
    }
    group[steps.at(-1) as string] = face(asking(seat, graft, index, name));
  }
  freezeGroups(api);
  if (source.columns.length === 0) return api;
  const columns = Object.fromEntries(source.columns.map((column) => [column.name, columnView(column)]));
  return Object.freeze(Object.assign(Object.create(null), api, { columns: Object.freeze(columns) }));
};

/** The failure that an error of a module or a graft means. */
export const failureOf = (error: unknown): Failure =>
  error instanceof Fault ? error.failure : thrownFailure(error, isProxy);

const nothing = (): void => {};

/** Handles the rejection of a promise that a graft answered: a promise is no answer here, and is not awaited. */
export const mute = (value: unknown): void => {
  if (value instanceof Promise && !isProxy(value)) Reflect.apply(Promise.prototype.then, value, [nothing, nothing]);
};

/** Thrown by `refuse` and recognised by identity. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The grafts' functions among a module's exports. Throws a Fault if the manifest names a missing one. */
export const graftFunctions = (exported: unknown, grafts: readonly GraftSource[]): GraftFunction[] =>
  grafts.map((graft) => {
    const value = typeof exported === 'object' && exported !== null ? Reflect.get(exported, graft.export) : undefined;
    if (typeof value !== 'function') {
      const names = namesLike(graft.export, Object.keys(Object(exported)));
      throw new Fault(plainFailure('not-callable', 'NotCallable', `no function ${graft.export}; ${names}`));
    }
    return graft.rows === true ? forRows(value as GraftFunction) : (value as GraftFunction);
  });

/** Makes a graft of one row into a graft of a list of rows. The list is plain data, and shared with nobody. */
const forRows =
  (run: GraftFunction): GraftFunction =>
  (rows, api) => {
    const answers: unknown[] = [];
    for (const row of rows as readonly unknown[]) answers.push(run(row, api));
    return answers;
  };
