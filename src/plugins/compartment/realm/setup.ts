// The setup of a realm and the input of a call, as the outside prepares them.

import { ANSWER_IGNORED } from '../../protocol.ts';
import type { CompartmentCall, CompartmentSource } from '../compartment.ts';
import { BARE_TEXT_MAX, type Direct, type RealmSetup } from './steps.ts';

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

/** Whether an input crosses as it is: a direct value, or a short text. */
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
