// Reads traces of references, as other people publish them, into page numbers. Three formats, plain or compressed with
// gzip (told by content):
// - `lirs`: a block number a line; a line `*` is a break in the program that was traced, and is skipped. (The LIRS
//   package of S. Jiang.)
// - `address`: `l` or `s` (load, store), an address in hexadecimal, and the instructions since the reference before. A
//   line is one reference; a page has 4,096 bytes.
// - `arc`: first block, number of blocks, and two numbers that say nothing about references. A line is one reference of
//   each of its blocks, in order. (N. Megiddo, D. Modha, FAST 2003.)
// A file that is too large or malformed is an error that names the file and the line.

import { readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** How a trace is written. */
export type TraceFormat = 'lirs' | 'address' | 'arc';

/** A trace, read. */
export interface Trace {
  /** The pages referenced, in order; pages are numbered from 0 in the order of their first references. */
  readonly references: Int32Array;
  /** The number of different pages. */
  readonly distinct: number;
}

/** Of a file, compressed and not. */
const BYTES_MAX = 256 * 2 ** 20;
const REFERENCES_MAX = 2 ** 26;
/** A Map, which finds a page's number, takes no more than 2^24. */
const DISTINCT_MAX = 2 ** 23;
const LINE_MAX = 200;
const PAGE_BYTES = 4_096;

/** Collects references under their page numbers. */
class References {
  readonly #numbers = new Map<number, number>();
  #pages = new Int32Array(2 ** 16);
  #length = 0;

  /** Throws for a number that is not exact, and beyond the bounds. */
  add(block: number): void {
    if (!Number.isSafeInteger(block)) throw new Error('a number above 2^53 - 1');
    if (this.#length === REFERENCES_MAX) throw new Error(`more than ${REFERENCES_MAX} references`);
    let page = this.#numbers.get(block);
    if (page === undefined) {
      page = this.#numbers.size;
      if (page === DISTINCT_MAX) throw new Error(`more than ${DISTINCT_MAX} different pages`);
      this.#numbers.set(block, page);
    }
    if (this.#length === this.#pages.length) this.#grow();
    this.#pages[this.#length++] = page;
  }

  #grow(): void {
    const larger = new Int32Array(2 * this.#pages.length);
    larger.set(this.#pages);
    this.#pages = larger;
  }

  trace(): Trace {
    if (this.#length === 0) throw new Error('no references');
    return { references: this.#pages.slice(0, this.#length), distinct: this.#numbers.size };
  }
}

const LIRS_LINE = /^(?:(\d+)|\*)$/;
const ADDRESS_LINE = /^[ls] (0x[0-9a-f]+) \d+$/i;
const ARC_LINE = /^(\d+) (\d+) \d+ \d+$/;

/** The reader of a line of each format; false: the line is none of the format. */
const READERS: Record<TraceFormat, (line: string, references: References) => boolean> = {
  lirs(line, references) {
    const match = LIRS_LINE.exec(line);
    if (match?.[1] !== undefined) references.add(Number(match[1]));
    return match !== null;
  },

  address(line, references) {
    const match = ADDRESS_LINE.exec(line);
    if (match === null) return false;
    const address = Number(match[1]);
    if (!Number.isSafeInteger(address)) throw new Error('an address above 2^53 - 1');
    references.add(Math.floor(address / PAGE_BYTES));
    return true;
  },

  arc(line, references) {
    const match = ARC_LINE.exec(line);
    if (match === null) return false;
    const start = Number(match[1]);
    const blocks = Number(match[2]);
    for (let block = 0; block < blocks; block++) references.add(start + block);
    return true;
  },
};

const contentOf = (path: string): Buffer => {
  const { size } = statSync(path);
  if (size > BYTES_MAX) throw new Error(`larger than ${BYTES_MAX} bytes`);
  const bytes = readFileSync(path);
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: BYTES_MAX }) : bytes;
};

/** The lines of a file, one at a time. One that is too long is cut, with a mark that no format has. */
function* linesOf(bytes: Buffer): Generator<string> {
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    yield end - start > LINE_MAX
      ? `${bytes.toString('latin1', start, start + LINE_MAX)}…`
      : bytes.toString('latin1', start, end).trim();
    start = end + 1;
  }
}

const readLines = (bytes: Buffer, format: TraceFormat): Trace => {
  const references = new References();
  const read = READERS[format];
  let number = 0;
  for (const line of linesOf(bytes)) {
    number += 1;
    if (line === '') continue;
    try {
      if (!read(line, references)) throw new Error(`not of the format ${format}: ${JSON.stringify(line.slice(0, 40))}`);
    } catch (error) {
      throw new Error(`line ${number}: ${(error as Error).message}`, { cause: error });
    }
  }
  return references.trace();
};

/**
 * Reads a trace. Blank lines do not count. Throws an error that names the path, and the line from 1 on, for a line that
 * is not of the format or over a bound, and for a trace without references.
 */
export const readTrace = (path: string, format: TraceFormat): Trace => {
  try {
    return readLines(contentOf(path), format);
  } catch (error) {
    throw new Error(`${path}, ${(error as Error).message}`, { cause: error });
  }
};
