// THE table of built-ins that can run long, and what is done about each. `boundBuiltIns` replaces them in the calling
// realm, before SES locks it down. Outside a metered call a replaced one is the native function behind one test; the
// compiler sees through it.
//
// What takes constant time has a table of its own (constant.ts). What is in neither is refused to metered code: so a
// built-in that a later engine brings is no hole. What is not given to a metered graft at all (GLOBALS in operators.ts)
// needs no row: Proxy, RegExp, BigInt, Promise, Function, Atomics and whatever else is not listed there.

import { type Bounded, ownArray, ownFunction, ownIterator, ownJson, ownMap, ownObject, ownTyped } from './bounded.ts';
import { ownText, TEXT_FUNCTIONS } from './bounded-texts.ts';
import { CONSTANT, constant, type Native } from './constant.ts';
import { GLOBALS } from './globals.ts';
import { plainLocales } from './locales.ts';
import { CELL, charge, RUNNING } from './meter.ts';
import { chargeEqual, chargeExtent, chargeProperties, chargeSort, extent, numeric } from './price.ts';
import { heritage } from './prototypes.ts';

/** Takes the price of a call that follows. */
type Price = (self: unknown, args: readonly unknown[]) => void;

interface Row {
  readonly on: object | undefined;
  readonly names: readonly PropertyKey[];
  readonly why: string;
  readonly price?: Price;
  /** Arguments from here on are made numbers. */
  readonly numbers?: number;
  readonly instead?: Readonly<Record<string, Bounded>>;
  /** SES pins it as soon as it is imported. */
  readonly early?: true;
}

const untyped: Price = (self, args) => {
  if (ArrayBuffer.isView(self)) throw new TypeError('metered code: a method of arrays is not taken for a typed array');
  charge(1 + args.length);
  chargeExtent(self);
};
const sought: Price = (self, [value]) => {
  chargeExtent(self);
  if (typeof value === 'string') chargeEqual(value, extent(self));
};
const sizes = [Map.prototype, Set.prototype].map(
  (on) => (Object.getOwnPropertyDescriptor(on, 'size') as { get: (this: unknown) => number }).get,
);
const sizeOf = (self: unknown): number => (sizes[self instanceof Map ? 0 : 1] as (this: unknown) => number).call(self);
/** Up to three places of deleted elements stand for one that is there. */
const places: Price = (self) => charge(1 + sizeOf(self) / 256);
const elements: Price = (self) => charge(1 + sizeOf(self));
const receiver: Price = (self) => chargeExtent(self);
const firstArgument: Price = (_self, [value]) => chargeProperties(value);
const refused: Price = () => {
  throw new TypeError('metered code may not call this built-in');
};
const typedArray: object = Object.getPrototypeOf(Int8Array.prototype);
const walks = [
  ...['every', 'filter', 'find', 'findIndex', 'findLast', 'findLastIndex', 'forEach', 'map', 'reduce', 'reduceRight'],
  ...['reverse', 'some', 'toReversed'],
];
/** These compare with what is given. */
const seeks = ['includes', 'indexOf', 'lastIndexOf'];
const globals = globalThis as unknown as Record<string, { readonly prototype: object } | undefined>;
const setPrototype: object = Set.prototype;

/** Whether a set's method may take `other` without running code of a graft between two elements. */
const plainSet = (other: unknown): boolean =>
  typeof other === 'object' &&
  other !== null &&
  [setPrototype, Map.prototype].includes(Object.getPrototypeOf(other)) &&
  Reflect.ownKeys(other).length === 0;

const bothSets: Price = (self, [other]) => {
  if (!plainSet(other)) throw new TypeError('metered code: a set takes a plain Set or Map here');
  charge(1 + 4 * ((self as Set<unknown>).size + (other as Set<unknown>).size));
};

