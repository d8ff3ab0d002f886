// The report: every result with all its parts, escaped, in one page that asks for nothing.

import { describe, expect, test } from '@jest/globals';
import { htmlReport, type Result } from '../../report/index.ts';
import { figureOf, MARKS } from './figures.ts';
import { markupFault } from './markup.ts';
import { eviction, read_ahead } from './results.ts';

const EVIL = `<script>alert("x")</script>&'`;
const evil: Result = {
  name: EVIL,
  title: EVIL,
  parts: [
    { kind: 'table', title: EVIL, columns: [EVIL, 'n'], rows: [[EVIL, 1]], note: EVIL },
    figureOf([], {
      title: EVIL,
      note: EVIL,
      x: { label: EVIL, unit: EVIL },
      y: { label: EVIL, unit: EVIL },
      series: [EVIL, 'two'].map((name) => ({ name, points: [[1, 1]] })),
    }),
  ],
  facts: { [EVIL]: EVIL },
  hash: EVIL,
};

describe('htmlReport', () => {
  test('says what it is about, and has no contents where there is but one result', async () => {
    const html = await htmlReport([read_ahead], 'm', 'Benchmark: <b>');
    expect(html).toContain('<h1>Benchmark: &lt;b&gt;</h1>');
    expect(html).toContain('<title>Graftwork: Benchmark: &lt;b&gt;</title>');
    expect(html).not.toContain('<nav>');
    expect(await htmlReport([read_ahead, eviction], 'm')).toContain('<nav>');
  });

  test('has contents first, then all parts of every result, in order', async () => {
    const html = await htmlReport([read_ahead, eviction], 'one core, 120 MHz');
    const places = [
      'one core, 120 MHz',
      '<a href="#experiment-1">read-ahead</a>',
      '<a href="#experiment-2">eviction</a>',
      'id="experiment-1"',
      '<p>Announced reads pay from 2 ms of computing on.</p>',
      '<figcaption>Cost of a call</figcaption>',
      '<td class="right">12,360</td>',
      'The note of the table.',
      ...MARKS.flatMap((marks) => [`<figcaption>a figure of ${marks}</figcaption>`, '<svg ', `The note of ${marks}.`]),
      '<th scope="row">reads</th><td>3,000</td>',
      '<th scope="row">break-even (ms)</th><td>2.25</td>',
      'HP C2247A',
      '0123abcd',
      'id="experiment-2"',
      'One fault saved pays for many calls.',
      'ffee',
    ];
    let from = 0;
    for (const place of places) {
      const at = html.indexOf(place, from);
      expect({ place, found: at >= 0 }).toEqual({ place, found: true });
      from = at + 1;
    }
    expect(markupFault(html)).toBe('');
  });

  test('escapes whatever a result or the machine says', async () => {
    const html = await htmlReport([evil], EVIL);
    expect(html).not.toContain('<script');
    expect(html.match(/&lt;script&gt;/g)?.length).toBeGreaterThan(15);
    expect(markupFault(html)).toBe('');
  });

  test('asks for nothing: no script, no address, and a policy that says so', async () => {
    const html = await htmlReport([read_ahead, evil], '');
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(html.replaceAll(/xmlns(:xlink)?="[^"]*"/g, '')).not.toMatch(
      /<script|<link|<img|<iframe|https?:|url\(|@import|\son\w+="/,
    );
    expect(html.match(/prefers-color-scheme: dark/g)).toHaveLength(1);
  });

  test('names every identifier once, and links to no other', async () => {
    const html = await htmlReport([read_ahead, read_ahead, evil], '');
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...html.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id)).toEqual(ids);
  });

  test('is equal for equal results', async () => {
    expect(await htmlReport([read_ahead, eviction], 'm')).toBe(
      await htmlReport(structuredClone([read_ahead, eviction]), 'm'),
    );
  });

  test('of no results is a page', async () => {
    expect(markupFault(await htmlReport([], 'm'))).toBe('');
  });
});
