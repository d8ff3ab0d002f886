// Bounds on maps and sets. They double their table when it is full, and a table for which there is no memory ends the
// process instead of the call.

import type { Body, BoundMethods } from './bounds.ts';
import {
  apply,
  createProperty,
  isNotANumber,
  mapHas,
  mapSize,
  NativeObject,
  NativeRangeError,
  NativeSet,
  NativeTypeError,
  reflectGet,
  setAdd,
  setDelete,
  setForEach,
  setHas,
  setSize,
  symbolIterator,
} from './natives.ts';

/**
 * The part of `most`: a table has three words for each of twice as many entries, and the old one is there while the new
 * one is filled.
 */
const ENTRIES = 1 / 16;

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** An argument of the methods of sets: any object with `size`, `has` and `keys`. */
interface SetLike {
  readonly keys: unknown;
}

const setLike = (value: unknown): SetLike => {
  if (!isObject(value)) throw new NativeTypeError('not an object with size, has and keys');
  const size = +(reflectGet(value, 'size') as number);
  if (isNotANumber(size)) throw new NativeTypeError("the 'size' property is not a number");
  if (size < 0) throw new NativeRangeError(`${size} is an invalid size`);
  if (typeof reflectGet(value, 'has') !== 'function') throw new NativeTypeError("the 'has' property is not a function");
  const keys = reflectGet(value, 'keys');
  if (typeof keys !== 'function') throw new NativeTypeError("the 'keys' property is not a function");
  return { keys };
};

/**
 * Calls `each` with everything that `method` of `object` iterates over. The loop is in JavaScript, so that the engine
 * checks its interrupts.
 */
const iterate = (object: unknown, method: unknown, each: (value: unknown) => void): void => {
  if (typeof method !== 'function') throw new NativeTypeError('not iterable');
  const iterator: unknown = apply(method as Body, object, []);
  if (!isObject(iterator)) throw new NativeTypeError('not an iterator');
  const next = reflectGet(iterator, 'next') as Body;
  for (;;) {
    const step: unknown = apply(next, iterator, []);
    if (!isObject(step)) throw new NativeTypeError('not the result of an iterator');
    if (reflectGet(step, 'done')) return;
    each(reflectGet(step, 'value'));
  }
};

export const mapMethods = (most: number): BoundMethods[] => {
  const entries = most * ENTRIES;
  const full = (): never => {
    throw new NativeRangeError(`more than ${entries} entries`);
  };
  const add = (set: Set<unknown>, value: unknown): void => {
    if (setSize(set) >= entries && !setHas(set, value)) full();
    setAdd(set, value);
  };
  /** Makes a set of one's own elements; `each` is then called with the other's keys. */
  const joining =
    (each: (made: Set<unknown>, self: Set<unknown>, key: unknown) => void): Body =>
    (_native, self, args) => {
      const set = self as Set<unknown>;
      setSize(set); // Throws where `self` is no set.
      const other = setLike(args[0]);
      const made = new NativeSet();
      setForEach(set, (value) => setAdd(made, value));
      iterate(args[0], other.keys, (key) => each(made, set, key));
      return made;
    };
  /** The elements are collected before the call-back sees any of them: their number decides. */
  const grouped: Body = (native, self, args) => {
    if (args[0] === null || args[0] === undefined) return apply(native, self, args);
    const items: unknown[] = [];
    iterate(args[0], reflectGet(NativeObject(args[0]) as object, symbolIterator), (item) => {
      if (items.length >= entries) full();
      createProperty(items, items.length, item);
    });
    args[0] = items;
    return apply(native, self, args);
  };
  return [
    [Map, ['groupBy'], grouped],
    [Object, ['groupBy'], grouped],
    [
      Map.prototype,
      ['set'],
      (native, self, args) => {
        const map = self as Map<unknown, unknown>;
        if (mapSize(map) >= entries && !mapHas(map, args[0])) full();
        return apply(native, self, args);
      },
    ],
    [
      Set.prototype,
      ['add'],
      (_native, self, args) => {
        add(self as Set<unknown>, args[0]);
        return self;
      },
    ],
    [Set.prototype, ['union'], joining((made, _set, key) => add(made, key))],
    [
      Set.prototype,
      ['symmetricDifference'],
      joining((made, set, key) => {
        if (setHas(set, key)) setDelete(made, key);
        else add(made, key);
      }),
    ],
  ];
};
