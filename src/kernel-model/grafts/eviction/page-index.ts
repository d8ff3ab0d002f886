// Finds a small number (a frame, a policy's node) by page number: a hash table with open addressing in two typed
// arrays, for a bounded number of pages. Pages are any non-negative 31-bit numbers. An entry that is deleted leaves no
// mark: the entries behind it move up.

/** Spreads neighbouring pages: Knuth's multiplicative hashing with 2^32 divided by the golden ratio. */
const SPREAD = 0x9e3779b1;

/** A table for at most `entries` pages, empty at first. Half of its places stay free, so a look-up takes few steps. */
export class PageIndex {
  readonly #pages: Int32Array;
  readonly #values: Int32Array;
  readonly #mask: number;
  readonly #shift: number;

  constructor(entries: number) {
    const bits = 33 - Math.clz32(Math.max(entries, 1));
    this.#pages = new Int32Array(2 ** bits).fill(-1);
    this.#values = new Int32Array(2 ** bits);
    this.#mask = 2 ** bits - 1;
    this.#shift = 32 - bits;
  }

  /** The page's value, or -1. */
  get(page: number): number {
    // An empty place holds -1, which is no page.
    if (page < 0) return -1;
    const place = this.#place(page);
    return this.#pages[place] === page ? this.#values[place]! : -1;
  }

  /** Sets the page's value, which is not negative. */
  set(page: number, value: number): void {
    const place = this.#place(page);
    this.#pages[place] = page;
    this.#values[place] = value;
  }

  delete(page: number): void {
    let hole = this.#place(page);
    if (this.#pages[hole] !== page) return;
    for (let place = (hole + 1) & this.#mask; this.#pages[place]! >= 0; place = (place + 1) & this.#mask) {
      const way = (place - this.#home(this.#pages[place]!)) & this.#mask;
      // An entry may move up to the hole only if it does not come to stand before its home.
      if (way < ((place - hole) & this.#mask)) continue;
      this.#pages[hole] = this.#pages[place]!;
      this.#values[hole] = this.#values[place]!;
      hole = place;
    }
    this.#pages[hole] = -1;
  }

  #home(page: number): number {
    return Math.imul(page, SPREAD) >>> this.#shift;
  }

  /** Where the page is, or the free place where it would be. */
  #place(page: number): number {
    let place = this.#home(page);
    while (this.#pages[place]! >= 0 && this.#pages[place] !== page) place = (place + 1) & this.#mask;
    return place;
  }
}
