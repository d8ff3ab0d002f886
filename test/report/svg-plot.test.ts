// Plots as SVG: sound markup without script, identifiers or anything from outside; a mark for every point; equal for
// equal figures.

import { describe, expect, test } from '@jest/globals';
import { type Figure, figureSvg } from '../../report/index.ts';
import { AWKWARD, figureOf, MARKS } from './figures.ts';
import { markupFault } from './markup.ts';

/** Paths in the groups of marks of one kind. */
const marksIn = (svg: string, kind: 'rect' | 'symbol' | 'line'): number =>
  [...svg.matchAll(new RegExp(`class="mark-${kind} role-mark[^>]*>((?:<path[^>]*/>)*)`, 'g'))].reduce(
    (sum, [, paths = '']) => sum + (paths.match(/<path/g)?.length ?? 0),
    0,
  );

const textsIn = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text as string);

const points = [0, 1, 2, 3].map((x) => [x, x * x] as const);
const pair = ['FIFO', 'LRU'].map((name, k) => ({ name, points: points.map(([x, y]) => [x, y + k] as const) }));
const cases = AWKWARD.flatMap(([what, all, more]) =>
  MARKS.map((marks) => [what, marks, figureOf(all, { ...more, marks })] as const),
);

describe('figureSvg', () => {
  test.each(cases)('%s, %s: sound markup, no script, nothing from outside', async (_what, _marks, figure) => {
    const svg = await figureSvg(figure);
    expect(markupFault(svg)).toBe('');
    expect(svg).toMatch(/^<svg .*<\/svg>$/s);
    expect(svg).not.toMatch(/NaN|undefined|Infinity|<script|\sid=|\son\w+=|href=|url\(/);
  });

  test('a bar, a sign, for every point; lines join them', async () => {
    expect(marksIn(await figureSvg(figureOf([], { series: pair, marks: 'bars' })), 'rect')).toBe(8);
    expect(marksIn(await figureSvg(figureOf([], { series: pair, marks: 'points' })), 'symbol')).toBe(8);
    const lines = await figureSvg(figureOf([], { series: pair }));
    expect([marksIn(lines, 'line'), marksIn(lines, 'symbol')]).toEqual([2, 8]);
  });

  test('an axis of names shows them all', async () => {
    const names = ['direct', 'vm', 'ses', 'metered', 'isolate', 'quickjs', 'wasm', 'worker', 'process'];
    const figure = figureOf([], { series: pair, marks: 'points', x: { label: 'kind', unit: '', names } });
    const svg = await figureSvg(figure);
    expect(textsIn(svg)).toEqual(expect.arrayContaining(names));
    expect(names.filter((name) => new RegExp(`<text[^>]* opacity="0"[^>]*>${name}<`).test(svg))).toEqual([]);
  });

  test('a line of many points has no signs; one of a single point has', async () => {
    const many = await figureSvg(figureOf(Array.from({ length: 200 }, (_, i) => [i, i] as const)));
    expect([marksIn(many, 'line'), marksIn(many, 'symbol')]).toEqual([1, 0]);
    expect(marksIn(await figureSvg(figureOf([[1, 1]])), 'symbol')).toBe(1);
  });

  test('bars on a logarithmic axis are signs, where their values have a place on it', async () => {
    const svg = await figureSvg(
      figureOf(
        [
          [0, 0],
          [1, 10],
          [2, 1000],
        ],
        { marks: 'bars', y: { label: '', unit: '', log: true } },
      ),
    );
    expect([marksIn(svg, 'rect'), marksIn(svg, 'symbol')]).toEqual([0, 2]);
  });

  test('a line joins its points in the order given', async () => {
    const there_and_back = [
      [0, 0],
      [4, 4],
      [2, 6],
    ] as const;
    const line =
      /role-mark layer_0_marks[^>]*><path[^>]* d="([^"]*)"/.exec(await figureSvg(figureOf(there_and_back)))?.[1] ?? '';
    const xs = [...line.matchAll(/[ML]([\d.]+),/g)].map(([, x]) => Number(x));
    expect(xs).toEqual([0, 600, 300]);
  });

  test('names axes and, if several, series, whatever their names hold', async () => {
    const names = ['<script>alert("1")</script>', `it's "quoted" \\ & so on`, '', 'the same', 'the same'];
    const series: Figure['series'] = names.map((name, i) => ({ name, points: [[i, i]] }));
    const svg = await figureSvg(figureOf([], { series }));
    expect(markupFault(svg)).toBe('');
    expect(textsIn(svg)).toEqual(
      expect.arrayContaining([
        'distance (cylinders)',
        'seek (ms)',
        '&lt;script&gt;alert("1")&lt;/script&gt;',
        `it's "quoted" \\ &amp; so on`,
      ]),
    );
    expect(textsIn(svg).filter((text) => text === 'the same')).toHaveLength(2);
    expect(textsIn(await figureSvg(figureOf([[1, 1]])))).not.toContain('one');
  });

  test.each(MARKS)('%s: equal figures give equal text, alone or among others', async (marks) => {
    const figure = figureOf([], { series: pair, marks });
    const first = await figureSvg(figure);
    const among = await Promise.all([
      figureSvg(figureOf(points)),
      figureSvg(structuredClone(figure)),
      figureSvg(figureOf([])),
    ]);
    expect(among[1]).toBe(first);
  });
});
