// Tables as aligned text, and numbers as people read them. `tableText` prints a table, `alignedText` any rows of text.
// `columnsOf` gives the text of every cell and the columns that are aligned to the right; Markdown and HTML are made of
// the same cells. Nothing is escaped: text of a plugin must not be printed with this.

import type { Table } from './figure.ts';

const SMALL = 1e-6;
const LARGE = 1e15;

/** Whether a number is so small or so large that it is written with a power of ten. */
export const needsPower = (value: number): boolean =>
  value !== 0 && (Math.abs(value) < SMALL || Math.abs(value) >= LARGE);

/** Decimals that show four significant digits of a value, or three of one below 1. */
const decimalsOf = (value: number): number => {
  if (!Number.isFinite(value) || needsPower(value)) return 0;
  const shown = Number(value.toPrecision(Math.abs(value) < 1 ? 3 : 4));
  return shown.toFixed(9).replace(/0+$/, '').split('.')[1]?.length ?? 0;
};

/** A finite number with groups of thousands and a number of decimals. */
export const fixedText = (value: number, decimals: number): string =>
  value.toLocaleString('en', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    signDisplay: 'negative',
  });

const numberTextWith = (value: number, decimals: number): string => {
  if (Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞';
  return needsPower(value) ? value.toExponential(2) : fixedText(value, decimals);
};

/** A number by itself: whole numbers in full, others to four significant digits. */
export const numberText = (value: number): string => numberTextWith(value, decimalsOf(value));

/** Cells that stand below each other: all numbers get as many decimals as the one that needs most; text stays. */
export const cellTexts = (cells: readonly (string | number)[]): string[] => {
  const decimals = Math.max(0, ...cells.map((cell) => (typeof cell === 'number' ? decimalsOf(cell) : 0)));
  return cells.map((cell) => (typeof cell === 'number' ? numberTextWith(cell, decimals) : cell));
};

/** One column of a table as it is printed. */
export interface Column {
  readonly head: string;
  readonly cells: readonly string[];
  /** It holds numbers, or texts that begin like numbers (`1.2 ms`, `–`). */
  readonly right: boolean;
}

const LIKE_NUMBER = /^\s*(?:[-−+±×~<>≤≥]?\s*\d|[-–—]?\s*$)/;

/** The columns of a table. A row that is too short ends in empty cells. */
export const columnsOf = ({ columns, rows }: Table): Column[] =>
  columns.map((head, index) => {
    const cells = rows.map((row) => row[index] ?? '');
    const right =
      cells.some((cell) => typeof cell === 'number') || cells.every((cell) => LIKE_NUMBER.test(String(cell)));
    return { head, cells: cellTexts(cells), right: right && cells.length > 0 };
  });

const widthOf = (text: string): number => [...text].length;

/** Aligned plain text under a head; `right` says which columns stand to the right. */
export const alignedText = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: (column: number) => boolean = (column) => column > 0,
): string => {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((cells) => widthOf(cells[column] ?? ''))));
  const pad = (cell: string, column: number): string => {
    const blanks = ' '.repeat((widths[column] ?? 0) - widthOf(cell));
    return right(column) ? blanks + cell : cell + blanks;
  };
  const line = (cells: readonly string[]): string => cells.map(pad).join('  ').trimEnd();
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
};

/** A table with its title and note, for the terminal. */
export const tableText = (table: Table): string => {
  const columns = columnsOf(table);
  const rows = table.rows.map((_, row) => columns.map(({ cells }) => cells[row] ?? ''));
  const body = alignedText(table.columns, rows, (column) => columns[column]?.right ?? false);
  return [table.title, body, table.note].filter((part) => part !== undefined && part !== '').join('\n');
};
