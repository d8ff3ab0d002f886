// Plain data: the only thing that crosses between a graft and its host, in either direction.
//
// Plain are null, booleans, finite numbers (integers within ±(2^53−1)), well-formed strings without NUL, dense arrays,
// and objects of own enumerable data properties. Everything else is refused and never converted: JSON.stringify would
// run getters and toJSON and take proxies. This file runs on the host and inside a realm, so it imports nothing and
// uses no host object. A realm passes its own `isProxy`.

/**
 * What a value may measure. `bytes` bounds the UTF-16 units of all its strings and keys together, which is less than
 * its JSON text has bytes (what a plugin's process sends is bounded in bytes besides, by its frame); `string` bounds
 * those of one string or key.
 */
export interface PlainBounds {
  readonly bytes: number;
  readonly depth: number;
  readonly nodes: number;
  readonly keys: number;
  readonly string: number;
}

export const PLAIN_BOUNDS: PlainBounds = {
  bytes: 1_048_576,
  depth: 32,
  nodes: 100_000,
  keys: 10_000,
  string: 1_048_576,
};

/**
 * Where a value stops being plain (`path`, like `.rows[3].id`) and why; `beyond` where it is plain so far, and larger
 * than its bounds.
 */
export interface PlainFault {
  readonly path: string;
  readonly why: string;
  readonly beyond?: true;
}

const { isSafeInteger, isInteger, isFinite: isFiniteNumber } = Number;
const { getPrototypeOf, hasOwn } = Object;
const { ownKeys, getOwnPropertyDescriptor } = Reflect;
const { isArray } = Array;
const objectPrototype = Object.prototype;
const arrayPrototype = Array.prototype;
const call = Function.prototype.call;
const isWellFormed = call.bind(String.prototype.isWellFormed) as (text: string) => boolean;
const includes = call.bind(String.prototype.includes) as (text: string, part: string) => boolean;
const slice = call.bind(String.prototype.slice) as (text: string, from: number, to: number) => string;

/**
 * Plugin code may have put an object between Array.prototype and Object.prototype, from which arrays then inherit
 * anything, a `toJSON` too.
 */
const isArrayOrdinary = (): boolean => getPrototypeOf(arrayPrototype) === objectPrototype;

/** A path is cut to this many UTF-16 units, and each key in it to a quarter. */
const PATH_MAX = 200;

/** A walk over one value; `path` and `why` say where it failed. How an object is walked, others may do differently. */
export class PlainWalk {
  nodes = 0;
  characters = 0;
  readonly bounds: PlainBounds;
  readonly isProxy: (value: object) => boolean;
  /** Properties whose value is undefined are passed over: whoever takes the value leaves them out, as JSON does. */
  readonly omits: boolean;
  /** Put together while a failure returns: no array that a setter on a prototype could see. */
  path = '';
  why = '';
  beyond = false;

  constructor(bounds: PlainBounds, isProxy: (value: object) => boolean, omits = false) {
    this.bounds = bounds;
    this.isProxy = isProxy;
    this.omits = omits;
  }

  fail(why: string): false {
    this.why = why;
    return false;
  }

  exceeds(why: string): false {
    this.beyond = true;
    return this.fail(why);
  }

  tooDeep(): false {
    return this.fail(`nested deeper than ${this.bounds.depth}, or a cycle`);
  }

  /** The failure lies under this key or index. */
  under(step: string): false {
    this.path = slice(`${slice(step, 0, PATH_MAX / 4)}${this.path}`, 0, PATH_MAX);
    return false;
  }

  /** Counts a text; false where that is too much. */
  measure(text: string): boolean {
    this.characters += text.length;
    if (text.length > this.bounds.string) return this.exceeds(`a string longer than ${this.bounds.string}`);
    return this.characters <= this.bounds.bytes || this.exceeds(`more than ${this.bounds.bytes} bytes`);
  }

