// Tables as text, and numbers as people read them.

import { describe, expect, test } from '@jest/globals';
import type { Table } from '../../report/index.ts';
import { alignedText, cellTexts, columnsOf, numberText, tableText } from '../../report/table.ts';

describe('numberText', () => {
  test.each([
    [0, '0'],
    [-0, '0'],
    [12_360, '12,360'],
    [-3, '-3'],
    [103.25, '103.3'],
    [2.5, '2.5'],
    [1 / 3, '0.333'],
    [0.000123456, '0.000123'],
    [1234.56, '1,235'],
    [4.2e-9, '4.20e-9'],
    [1e18, '1.00e+18'],
    [Number.NaN, '–'],
    [Number.POSITIVE_INFINITY, '∞'],
    [Number.NEGATIVE_INFINITY, '-∞'],
  ])('%d', (value, text) => {
    expect(numberText(value)).toBe(text);
  });

  test('a column shares its decimals; text stays as it is', () => {
    expect(cellTexts([1, 12.5, 0.25, 'none'])).toEqual(['1.00', '12.50', '0.25', 'none']);
    expect(cellTexts([1, 2000])).toEqual(['1', '2,000']);
    expect(cellTexts([])).toEqual([]);
  });
});

const table: Table = {
  kind: 'table',
  title: 'Cost of a call',
  columns: ['path', 'µs', 'time', 'remark'],
  rows: [
    ['base', 0, '1.0 ns', 'none'],
    ['total', 1030.5, '–', '3 of 4, or so'],
    ['short', 1],
  ],
  note: 'By hand.',
};

describe('a table', () => {
  test('is aligned: numbers and what begins like them to the right, text to the left', () => {
    expect(tableText(table)).toBe(
      [
        'Cost of a call',
        'path      µs    time  remark',
        '-----  -----  ------  -------------',
        'base       0  1.0 ns  none',
        'total  1,031       –  3 of 4, or so',
        'short      1',
        'By hand.',
      ].join('\n'),
    );
  });

  test('with a number in a column has that column to the right, whatever else stands there', () => {
    expect(tableText({ kind: 'table', title: 't', columns: ['value'], rows: [[1], ['none']] })).toBe(
      't\nvalue\n-----\n    1\n none',
    );
  });

  test('without rows is its head, to the left', () => {
    expect(columnsOf({ ...table, rows: [] }).map(({ right }) => right)).toEqual([false, false, false, false]);
    expect(tableText({ kind: 'table', title: 't', columns: ['a', 'bb'], rows: [] })).toBe('t\na  bb\n-  --');
  });

  test('as plain text stands to the right but for its first column, unless told otherwise', () => {
    expect(alignedText(['a', 'b'], [['x', 'yy']])).toBe('a   b\n-  --\nx  yy');
    expect(alignedText(['a', 'b'], [['xx', 'yy']], (column) => column === 0)).toBe(' a  b\n--  --\nxx  yy');
  });
});
