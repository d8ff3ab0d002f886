// Columns: memory that a graft shares with its host, for what comes in rows (page descriptors, list entries, a buffer's
// bytes). A point declares them; each graft there gets its own, made when it is installed. The host fills them before
// every attempt of a call and reads them after it. What the graft writes there is not undone, and the host believes
// none of it: it copies, bounds and checks, as with an answer.

import { GraftError } from './errors.ts';
import { shown } from './shown.ts';

export type ColumnType = 'u8' | 'i32' | 'f64';
export type Column = Uint8Array<SharedArrayBuffer> | Int32Array<SharedArrayBuffer> | Float64Array<SharedArrayBuffer>;

/** What a point declares: the type of the elements, and how many there are. */
export interface ColumnOptions {
  /** What its elements are: bytes, whole numbers of 32 bits, or floating-point numbers of 64. */
  readonly type: ColumnType;
  /** How many elements it has. */
  readonly length: number;
}

/**
 * One column's memory. Host and graft each make a view of their own over it, since a view is an object that its holder
 * can change.
 */
export interface ColumnMemory extends ColumnOptions {
  readonly name: string;
  readonly buffer: SharedArrayBuffer;
}

const BYTES: Record<ColumnType, number> = { u8: 1, i32: 4, f64: 8 };
const NAME = /^[a-z][A-Za-z0-9_]{0,63}$/;
/** Of all columns of one graft together. */
const BYTES_MAX = 64 * 2 ** 20;

/** Throws GRAFT_BAD_OPTION for columns that cannot be. */
export const checkColumns = (point: string, columns: Readonly<Record<string, ColumnOptions>>): void => {
  let bytes = 0;
  for (const [name, { type, length }] of Object.entries(columns)) {
    if (!NAME.test(name) || !Object.hasOwn(BYTES, type) || !Number.isSafeInteger(length) || length < 1)
      throw new GraftError(
        'GRAFT_BAD_OPTION',
        `${point}: column ${shown(name)}: expected a name in camel case, a type of ${Object.keys(BYTES).join(', ')} ` +
          `and a length from 1, got ${shown(type)} and ${shown(length)}`,
      );
    bytes += length * BYTES[type];
  }
  if (bytes > BYTES_MAX) throw new GraftError('GRAFT_BAD_OPTION', `${point}: columns of more than ${BYTES_MAX} bytes`);
};

/** The memory of one graft's columns, zeroed. */
export const columnMemory = (columns: Readonly<Record<string, ColumnOptions>>): ColumnMemory[] =>
  Object.entries(columns).map(([name, { type, length }]) => ({
    name,
    type,
    length,
    buffer: new SharedArrayBuffer(length * BYTES[type]),
  }));

/** A view of one column. */
export const columnView = ({ type, buffer }: ColumnMemory): Column => {
  if (type === 'u8') return new Uint8Array(buffer);
  return type === 'i32' ? new Int32Array(buffer) : new Float64Array(buffer);
};

/** Views by name. */
export const columnViews = (memory: readonly ColumnMemory[]): Record<string, Column> =>
  Object.fromEntries(memory.map((column) => [column.name, columnView(column)]));
