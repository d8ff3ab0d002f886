// The crossing between a graft and its host in one locked realm (ses, metered). Objects are copied, both ways: an
// object that both held could be changed by either, without the undo log. Functions of the host are hardened, and its
// errors come as plain ones.

import { GraftError } from '../../errors.ts';
import type { Ending } from '../compartment.ts';
import { Fault, toldRefusal } from '../ending.ts';
import { plainFailure } from '../realm/failure.ts';
import type { Ask, Seat } from './graft-api.ts';
import { plainCopy } from './plain-copy.ts';

const { isArray } = Array;
const objectPrototype = Object.prototype;

const copiedObject = (value: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const made: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const own = copied(value[key]);
    // A frozen property of Object.prototype cannot be assigned over.
    if (key in objectPrototype)
      Object.defineProperty(made, key, { value: own, writable: true, enumerable: true, configurable: true });
    else made[key] = own;
  }
  return made;
};

/** A copy of plain data of the host's. */
export const copied = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (!isArray(value)) return copiedObject(value as Record<string, unknown>);
  const made: unknown[] = [];
  for (let i = 0; i < value.length; i++) made.push(copied(value[i]));
  return made;
};

/** A copy of an answer that is plain data. Throws the Fault of any other object; the invocation refuses the rest. */
export const copiedAnswer = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  const { copy, fault } = plainCopy(value, true);
  if (fault === null) return copy;
  throw new Fault(plainFailure('invalid-answer', 'InvalidAnswer', `answer${fault.path}: ${fault.why}`));
};

/** An error of the host as a graft may hold it: no class of the host's is in reach from it. */
const shownError = (error: unknown): unknown => {
  if (!(error instanceof GraftError)) return error;
  return harden(Object.assign(new Error(error.message), { code: error.code }));
};

/** Calls an accessor with a copy of the graft's arguments, and gives a copy of the host's answer. */
export const crossing = (ask: Ask, args: unknown[]): unknown => {
  try {
    return copied(ask(args, true));
  } catch (error) {
    throw shownError(error);
  }
};

const CODE = /^[A-Za-z0-9_.:-]{1,64}$/;
const MESSAGE_MAX = 1000;

/**
 * The refusals, beside the errors that were thrown for them: no change that a graft makes to the error, and no
 * look-alike, is taken for one.
 */
const refusals = new WeakMap<
  object,
  { readonly call: object | null; readonly code: string; readonly message: string }
>();

/** `__graftwork_refuse` of the plugin in `seat`. */
export const refusing = (seat: Seat): ((code: unknown, message?: unknown) => never) =>
  harden((code: unknown, message: unknown = ''): never => {
    if (typeof code !== 'string' || !CODE.test(code))
      throw new TypeError("a refusal's code has 1 to 64 letters, digits or _ . : -");
    if (typeof message !== 'string') throw new TypeError("a refusal's message is a string");
    const bounded = message.slice(0, MESSAGE_MAX);
    const refusal = harden(Object.assign(new Error(bounded), { code }));
    refusals.set(refusal, { call: seat.running, code, message: bounded });
    throw refusal;
  });

/** The ending of a call that threw `thrown`, if that is a refusal made in this call; else null. */
export const refusedBy = (thrown: unknown, call: object, own_ms: number): Ending | null => {
  const found = typeof thrown === 'object' && thrown !== null ? refusals.get(thrown) : undefined;
  if (found === undefined || found.call !== call) return null;
  return { kind: 'refused', ...toldRefusal(found), own_ms };
};
