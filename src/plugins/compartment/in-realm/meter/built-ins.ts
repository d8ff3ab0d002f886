// THE table of built-ins that can run long, and what is done about each. `boundBuiltIns` replaces them in the calling
// realm, before SES locks it down. Outside a metered call a replaced one is the native function behind one test; the
// compiler sees through it.
//
// What is not here takes constant time, calls the graft's own (metered) functions a bounded number of times, or is not
// given to a metered graft at all (GLOBALS in operators.ts): Proxy, RegExp, BigInt, Promise, Function, Atomics and
// whatever else is not listed there.

import {
  type Bounded,
  type Native,
  ownArray,
  ownFunction,
  ownIterator,
  ownJson,
  ownObject,
  ownText,
} from './bounded.ts';
import { CELL, charge, RUNNING } from './meter.ts';
import { chargeExtent, chargeProperties, chargeSort } from './price.ts';

/** Takes the price of a call that follows. */
type Price = (self: unknown, args: readonly unknown[]) => void;

interface Row {
  readonly on: object | undefined;
  readonly names: readonly string[];
  readonly why: string;
  readonly price?: Price;
  readonly instead?: Readonly<Record<string, Bounded>>;
  /** SES pins it as soon as it is imported. */
  readonly early?: true;
}

const receiver: Price = (self) => chargeExtent(self);
const firstArgument: Price = (_self, [value]) => chargeProperties(value);
const refused: Price = () => {
  throw new TypeError('metered code may not call this built-in');
};
const typedArray: object = Object.getPrototypeOf(Int8Array.prototype);
const walks = [
  'every',
  'fill',
  'filter',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
  'forEach',
  'includes',
  'indexOf',
  'lastIndexOf',
];
const alike = [
  ...walks,
  'copyWithin',
  'map',
  'reduce',
  'reduceRight',
  'reverse',
  'some',
  'toLocaleString',
  'toReversed',
  'with',
];
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
    names: [...alike, 'shift', 'slice', 'splice', 'toSpliced', 'unshift'],
    why: 'walks `length` elements, holes included',
    price: receiver,
  },
  {
    on: Array.prototype,
    names: ['sort', 'toSorted'],
    why: 'n log n comparisons, natively where there is no comparator',
    price: chargeSort,
  },
  {
    on: Array.prototype,
    names: ['concat', 'flat', 'flatMap', 'join'],
    why: 'walks arrays inside arrays, as often as they occur',
    instead: ownArray,
  },
  { on: Array, names: ['from'], why: 'iterates without counting; array-likes of any length', instead: ownArray },
  { on: Array, names: ['fromAsync'], why: 'goes on when the call is over', price: refused },
  {
    on: typedArray,
    names: [...alike, 'join', 'slice'],
    why: 'walks all elements',
    price: receiver,
  },
  { on: typedArray, names: ['sort', 'toSorted'], why: 'n log n comparisons', price: chargeSort },
  { on: typedArray, names: ['set'], why: 'walks its argument', price: (_self, [source]) => chargeExtent(source) },
  { on: Object.getPrototypeOf(Int8Array), names: ['from'], why: 'iterates without counting', instead: ownArray },
  {
    on: ArrayBuffer.prototype,
    names: ['slice'],
    why: 'copies memory',
    price: (self) => charge(1 + (self as ArrayBuffer).byteLength / 64),
    early: true,
  },
  {
    on: ArrayBuffer.prototype,
    names: ['resize', 'transfer', 'transferToFixedLength'],
    why: 'takes memory nobody counts',
    price: refused,
    early: true,
  },
  { on: SharedArrayBuffer.prototype, names: ['grow', 'slice'], why: 'takes memory nobody counts', price: refused },
  {
    on: DataView.prototype,
    names: ['getBigInt64', 'getBigUint64'],
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
    names: ['endsWith', 'includes', 'indexOf', 'lastIndexOf', 'localeCompare', 'startsWith'],
    why: 'searches a text for a text',
    instead: ownText,
  },
  {
    on: String.prototype,
    names: [
      'isWellFormed',
      'normalize',
      'toLocaleLowerCase',
      'toLocaleUpperCase',
      'toLowerCase',
      'toUpperCase',
      'toWellFormed',
    ],
    why: 'walks a text',
    instead: ownText,
  },
  { on: String.prototype, names: ['trim', 'trimEnd', 'trimStart'], why: 'walks a text', instead: ownText },
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
    names: ['isFrozen', 'isSealed', 'keys', 'seal', 'values'],
    why: 'walks all properties',
    price: firstArgument,
  },
  { on: Object, names: ['create'], why: 'walks all properties', price: (_self, [, value]) => chargeProperties(value) },
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
  { on: Reflect, names: ['ownKeys'], why: 'walks all properties', price: firstArgument },
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
    why: 'takes as many arguments as `length` says',
    price: (_self, [, list]) => chargeExtent(list),
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
    names: ['drop', 'every', 'filter', 'find', 'flatMap', 'forEach', 'map', 'reduce', 'some', 'take', 'toArray'],
    why: 'iterates without counting',
    instead: ownIterator,
  },
  {
    on: globalThis,
    names: [
      'decodeURI',
      'decodeURIComponent',
      'encodeURI',
      'encodeURIComponent',
      'escape',
      'parseFloat',
      'parseInt',
      'unescape',
    ],
    why: 'walks a text',
    instead: ownText,
  },
];

const priced = (native: Native, name: string, price: Price): Native =>
  ({
    [name](this: unknown, ...args: unknown[]): unknown {
      if (CELL[RUNNING] !== 0) price(this, args);
      return native.call(this, ...args);
    },
  })[name] as Native;

const bounded = (native: Native, name: string, instead: Bounded): Native =>
  ({
    [name](this: unknown, ...args: unknown[]): unknown {
      return CELL[RUNNING] === 0 ? native.call(this, ...args) : instead(native, this, args);
    },
  })[name] as Native;

const replace = (on: object, name: string, row: Row): void => {
  const own = Object.getOwnPropertyDescriptor(on, name);
  if (own === undefined || typeof own.value !== 'function') return;
  const native = own.value as Native;
  const instead = row.instead?.[name];
  const made = instead === undefined ? priced(native, name, row.price as Price) : bounded(native, name, instead);
  Object.defineProperty(made, 'length', { value: native.length, configurable: true });
  Object.defineProperty(on, name, { ...own, value: made });
};

/**
 * Replaces what the table lists, in the calling realm, before it is locked down: `early` rows before SES is imported,
 * the others after, so that SES itself works with what it found.
 */
export const boundBuiltIns = (early: boolean): void => {
  for (const row of TABLE) {
    if ((row.early ?? false) !== early || row.on === undefined) continue;
    for (const name of row.names) replace(row.on, name, row);
  }
};
