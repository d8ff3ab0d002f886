// What it costs SQLite to look at a row. Conditions that hold for every row count steps down before anything else of
// the row is looked at; where none are left, the statement ends with ScanExceeded. SQLite tests conditions in their
// order (of those it can test at the same time), so a price stands before what it is the price of.
//
//   WHERE graft_scan(100 + 12 * octet_length("text")) AND "text" LIKE ?

import { IN_STEPS, ORDER_STEPS, ROW_STEPS } from './bounds.ts';
import type { TableColumn } from './column.ts';
import type { SqliteDatabase } from './node-sqlite.ts';

/** Thrown out of a statement that has used up its steps. */
export class ScanExceeded extends Error {}

/** Steps that the statement which runs may still take. */
export class StepCounter {
  #left = Number.POSITIVE_INFINITY;

  /** Makes `graft_scan` known to a connection. */
  constructor(database: SqliteDatabase) {
    database.function('graft_scan', (steps: unknown) => this.#count(typeof steps === 'number' ? steps : ROW_STEPS));
  }

  #count(steps: number): 1 {
    this.#left -= steps;
    if (this.#left < 0) throw new ScanExceeded('the statement has looked at too much');
    return 1;
  }

  /** Runs statements that may take so many steps together. */
  within<T>(steps: number, work: () => T): T {
    this.#left = steps;
    try {
      return work();
    } finally {
      this.#left = Number.POSITIVE_INFINITY;
    }
  }
}

const priced = (terms: readonly string[]): string => `graft_scan(${[ROW_STEPS, ...terms].join(' + ')})`;

/** `octet_length` reads how long a text is without reading the text. */
const perByte = (column: TableColumn, steps: number): string[] =>
  column.isText ? [`${steps} * ifnull(octet_length(${column.sql}), 0)`] : [];

/** The price of a condition on `column`. LIKE compares, at worst, all of its pattern at each byte. */
export const conditionPrice = (column: TableColumn, op: string, value: unknown): string => {
  const steps = op === 'like' && typeof value === 'string' ? value.length + 1 : op === 'in' ? IN_STEPS : 1;
  return priced(perByte(column, steps));
};

/** The price of a row that is read, and kept until all have been put in order. */
export const orderPrice = (columns: readonly TableColumn[], ordered: readonly TableColumn[]): string =>
  priced([
    ...(ordered.length === 0 ? [] : columns.flatMap((column) => perByte(column, 2))),
    ...ordered.flatMap((column) => perByte(column, ORDER_STEPS)),
  ]);
