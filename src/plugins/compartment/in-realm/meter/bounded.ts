// Built-ins that metered code gets another body of, where a price taken beforehand would not bound them: they walk what
// is inside what they are given, iterate, or convert. Each charges as it goes, or converts first and then hands the
// native function what can no longer change.

import type { Native } from './constant.ts';
import { CELL, charge, RUNNING } from './meter.ts';
import { shown } from './natives.ts';
import {
  arrayOf,
  chargeEqual,
  chargeExtent,
  chargeProperties,
  chargeSort,
  chargeText,
  extent,
  gather,
  isObject,
  keyed,
  numeric,
  spreadable,
} from './price.ts';
import { mayInherit, parent } from './prototypes.ts';

/** Does the work itself, or hands other arguments to the native function. */
export type Bounded = (native: Native, self: unknown, args: unknown[]) => unknown;

const { isArray } = Array;
const { hasOwn } = Object;
type Named = { readonly prototype?: unknown };

/** As text, converted once. Null and undefined stay, for the native function to refuse. */
export const asText = (value: unknown): unknown =>
  value === null || value === undefined ? value : `${value as string}`;
export const size = (value: unknown): number => (typeof value === 'string' ? value.length : 0);

export const madeText = (value: unknown): unknown => {
  if (typeof value === 'string') chargeText(value.length);
  return value;
};

/** Arrays being joined: one inside itself is the empty text, as natively. */
const joining: unknown[] = [];

const joined = (self: unknown, separator: string): string => {
  chargeExtent(self);
  if (joining.includes(self)) return '';
  joining.push(self);
  try {
    const list = Object(self) as Record<number, unknown>;
    const length = Math.trunc(extent(self));
    let text = '';
    for (let i = 0; i < length; i++) {
      const value = list[i];
      const part = value === null || value === undefined ? '' : `${value as string}`;
      text += i === 0 ? part : separator + part;
      charge(1 + (part.length + separator.length) / 64);
    }
    chargeText(text.length);
    return text;
  } finally {
    joining.pop();
  }
};

const flattened = (list: readonly unknown[], depth: number, into: unknown[]): unknown[] => {
  charge(1 + list.length);
  for (let i = 0; i < list.length; i++) {
    if (!(i in list)) continue;
    const value = list[i];
    if (isArray(value) && depth > 0) flattened(value, depth - 1, into);
    else into.push(value);
  }
  return into;
};

const spreads = (value: unknown): void => {
  if (isArray(value)) chargeExtent(value);
  else if (isObject(value) && Symbol.isConcatSpreadable in value)
    throw new TypeError('metered code: Symbol.isConcatSpreadable is not taken here');
  else charge(1);
};

/** The order of texts, as a sort without a comparator has it. */
const inOrder = (a: unknown, b: unknown): number => {
  const [one, other] = [`${a as string}`, `${b as string}`];
  chargeEqual(one, 1);
  return one < other ? -1 : Number(one > other);
};

const sorting: Bounded = (native, self, [comparator]) => {
  chargeSort(self);
  return native.call(self, comparator ?? inOrder);
};

const isTypedMaker = (made: unknown): boolean =>
  typeof made === 'function' && (made as { BYTES_PER_ELEMENT?: unknown }).BYTES_PER_ELEMENT !== undefined;

export const ownArray: Readonly<Record<string, Bounded>> = {
  sort: sorting,
  toSorted: sorting,
  push(native, self, args) {
    if (!isArray(self) && ArrayBuffer.isView(self))
      throw new TypeError('metered code: a method of arrays is not taken for a typed array');
    return native.call(self, ...args);
  },
  of(native, self, args) {
    if (isTypedMaker(self)) throw new TypeError('metered code: a typed array has an `of` of its own');
    charge(1 + args.length / 4);
    return native.call(shown.nativeOf(self), ...args);
  },
  join: (_native, self, [separator]) => joined(self, separator === undefined ? ',' : `${separator as string}`),
  concat(native, self, args) {
    spreads(self);
    for (const value of args) spreads(value);
    return native.call(self, ...args);
  },
  flat: (_native, self, [depth]) => flattened(arrayOf(self), depth === undefined ? 1 : Number(numeric(depth)), []),
  flatMap(native, self, [map, receiver]) {
    charge(1 + extent(self));
    if (typeof map !== 'function') return native.call(self, map);
    return native.call(self, function (this: unknown, ...args: unknown[]) {
      const list: unknown = map.call(receiver, ...args);
      if (isArray(list)) chargeExtent(list);
      return list;
    });
  },
  from(native, self, [items, ...rest]) {
    if (isTypedMaker(self)) throw new TypeError('metered code: a typed array has a `from` of its own');
    if (isObject(items) && Symbol.iterator in items)
      return native.call(shown.nativeOf(self), spreadable(items), ...rest);
    chargeExtent(items);
    charge(extent(items));
    return native.call(shown.nativeOf(self), items, ...rest);
  },
};

