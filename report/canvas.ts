// A canvas of characters, for plots in a terminal. Dots lie on a grid two by four times as fine as the characters and
// are shown as Braille patterns; a sign covers the dots of its character. Columns count from the left, rows from the
// bottom; points outside are not drawn. Draw with `dot()` and `sign()`, then read the text row by row with `row()`.

/** Dots of a Braille pattern, by row from the top and column: their bits above U+2800. */
const BITS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const BRAILLE = 0x2800;

/** Dots beside each other in a character. */
export const DOTS_X = 2;
/** Dots above each other in a character. */
export const DOTS_Y = 4;

/** `width` columns and `rows` rows of characters. */
export class Canvas {
  /** In characters. */
  readonly width: number;
  readonly #dots: number[][];
  readonly #signs: string[][];

  constructor(width: number, rows: number) {
    this.width = width;
    this.#dots = Array.from({ length: rows }, () => new Array<number>(width).fill(0));
    this.#signs = Array.from({ length: rows }, () => new Array<string>(width).fill(''));
  }

  /** Sets the dot at (`x`, `y`), counted in dots. */
  dot(x: number, y: number): void {
    const bit = BITS[DOTS_Y - 1 - (y % DOTS_Y)]?.[x % DOTS_X] ?? 0;
    const row = this.#dots[Math.floor(y / DOTS_Y)];
    const column = Math.floor(x / DOTS_X);
    if (row?.[column] !== undefined) row[column] |= bit;
  }

  /** Puts a sign, one character, over the dots at `column` and `row`. */
  sign(column: number, row: number, sign: string): void {
    const signs = this.#signs[row];
    if (signs?.[column] !== undefined) signs[column] = sign;
  }

  /** The text of a row. */
  row(row: number): string {
    const dots = this.#dots[row] ?? [];
    return (this.#signs[row] ?? [])
      .map((sign, column) => sign || (dots[column] ? String.fromCodePoint(BRAILLE + dots[column]) : ' '))
      .join('');
  }
}
