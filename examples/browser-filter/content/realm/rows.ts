// What a page tells its realm. It comes from the thread in which the page's own scripts run, so it is bounded and
// checked like everything that crosses.

import { plainFault } from '../../../../src/plugins/index.ts';

/** An element that matched: its number, and the texts below it in their order, each with its number. */
export interface Row {
  readonly id: number;
  readonly texts: readonly (readonly [id: number, text: string])[];
}

const ROWS_MAX = 2000;
const TEXTS_MAX = 20_000;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isId = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

const isText = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && isId(value[0]) && typeof value[1] === 'string';

const isRow = (value: unknown): value is Row =>
  isRecord(value) && isId(value.id) && Array.isArray(value.texts) && value.texts.every(isText);

/** What a page answers to a selector, or why that cannot be taken: its own words, or ours. */
export const rowsOf = (told: unknown): readonly Row[] | string => {
  if (typeof told === 'string') return told.slice(0, 200);
  const fault = plainFault(told);
  if (fault !== null) return `the page tells what is not plain data${fault.path}: ${fault.why}`;
  if (!Array.isArray(told) || told.length > ROWS_MAX || !told.every(isRow)) return 'the page tells no list of elements';
  const texts = told.reduce((sum: number, row: Row) => sum + row.texts.length, 0);
  return texts <= TEXTS_MAX ? told : `more than ${TEXTS_MAX} texts`;
};
