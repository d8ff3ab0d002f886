// Native constructors that metered code gets another of: they allocate whatever they are asked for, or iterate without
// counting. The realm keeps its native ones, since arrays are quick only while `Array.prototype.constructor` is
// untouched; metered code never sees those, however it asks: the rewriter wraps `.constructor`, refuses that key where
// it is computed, and the built-ins that read properties translate what they answer.

import { charge } from './meter.ts';
import { chargeText, extent, gather, isObject, numeric, primitiveOf } from './price.ts';

type Constructor = new (...args: unknown[]) => object;

const known = new Map<unknown, unknown>();
const natives = new Map<unknown, unknown>();

/** Between native constructors and what metered code has in their place. */
export const shown = {
  /** What metered code may see of a value. */
  of: (value: unknown): unknown => (typeof value === 'function' ? (known.get(value) ?? value) : value),
  nativeOf: (value: unknown): unknown => natives.get(value) ?? value,
};

const allocates = (size: number, args: unknown[]): unknown[] => {
  const [first] = args;
  if (typeof first === 'number') charge(1 + Math.max(0, first) * size);
  return args;
};

const isTyped = (value: object): boolean =>
  ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;

/** A typed array: of a length, over a buffer, or a copy of what is iterated. */
const typed = (args: unknown[]): unknown[] => {
  const [first] = args;
  const places = args.slice(1).map(numeric);
  if (!isObject(first)) return allocates(1 / 64, [Number(numeric(first ?? 0)), ...places]);
  if (ArrayBuffer.isView(first)) charge(1 + extent(first) / 8);
  if (isTyped(first)) return [first, ...places];
  if (!(Symbol.iterator in first)) throw new TypeError('metered code: an array or what is iterated is needed here');
  return [gather(first).map(numeric)];
};

const iterates = (args: unknown[]): unknown[] => {
  const [first] = args;
  return first === undefined || first === null ? args : [gather(first)];
};

const buffer = (args: unknown[]): unknown[] => allocates(1 / 64, [Number(numeric(args[0] ?? 0))]);

const numbers = (args: unknown[]): unknown[] => args.map(numeric);

/** A date of a text reads it all. */
const date = (args: unknown[]): unknown[] => {
  if (args.length !== 1) return numbers(args);
  const [first] = args;
  const one = isObject(first) && !(first instanceof Date) ? primitiveOf(first, 'default') : first;
  if (typeof one === 'string') charge(16 + one.length / 4);
  return [one];
};
const refuses = (): never => {
  throw new TypeError('metered code may not make this');
};

/** An error notes its stack. */
const error = (args: unknown[]): unknown[] => {
  charge(ERROR);
  const [message] = args;
  if (typeof message === 'string') chargeText(message.length);
  return args;
};
const ERROR = 128;

const noted =
  (native: (...args: unknown[]) => unknown) =>
  (...args: unknown[]): unknown => {
    charge(ERROR);
    return native(...args);
  };

/** Which constructors are replaced, and what is done with their arguments first. */
const REPLACED: readonly (readonly [string, (args: unknown[]) => unknown[]])[] = [
  ['Object', (args) => args],
  ['Array', (args) => (args.length === 1 ? allocates(1 / 8, args) : args)],
  ['ArrayBuffer', buffer],
  ['DataView', ([of, ...places]) => [of, ...numbers(places)]],
  ['Number', numbers],
  ['Date', date],
  ['SharedArrayBuffer', refuses],
  ['BigInt64Array', refuses],
  ['BigUint64Array', refuses],
  ...['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array'].map(
    (name) => [name, typed] as const,
  ),
  ...['Uint32Array', 'Float16Array', 'Float32Array', 'Float64Array'].map((name) => [name, typed] as const),
  ...['Map', 'Set', 'WeakMap', 'WeakSet'].map((name) => [name, iterates] as const),
  ...['Error', 'TypeError', 'RangeError', 'SyntaxError', 'ReferenceError', 'EvalError', 'URIError'].map(
    (name) => [name, error] as const,
  ),
  ...['RegExp', 'Promise', 'BigInt', 'Proxy'].map((name) => [name, refuses] as const),
];

const replaced = (native: Constructor, first: (args: unknown[]) => unknown[]): unknown => {
  const made = function (...args: unknown[]): unknown {
    if (new.target === undefined) return Reflect.apply(native, undefined, first(args));
    return Reflect.construct(native, first(args), new.target === made ? native : new.target);
  };
  for (const key of Reflect.ownKeys(native)) {
    const own = Object.getOwnPropertyDescriptor(native, key) as PropertyDescriptor;
    // SES has a way to freeze whatever is reachable there, which nobody would count.
    if (native === Object && typeof key === 'symbol') continue;
    if (key === 'captureStackTrace') own.value = noted(own.value as (...args: unknown[]) => unknown);
    Object.defineProperty(made, key, key === 'prototype' ? { value: own.value, writable: false } : own);
  }
  Object.setPrototypeOf(made, Object.getPrototypeOf(native) as object);
  return made;
};

/** The constructors of metered code by name, made of the realm's own once it is locked down. */
export const meteredConstructors = (harden: <T>(made: T) => T): Record<string, unknown> => {
  const all: Record<string, unknown> = {};
  for (const [name, first] of REPLACED) {
    const own = (globalThis as unknown as Record<string, Constructor | undefined>)[name];
    if (own === undefined) continue;
    // Errors: the realm's own constructor can do more than the one that compartments find.
    const native = ((own.prototype as object | undefined)?.constructor ?? own) as Constructor;
    const made = known.get(native) ?? harden(replaced(native, first));
    known.set(native, made);
    natives.set(made, native);
    all[name] = made;
  }
  return all;
};