/** The length an array is given costs an eighth of what its elements would. */
export const chargeLength = (length: unknown): void => {
  if (isObject(length)) throw new TypeError('metered code: a length that is no number is not taken here');
  const wanted = Math.abs(Number(numeric(length)));
  if (wanted > 1024) charge(wanted / 8);
};

const describesLength = (target: unknown): void => {
  if (isArray(target)) throw new TypeError('metered code: the length of an array is set by assignment only');
};

const shownDescriptor = (descriptor: unknown): unknown => {
  if (isObject(descriptor) && hasOwn(descriptor, 'value')) {
    const own = descriptor as PropertyDescriptor;
    own.value = shown.of(own.value);
  }
  return descriptor;
};

/** Names that stand in every error's stack, at most. */
const NAME_MAX = 1024;

/** A property by its description: what syntax may not make, this may not either. */
const described = (target: unknown, name: PropertyKey, descriptor: unknown): unknown => {
  if (name === 'length') describesLength(target);
  if (!isObject(descriptor) || !isObject(target)) return descriptor;
  const bare = typeof target === 'function' && (name === 'prototype' || name === 'name');
  if (!bare && !ArrayBuffer.isView(target)) return descriptor;
  const own = { ...(descriptor as PropertyDescriptor) };
  if (own.get !== undefined || own.set !== undefined || (bare && own.writable === true))
    throw new TypeError(`metered code: ${String(name)} is defined with a value here, not to be written`);
  if (ArrayBuffer.isView(target)) own.value = numeric(own.value);
  else if (name === 'prototype') parent(own.value);
  else if (typeof own.value === 'string' && own.value.length > NAME_MAX)
    throw new TypeError(`metered code: the name of a function has ${NAME_MAX} units at most`);
  return own;
};

const defined: Bounded = (native, _self, [target, name, descriptor]) => {
  const known = keyed(name);
  return native(target, known, described(target, known, descriptor));
};

const refusesPrototype = (): never => {
  throw new TypeError('metered code: an object may only get a prototype with no more above it than it has');
};

export const ownObject: Readonly<Record<string, Bounded>> = {
  fromEntries: (native, _self, [entries]) => native(gather(entries)),
  groupBy(native, self, [items, by]) {
    if (typeof by !== 'function') return native.call(self, items, by);
    return native.call(self, gather(items), (item: unknown, at: number) => {
      const group: unknown = by(item, at);
      return typeof group === 'string' ? keyed(group) : group;
    });
  },
  create(native, _self, [prototype, descriptors]) {
    chargeProperties(descriptors);
    return native(parent(prototype), descriptors);
  },
  is(native, _self, [a, b]) {
    if (typeof a === 'string') chargeEqual(a, 1);
    return native(a, b);
  },
  setPrototypeOf(native, _self, [target, prototype]) {
    if (!mayInherit(target, prototype)) refusesPrototype();
    return native(target, prototype);
  },
  __proto__: (native, self, [prototype]) => {
    if (prototype !== undefined && !mayInherit(self, prototype)) refusesPrototype();
    return prototype === undefined ? native.call(self) : native.call(self, prototype);
  },
  assign(native, _self, [target, ...sources]) {
    if (ArrayBuffer.isView(target) && sources.length > 0)
      throw new TypeError('metered code: Object.assign is not taken for a typed array');
    for (const source of sources) {
      chargeProperties(source);
      if (!isObject(source)) continue;
      if (hasOwn(source, 'length') && !isArray(source)) describesLength(target);
      if (hasOwn(source, 'prototype') && typeof target === 'function') parent((source as Named).prototype);
    }
    return native(target, ...sources);
  },
  defineProperty: defined,
  defineProperties(native, _self, [target, descriptors]) {
    chargeProperties(descriptors);
    describesLength(target);
    if (!isObject(descriptors) || (typeof target !== 'function' && !ArrayBuffer.isView(target)))
      return native(target, descriptors);
    const own: Record<PropertyKey, unknown> = {};
    for (const name of Reflect.ownKeys(descriptors))
      own[name] = described(target, name, (descriptors as Record<PropertyKey, unknown>)[name]);
    return native(target, own);
  },
  set(native, _self, [target, name, value, ...rest]) {
    const known = keyed(name);
    if (known === 'length') chargeLength(value);
    if (known === 'prototype') parent(value);
    return native(target, known, ArrayBuffer.isView(target) ? numeric(value) : value, ...rest);
  },
  get: (native, _self, [target, name, ...rest]) => madeText(shown.of(native(target, keyed(name), ...rest))),
  getOwnPropertyDescriptor(native, _self, [target, name]) {
    const known = keyed(name);
    if (known === 'stack') return;
    return shownDescriptor(native(target, known));
  },
  getOwnPropertyDescriptors(native, _self, [target]) {
    chargeProperties(target);
    const all = native(target) as Record<PropertyKey, unknown>;
    delete all.stack;
    for (const name of Reflect.ownKeys(all)) shownDescriptor(all[name]);
    return all;
  },
};

