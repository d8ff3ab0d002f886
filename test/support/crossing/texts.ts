// Texts that a plugin's side may send as the arguments of a host call when it is no realm of ours any more: JSON of
// plain data, of anything else, or no JSON at all.

import type { Random } from '../random.ts';
import { whyNotPlain } from './oracle.ts';
import { expression } from './values.ts';

const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

/** In the place of a value. */
const FOREIGN: readonly string[] = [
  ...[
    '{"__proto__":1}',
    '{"constructor":1}',
    '{"prototype":[]}',
    '{"a":{"__proto__":{"x":1}}}',
    '{"\\u005f_proto__":1}',
  ],
  ...['1e999', '-1e999', '9007199254740993', '-9007199254740992', '1e300', '1E400', '[[1e16]]'],
  ...['"\\u0000"', '"a\\ud800"', '"\ud800"', '"\\udc00\\ud800"', '{"\\u0000":1}', '{"\udc00":1}', '{"k":"\\u0000"}'],
  ...[deep(33), `[${deep(40)}]`, deep(20_000), '['.repeat(20_000), '{"a":'.repeat(20_000)],
  ...['', 'undefined', 'NaN', '{', '"', '{a:1}', '[1,]', "'a'", '1 2', '\u0000', '"\u0001"', '-', '01', '\ufeff1'],
];

const LARGE: readonly string[] = [
  `"${'x'.repeat(1_048_577)}"`,
  JSON.stringify(new Array(100_001).fill(0)),
  `{${Array.from({ length: 10_001 }, (_, i) => `"k${i}":0`).join(',')}}`,
  JSON.stringify(new Array(7).fill('y'.repeat(150_000))),
  '['.repeat(1_048_576),
  `${' '.repeat(1_100_000)}1`,
];

/** Plain, though it takes a look to see it. */
const ODD: readonly string[] = [
  ...[
    '-0',
    ' 1 ',
    '\n[ ]\t',
    '1.0',
    '1e3',
    '9007199254740991',
    '"\\u0041"',
    '"\\\\u0000"',
    '"\\ud83d\\ude00"',
    '"\u2028"',
  ],
  ...[
    '{"a":1,"a":2}',
    '{"":{"":[]}}',
    '{"__proto":1,"toJSON":2,"length":3}',
    '"__proto__"',
    '["constructor"]',
    deep(31),
  ],
];

const ROOTS: readonly string[] = ['null', '1', '"a"', '{"0":"k","length":1}', 'true', '[', ']', ''];

/** A list of arguments by chance, as text. */
export const argumentsText = (random: Random): string => {
  if (random.chance(0.05)) return random.pick(ROOTS);
  const parts = Array.from({ length: random.below(4) }, () => {
    if (random.chance(0.004)) return random.pick(LARGE);
    if (random.chance(0.3)) return random.pick(FOREIGN);
    if (random.chance(0.2)) return random.pick(ODD);
    return JSON.stringify(expression(random, false).plain?.value ?? 7);
  });
  return `[${parts.join(random.chance(0.1) ? ' ,\n' : ',')}]`;
};

/** The longest text that is taken, which a plugin's process could still send. */
const UNITS_MAX = 1_048_576 + 64;

/** What the host has to see of a text, as JSON; null: nothing. */
export const expectedOf = (text: string): string | null => {
  if (text === '') return '[]';
  if (text.length > UNITS_MAX) return null;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && whyNotPlain(value) === '' ? JSON.stringify(value) : null;
  } catch {
    return null;
  }
};
