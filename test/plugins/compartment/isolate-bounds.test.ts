// Bounded built-ins answer as the native ones do on ordinary values.

import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Compartment } from '../../../src/plugins/compartment/compartment.ts';
import { IsolateMaker } from '../../../src/plugins/compartment/index.ts';
import { Random } from '../../support/random.ts';

/**
 * Evaluates an expression in this compartment, or in a bare context: what it comes to, as text that tells everything
 * apart. What ran before an error is not compared: bounded ones look at the length or the text first.
 */
const PROGRAM = `(text) => {
  const show = (value, depth = 0) => {
    if (typeof value === 'function') return 'function';
    if (typeof value !== 'object' || value === null)
      return typeof value + ':' + (Object.is(value, -0) ? '-0' : String(value));
    if (depth > 4) return '…';
    const lists = value instanceof Map || value instanceof Set;
    const inner = lists ? [...value].map((one) => show(one, depth + 1)).join() : '';
    const keys = Reflect.ownKeys(value).map((key) => String(key) + '=' + show(value[key], depth + 1));
    const name = Object.getPrototypeOf(value)?.constructor?.name;
    return Object.prototype.toString.call(value) + name + inner + '{' + keys.join() + '}';
  };
  const seen = [];
  try {
    return show((0, eval)(text)(seen)) + ' / ' + show(seen);
  } catch (error) {
    return error.name;
  }
}`;

let compartment: Compartment;
let bare: (text: string) => string;

beforeAll(async () => {
  const graft = { export: 'graft', callable: [], columns: [] };
  compartment = await new IsolateMaker().load({
    plugin: 'p',
    code: `({ graft: ${PROGRAM} })`,
    memory_mb: 32,
    load_ms: 5000,
    grafts: [graft],
  });
  bare = runInNewContext(PROGRAM) as typeof bare;
});
afterAll(() => compartment.dispose());

const bounded = (text: string): unknown => {
  const part = {
    index: 0,
    own_ms: 5000,
    principal: '',
    lingers: false,
    ignoresAnswer: false,
    at: null,
    txn: { parent: null } as never,
  };
  const ending = compartment.run?.({
    ...part,
    input: text,
    callAccessor: () => null,
    tell: () => {},
    restart: () => false,
    ended: () => {},
  });
  return ending?.kind === 'value' ? ending.value : ending;
};

const SCALARS = [
  'undefined',
  'null',
  '0',
  '-0',
  '1',
  '2',
  '-1',
  '3.7',
  'NaN',
  'Infinity',
  '"a"',
  '"b,c"',
  '""',
  'true',
  '10',
  '9',
];
const FUNCTIONS = [
  '(x) => x',
  '(x) => [x, x]',
  '(x, i) => i % 2 === 0',
  '(a, b) => (a > b ? 1 : -1)',
  'String',
  'Boolean',
  'Math.max',
  '(...args) => { seen.push(args.length); return args[1] }',
  '(x) => { throw new SyntaxError() }',
  'function () { "use strict"; return this }',
];

const pick = (random: Random, depth = 0): string => {
  if (depth > 2 || random.chance(0.5)) return random.pick(SCALARS);
  const list = Array.from({ length: random.below(5) }, () => (random.chance(0.1) ? '' : pick(random, depth + 1))).join(
    ', ',
  );
  return random.pick([
    `[${list}]`,
    `[${list}]`,
    `({ length: ${random.pick(['2', '"3"', '-1', '1.9', 'NaN'])}, 0: ${pick(random, depth + 1)} })`,
    '({})',
  ]);
};

/** Gives an object many prototypes, one of which has an element. */
const UNDER_MANY =
  '((o) => { let p = Array.prototype; for (let i = 0; i < 20; i++) { p = Object.create(p); if (i === 5) p[1] = "q" }' +
  ' return Object.setPrototypeOf(o, p) })';

const receiver = (random: Random): string => {
  const value = pick(random);
  return random.pick([
    value,
    value,
    `[${pick(random)}, ${pick(random)}, ${pick(random)}]`,
    'Object.assign(new (class A extends Array {})(), [3, 1, 2])',
    'new Uint8Array([3, 1, 2])',
    'new Proxy([3, 1, , 2], {})',
    '({ get length() { seen.push("length"); return 3 }, 0: "x", 2: "y" })',
    '(function () { return arguments })(1, [2], 3)',
    '"text"',
    `${UNDER_MANY}([3, , 1, , "x"])`,
    `${UNDER_MANY}({ length: 4, 0: "x", 2: "y" })`,
  ]);
};

