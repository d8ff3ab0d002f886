// What built-ins and operators cost in fuel: at least in proportion to their work, never by looking at a clock. One
// unit is about the time of a turn of a small loop (50 ns at 20,000 a millisecond), so a memory copy costs a fraction
// of a unit an element.
//
// A price is taken before the work is done, from what cannot change in between: the length of an array, of a typed
// array, of a text, or an own data property `length`. Where a length would have to be asked for (an accessor, an
// inherited one), metered code is refused.

import { charge } from './meter.ts';

const { isArray } = Array;
const { getOwnPropertyDescriptor, getPrototypeOf, hasOwn } = Object;
const { ownKeys } = Reflect;
const arrayPrototype = Array.prototype;
const typedPrototype: object = getPrototypeOf(Int8Array.prototype);
const typedLength = (getOwnPropertyDescriptor(typedPrototype, 'length') as { get: (this: unknown) => number }).get;
const { isView } = ArrayBuffer;

/** How many elements a built-in sees in an array, a typed array, a text or what resembles an array. */
export const extent = (value: unknown): number => {
  if (typeof value === 'string') return value.length;
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return 0;
  if (isArray(value)) return value.length;
  if (isView(value) && !(value instanceof DataView)) return typedLength.call(value);
  const own = getOwnPropertyDescriptor(value, 'length');
  if (own === undefined) {
    if ('length' in value) throw new TypeError('metered code: an inherited length is not taken here');
    return 0;
  }
  if (!hasOwn(own, 'value') || typeof own.value === 'object' || typeof own.value === 'function')
    throw new TypeError('metered code: a length that is no number is not taken here');
  const length = Number(own.value);
  return Math.max(length, 0);
};

/**
 * A native array costs a quarter of a unit an element; what only resembles one, or may find its holes filled by another
 * prototype, is walked a hundred times slower.
 */
export const chargeExtent = (value: unknown): void => {
  const length = extent(value);
  const native = (isArray(value) && getPrototypeOf(value) === arrayPrototype) || isView(value);
  charge(native ? 1 + length / 4 : 1 + 2 * length);
};

export const chargeSort = (value: unknown): void => {
  const length = extent(value);
  charge(1 + length * Math.ceil(Math.log2(length + 2)));
};

/** How many properties are copied, listed or frozen. */
export const properties = (value: unknown): number => {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return extent(value);
  return isArray(value) || isView(value) ? extent(value) : ownKeys(value).length;
};

export const chargeProperties = (value: unknown): void => charge(1 + properties(value));

const SHORT = 2048;
const LONG = 2 ** 18;

/**
 * A text that was made by joining others: nothing is copied until somebody looks into it, and then all of it. Long
 * texts are dear.
 */
export const chargeText = (length: number): void => {
  if (length < SHORT) return;
  charge(length < LONG ? length / 1024 : length / 8);
};

/** A text that is compared with another of its length: eight units of it at a time. */
export const chargeEqual = (text: string, times: number): void => {
  if (text.length > EQUAL) charge((times * text.length) / 512);
};
const EQUAL = 1024;

/** A text that is read as a number, digit by digit. */
export const chargeNumeral = (text: string): void => {
  if (text.length > NUMERAL) charge(text.length / 16);
};
const NUMERAL = 64;

/** A text that is looked up: hashed, and compared where the hash is known. */
const chargeKey = (name: string): void => {
  if (name.length > KEY) charge(name.length / 64);
};
const KEY = 128;

export const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

const { toPrimitive } = Symbol;
type Conversion = ((this: unknown, hint: string) => unknown) | null | undefined;

/** What the language makes of an object where it needs a primitive (ECMA-262, ToPrimitive). */
export const primitiveOf = (value: object, hint: 'number' | 'default'): unknown => {
  const of = value as Record<PropertyKey, Conversion>;
  const own = of[toPrimitive];
  const methods = own === undefined || own === null ? [of.valueOf, of.toString] : [own];
  for (const method of methods) {
    if (typeof method !== 'function' && (own === undefined || own === null)) continue;
    const made = (method as NonNullable<Conversion>).call(value, hint);
    if (!isObject(made)) return made;
  }
  throw new TypeError('Cannot convert object to primitive value');
};

/** An operand of arithmetic: a primitive, and where it is a text, paid for. */
export const numeric = (value: unknown): unknown => (typeof value === 'number' ? value : converted(value));

const converted = (value: unknown): unknown => {
  const primitive = isObject(value) ? primitiveOf(value, 'number') : value;
  if (typeof primitive === 'string') chargeNumeral(primitive);
  return primitive;
};

/** A key: a number, a symbol or a text, found once; a long text is paid for. */
export const keyed = (key: unknown): PropertyKey => {
  if (typeof key === 'number' || typeof key === 'symbol') return key;
  const name = `${key as string}`;
  chargeKey(name);
  return name;
};

/** Looking for `part` in `text`, at worst. */
export const chargeSearch = (length: number, part: number): void => charge(1 + (length / 32) * (1 + part / 32));

/** Iterates whatever it is given, a unit a step, into an array: what built-ins would do without counting. */
export const gather = (items: unknown): unknown[] => {
  const list: unknown[] = [];
  for (const item of items as Iterable<unknown>) {
    charge(1);
    list.push(item);
  }
  return list;
};

/**
 * What is about to be spread or read as a whole: an ordinary array or text as it is, charged; anything else gathered.
 */
export const spreadable = (items: unknown): unknown => {
  if (
    typeof items === 'string' ||
    (isArray(items) && getPrototypeOf(items) === arrayPrototype && !hasOwn(items, Symbol.iterator))
  ) {
    charge(1 + items.length / 4);
    return items;
  }
  return items === null || items === undefined ? items : gather(items);
};

export const arrayOf = (self: unknown): readonly unknown[] => {
  if (!isArray(self)) throw new TypeError('metered code: an array is needed here');
  return self;
};
