// URL and text coding in a realm against the standards' own data, as npm packages carry it, and against Node's native
// implementations, which pass the Web Platform Tests: the WPT's inputs of URLs (@wordpress/url; the data is under the
// 3-Clause BSD License), the Encoding Standard's indexes and labels (text-encoding), and random inputs from a seed.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { GraftPoint } from '../../../src/plugins/index.ts';
import { openBase, type TestBase } from '../../support/base.ts';
import { Random } from '../../support/random.ts';

const require = createRequire(import.meta.url);
const SEED = 20_261_127;
const PARTS = ['href', 'origin', 'username', 'password', 'host', 'port', 'pathname', 'search', 'hash'] as const;

const GRAFTS = `{
  urls: (inputs) => inputs.map(([input, base]) => {
    try {
      const url = new URL(input, base ?? undefined);
      return ${JSON.stringify(PARTS)}.map((part) => url[part]).join(' ');
    } catch (error) { return error.name; }
  }),
  params: (inputs) => inputs.map((input) => new URLSearchParams(input).toString()),
  decoded: ({ label, fatal, rows }) => rows.map((row) => {
    const decoder = new TextDecoder(label, { fatal });
    try {
      return row.map((bytes, at) => decoder.decode(Uint8Array.from(bytes), { stream: at < row.length - 1 })).join('');
    } catch (error) { return error.name; }
  }),
  named: (labels) => labels.map((label) => new TextDecoder(label).encoding),
  encoded: (texts) => texts.map((text) => [...new TextEncoder().encode(JSON.parse(text))]),
}`;

let base: TestBase;
const points = new Map<string, GraftPoint>();

beforeAll(async () => {
  base = openBase('isolate');
  const names = ['urls', 'params', 'decoded', 'named', 'encoded'];
  for (const name of names)
    points.set(name, base.point({ name, kind: 'function', default: (): unknown => null, limits: { own_ms: 60_000 } }));
  await base.install('a', GRAFTS, { grafts: names.map((name) => ({ point: name, export: name })) });
});
afterAll(() => base.close());

const ask = async <Answer>(graft: string, input: unknown): Promise<Answer> => {
  const outcome = await base.invoke(points.get(graft) as GraftPoint, input);
  if (outcome.status !== 'committed') throw new Error(JSON.stringify(outcome));
  return outcome.value as Answer;
};

type UrlInput = readonly [input: string, base: string | null];

const native = ([input, against]: UrlInput): string => {
  try {
    const url = new URL(input, against ?? undefined);
    return PARTS.map((part) => url[part]).join(' ');
  } catch (error) {
    return (error as Error).name;
  }
};

const PIECES = [
  ...[
    'http',
    'https',
    'file',
    'ftp',
    'ws',
    'a',
    'data',
    ':',
    '::',
    '/',
    '//',
    '///',
    '\\',
    '?',
    '#',
    '@',
    '&',
    '=',
    ' ',
  ],
  ...[
    'user',
    ':pw@',
    'example.com',
    'EXAMPLE',
    '.',
    '..',
    '%2e',
    '%2E%2e',
    '%',
    '%41',
    '%zz',
    '[::1]',
    '[1:2::3.4.5.6]',
  ],
  ...[
    '0x7f.1',
    '127.0.0.1',
    '256',
    '.0',
    ':80',
    ':443',
    ':0',
    ':65536',
    'C:',
    'C|',
    'ü',
    'faß.de',
    'xn--fa-hia',
    '例え',
  ],
  ...[
    '\t',
    '\n',
    '\u0000',
    '<>',
    '"',
    '`',
    '{}',
    '^',
    '|',
    "'",
    '~',
    '+',
    '\ufeff',
    '\u00ad',
    '\uff0e',
    'É',
    '\u{1f600}',
  ],
];

const random = new Random(SEED);
const sequence = (most: number): string =>
  Array.from({ length: random.below(most) + 1 }, () => random.pick(PIECES)).join('');
/** What may cross. */
const crosses = (text: string): boolean => !text.includes('\0');

describe('URL', () => {
  const data = JSON.parse(
    readFileSync(
      join(dirname(require.resolve('@wordpress/url/package.json')), 'src/test/fixtures/wpt-data.json'),
      'utf8',
    ),
  ) as { readonly input: string; readonly base?: string; readonly failure?: boolean }[];
  const inputs = data
    .filter(({ input }) => crosses(input) && input.isWellFormed())
    .map(({ input, base: against }): UrlInput => [input, against ?? null]);

  test("parses the Web Platform Tests' inputs, or refuses them, as Node does", async () => {
    expect(inputs.length).toBeGreaterThan(300);
    const answers = await ask<string[]>('urls', inputs);
    expect(answers).toEqual(inputs.map(native));
    expect(answers.filter((answer) => answer === 'TypeError').length).toBeGreaterThan(80);
  });

  test(`parses random inputs as Node does (seed ${SEED})`, async () => {
    const urls = Array.from({ length: 6000 }, (): UrlInput => {
      const against = random.pick([null, 'http://h/a/b?c#d', 'file:///C:/x/y', 'a:opaque', 'https://u:p@h:8/']);
      return [sequence(random.below(8) + 1), against];
    }).filter(([input]) => crosses(input));
    expect(await ask('urls', urls)).toEqual(urls.map(native));
  });

  test(`reads and writes random queries as Node does (seed ${SEED})`, async () => {
    // Node mangles what is not ASCII beside percent signs that spell no UTF-8; the URL Standard's parser does not.
    const isMangled = (query: string): boolean => query.includes('%') && /[^ -~]/.test(query);
    const queries = Array.from({ length: 2000 }, () => sequence(10)).filter((one) => crosses(one) && !isMangled(one));
    expect(await ask('params', queries)).toEqual(queries.map((query) => new URLSearchParams(query).toString()));
  });
});