const argument = (random: Random): string => (random.chance(0.4) ? random.pick(FUNCTIONS) : pick(random));
const args = (random: Random, most: number): string =>
  Array.from({ length: random.below(most + 1) }, () => argument(random)).join(', ');

const ARRAY_METHODS = Object.getOwnPropertyNames(Array.prototype).filter(
  (name) => name !== 'constructor' && !/^(entries|keys|values)$/.test(name),
);
const TEXT_METHODS = [
  'localeCompare',
  'match',
  'normalize',
  'replace',
  'replaceAll',
  'search',
  'split',
  'toLowerCase',
  'toUpperCase',
  'toWellFormed',
];
const TEXTS = [
  '"a-b-c"',
  '""',
  '"ÄÖ\\u0301ü"',
  '"x".repeat(100)',
  '({ toString: () => (seen.push("text"), "a,b") })',
  '7',
  'null',
  'undefined',
  'Symbol()',
];
const PATTERNS = ['"-"', '/-/g', '/(a)(b)?/', '""', 'undefined', '"b"', '(x) => x + 1', '2', '"NFD"'];
const SETS = [
  'new Set()',
  'new Set([1, 2, "a"])',
  'new Set([2, -0, NaN])',
  'new Map([[1, 2]])',
  '[1, 2]',
  '({ size: 1, has: () => true, keys: () => [1, 9].values() })',
  '({ size: NaN })',
  '7',
];
const LISTS = [
  '[1, [2], 3]',
  '"añb"',
  'new Set([1, 2])',
  '({ length: 2, 0: "a" })',
  '(function* () { yield 1; yield 2 })()',
  'null',
  '7',
  '[, 1]',
  '({ length: -1 })',
];

const LOCALES = [
  'undefined',
  'null',
  '"tr"',
  '["de", "tr"]',
  '["tr", , "de"]',
  '[]',
  '{ length: 1, 0: "tr" }',
  '{}',
  'new Intl.Locale("tr")',
  '[new Intl.Locale("de")]',
  '"_"',
  '7',
  'new Proxy(["de"], {})',
  'String',
];
const INTL = [
  'Collator',
  'DateTimeFormat',
  'ListFormat',
  'NumberFormat',
  'PluralRules',
  'RelativeTimeFormat',
  'Segmenter',
];

/** The arguments of a call: `first`, and at most three others. */
const after = (first: string, random: Random): string => [first, args(random, 3)].filter(Boolean).join(', ');
/** A text and at most two patterns. */
const texts = (random: Random): string =>
  [random.pick(TEXTS), random.pick(PATTERNS), random.pick(PATTERNS)].slice(0, 1 + random.below(3)).join(', ');

const FROM = ['Array', '(class B extends Array {})', 'Object', 'undefined'];
const SET_METHODS = ['union', 'symmetricDifference'];
const JSON_TEXTS = ['"[1,{\\"a\\":[]}]"', '"{"', 'null', '7', 'undefined', '({ toString: () => "[2]" })'];
const CALLED = '(k, v) => (seen.push(k), v)';
const REPLACERS = ['["a", "b"]', '[0, , "a"]', 'new Proxy(["b"], {})', '{ length: 1, 0: "a" }', 'null', CALLED];
const OF_OBJECT = [
  'entries',
  'keys',
  'values',
  'getOwnPropertyNames',
  'getOwnPropertyDescriptors',
  'isFrozen',
  'freeze',
  'seal',
];