  text(text: string): boolean {
    if (!this.measure(text)) return false;
    if (!isWellFormed(text)) return this.fail('a string with a lone surrogate');
    if (includes(text, '\0')) return this.fail('a string with NUL');
    return true;
  }

  value(value: unknown, depth: number): boolean {
    if (++this.nodes > this.bounds.nodes) return this.exceeds(`more than ${this.bounds.nodes} values`);
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        if (!isFiniteNumber(value)) return this.fail('a number that is not finite');
        return !isInteger(value) || isSafeInteger(value) || this.fail('an integer beyond ±(2^53−1)');
      case 'boolean':
        return true;
      case 'object':
        return value === null || this.object(value, depth + 1);
      default:
        return this.fail(typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`);
    }
  }

  object(value: object, depth: number): boolean {
    if (depth > this.bounds.depth) return this.tooDeep();
    if (this.isProxy(value)) return this.fail('a proxy');
    const prototype = getPrototypeOf(value);
    if (isArray(value))
      return prototype === arrayPrototype && isArrayOrdinary()
        ? this.array(value, depth)
        : this.fail('an array of a class');
    if (prototype !== objectPrototype && prototype !== null) return this.fail('an object of a class');
    const keys = ownKeys(value);
    if (keys.length > this.bounds.keys) return this.exceeds(`more than ${this.bounds.keys} keys`);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string | symbol;
      if (typeof key === 'symbol') return this.fail('a symbol key');
      if (!this.property(value, key, depth)) return this.under(`.${key}`);
    }
    return true;
  }

  key(key: string): boolean {
    if (key === '__proto__' || key === 'constructor' || key === 'prototype') return this.fail(`the key ${key}`);
    return this.text(key);
  }

  property(value: object, key: string, depth: number): boolean {
    const descriptor = getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
    // A descriptor inherits from Object.prototype, where plugin code may have put a `value`.
    if (!hasOwn(descriptor, 'value')) return this.fail('an accessor property');
    if (!descriptor.enumerable) return this.fail('a hidden property');
    return this.key(key) && ((this.omits && descriptor.value === undefined) || this.value(descriptor.value, depth));
  }

  array(value: unknown[], depth: number): boolean {
    const length = value.length;
    if (length > this.bounds.nodes) return this.exceeds(`more than ${this.bounds.nodes} values`);
    // Own keys of a dense array are its indexes and `length`; a hole makes them fewer, a named property more.
    if (ownKeys(value).length !== length + 1) return this.fail('an array with holes or named properties');
    for (let i = 0; i < length; i++) if (!this.element(value, i, depth)) return this.under(`[${i}]`);
    return true;
  }

  element(array: unknown[], index: number, depth: number): boolean {
    const descriptor = getOwnPropertyDescriptor(array, index);
    if (descriptor === undefined) return this.fail('an array with holes or named properties');
    return hasOwn(descriptor, 'value') ? this.value(descriptor.value, depth) : this.fail('an accessor property');
  }
}

const noProxies = (): boolean => false;

/** Whether a value is null, a boolean or a number, and plain: what needs no walk. */
export function isPlainAtom(value: unknown): boolean {
  if (typeof value === 'number') return isSafeInteger(value) || (isFiniteNumber(value) && !isInteger(value));
  return value === null || value === true || value === false;
}

/**
 * Says where `value` stops being plain data within `bounds`, or null where all of it is. Runs no code of the value.
 * `omits`: but for properties whose value is undefined.
 */
export function plainFault(
  value: unknown,
  bounds: PlainBounds = PLAIN_BOUNDS,
  isProxy: (value: object) => boolean = noProxies,
  omits = false,
): PlainFault | null {
  return isPlainAtom(value) ? null : faultOf(new PlainWalk(bounds, isProxy, omits), value);
}

/** What a walk over `value` finds. */
export function faultOf(walk: PlainWalk, value: unknown): PlainFault | null {
  if (walk.value(value, 0)) return null;
  const { path, why } = walk;
  return walk.beyond ? { path, why, beyond: true } : { path, why };
}
