// Traces made from a seed, if there are no recorded ones: each of a kind that suits some policies and not others.

import type { Trace } from './trace-file.ts';

export interface MadeTrace {
  readonly name: string;
  readonly describes: string;
  readonly trace: Trace;
  /** Memory sizes to try, in frames. */
  readonly sizes: readonly number[];
}

/** Numbers in [0, 1) from a seed (mulberry32). */
export const numbersFrom = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const traceOf = (length: number, distinct: number, page: (index: number) => number): Trace => ({
  references: Int32Array.from({ length }, (_, index) => page(index)),
  distinct,
});

export const madeTraces = (seed: number, small: boolean): MadeTrace[] => {
  const length = small ? 6000 : 60_000;
  const random = numbersFrom(seed);
  /** A rank drawn so that the first pages are drawn most: the power law of file and database accesses. */
  const skewed = (pages: number): number => Math.floor(pages * random() ** 3);
  const sizes = [64, 128, 256, 384, 512];
  return [
    {
      name: 'loop',
      describes: 'Round and round over 600 pages: recency is the wrong sign.',
      trace: traceOf(length, 600, (index) => index % 600),
      sizes,
    },
    {
      name: 'hot and scan',
      describes: 'Two references of three go to 100 hot pages, the third scans 2,000.',
      trace: traceOf(length, 2100, (index) =>
        index % 3 === 2 ? 100 + (Math.floor(index / 3) % 2000) : Math.floor(100 * random()),
      ),
      sizes,
    },
    {
      name: 'skewed',
      describes: '2,000 pages drawn by a power law.',
      trace: traceOf(length, 2000, () => skewed(2000)),
      sizes,
    },
  ];
};
