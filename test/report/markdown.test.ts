// A result as Markdown: all its parts in order, its plots as files beside it, and cells that cannot break their table.

import { expect, test } from '@jest/globals';
import { markdownReport, pictureFile } from '../../report/index.ts';
import { figureOf, MARKS } from './figures.ts';
import { eviction, read_ahead } from './results.ts';

test('says all parts, facts and the hash, in order', () => {
  const markdown = markdownReport(read_ahead, 'one core, 120 MHz');
  const places = [
    '# read-ahead\n\nAnnounced reads pay from 2 ms of computing on.\n\none core, 120 MHz\n\n## Cost of a call',
    '\n| path | µs |\n| --- | ---: |\n| base | 0 |\n| total | 12,360 |\n\nThe note of the table.',
    ...MARKS.map((marks) => `![a figure of ${marks}](a-figure-of-${marks}.svg)`),
    '- reads: 3,000',
    '- break-even (ms): 2.25',
    'Hash of what was computed: `0123abcd`\n',
  ];
  const found = places.map((place) => markdown.indexOf(place));
  expect(found.filter((at) => at < 0)).toEqual([]);
  expect(found).toEqual(found.toSorted((a, b) => a - b));
});

test('a result without parts and facts is its sentences and its hash', () => {
  expect(markdownReport(eviction, 'm')).toBe(
    '# eviction\n\nOne fault saved pays for many calls.\n\nm\n\nHash of what was computed: `ffee`\n',
  );
});

test('a bar in a cell does not end it', () => {
  const table = { kind: 'table', title: 't', columns: ['a|b'], rows: [['c|d']] } as const;
  expect(markdownReport({ ...eviction, parts: [table] }, 'm')).toContain('| a\\|b |\n| --- |\n| c\\|d |');
});

test('the file of a picture has a name for any system', () => {
  expect(pictureFile(figureOf([], { title: 'Time until endless code was ended, 50 ms' }))).toBe(
    'time-until-endless-code-was-ended-50-ms.svg',
  );
});