export const ownJson: Readonly<Record<string, Bounded>> = {
  parse(native, _self, [text, ...rest]) {
    const converted = `${text as string}`;
    charge(1 + converted.length / (rest.length === 0 ? 2 : 1));
    return native(converted, ...rest);
  },
  /** A replacer of our own sees every value, however often it is reached. */
  stringify(native, _self, [value, replacer, space]) {
    if (isArray(replacer)) throw new TypeError('metered code: JSON.stringify takes no list of keys');
    const price = space === undefined ? 2 : 64;
    const tolled = function (this: unknown, name: string, found: unknown): unknown {
      const one: unknown = typeof replacer === 'function' ? replacer.call(this, name, found) : found;
      charge(
        price + (name.length + size(one)) / 16 + (isObject(one) && !isArray(one) ? Reflect.ownKeys(one).length : 0),
      );
      return one;
    };
    return madeText(native(value, tolled, space));
  },
};

/** A key of a map or a set is compared with every text of its hash, whenever it is sought. */
const KEPT_MAX = 4096;

const keeping: Bounded = (native, self, [key, ...value]) => {
  if (typeof key === 'string' && key.length > KEPT_MAX)
    throw new RangeError(`metered code: a key of a Map or a Set has ${KEPT_MAX} units at most`);
  return native.call(self, key, ...value);
};

export const ownMap: Readonly<Record<string, Bounded>> = { set: keeping, add: keeping };

/** Elements as numbers, a unit each. */
const numbersOf = (items: unknown): unknown => {
  if (!isObject(items) || ArrayBuffer.isView(items)) return items;
  const list = Symbol.iterator in items ? gather(items) : items;
  if (!isArray(list)) throw new TypeError('metered code: an array or what is iterated is needed here');
  return list.map(numeric);
};

export const ownTyped: Readonly<Record<string, Bounded>> = {
  set(native, self, [source, offset]) {
    chargeExtent(source);
    return native.call(self, numbersOf(source), numeric(offset));
  },
  from(native, self, [items, map, receiver]) {
    const list = isObject(items) ? gather(items) : items;
    if (typeof map !== 'function') return native.call(shown.nativeOf(self), numbersOf(list), map);
    return native.call(shown.nativeOf(self), list, (item: unknown, at: number) =>
      numeric(map.call(receiver, item, at)),
    );
  },
};

const iteratorPrototype: object = Object.getPrototypeOf(Object.getPrototypeOf([].values()));

const BOUND_MAX = 16;
/** How often a function was bound. */
const bound = new WeakMap<object, number>();

export const ownFunction: Readonly<Record<string, Bounded>> = {
  /** A call of a function bound a thousand times is a thousand calls. */
  bind(native, self, args) {
    const times = (isObject(self) ? (bound.get(self) ?? 0) : 0) + 1;
    if (times > BOUND_MAX) throw new RangeError(`metered code: bound more than ${BOUND_MAX} times`);
    charge(1 + args.length);
    const made = native.call(self, ...args) as object;
    bound.set(made, times);
    return made;
  },
};

/** An iterator like `source`, a unit a step. */
export const tolled = (source: unknown): unknown => {
  if (!isObject(source)) return source;
  const { next } = source as { next: unknown };
  return {
    __proto__: iteratorPrototype,
    next() {
      if (CELL[RUNNING] !== 0) charge(1);
      return (next as Native).call(source);
    },
    return() {
      const close: unknown = (source as { return?: unknown }).return;
      return typeof close === 'function' ? close.call(source) : { done: true, value: undefined };
    },
  };
};

export const ownIterator: Readonly<Record<string, Bounded>> = {
  ...Object.fromEntries(
    ['every', 'filter', 'find', 'flatMap', 'forEach', 'map', 'reduce', 'some', 'toArray'].map((name) => [
      name,
      ((native, self, args) => native.call(tolled(self), ...args)) satisfies Bounded,
    ]),
  ),
  drop: (native, self, [limit]) => native.call(tolled(self), numeric(limit)),
  take: (native, self, [limit]) => native.call(tolled(self), numeric(limit)),
};