export const TABLE: readonly Row[] = [
  {
    on: Array.prototype,
    names: [...walks, 'shift'],
    why: 'walks `length` elements, holes included',
    price: receiver,
  },
  { on: Array.prototype, names: ['slice', 'copyWithin'], why: 'walks elements', price: receiver, numbers: 0 },
  { on: Array.prototype, names: ['splice', 'toSpliced', 'unshift'], why: 'moves all elements', price: untyped },
  { on: Array.prototype, names: ['fill', 'with'], why: 'walks all elements', price: untyped, numbers: 1 },
  { on: Array.prototype, names: seeks, why: 'walks all elements, and compares texts', price: sought },
  {
    on: Array.prototype,
    names: ['push', 'sort', 'toSorted'],
    why: 'n log n comparisons, natively where there is no comparator',
    instead: ownArray,
  },
  {
    on: Array.prototype,
    names: ['concat', 'flat', 'flatMap', 'join'],
    why: 'walks arrays inside arrays, as often as they occur',
    instead: ownArray,
  },
  { on: Array, names: ['from', 'of'], why: 'iterates without counting; array-likes of any length', instead: ownArray },
  { on: Array, names: ['fromAsync'], why: 'goes on when the call is over', price: refused },
  {
    on: typedArray,
    names: [...walks, ...seeks, 'join'],
    why: 'walks all elements',
    price: (self) => charge(1 + 4 * extent(self)),
  },
  {
    on: typedArray,
    names: ['copyWithin', 'fill', 'slice', 'with'],
    why: 'walks all elements',
    price: receiver,
    numbers: 0,
  },
  { on: typedArray, names: ['sort', 'toSorted'], why: 'n log n comparisons', price: chargeSort },
  { on: typedArray, names: ['set'], why: 'walks its argument', instead: ownTyped },
  { on: Object.getPrototypeOf(Int8Array), names: ['from'], why: 'iterates without counting', instead: ownTyped },
  {
    on: ArrayBuffer.prototype,
    names: ['slice'],
    why: 'copies memory',
    price: (self) => charge(1 + (self as ArrayBuffer).byteLength / 64),
    numbers: 0,
    early: true,
  },
  {
    on: ArrayBuffer.prototype,
    names: ['resize', 'sliceToImmutable', 'transfer', 'transferToFixedLength', 'transferToImmutable'],
    why: 'takes memory nobody counts',
    price: refused,
    early: true,
  },
  { on: SharedArrayBuffer.prototype, names: ['grow', 'slice'], why: 'takes memory nobody counts', price: refused },
  {
    on: DataView.prototype,
    names: ['getBigInt64', 'getBigUint64', 'setBigInt64', 'setBigUint64'],
    why: 'makes BigInts, whose powers have no bound',
    price: refused,
  },
  {
    on: String.prototype,
    names: ['concat', 'padEnd', 'padStart', 'repeat', 'replace', 'replaceAll', 'split'],
    why: 'makes a text of any length from short ones',
    instead: ownText,
  },
  {
    on: String.prototype,
    names: ['match', 'matchAll', 'search'],
    why: 'makes a regular expression of a text, which may take for ever',
    instead: ownText,
  },
  {
    on: String.prototype,
    names: ['endsWith', 'includes', 'indexOf', 'lastIndexOf', 'startsWith'],
    why: 'searches a text for a text',
    instead: ownText,
  },
  {
    on: String.prototype,
    names: ['isWellFormed', 'normalize', 'toLowerCase', 'toUpperCase', 'toWellFormed'],
    why: 'walks a text',
    instead: ownText,
  },
  {
    on: String.prototype,
    names: ['trim', 'trimEnd', 'trimStart', 'trimLeft', 'trimRight'],
    why: 'walks a text',
    instead: ownText,
  },
  { on: String, names: ['raw'], why: 'walks an array-like of any length', instead: ownText },
  { on: JSON, names: ['parse'], why: 'walks a text', instead: ownJson },
  { on: JSON, names: ['stringify'], why: 'walks what is reachable, as often as it is', instead: ownJson },
  {
    on: Object,
    names: ['entries', 'freeze', 'getOwnPropertyNames', 'getOwnPropertySymbols'],
    why: 'walks all properties',
    price: firstArgument,
  },
  {
    on: Object,
    names: ['isFrozen', 'isSealed', 'keys', 'preventExtensions', 'seal', 'values'],
    why: 'walks all properties',
    price: firstArgument,
  },
  { on: Object, names: ['create'], why: 'walks all properties; a prototype', instead: ownObject },
  { on: Object, names: ['is'], why: 'compares texts', instead: ownObject },
  { on: Object, names: ['setPrototypeOf'], why: 'makes chains of prototypes longer', instead: ownObject },
  { on: Object.prototype, names: ['__proto__'], why: 'makes chains of prototypes longer', instead: ownObject },
  { on: Object, names: ['fromEntries', 'groupBy'], why: 'iterates without counting', instead: ownObject },
  {
    on: Object,
    names: ['assign', 'defineProperties', 'defineProperty'],
    why: 'may give an array any length',
    instead: ownObject,
  },
  {
    on: Object,
    names: ['getOwnPropertyDescriptor', 'getOwnPropertyDescriptors'],
    why: 'would show a native constructor',
    instead: ownObject,
  },
  {
    on: Reflect,
    names: ['ownKeys', 'preventExtensions'],
    why: 'walks all properties',
    price: firstArgument,
  },
  { on: Reflect, names: ['setPrototypeOf'], why: 'makes chains of prototypes longer', instead: ownObject },
  { on: Reflect, names: ['defineProperty', 'set'], why: 'may give an array any length', instead: ownObject },
  {
    on: Reflect,
    names: ['get', 'getOwnPropertyDescriptor'],
    why: 'would show a native constructor',
    instead: ownObject,
  },
  {
    on: Reflect,
    names: ['apply'],
    why: 'takes as many arguments as `length` says',
    price: (_self, [, , list]) => chargeExtent(list),
  },
  {
    on: Reflect,
    names: ['construct'],
    why: 'takes as many arguments as `length` says; makes chains of prototypes longer',
    price: (_self, [, list, target]) => {
      chargeExtent(list);
      if (target !== undefined) heritage(target);
    },
  },
  {
    on: Function.prototype,
    names: ['apply'],
    why: 'takes as many arguments as `length` says',
    price: (_self, [, list]) => chargeExtent(list),
  },
  {
    on: Function.prototype,
    names: ['bind'],
    why: 'a call of what was bound again and again is as many calls',
    instead: ownFunction,
  },
  { on: Map.prototype, names: ['set'], why: 'keeps a key that is compared later', instead: ownMap },
  { on: setPrototype, names: ['add'], why: 'keeps a key that is compared later', instead: ownMap },
  ...[Map.prototype, setPrototype].flatMap((on) => [
    { on, names: ['entries', 'keys', 'values', Symbol.iterator], why: 'passes over what was deleted', price: places },
    { on, names: ['clear', 'forEach'], why: 'walks all elements', price: elements },
  ]),
  { on: Map, names: ['groupBy'], why: 'iterates without counting', instead: ownObject },
  {
    on: setPrototype,
    names: [
      'difference',
      'intersection',
      'isDisjointFrom',
      'isSubsetOf',
      'isSupersetOf',
      'symmetricDifference',
      'union',
    ],
    why: 'walks two sets, the other one by its own methods',
    price: bothSets,
  },
  {
    on: globals.Iterator?.prototype,
    names: Object.keys(ownIterator),
    why: 'iterates without counting',
    instead: ownIterator,
  },
  {
    on: globalThis,
    names: TEXT_FUNCTIONS,
    why: 'walks a text',
    instead: ownText,
  },
  { on: Date, names: ['parse'], why: 'walks a text', instead: ownText },
];

