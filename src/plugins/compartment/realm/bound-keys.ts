// Bounds on lists of the keys of arrays, typed arrays and texts. Each index becomes a text and an element of a list, in
// a loop that looks at no interrupt: a thousand times the work and the memory that `length` suggests. Keys behind a
// proxy, and those that syntax lists, are not bounded (isolate/README.md).

import type { Lengths } from './bound-lengths.ts';
import type { Body, BoundMethods } from './bounds.ts';
import { apply, getOwnPropertyDescriptor, isArray, typedArrayLength, typedArrayName } from './natives.ts';

/** The part of the usual length: an entry takes a text, a pair and a place. */
const KEYS = 1 / 64;

/** The number of indexes that a value has by itself. */
const indexesOf = (value: unknown, isProxy: (value: object) => boolean): number => {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || isProxy(value)) return 0;
  if (isArray(value)) return value.length;
  if (typedArrayName(value) !== undefined) return typedArrayLength(value);
  // The length of a String object is fixed; that of any other object may change.
  const own = getOwnPropertyDescriptor(value, 'length');
  return own !== undefined && own.configurable === false && own.writable === false && typeof own.value === 'number'
    ? own.value
    : 0;
};

export const keyMethods = (most: number, { check }: Lengths, isProxy: (value: object) => boolean): BoundMethods[] => {
  const keys = most * KEYS;
  const first: Body = (native, self, args) => {
    check(indexesOf(args[0], isProxy), keys);
    return apply(native, self, args);
  };
  const sources: Body = (native, self, args) => {
    for (let i = 1; i < args.length; i++) check(indexesOf(args[i], isProxy), keys);
    return apply(native, self, args);
  };
  const lists = ['entries', 'freeze', 'getOwnPropertyDescriptors', 'getOwnPropertyNames', 'getOwnPropertySymbols'];
  return [
    [Object, [...lists, 'isFrozen', 'isSealed', 'keys', 'seal', 'values'], first],
    [Object, ['assign'], sources],
    [Object, ['create', 'defineProperties'], sources],
    [Reflect, ['ownKeys'], first],
  ];
};
