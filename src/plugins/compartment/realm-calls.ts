// One call as it crosses into a realm (realm/), the same way for every kind in the host's thread that has one: the
// input in, host calls out.

import { ANSWER_IGNORED } from '../protocol.ts';
import type { CompartmentCall, CompartmentSource } from './compartment.ts';
import { BRIDGE_ERROR, BRIDGE_VALUE } from './realm/api.ts';
import { BARE_TEXT_MAX, type Direct, type RealmSetup } from './realm/steps.ts';

const VALUE = String.fromCharCode(BRIDGE_VALUE);
const ERROR = String.fromCharCode(BRIDGE_ERROR);

/** Whether an input crosses as it is: a direct value, or a text that is not too long for that. */
export const isBare = (input: unknown): input is Direct | string =>
  typeof input === 'number' ||
  typeof input === 'boolean' ||
  input === null ||
  (typeof input === 'string' && input.length <= BARE_TEXT_MAX);

/** The input as it crosses: a direct value, or JSON text. */
export const crossing = (input: unknown): Direct | string =>
  typeof input === 'number' || typeof input === 'boolean' || input === null ? input : JSON.stringify(input);

/** The graft of a call as a realm's step takes it. */
export const graftNumber = (call: CompartmentCall): number =>
  call.ignoresAnswer ? call.index | ANSWER_IGNORED : call.index;

export const setupOf = ({ memory_mb, grafts }: CompartmentSource): RealmSetup => ({
  memory_mb,
  lasting: true,
  grafts: grafts.map((graft) => ({
    export: graft.export,
    rows: graft.rows === true,
    callable: graft.callable,
    columns: graft.columns.map(({ name, type }) => ({ name, type })),
  })),
});

/** Memory of the columns of all grafts, in the order of the setup. */
export const memoryOf = ({ grafts }: CompartmentSource): SharedArrayBuffer[] =>
  grafts.flatMap(({ columns }) => columns.map(({ buffer }) => buffer));

/** A value as the answer of a bridge. */
export const valueText = (value: unknown): string => VALUE + JSON.stringify(value ?? null);

/** An error of the host's as its graft may see it. GraftCall throws nothing that is not coded. */
export const errorText = (error: unknown): string => {
  const { code, message } = error as { code: string; message: string };
  return ERROR + JSON.stringify({ code, message });
};

const NO_ARGUMENTS: readonly unknown[] = Object.freeze([]);

const called = (call: CompartmentCall, index: number, args: string): unknown =>
  call.callAccessor(index, args === '' ? NO_ARGUMENTS : JSON.parse(args), args.length) ?? null;

/** Carries a host call out at once, for the realm's own code, which has checked the arguments. */
export const replyTo = (call: CompartmentCall, index: number, args: string): string => {
  try {
    return valueText(called(call, index, args));
  } catch (error) {
    return errorText(error);
  }
};

/** The same where direct values cross as they are. */
export const directReplyTo = (call: CompartmentCall, index: number, args: string): Direct | string => {
  try {
    const value = called(call, index, args);
    return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : valueText(value);
  } catch (error) {
    return errorText(error);
  }
};
