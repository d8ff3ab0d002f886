// Values that cross, or must not, as JavaScript expressions: a graft evaluates them in its own realm, a test in its
// own.

import type { Random } from '../random.ts';

/** An expression, and what it comes to where that is plain data. */
export interface Expression {
  readonly text: string;
  readonly plain?: { readonly value: unknown };
  /** It is plain but for its size, which dooms a call that hands it over. */
  readonly isLarge: boolean;
}

const TEXTS = [
  '',
  'a',
  'ä€😀',
  '\u0001\n"\\',
  '__proto',
  'proto',
  '0',
  'toJSON',
  'valueOf',
  'then',
  '\u2028',
  '\\u0000',
];
const NUMBERS = [0, -0, 1, -1, 0.1, -2.5e-300, 2 ** 51 + 0.5, 2 ** 53 - 1, 1 - 2 ** 53, 5e-324, 1e-7];
/** Stands where something else shall. */
const MARK = '@';

const leaf = (random: Random): unknown =>
  random.pick<unknown>([null, true, false, random.pick(NUMBERS), random.pick(TEXTS)]);

/** A plain value; `last` lies somewhere in it, unless that is undefined. */
const tree = (random: Random, depth: number, last?: string): unknown => {
  if (depth === 0 || random.chance(0.3)) return last ?? leaf(random);
  const size = random.below(4) + (last === undefined ? 0 : 1);
  const at = last === undefined ? -1 : random.below(size);
  const inner = Array.from({ length: size }, (_, i) => tree(random, depth - 1, i === at ? last : undefined));
  if (random.chance(0.5)) return inner;
  return Object.fromEntries(inner.map((value, i) => [`${random.pick(TEXTS)}${i}`, value]));
};

const written = (value: unknown): string => (Object.is(value, -0) ? '-0' : JSON.stringify(value));

/** Expressions of a value that is plain, other than literals. */
const DRESSES: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text,
  (text) => `Object.freeze(${text})`,
  (text) => `{ a: Object.assign(Object.create(null), { k: ${text} }) }.a.k`,
  (text) => `((x) => x)(${text})`,
];

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const shared = (levels: number): string =>
  `(() => { let d = []; for (let i = 0; i < ${levels}; i++) d = [d, d]; return d })()`;

/** What is not plain, wherever it stands. */
export const FOREIGN: readonly string[] = [
  ...['[undefined]', '() => 1', 'function () {}', 'class {}', 'Symbol()', 'Symbol.iterator', '10n', 'Object(1n)'],
  ...['NaN', '1 / 0', '-1 / 0', '2 ** 53', '-(2 ** 53)', '1e300', 'new Number(1)', 'Object("x")', 'Object(true)'],
  ...['new Date(0)', 'new Map([[1, 2]])', 'new Set([1])', 'new WeakMap()', '/x/', 'new Error("x")', 'new Date(NaN)'],
  ...['Promise.resolve(1)', 'new Uint8Array(4)', 'new ArrayBuffer(8)', 'new Float64Array([NaN])', 'globalThis', 'Math'],
  ...['new (class A {})()', 'new (class extends Array {})()', 'Object.create({ a: 1 })', 'Object.create([])'],
  ...['Object.setPrototypeOf([1], null)', 'Object.setPrototypeOf({}, Array.prototype)', 'Array.prototype'],
  ...['({ get x() { return 1 } })', '({ set x(y) {} })', '({ toJSON() { return 1 } })'],
  'Object.defineProperty([], 0, { get() { return 1 }, enumerable: true })',
  'Object.defineProperty({}, "x", { value: 1 })',
  'Object.defineProperty({ y: 1 }, "x", { get: () => 1, enumerable: true })',
  ...['[1, , 2]', 'new Array(3)', 'Object.assign([1], { x: 1 })', '({ [Symbol.toPrimitive]: 1 })', '[,]'],
  '(() => { const a = {}; a.a = a; return a })()',
  '(() => { const a = []; a.push({ b: [a] }); return a })()',
  ...[
    nested(33),
    shared(40),
    '"\\ud800"',
    '"a\\udc00b"',
    '"\\ud83d"',
    '"x\\0y"',
    '({ "a\\0": 1 })',
    '({ "\\ud800": 1 })',
  ],
  ...[
    'JSON.parse(\'{"__proto__":1}\')',
    '({ ["__proto__"]: { x: 1 } })',
    '({ constructor: 1 })',
    '({ prototype: {} })',
  ],
  ...['({ constructor: { prototype: {} } })', '(function () { return arguments })(1, 2)', 'Object(Symbol())'],
  ...['({ valueOf: () => 1 })', '({ length: 1, 0: () => 1 })', '[[[() => 1]]]', '({ then() {} })'],
];

/** Also where there are proxies. */
export const PROXIES: readonly string[] = [
  ...['new Proxy({}, {})', 'new Proxy([], {})', 'new Proxy([1, 2], {})', 'new Proxy({ a: 1 }, Reflect)'],
  '(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy })()',
  'new Proxy({ a: 1 }, { n: 0, get() { return this.n++ ? () => 1 : 1 } })',
  'new Proxy({ a: 1 }, { ownKeys: () => ["a", "__proto__"], ' +
    'getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }) })',
  'Object.create(null, { x: { value: new Proxy({}, {}), enumerable: true } })',
];

/** Plain but for their size. */
export const LARGE: readonly string[] = [
  '"x".repeat(1048577)',
  'new Array(100001).fill(0)',
  'new Array(10).fill("x".repeat(200000))',
  'Object.fromEntries(new Array(10001).fill(0).map((_, i) => ["k" + i, 0]))',
  shared(18),
];

/** `expression` somewhere in a plain value. */
const around = (random: Random, expression: string): string => {
  const text = written(tree(random, random.below(4), MARK));
  return text.split(`"${MARK}"`).join(`(${expression})`);
};

/** An expression by chance: plain, foreign, or now and then too large. */
export const expression = (random: Random, proxies: boolean): Expression => {
  if (random.chance(0.4)) {
    const value = tree(random, 4);
    return { text: `(${random.pick(DRESSES)(written(value))})`, plain: { value }, isLarge: false };
  }
  const isLarge = random.chance(0.04);
  const foreign = isLarge ? LARGE : proxies && random.chance(0.2) ? PROXIES : FOREIGN;
  return { text: around(random, random.pick(foreign)), isLarge };
};