const expressions: readonly ((random: Random) => string)[] = [
  (random) => `Array.prototype.${random.pick(ARRAY_METHODS)}.call(${after(receiver(random), random)})`,
  (random) =>
    `((o) => [Array.prototype.${random.pick(ARRAY_METHODS)}.call(${after('o', random)}) === o, o])` +
    `(${receiver(random)})`,
  (random) => `String.prototype.${random.pick(TEXT_METHODS)}.call(${texts(random)})`,
  (random) => `${random.pick(FROM)}.from(${random.pick(LISTS)}, ${random.pick(['undefined', ...FUNCTIONS])})`,
  (random) => `Array.from.call(${random.pick(['Object', 'undefined', 'Array'])}, ${random.pick(LISTS)})`,
  (random) =>
    `${random.pick(['new Set([1, 5])', 'new Set([-0])', 'new Set()', '[]'])}.${random.pick(SET_METHODS)}` +
    `(${random.pick(SETS)})`,
  (random) => `${random.pick(['Map', 'Object'])}.groupBy(${random.pick(LISTS)}, ${random.pick(FUNCTIONS)})`,
  (random) => `new ${random.pick(['Map', 'Set'])}([[${pick(random)}, 1], [${pick(random)}, 2], [${pick(random)}, 3]])`,
  (random) => `Map.prototype.set.call(${random.pick(['new Map()', 'new Set()', '7'])}, ${pick(random)}, 1)`,
  (random) => `Function.prototype.apply.call(${random.pick(FUNCTIONS)}, 1, ${receiver(random)})`,
  (random) => `Reflect.apply(${random.pick(FUNCTIONS)}, 1, ${receiver(random)})`,
  (random) => `Reflect.construct(${random.pick(['Array', 'Set', 'String'])}, ${receiver(random)})`,
  (random) => `String.raw({ raw: ${receiver(random)} }, ${args(random, 3) || '1'})`,
  (random) => `JSON.parse(${random.pick(JSON_TEXTS)}, ${random.pick(['undefined', CALLED])})`,
  (random) => `(1234.5).toLocaleString(${random.pick(LOCALES)})`,
  (random) => `new Date(0).toLocaleDateString(${random.pick(LOCALES)}, { timeZone: 'UTC' })`,
  (random) => `"I".${random.pick(['toLocaleLowerCase', 'toLocaleUpperCase'])}(${random.pick(LOCALES)})`,
  (random) => `"\u00e4".localeCompare("z", ${random.pick(LOCALES)})`,
  (random) => `Intl.getCanonicalLocales(${random.pick(LOCALES)})`,
  (random) => `Intl.${random.pick(INTL)}.supportedLocalesOf(${random.pick(LOCALES)})`,
  (random) =>
    `((C) => [new C(${random.pick(LOCALES)}).resolvedOptions().locale, new C() instanceof C, ` +
    `new C().constructor === C, C.name, C.length])(Intl.${random.pick(INTL)})`,
  (random) =>
    `((B) => [new B(${random.pick(LOCALES)}) instanceof B, B.name])(class B extends Intl.${random.pick(INTL)} {})`,
  (random) => `Intl.${random.pick(INTL)}(${random.pick(LOCALES)})`,
  (random) =>
    `JSON.stringify({ a: [1, { b: 2 }], 0: 3 }, ${random.pick(REPLACERS)}, ${random.pick(['0', '2', '"-"'])})`,
  (random) => `Object.${random.pick(OF_OBJECT)}(${receiver(random)})`,
  (random) => `Reflect.ownKeys(${receiver(random)})`,
  (random) => `Uint8Array.from(${receiver(random)}, ${random.pick(['undefined', '(x) => x * 2'])})`,
  (random) => `((t) => (t.set(${receiver(random)}, ${random.pick(['0', '1', '9'])}), t))(new Uint8Array(6))`,
  (random) => `${receiver(random)}.map((x) => Object.setPrototypeOf({ x }, ${random.pick(['null', '{ y: 1 }', '7'])}))`,
  (random) => `${receiver(random)}.map((x) => { const o = { x }; o.__proto__ = ${pick(random)}; return o })`,
  (random) => `Object.assign(${receiver(random)}, ${pick(random)}, ${receiver(random)})`,
  (random) => `Object.create(${random.pick(['null', '{}', '7'])}, ${pick(random)})`,
  (random) => `${random.pick(['escape', 'encodeURIComponent', 'decodeURI', 'unescape'])}(${random.pick(TEXTS)})`,
];

describe('a bounded built-in', () => {
  const SEEDS = Array.from({ length: 12 }, (_, seed) => seed + 1);
  it.each(SEEDS)('answers ordinary values as the native one does: seed %i', (seed) => {
    const random = new Random(seed);
    const differing: unknown[] = [];
    for (let i = 0; i < 1000; i++) {
      const text = `(seen) => ${random.pick(expressions)(random)}`;
      const [native, own] = [bare(text), bounded(text)];
      if (native !== own) differing.push({ text, native, own });
    }
    expect(differing.slice(0, 5)).toEqual([]);
  });

  it('has the name and the length of the native one, and is no constructor', () => {
    const text = `() => {
      const described = Object.getOwnPropertyDescriptor;
      const holders = [
        Array.prototype, Array, String.prototype, String, Map, Map.prototype, Set.prototype, Reflect,
        Function.prototype, Object,
      ];
      return holders.map((on) =>
        Object.getOwnPropertyNames(on)
          .filter((name) => typeof described(on, name).value === 'function' && name !== 'constructor')
          .map((name) => [name, on[name], described(on, name).enumerable])
          .map(([name, f, enumerable]) => [name, f.name, f.length, 'prototype' in f, enumerable])
          .join());
    }`;
    expect(bounded(text)).toBe(bare(text));
  });
});
