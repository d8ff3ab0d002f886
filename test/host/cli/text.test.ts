// Text for a terminal: tables, and nothing that a plugin wrote moves the cursor.

import { describe, expect, test } from '@jest/globals';
import { describeOutcome } from '../../../src/host/cli/call.ts';
import { pretty, table, visible } from '../../../src/host/cli/text.ts';
import type { GraftReport, Outcome } from '../../../src/plugins/index.ts';

describe('visible', () => {
  test.each([
    ['\u001b[2J', '\\u{1b}[2J'],
    ['a\nb\r\tc', 'a\\u{a}b\\u{d}\\u{9}c'],
    ['\u009b31m', '\\u{9b}31m'],
    ['\u202eevil', '\\u{202e}evil'],
    ['a\u2028b', 'a\\u{2028}b'],
    ['naïve 漢字 🦊', 'naïve 漢字 🦊'],
  ])('%j', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });
});

test('a table is aligned, without blanks at the ends of its lines', () => {
  const rows = [
    ['shop/price', 'function', ''],
    ['x', 'a\nb', 'yes'],
  ];
  expect(table(['POINT', 'KIND', 'PUBLIC'], rows)).toBe(
    ['POINT       KIND      PUBLIC', 'shop/price  function', 'x           a\\u{a}b   yes'].join('\n'),
  );
});

test('a table without rows is its head', () => {
  expect(table(['A', 'B'], [])).toBe('A  B');
});

test('a value is JSON on several lines, its own control characters escaped', () => {
  expect(pretty({ a: 'x\u009b\n', b: [1] })).toBe('{\n  "a": "x\\u{9b}\\n",\n  "b": [\n    1\n  ]\n}');
  expect(pretty(undefined)).toBe('null');
});

describe('an outcome', () => {
  const spent = { own_ms: 1, calls: 1, writes: 1, log_bytes: 0 };
  const report = (more: Partial<GraftReport>): GraftReport => ({
    graft: 'p#f',
    status: 'committed',
    undone: { records: 0, first: [] },
    spent,
    ...more,
  });
  const cases: readonly (readonly [string, Outcome<unknown>, string])[] = [
    [
      'committed',
      { status: 'committed', value: { a: 1 }, grafts: [report({})] },
      'committed\n{\n  "a": 1\n}\np#f: committed',
    ],
    ['default', { status: 'default', value: 7, grafts: [] }, 'default\n7'],
    [
      'refused',
      {
        status: 'refused',
        refusal: { code: 'SOLD_OUT', message: 'none \u001bleft' },
        grafts: [report({ status: 'refused', detail: 'SOLD_OUT: none' })],
      },
      'refused: SOLD_OUT: none \\u{1b}left\np#f: refused, SOLD_OUT: none',
    ],
    ['aborted', { status: 'aborted', reason: 'total-time', grafts: [] }, 'aborted: total-time'],
    [
      'failed',
      { status: 'failed', reason: 'own-time', grafts: [report({ status: 'aborted', reason: 'own-time' })] },
      'failed: own-time\np#f: aborted, own-time',
    ],
    [
      'denied, with all there is to say of a graft',
      {
        status: 'denied',
        reason: 'thrown',
        grafts: [
          report({
            status: 'aborted',
            reason: 'thrown',
            detail: 'Error: no\nway',
            at: 'index.ts:3:7',
            removed: true,
            undone: { records: 30, first: ['stock.set x', 'stock.set y'] },
          }),
        ],
      },
      [
        'denied: thrown',
        'p#f: aborted, thrown: Error: no\\u{a}way at index.ts:3:7',
        '  removed from its point',
        '  undone: 30 changes: stock.set x, stock.set y, …',
      ].join('\n'),
    ],
    [
      'one change undone',
      { status: 'default', value: null, grafts: [report({ undone: { records: 1, first: ['stock.set x'] } })] },
      'default\nnull\np#f: committed\n  undone: 1 change: stock.set x',
    ],
  ];

  test.each(cases)('%s', (_what, outcome, text) => {
    expect(describeOutcome(outcome)).toBe(text);
  });
});
