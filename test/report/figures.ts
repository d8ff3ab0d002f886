// Figures for tests: one that has its place for everything, and the awkward ones.

import type { Figure, Point } from '../../report/index.ts';

/** A figure of unnamed axes with one series of `points`. */
export const figureOf = (points: readonly Point[], more: Partial<Figure> = {}): Figure => ({
  kind: 'figure',
  title: 'a figure',
  x: { label: 'distance', unit: 'cylinders' },
  y: { label: 'seek', unit: 'ms' },
  series: [{ name: 'one', points }],
  marks: 'line',
  ...more,
});

export const MARKS: readonly Figure['marks'][] = ['line', 'points', 'bars'];

const log = { label: 'value', unit: '', log: true };

/** What comes out of experiments that went another way than their author thought. */
export const AWKWARD: readonly (readonly [what: string, points: readonly Point[], more?: Partial<Figure>])[] = [
  ['no points', []],
  ['no series', [], { series: [] }],
  ['one point', [[3, 4]]],
  ['one point at zero', [[0, 0]]],
  ['equal values', [0, 1, 2, 3].map((x) => [x, 7] as const)],
  ['equal places', [0, 1, 2, 3].map((y) => [7, y] as const)],
  ['values equal but for the arithmetic', [0.3, 0.1 + 0.2, 0.3].map((y, x) => [x, y] as const)],
  ['negative values', [-5, -1, -3].map((y, x) => [x, y] as const)],
  ['values on both sides of zero', [-5, 2, 3].map((y, x) => [x, y] as const)],
  ['a logarithmic axis with zero', [0, 1, 10, 1000].map((y, x) => [x, y] as const), { y: log }],
  ['a logarithmic axis with nothing above zero', [0, -1].map((y, x) => [x, y] as const), { y: log }],
  ['a logarithmic axis with one value', [[1, 5]], { y: log }],
  [
    'two logarithmic axes over twenty powers of ten',
    Array.from({ length: 21 }, (_, i) => [10 ** (i - 10), 10 ** i] as const),
    { x: log, y: log },
  ],
  ['no numbers', [Number.NaN, Number.POSITIVE_INFINITY, 1].map((y, x) => [x, y] as const)],
  ['tiny and huge values', [1e-12, 1e18].map((y, x) => [x, y] as const)],
  ['more bars than columns', Array.from({ length: 300 }, (_, x) => [x, x % 17] as const)],
  [
    'ten series',
    [],
    { series: Array.from({ length: 10 }, (_, i) => ({ name: 'the same name', points: [[i, i] as const] })) },
  ],
];
