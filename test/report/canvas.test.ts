// The canvas: where dots and signs come to stand. The numbers of Braille dots are Unicode's (U+2800): 1 to 3 and 7 down
// the left, 4 to 6 and 8 the right.

import { expect, test } from '@jest/globals';
import { Canvas } from '../../report/canvas.ts';

test.each([
  [0, 0, '⡀'],
  [1, 0, '⢀'],
  [0, 1, '⠄'],
  [1, 1, '⠠'],
  [0, 2, '⠂'],
  [1, 2, '⠐'],
  [0, 3, '⠁'],
  [1, 3, '⠈'],
])('dot %i, %i of a character', (x, y, pattern) => {
  const canvas = new Canvas(3, 2);
  canvas.dot(2 + x, 4 + y);
  expect([canvas.row(0), canvas.row(1)]).toEqual(['   ', ` ${pattern} `]);
});

test('dots of one character join; a sign covers them', () => {
  const canvas = new Canvas(2, 1);
  for (const x of [0, 1]) for (const y of [0, 1, 2, 3]) canvas.dot(x, y);
  expect(canvas.row(0)).toBe('⣿ ');
  canvas.sign(0, 0, '●');
  expect(canvas.row(0)).toBe('● ');
});

test('what lies outside is not drawn', () => {
  const canvas = new Canvas(2, 1);
  for (const [x, y] of [
    [-1, 0],
    [4, 0],
    [0, -1],
    [0, 4],
  ] as const) {
    canvas.dot(x, y);
    canvas.sign(x, y, '●');
  }
  expect(canvas.row(0)).toBe('  ');
});