type Index = readonly (number | null)[];
const indexes = (require('text-encoding/lib/encoding-indexes.js') as { 'encoding-indexes': Record<string, Index> })[
  'encoding-indexes'
];

/** The bytes that stand for an entry of an index, by the Encoding Standard's decoders. */
const BYTES: Record<string, readonly [index: string, bytes: (pointer: number) => number[] | null]> = {
  big5: ['big5', (at) => [Math.floor(at / 157) + 0x81, (at % 157) + (at % 157 < 0x3f ? 0x40 : 0x62)]],
  'euc-kr': ['euc-kr', (at) => [Math.floor(at / 190) + 0x81, (at % 190) + 0x41]],
  gbk: ['gb18030', (at) => [Math.floor(at / 190) + 0x81, (at % 190) + (at % 190 < 0x3f ? 0x40 : 0x41)]],
  'euc-jp': ['jis0208', (at) => (at < 94 * 94 ? [Math.floor(at / 94) + 0xa1, (at % 94) + 0xa1] : null)],
  shift_jis: [
    'jis0208',
    (at) => {
      const [lead, trail] = [Math.floor(at / 188), at % 188];
      return [lead + (lead < 0x1f ? 0x81 : 0xc1), trail + (trail < 0x3f ? 0x40 : 0x41)];
    },
  ],
};
for (const [name, index] of Object.entries(indexes))
  if (index.length === 128) BYTES[name] = [name, (at) => [at + 0x80]];

describe('TextDecoder', () => {
  /** GB 18030 of 2022, which is younger than the package, moved these from private use. */
  const isMoved = (code: number): boolean => code >= 0xe000 && code <= 0xf8ff;

  test.each(Object.keys(BYTES))('decodes every entry of the index of %s', async (label) => {
    const [name, bytesOf] = BYTES[label] as (typeof BYTES)[string];
    const entries = (indexes[name] as Index).flatMap((code, at): [number[], number][] => {
      const bytes = bytesOf(at);
      return code === null || bytes === null || isMoved(code) ? [] : [[bytes, code]];
    });
    expect(entries.length).toBeGreaterThan(60);
    const answers: string[] = [];
    for (let at = 0; at < entries.length; at += 9000) {
      const rows = entries.slice(at, at + 9000).map(([bytes]) => [bytes]);
      answers.push(...(await ask<string[]>('decoded', { label, fatal: false, rows })));
    }
    expect(answers).toEqual(entries.map(([, code]) => String.fromCodePoint(code)));
  });

  test.each(['utf-8', 'utf-16le', 'utf-16be'])(
    `decodes random pieces of %s as Node does (seed ${SEED})`,
    async (label) => {
      const BYTE = [0, 0x41, 0x7f, 0x80, 0xbf, 0xc2, 0xd8, 0xdc, 0xe2, 0xed, 0xef, 0xbb, 0xf0, 0x9f, 0xf4, 0xfe, 0xff];
      const piece = (): number[] => Array.from({ length: random.below(7) }, () => random.pick(BYTE));
      const rows = Array.from({ length: 3000 }, () => Array.from({ length: random.below(3) + 1 }, piece));
      for (const fatal of [false, true]) {
        const expected = rows.map((row) => {
          const decoder = new TextDecoder(label, { fatal });
          try {
            return row.map((one, at) => decoder.decode(Uint8Array.from(one), { stream: at < row.length - 1 })).join('');
          } catch (error) {
            return (error as Error).name;
          }
        });
        const kept = rows.flatMap((_row, at) => (crosses(expected[at] as string) ? [at] : []));
        const answers = await ask('decoded', { label, fatal, rows: kept.map((at) => rows[at]) });
        expect(answers).toEqual(kept.map((at) => expected[at]));
      }
    },
  );

  test('knows the labels of the Encoding Standard', async () => {
    const labels = [
      'utf8',
      'UNICODE-1-1-UTF-8',
      'ascii',
      'latin1',
      'iso88591',
      'cp1251',
      'sjis',
      'x-x-big5',
      'ks_c_5601-1987',
    ];
    const names = [
      'utf-8',
      'utf-8',
      'windows-1252',
      'windows-1252',
      'windows-1252',
      'windows-1251',
      'shift_jis',
      'big5',
      'euc-kr',
    ];
    expect(await ask('named', labels)).toEqual(names);
  });
});

test(`TextEncoder encodes random texts, lone surrogates too, as Node does (seed ${SEED})`, async () => {
  const unit = (): string =>
    String.fromCharCode(random.pick([0x41, 0xe9, 0x20ac, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xfffd]));
  const texts = Array.from({ length: 2000 }, () => Array.from({ length: random.below(9) }, unit).join(''));
  expect(
    await ask(
      'encoded',
      texts.map((text) => JSON.stringify(text)),
    ),
  ).toEqual(texts.map((text) => [...new TextEncoder().encode(text)]));
});