/** Where metered code finds functions. */
const HOLDERS: readonly object[] = [
  ...GLOBALS.flatMap((name) => [globals[name], globals[name]?.prototype]),
  ...[typedArray, Object.getPrototypeOf(Int8Array) as object, globals.Iterator?.prototype],
].filter((on) => on !== undefined && on !== null && Object(on) === on) as object[];

const priced = (native: Native, name: string, { price, numbers = Number.POSITIVE_INFINITY }: Row): Native =>
  ({
    [name](this: unknown, ...args: unknown[]): unknown {
      if (CELL[RUNNING] !== 0) {
        for (let i = numbers; i < args.length; i++) args[i] = numeric(args[i]);
        price?.(this, args);
      }
      return native.call(this, ...args);
    },
  })[name] as Native;

const bounded = (native: Native, name: string, instead: Bounded): Native =>
  ({
    [name](this: unknown, ...args: unknown[]): unknown {
      return CELL[RUNNING] === 0 ? native.call(this, ...args) : instead(native, this, args);
    },
  })[name] as Native;

/** By native function: the same has several names (trimLeft, Number.parseFloat), and the same stands for all. */
const made = new Map<unknown, Native>();
/** What metered code may find: what was made, and what is free. */
const known = new WeakSet<object>();

/** Whether a function is one of the table's, or was refused for being in none. */
export const isKnown = (built: object): boolean => known.has(built);

const wrap = (native: Native, make: () => Native): Native => {
  const done = made.get(native) ?? make();
  if (done !== native) Object.defineProperty(done, 'length', { value: native.length, configurable: true });
  made.set(native, done);
  known.add(done);
  return done;
};

const nameOf = (key: PropertyKey): string => (typeof key === 'symbol' ? `[${key.description}]` : String(key));

/** Puts something in the place of a function, or of an accessor's functions, unless that is done. */
const replace = (on: object, key: PropertyKey, make: (native: Native, name: string) => Native): void => {
  const own = Object.getOwnPropertyDescriptor(on, key);
  if (own === undefined) return;
  const changed: PropertyDescriptor = { ...own };
  for (const part of ['value', 'get', 'set'] as const) {
    const native: unknown = own[part];
    if (typeof native !== 'function' || known.has(native)) continue;
    changed[part] = wrap(native as Native, () => make(native as Native, nameOf(key)));
  }
  if (own.configurable) Object.defineProperty(on, key, changed);
};

const madeOf =
  (row: Row) =>
  (native: Native, name: string): Native => {
    const instead = row.instead?.[name];
    return instead === undefined ? priced(native, name, row) : bounded(native, name, instead);
  };

const refusing = (native: Native, name: string): Native =>
  priced(native, name, { on: undefined, names: [], why: '', price: refused });

/**
 * Replaces what the tables list, in the calling realm, before it is locked down: `early` rows before SES is imported,
 * the others after, so that SES itself works with what it found. What is in no table is refused.
 */
export const boundBuiltIns = (early: boolean): void => {
  for (const row of TABLE) {
    if ((row.early ?? false) !== early || row.on === undefined) continue;
    for (const key of row.names) replace(row.on, key, madeOf(row));
  }
  if (early) return;
  for (const { on, names, way } of CONSTANT)
    for (const key of on === undefined ? [] : names)
      replace(on as object, key, (native, name) => constant(native, name, way));
  for (const on of HOLDERS)
    for (const key of Reflect.ownKeys(on)) if (key !== 'constructor') replace(on, key, refusing);
  for (const built of plainLocales()) known.add(built);
};
