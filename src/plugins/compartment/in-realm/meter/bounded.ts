// Built-ins that metered code gets another body of, where a price taken beforehand would not bound them: they walk what
// is inside what they are given, iterate, or convert. Each charges as it goes, or converts first and then hands the
// native function what can no longer change.

import { CELL, charge, RUNNING } from './meter.ts';
import { shown } from './natives.ts';
import { chargeExtent, chargeProperties, chargeSearch, chargeText, extent, gather, spreadable } from './price.ts';

export type Native = (...args: unknown[]) => unknown;
/** Does the work itself, or hands other arguments to the native function. */
export type Bounded = (native: Native, self: unknown, args: unknown[]) => unknown;

const { isArray } = Array;
const { hasOwn } = Object;
const { search, match, matchAll, replace, split } = Symbol;

/** As text, converted once. Null and undefined stay, for the native function to refuse. */
const asText = (value: unknown): unknown => (value === null || value === undefined ? value : `${value as string}`);
const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';
const size = (value: unknown): number => (typeof value === 'string' ? value.length : 0);

const madeText = (value: unknown): unknown => {
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

const arrayOf = (self: unknown): readonly unknown[] => {
  if (!isArray(self)) throw new TypeError('metered code: an array is needed here');
  return self;
};

const spreads = (value: unknown): void => {
  if (isArray(value)) chargeExtent(value);
  else if (isObject(value) && Symbol.isConcatSpreadable in value)
    throw new TypeError('metered code: Symbol.isConcatSpreadable is not taken here');
  else charge(1);
};

export const ownArray: Readonly<Record<string, Bounded>> = {
  join: (_native, self, [separator]) => joined(self, separator === undefined ? ',' : `${separator as string}`),
  concat(native, self, args) {
    spreads(self);
    for (const value of args) spreads(value);
    return native.call(self, ...args);
  },
  flat: (_native, self, [depth]) => flattened(arrayOf(self), depth === undefined ? 1 : Number(depth), []),
  flatMap(native, self, [map, receiver]) {
    chargeExtent(self);
    if (typeof map !== 'function') return native.call(self, map);
    return native.call(self, function (this: unknown, ...args: unknown[]) {
      const list: unknown = map.call(receiver, ...args);
      if (isArray(list)) chargeExtent(list);
      return list;
    });
  },
  from(native, self, [items, ...rest]) {
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
  const wanted = Math.abs(Number(length));
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

const key = (value: unknown): PropertyKey =>
  typeof value === 'symbol' || typeof value === 'number' ? value : `${value as string}`;

const defined: Bounded = (native, _self, [target, name, ...rest]) => {
  const known = key(name);
  if (known === 'length') describesLength(target);
  return native(target, known, ...rest);
};

export const ownObject: Readonly<Record<string, Bounded>> = {
  fromEntries: (native, _self, [entries]) => native(gather(entries)),
  groupBy: (native, self, [items, ...rest]) => native.call(self, gather(items), ...rest),
  assign(native, _self, [target, ...sources]) {
    for (const source of sources) {
      chargeProperties(source);
      if (isObject(source) && hasOwn(source, 'length') && !isArray(source)) describesLength(target);
    }
    return native(target, ...sources);
  },
  defineProperty: defined,
  defineProperties(native, _self, [target, descriptors]) {
    chargeProperties(descriptors);
    describesLength(target);
    return native(target, descriptors);
  },
  set(native, _self, [target, name, value, ...rest]) {
    const known = key(name);
    if (known === 'length') chargeLength(value);
    return native(target, known, value, ...rest);
  },
  get: (native, _self, [target, name, ...rest]) => shown.of(native(target, name, ...rest)),
  getOwnPropertyDescriptor: (native, _self, args) => shownDescriptor(native(...args)),
  getOwnPropertyDescriptors(native, _self, [target]) {
    chargeProperties(target);
    const all = native(target) as Record<PropertyKey, unknown>;
    for (const name of Reflect.ownKeys(all)) shownDescriptor(all[name]);
    return all;
  },
};

const walking: Bounded = (native, self, args) => {
  const text = asText(self);
  charge(1 + size(text) / 8);
  return madeText(native.call(text, ...args));
};

const searching: Bounded = (native, self, [part, ...rest]) => {
  const [text, sought] = [asText(self), part === undefined ? part : `${part as string}`];
  chargeSearch(size(text), size(sought));
  return native.call(text, sought, ...rest);
};

const padding: Bounded = (native, self, [length, filler]) => {
  const [text, wanted] = [asText(self), Number(length)];
  chargeText(wanted);
  charge(1 + Math.max(0, wanted) / 64);
  return native.call(text, wanted, filler === undefined ? filler : `${filler as string}`);
};

/** Of a text, these would make a regular expression. */
const matching =
  (by: symbol): Bounded =>
  (native, self, [pattern]) => {
    if (isObject(pattern) && by in pattern) return native.call(self, pattern);
    throw new TypeError('metered code has no regular expressions');
  };

/** What `$` in a replacement may put in for each match, at worst: the whole text, for every second unit of it. */
const expansion = (text: string, by: string): number =>
  by.length + (by.includes('$') ? (by.length / 2) * text.length : 0);

const counted = (text: string, part: string): number => {
  if (part === '') return text.length + 1;
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++;
  return count;
};

const replacing =
  (all: boolean): Bounded =>
  (native, self, [pattern, by]) => {
    if (isObject(pattern) && replace in pattern) return native.call(self, pattern, by);
    const [text, sought] = [asText(self), `${pattern as string}`];
    chargeSearch(size(text), size(sought));
    if (typeof by === 'function')
      return madeText(native.call(text, sought, (...args: unknown[]) => madeText(`${by(...args) as string}`)));
    const put = `${by as string}`;
    const made = size(text) + (all ? counted(text as string, sought) : 1) * expansion(text as string, put);
    charge(1 + made / 64);
    chargeText(made);
    return native.call(text, sought, put);
  };

const splitting: Bounded = (native, self, [separator, limit]) => {
  if (isObject(separator) && split in separator) return native.call(self, separator, limit);
  const [text, by] = [asText(self), separator === undefined ? separator : `${separator as string}`];
  charge(1 + size(text) / 4);
  chargeSearch(size(text), size(by));
  return native.call(text, by, limit);
};

export const ownText: Readonly<Record<string, Bounded>> = {
  ...Object.fromEntries(
    ['endsWith', 'includes', 'indexOf', 'lastIndexOf', 'localeCompare', 'startsWith'].map((name) => [name, searching]),
  ),
  ...Object.fromEntries(
    ['isWellFormed', 'normalize', 'toLowerCase', 'toUpperCase', 'toWellFormed', 'trim'].map((name) => [name, walking]),
  ),
  ...Object.fromEntries(
    ['toLocaleLowerCase', 'toLocaleUpperCase', 'trimEnd', 'trimStart'].map((name) => [name, walking]),
  ),
  concat: (native, self, args) => madeText(native.call(asText(self), ...args)),
  padEnd: padding,
  padStart: padding,
  repeat(native, self, [count]) {
    const [text, times] = [asText(self), Number(count)];
    charge(1 + Math.max(0, times * size(text)) / 1024);
    chargeText(times * size(text));
    return native.call(text, times);
  },
  replace: replacing(false),
  replaceAll: replacing(true),
  split: splitting,
  match: matching(match),
  matchAll: matching(matchAll),
  search: matching(search),
  raw(native, _self, [strings, ...args]) {
    const raw: unknown = (strings as TemplateStringsArray).raw;
    chargeExtent(arrayOf(raw));
    return madeText(native({ raw }, ...args));
  },
  ...Object.fromEntries(
    [
      'decodeURI',
      'decodeURIComponent',
      'encodeURI',
      'encodeURIComponent',
      'escape',
      'parseFloat',
      'parseInt',
      'unescape',
    ].map((name) => [
      name,
      ((native, _self, [text, ...rest]) => {
        const converted = `${text as string}`;
        charge(1 + converted.length / 2);
        return native(converted, ...rest);
      }) satisfies Bounded,
    ]),
  ),
};

export const ownJson: Readonly<Record<string, Bounded>> = {
  parse(native, _self, [text, ...rest]) {
    const converted = `${text as string}`;
    charge(1 + converted.length / 2);
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
const tolled = (source: unknown): unknown => {
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

export const ownIterator: Readonly<Record<string, Bounded>> = Object.fromEntries(
  ['drop', 'every', 'filter', 'find', 'flatMap', 'forEach', 'map', 'reduce', 'some', 'take', 'toArray'].map((name) => [
    name,
    ((native, self, args) => native.call(tolled(self), ...args)) satisfies Bounded,
  ]),
);
