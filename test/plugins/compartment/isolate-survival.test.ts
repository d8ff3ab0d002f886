// What used to end the process, or to keep its thread for long, ends as an ordinary abort in an isolate.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

/** An array without an element, and many prototypes. */
const CHAIN = 'let p = []; for (let i = 0; i < 3000; i++) p = Object.create(p); const a = []; a.length = 1e6;';
const HOLES = `${CHAIN} Object.setPrototypeOf(a, p);`;
/** The same, but the prototypes come while a built-in is at its first element. */
const LATE = (how: string): string => `${CHAIN} Object.defineProperty(a, 0, { get() { ${how} } });`;

const HUGE = '{ length: 2 ** 53 - 1 }';
const LOOPING = '{ get message() { for (;;); } }';

/** Each ended the process, or never came back, in an isolate without bounds and with the engine's time-out. */
const KILLERS: readonly (readonly [string, string])[] = [
  ...[
    'fill',
    'reverse',
    'sort',
    'indexOf',
    'lastIndexOf',
    'includes',
    'shift',
    'unshift',
    'splice',
    'copyWithin',
    'flat',
  ].map((name) => [`Array.prototype.${name}.call(${HUGE}, 1)`, 'thrown RangeError'] as const),
  ...['forEach', 'map', 'filter', 'some', 'every', 'reduce', 'flatMap'].map(
    (name) =>
      [
        `Array.prototype.${name}.call({ length: 2 ** 32 - 1 }, Math.abs)`,
        name === 'flatMap' ? 'thrown RangeError' : 'thrown RangeError',
      ] as const,
  ),
  ...['toSorted', 'toReversed', 'toSpliced', 'with', 'slice', 'join'].map(
    (name) => [`Array.prototype.${name}.call({ length: 2 ** 32 - 1 }, 0)`, 'thrown RangeError'] as const,
  ),
  ['let n = 0; Array.prototype.indexOf.call({ get length() { return n++ ? 2 ** 53 - 1 : 1 } }, 1)', 'value'],
  ['Array.prototype.indexOf.call(new Proxy({}, { get: () => 2 ** 53 - 1 }), 1)', 'thrown RangeError'],
  ['[].concat({ length: 2 ** 32 - 1, [Symbol.isConcatSpreadable]: true })', 'thrown RangeError'],
  ['[Array(2 ** 32 - 1)].flat()', 'own-time OwnTime'],
  ['[1].flatMap(() => Array(2 ** 32 - 1))', 'own-time OwnTime'],
  ['Array.from({ length: 2 ** 32 - 1 })', 'thrown RangeError'],
  ['new Array(2 ** 32 - 1).fill(1)', 'thrown RangeError'],
  ['const a = []; a.length = 2 ** 32 - 1; a.sort()', 'thrown RangeError'],
  ['new Array(4e6).fill(0).map((_, i) => i).sort()', 'own-time OwnTime'],
  ['Math.max.apply(null, { length: 2 ** 27 })', 'thrown RangeError'],
  ['Object.entries(new Uint8Array(2e7))', 'thrown RangeError'],
  ['Object.keys("x".repeat(2 ** 22))', 'thrown RangeError'],
  ['Object.getOwnPropertyNames(new String("x".repeat(2 ** 22)))', 'thrown RangeError'],
  ['Reflect.ownKeys(new Array(4e6).fill(1))', 'thrown RangeError'],
  ['Object.assign({}, "x".repeat(2 ** 24))', 'thrown RangeError'],
  ['Reflect.construct(Array, { length: 2 ** 27 })', 'thrown RangeError'],
  [`String.raw({ raw: ${HUGE} })`, 'thrown RangeError'],
  ...[
    'Intl.getCanonicalLocales(#)',
    'new Intl.ListFormat(#)',
    'Intl.NumberFormat(#)',
    'Intl.NumberFormat.supportedLocalesOf(#)',
    'new (class extends Intl.Collator {})(#)',
    'new ((1).constructor, Intl.Segmenter.prototype.constructor)(#)',
    '(1).toLocaleString(#)',
    '(1n).toLocaleString(#)',
    'new Date().toLocaleDateString(#)',
    '"a".localeCompare("b", #)',
    '"a".toLocaleUpperCase(#)',
  ].map((call) => [call.replace('#', HUGE), 'thrown RangeError'] as const),
  ['JSON.stringify(1, Array(2 ** 32 - 1))', 'thrown RangeError'],
  ['JSON.parse("[".repeat(1e7) + "]".repeat(1e7))', 'thrown RangeError'],
  ['".".repeat(2e8).split("")', 'thrown RangeError'],
  ['"x".repeat(2 ** 28).match(/x/g)', 'thrown RangeError'],
  ['"x".repeat(2 ** 28).replaceAll("x", "y")', 'thrown RangeError'],
  ...[
    'lastIndexOf.call(a, 1)',
    'includes.call(a, 1)',
    'reverse.call(a)',
    'slice.call(a)',
    'join.call(a)',
    'fill.call(a, 1)',
    'map.call(a, Math.abs)',
    'toSpliced.call(a, 0, 1)',
    'concat.call([], a)',
  ].map((call) => [`${HOLES} Array.prototype.${call}`, 'own-time OwnTime'] as const),
  [`${HOLES} a.length = 1e5; Math.max.apply(null, a)`, 'own-time OwnTime'],
  [`${HOLES} Uint8Array.from(a)`, 'own-time OwnTime'],
  [`${HOLES} new Uint8Array(1e6).set(a)`, 'own-time OwnTime'],
  [`${HOLES} Array.prototype.slice.call({ length: 1e6, __proto__: p })`, 'own-time OwnTime'],
  [`${HOLES} Array.prototype.slice.call(new Proxy(a, {}))`, 'own-time OwnTime'],
  [`${LATE('Object.setPrototypeOf(a, p)')} a.slice()`, 'thrown RangeError'],
  [`${LATE('try { Reflect.setPrototypeOf(a, p) } catch {}')} a.slice()`, 'value'],
  [`${LATE('a.__proto__ = p')} a.indexOf(1)`, 'thrown RangeError'],
  [`${LATE('f.__proto__ = p')} function f() {} a.__proto__ = f; [].includes.call(a, 1)`, 'thrown RangeError'],
  [`${LATE('Object.setPrototypeOf(new Proxy(a, {}), p)')} a.join()`, 'thrown RangeError'],
  [
    `const q = { __proto__: Array.prototype };
    ${LATE('for (let i = 0; i < 3000; i++) { const o = {}; Object.setPrototypeOf(q.q ?? q, o); q.q = o }')}
    Object.setPrototypeOf(a, q); Array.prototype.includes.call(a, 1)`,
    'thrown RangeError',
  ],
  ['for (;;) "\\u0344".repeat(2 ** 21).normalize("NFD")', 'thrown RangeError'],
  ['const m = new Map(); for (let i = 0; ; i++) m.set(i, i)', 'growing RangeError'],
  ['const s = new Set(); for (let i = 0; ; i++) s.add(i)', 'growing RangeError'],
  ['new Set().union({ size: 1, has() {}, *keys() { for (let i = 0; ; i++) yield i } })', 'growing RangeError'],
  [`Promise.reject(${LOOPING})`, 'own-time OwnTime'],
  [`Promise.reject(new (class extends Error { get message() { for (;;); } })())`, 'own-time OwnTime'],
];

/**
 * What fills memory while the clock runs ends by either, as the machine goes; and so does what takes its time to get to
 * a bound.
 */
const EITHER: Readonly<Record<string, RegExp>> = {
  'own-time OwnTime': /^(own-time OwnTime|memory-limit MemoryLimit)$/,
  'growing RangeError': /^(thrown RangeError|own-time OwnTime)$/,
};

describe('what used to end the process', () => {
  it('ends as an ordinary abort, and the process is there to say so', () => {
    const program = fileURLToPath(new URL('./isolate-killers.ts', import.meta.url));
    const bodies = KILLERS.map(([body]) => body);
    const printed = execFileSync(process.execPath, [program, JSON.stringify(bodies)], {
      encoding: 'utf8',
      timeout: 50_000,
    });
    const endings = printed
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    const either = (how: string): unknown => (how in EITHER ? expect.stringMatching(EITHER[how] as RegExp) : how);
    expect(endings).toEqual(KILLERS.map(([body, how]) => [body, either(how)]));
  });
});
