// A host call, carried out: a graft calls an accessor, and the realm's bridge gets its answer (realm/api.ts).

import { GraftError } from '../errors.ts';
import type { CompartmentCall } from './compartment.ts';
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

/** Carries a host call out at once, as a realm in the host's own thread makes it. */
export const replyTo = (call: CompartmentCall, accessor: number, args: string): Direct | string => {
  try {
    // What is no text would be taken for arguments that somebody has checked.
    if (typeof args !== 'string') throw new GraftError('GRAFT_BAD_ARGUMENT', 'arguments that are no text');
    const value = call.callAccessor(accessor, args) ?? null;
    return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : valueText(value);
  } catch (error) {
    return errorText(error);
  }
};
