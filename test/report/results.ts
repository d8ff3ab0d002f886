// Results for tests.

import type { Result, Table } from '../../report/index.ts';
import { figureOf, MARKS } from './figures.ts';

const table: Table = {
  kind: 'table',
  title: 'Cost of a call',
  columns: ['path', 'µs'],
  rows: [
    ['base', 0],
    ['total', 12_360],
  ],
  note: 'The note of the table.',
};

/** One with all kinds of parts. */
export const read_ahead: Result = {
  name: 'read-ahead',
  title: 'Announced reads pay from 2 ms of computing on.',
  parts: [
    table,
    ...MARKS.map((marks) =>
      figureOf(
        [
          [1, 2],
          [3, 4],
        ],
        { title: `a figure of ${marks}`, marks, note: `The note of ${marks}.` },
      ),
    ),
  ],
  facts: { reads: 3000, 'break-even (ms)': 2.25, device: 'HP C2247A' },
  hash: '0123abcd',
};

/** One with nothing but its sentence. */
export const eviction: Result = {
  name: 'eviction',
  title: 'One fault saved pays for many calls.',
  parts: [],
  facts: {},
  hash: 'ffee',
};
