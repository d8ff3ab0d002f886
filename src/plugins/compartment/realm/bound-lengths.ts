// Bounds on walks over `length` elements: of arrays, array-likes, lists of arguments.
//
// An array's length is a property of its own that cannot change between being looked at and being used. An object's may
// be a getter's, or a proxy's, which tells another one each time: it is asked once, and the native function then sees
// the object through a proxy of ours that repeats that answer. Through one it sees, too, what has many prototypes
// (bound-chains.ts): each of its traps is a function, where the engine looks up.

import type { Chains } from './bound-chains.ts';
import type { Body, BoundMethods } from './bounds.ts';
import {
  apply,
  createProperty,
  getOwnPropertyDescriptor,
  hasOwn,
  isArray,
  NativeObject,
  NativeRangeError,
  reflectGet,
  reflectHas,
  reflectSet,
  symbolIsConcatSpreadable,
  symbolIterator,
  trunc,
  typedArray,
  typedArrayName,
  typedArrayPrototype,
} from './natives.ts';

/** More arguments than this do not fit on a guest's stack. */
export const ARGUMENTS_MAX = 2 ** 17;

export interface Lengths {
  /** Whether `value` is an array and no proxy. */
  readonly isPlainArray: (value: unknown) => value is unknown[];
  /** Throws a RangeError for a length that is too large. */
  readonly check: (length: unknown, most?: number) => void;
  /**
   * `value`, or something in its place whose length is bounded and does not change. A native function is about to walk
   * it.
   */
  readonly pinned: (value: unknown, most?: number) => unknown;
  /** The same, for what is walked outside of a bounded built-in. */
  readonly shown: (value: object, most: number) => object;
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

export const lengthBounds = (most: number, isProxy: (value: object) => boolean, chains: Chains): Lengths => {
  const KnownProxy = Proxy; // The scrubbed realm's, so that ours are known to be proxies like any other.
  const isPlainArray = (value: unknown): value is unknown[] => isArray(value) && !isProxy(value);
  const check: Lengths['check'] = (length, bound = most) => {
    if (typeof length === 'number' && length > bound) throw new NativeRangeError(`a length of more than ${bound}`);
  };
  const throughProxy = (object: object, bound: number): object => {
    const told: unknown = reflectGet(object, 'length');
    const length = typeof told === 'number' ? told : +(told as number);
    check(length, bound);
    const traps = {
      __proto__: null,
      get: (target: object, key: PropertyKey): unknown => (key === 'length' ? length : reflectGet(target, key)),
      has: (target: object, key: PropertyKey): boolean => reflectHas(target, key),
      set: (target: object, key: PropertyKey, value: unknown): boolean => reflectSet(target, key, value),
    };
    return new KnownProxy(object, traps as ProxyHandler<object>);
  };
  const natively = (object: object, length: number, bound: number): object => {
    check(length, bound);
    if (!chains.isShort(object)) return throughProxy(object, bound);
    chains.walks(object);
    return object;
  };
  const pinned: Lengths['pinned'] = (value, bound = most) => {
    if (value === null || value === undefined) return value;
    if (isPlainArray(value)) return natively(value, value.length, bound);
    const object = NativeObject(value) as object;
    const own = isProxy(object) ? undefined : getOwnPropertyDescriptor(object, 'length');
    if (own === undefined || !hasOwn(own, 'value') || typeof own.value !== 'number') return throughProxy(object, bound);
    return natively(object, own.value, bound);
  };
  return { isPlainArray, check, pinned, shown: throughProxy };
};

const defaultCompare = (a: unknown, b: unknown): number => {
  const x = `${a as string}`;
  const y = `${b as string}`;
  if (x === y) return 0;
  return x < y ? -1 : 1;
};

/** A comparison in JavaScript: the engine checks its interrupts between two of them. */
const comparing = (compare: unknown): unknown => {
  if (compare === undefined) return defaultCompare;
  return typeof compare === 'function'
    ? (a: unknown, b: unknown): unknown => apply(compare, undefined, [a, b])
    : compare;
};

/** Shows a call-back `object`, not the proxy `seen` in its place. */
const showing = (object: unknown, seen: unknown, args: unknown[]): void => {
  const callBack = args[0];
  if (typeof callBack !== 'function') return;
  args[0] = function (this: unknown, ...given: unknown[]): unknown {
    const last = given.length - 1;
    if (given[last] === seen) given[last] = object;
    return apply(callBack, this, given);
  };
};

/** The argument that concat sees: an array in place of an array-like that it would walk. */
const concatenated = (value: unknown, lengths: Lengths, slice: (self: unknown) => unknown[]): unknown => {
  if (lengths.isPlainArray(value)) {
    const seen = lengths.pinned(value);
    return seen === value ? value : slice(value);
  }
  if (!isObject(value)) return value;
  const spreads: unknown = reflectGet(value, symbolIsConcatSpreadable);
  if (spreads === undefined ? isArray(value) : spreads) return slice(value);
  return [value];
};

/**
 * Puts the elements of `source`, arrays among them taken apart to `depth`, into `target` from index `at`. Gives the
 * index after the last.
 */
const flatten = (target: object, source: object, length: number, depth: number, at: number): number => {
  let next = at;
  for (let i = 0; i < length; i++) {
    if (!(i in source)) continue;
    const value: unknown = reflectGet(source, i);
    if (depth > 0 && isArray(value)) next = flatten(target, value, extent(value), depth - 1, next);
    else createProperty(target, next++, value);
  }
  return next;
};

/** The object's length, as ToLength gives it. */
const extent = (object: object): number => {
  const length = +(reflectGet(object, 'length') as number);
  return length > 0 ? trunc(length) : 0;
};

const CALLING = [
  'every',
  'filter',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
  'forEach',
  'map',
  'reduce',
  'reduceRight',
  'some',
];
const WALKING = [
  'copyWithin',
  'fill',
  'includes',
  'indexOf',
  'join',
  'lastIndexOf',
  'reverse',
  'shift',
  'slice',
  'splice',
  'toLocaleString',
];

/** An array method that walks its receiver. */
const walking =
  ({ pinned }: Lengths): Body =>
  (native, self, args) => {
    if (self === null || self === undefined) return apply(native, self, args);
    const object: unknown = NativeObject(self);
    const seen = pinned(object);
    const answer = apply(native, seen, args);
    return answer === seen ? object : answer;
  };

/** An array method that shows its receiver to a call-back, too. */
const calling =
  ({ pinned }: Lengths): Body =>
  (native, self, args) => {
    if (self === null || self === undefined) return apply(native, self, args);
    const object: unknown = NativeObject(self);
    const seen = pinned(object);
    if (seen !== object) showing(object, seen, args);
    return apply(native, seen, args);
  };

const concatenating = (lengths: Lengths): Body => {
  const { slice: nativeSlice } = Array.prototype;
  const slice = (self: unknown): unknown[] => apply(nativeSlice, lengths.pinned(self), []) as unknown[];
  return (native, self, args) => {
    if (self === null || self === undefined) return apply(native, self, args);
    for (let i = 0; i < args.length; i++) args[i] = concatenated(args[i], lengths, slice);
    return apply(native, concatenated(NativeObject(self), lengths, slice), args);
  };
};

/** An empty array as the array methods of `self` would make one. */
const speciesMaker = (): ((self: object) => object) => {
  const { slice } = Array.prototype;
  return (self) => apply(slice, self, [0, 0]) as object;
};

const flattening = ({ pinned }: Lengths): Body => {
  const speciesOf = speciesMaker();
  return (native, self, args) => {
    if (self === null || self === undefined) return apply(native, self, []);
    const source = pinned(self) as object;
    const depth = args[0] === undefined ? 1 : +(args[0] as number);
    const target = speciesOf(source);
    flatten(target, source, extent(source), depth, 0);
    return target;
  };
};

const flatMapping = ({ pinned }: Lengths): Body => {
  const speciesOf = speciesMaker();
  return (native, self, args) => {
    const map = args[0];
    const receiver = args[1];
    if (self === null || self === undefined || typeof map !== 'function') return apply(native, self, [map]);
    const object = NativeObject(self) as object;
    const source = pinned(object) as object;
    const target = speciesOf(source);
    let next = 0;
    for (let i = 0, length = extent(source); i < length; i++)
      if (i in source) next = flatten(target, [apply(map, receiver, [reflectGet(source, i), i, object])], 1, 1, next);
    return target;
  };
};

export const arrayMethods = (lengths: Lengths): BoundMethods[] => {
  const { pinned } = lengths;
  const walk = walking(lengths);
  return [
    [Array.prototype, [...WALKING, 'toReversed', 'toSpliced', 'unshift', 'with'], walk],
    [Array.prototype, CALLING, calling(lengths)],
    [Array.prototype, ['sort', 'toSorted'], (native, self, args) => walk(native, self, [comparing(args[0])])],
    [Array.prototype, ['concat'], concatenating(lengths)],
    [Array.prototype, ['flat'], flattening(lengths)],
    [Array.prototype, ['flatMap'], flatMapping(lengths)],
    [Array, ['from'], (native, self, args) => apply(native, self, iterated(args, lengths))],
    [typedArray, ['from'], (native, self, args) => apply(native, self, filling(args, lengths))],
    [typedArrayPrototype, ['set'], (native, self, args) => apply(native, self, setting(args, lengths))],
    [
      Function.prototype,
      ['apply'],
      (_native, self, args) => apply(self as Body, args[0], listOf(args[1] ?? [], pinned) as unknown[]),
    ],
    [Reflect, ['apply'], (native, self, args) => apply(native, self, [args[0], args[1], listOf(args[2], pinned)])],
    [
      Reflect,
      ['construct'],
      (native, self, args) => {
        if (args.length > 1) args[1] = listOf(args[1], pinned);
        return apply(native, self, args);
      },
    ],
  ];
};

/** A list of arguments; any other value stays, for the native function to refuse. */
const listOf = (list: unknown, pinned: Lengths['pinned']): unknown =>
  isObject(list) ? pinned(list, ARGUMENTS_MAX) : list;

/**
 * The arguments of Array.from, with an iterable or a bounded array-like in front: which of the two it is is looked at
 * once.
 */
const iterated = (args: unknown[], lengths: Lengths): unknown[] => {
  const items = args[0];
  if (items === null || items === undefined) return args;
  if (lengths.isPlainArray(items) || typeof items === 'string') {
    lengths.check(items.length);
    return args;
  }
  const iterate: unknown = reflectGet(NativeObject(items) as object, symbolIterator);
  if (iterate === undefined || iterate === null) {
    args[0] = lengths.pinned(items);
    return args;
  }
  args[0] = { __proto__: null, [symbolIterator]: () => apply(iterate as Body, items, []) };
  return args;
};

const isTypedArray = (value: unknown): boolean => isObject(value) && typedArrayName(value) !== undefined;

/** The arguments of a typed array's `from`, which walks an array by its length. */
const filling = (args: unknown[], lengths: Lengths): unknown[] => {
  if (isTypedArray(args[0])) return args;
  if (!lengths.isPlainArray(args[0])) return iterated(args, lengths);
  args[0] = lengths.pinned(args[0]);
  return args;
};

/** Those of its `set`. */
const setting = (args: unknown[], lengths: Lengths): unknown[] => {
  if (!isTypedArray(args[0])) args[0] = lengths.pinned(args[0]);
  return args;
};
