// A host call, carried out: a graft calls an accessor, and the realm's bridge gets its answer (realm/api.ts).

import { GraftError } from '../errors.ts';
import { PLAIN_BOUNDS, plainFault } from '../plain.ts';
import type { CompartmentCall } from './compartment.ts';
import { INVALID, parseJson } from './ending.ts';
import { BRIDGE_ERROR, BRIDGE_VALUE } from './realm/api.ts';
import type { Direct } from './realm/steps.ts';

const VALUE = String.fromCharCode(BRIDGE_VALUE);
const ERROR = String.fromCharCode(BRIDGE_ERROR);

/** A value as the answer of a bridge. */
export const valueText = (value: unknown): string => VALUE + JSON.stringify(value ?? null);

/** An error of the host as a graft may see it. */
export const seen = (error: unknown): { code: string; message: string } =>
  error instanceof GraftError
    ? { code: error.code, message: error.message }
    : { code: 'GRAFT_INTERNAL', message: 'an accessor failed' };

/** An error of the host as the answer of a bridge. */
export const errorText = (error: unknown): string => ERROR + JSON.stringify(seen(error));

/** The arguments of a host call, not yet checked. Throws GRAFT_BAD_ARGUMENT. */
export const argumentsOf = (json: string): unknown[] => {
  const args = parseJson(json);
  if (args === INVALID) throw new GraftError('GRAFT_BAD_ARGUMENT', 'arguments that are not JSON');
  if (!Array.isArray(args)) throw new GraftError('GRAFT_BAD_ARGUMENT', 'arguments that are no list');
  const fault = plainFault(args, PLAIN_BOUNDS);
  if (fault !== null) throw new GraftError('GRAFT_BAD_ARGUMENT', `${fault.path}: ${fault.why}`);
  return args;
};

const NO_ARGUMENTS: readonly unknown[] = Object.freeze([]);

/** Carries a host call out at once, for the realm's own code, which has checked the arguments. */
export const replyTo = (call: CompartmentCall, accessor: number, args: string): Direct | string => {
  try {
    const value = call.callAccessor(accessor, args === '' ? NO_ARGUMENTS : JSON.parse(args), args.length) ?? null;
    return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : valueText(value);
  } catch (error) {
    return errorText(error);
  }
};
