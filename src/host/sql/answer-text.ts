// The answer of a statement as JSON text, put together row by row and bounded while it grows.

import { SQL_BYTES_MAX, SQL_COLUMNS_MAX, SQL_VALUES_MAX } from './bounds.ts';

/** A statement that may not run, or whose answer cannot cross; the message is for whoever wrote it. */
export class StatementRefused extends Error {}

const tooMuch = (what: string): never => {
  throw new StatementRefused(`the answer has more than ${what}: ask for fewer rows or columns`);
};

const textOf = (text: string): string => {
  if (!text.isWellFormed() || text.includes('\0'))
    throw new StatementRefused('a text of the answer has NUL: use hex()');
  return JSON.stringify(text);
};

/** Integers beyond ±(2^53−1) are texts of their digits, bytes are Base64. */
const cellText = (cell: unknown): string => {
  switch (typeof cell) {
    case 'bigint':
      return Number.isSafeInteger(Number(cell)) ? String(cell) : `"${cell}"`;
    case 'number':
      if (!Number.isFinite(cell) || (Number.isInteger(cell) && !Number.isSafeInteger(cell)))
        throw new StatementRefused('a number of the answer is beyond ±(2^53−1): CAST it AS TEXT');
      return JSON.stringify(cell);
    case 'boolean':
      return String(cell);
    case 'string':
      return textOf(cell);
    default:
      return cell === null ? 'null' : `{"base64":"${Buffer.from(cell as Uint8Array).toString('base64')}"}`;
  }
};

export class AnswerText {
  readonly #head: string;
  readonly #rows_max: number;
  readonly #rows: string[] = [];
  #characters = 0;
  #values = 0;

  constructor(columns: readonly string[], rows_max: number) {
    if (columns.length > SQL_COLUMNS_MAX) tooMuch(`${SQL_COLUMNS_MAX} columns`);
    this.#head = `{"columns":[${columns.map(textOf).join(',')}],"rows":[`;
    this.#rows_max = rows_max;
  }

  add(row: readonly unknown[]): void {
    if (this.#rows.length === this.#rows_max) tooMuch(`${this.#rows_max} rows`);
    const cells = row.map(cellText);
    const text = `[${cells.join(',')}]`;
    this.#rows.push(text);
    this.#characters += text.length;
    this.#values += 1 + cells.length + cells.filter((cell) => cell.startsWith('{')).length;
    if (this.#values > SQL_VALUES_MAX) tooMuch(`${SQL_VALUES_MAX} values`);
    if (this.#characters > SQL_BYTES_MAX) tooMuch(`${SQL_BYTES_MAX} bytes`);
  }

  get text(): string {
    const text = `${this.#head}${this.#rows.join(',')}]}`;
    return Buffer.byteLength(text) > SQL_BYTES_MAX ? tooMuch(`${SQL_BYTES_MAX} bytes`) : text;
  }
}
