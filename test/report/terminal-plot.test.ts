// Plots as text: the frame, the signs, and figures that leave little to draw.

import { describe, expect, test } from '@jest/globals';
import type { Figure, Point } from '../../report/index.ts';
import { figureText } from '../../report/terminal-plot.ts';
import { AWKWARD, figureOf, MARKS } from './figures.ts';

/** The plot's own lines: without title and axes' names, legend, and note. */
const plotLines = (text: string): string[] => {
  const lines = text.split('\n');
  const last = lines.findIndex((line) => line.includes('└'));
  return lines.slice(last - 16, last + 2);
};

/** How many characters of `text` are `sign`. */
const count = (text: string, sign: string): number => [...text].filter((character) => character === sign).length;

const cases = AWKWARD.flatMap(([what, points, more]) =>
  MARKS.map((marks) => [what, marks, figureOf(points, { ...more, marks })] as const),
);

describe('figureText', () => {
  test.each(cases)('%s, %s: 18 lines of at most 72 characters', (_what, _marks, figure) => {
    const lines = plotLines(figureText(figure));
    expect(lines).toHaveLength(18);
    expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(72);
    expect(lines.slice(0, 16).every((line) => /^ *[-\d,.e+]*[┤│]/.test(line))).toBe(true);
    expect(figureText(figure)).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('names the figure and its axes, and a legend tells several series apart', () => {
    const series = ['FIFO', 'LRU'].map((name, k) => ({ name, points: [[0, k] as const, [9, k + 5] as const] }));
    const [title, axes, legend] = figureText(figureOf([], { series })).split('\n');
    expect([title, axes, legend]).toEqual(['a figure', 'seek (ms) against distance (cylinders)', '● FIFO   ○ LRU']);
    expect(figureText(figureOf([], { series, marks: 'bars' }))).toContain('█ FIFO   ▓ LRU');
    expect(figureText(figureOf([[0, 1]]))).not.toContain('one');
  });

  test('a rising line goes from the lower left to the upper right', () => {
    const lines = plotLines(figureText(figureOf(Array.from({ length: 50 }, (_, i) => [i, i] as const)))).slice(0, 16);
    const drawn = lines.map((line) =>
      [...line.slice(line.search(/[┤│]/) + 1)].findIndex((character) => character !== ' '),
    );
    expect(drawn.toSorted((a, b) => b - a)).toEqual(drawn);
    expect(drawn.at(-1)).toBe(0);
  });

  test('points stand where their values are: corners of the canvas', () => {
    const corners: Point[] = [
      [0, 0],
      [10, 0],
      [0, 10],
      [10, 10],
    ];
    const lines = plotLines(figureText(figureOf(corners, { marks: 'points' })));
    expect([lines[0], lines[15]].map((line) => line?.replace(/ +/g, ' '))).toEqual(['10┤● ●', ' 0┤● ●']);
    expect(lines[0]).toHaveLength(72);
  });

  test('bars are as high as their values, in eighths of a character, and begin at zero', () => {
    const heights = plotLines(
      figureText(
        figureOf(
          [
            [0, 16],
            [1, 8],
            [2, 0.5],
            [3, 0],
          ],
          { marks: 'bars', y: { label: '', unit: '' } },
        ),
      ),
    );
    // The scale ends at 20: 16 takes 12.8 of 16 rows, 8 takes 6.4, 0.5 takes 0.4.
    const column = (label: string): string => {
      const at = (heights[17] as string).indexOf(label);
      return heights
        .slice(0, 16)
        .map((line) => line[at] ?? ' ')
        .join('')
        .trimStart();
    };
    expect([column('0'), column('1'), column('2'), column('3')]).toEqual([
      `▆${'█'.repeat(12)}`,
      `▃${'█'.repeat(6)}`,
      '▃',
      '',
    ]);
  });

  test.each([0, 150, 151, 152, 299])('of bars that share a column the highest is seen: bar %i of 300', (spike) => {
    const points = Array.from({ length: 300 }, (_, x) => [x, x === spike ? 100 : 7] as const);
    const lines = plotLines(figureText(figureOf(points, { marks: 'bars' }))).slice(0, 16);
    expect(lines.map((line) => count(line, '█')).slice(0, 15)).toEqual(new Array(15).fill(1));
  });

  test('bars on a logarithmic axis are points, and what has no place on it is counted', () => {
    const text = figureText(
      figureOf(
        [
          [0, 0],
          [1, 10],
          [2, 1000],
        ],
        { marks: 'bars', y: { label: '', unit: '', log: true }, note: 'By hand.' },
      ),
    );
    expect(count(text, '●')).toBe(2);
    expect(text.split('\n').at(-1)).toBe('By hand. Not drawn, for want of a place on the axes: 1 of 3 points.');
  });

  test('one point of a line is to be seen', () => {
    expect(count(figureText(figureOf([[3, 4]])), '●')).toBe(1);
  });

  test('says when there are no points', () => {
    expect(figureText(figureOf([]))).toContain('no points');
    expect(figureText(figureOf([[1, 1]]))).not.toContain('no points');
  });

  test('a long legend takes several lines', () => {
    const series: Figure['series'] = Array.from({ length: 9 }, (_, i) => ({
      name: `the series number ${i}`,
      points: [[i, i]],
    }));
    const lines = figureText(figureOf([], { series }))
      .split('\n')
      .filter((line) => line.includes('number'));
    expect(lines).toHaveLength(3);
    expect(lines.every((line) => line.length <= 72)).toBe(true);
  });
});
