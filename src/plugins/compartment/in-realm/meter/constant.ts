// Built-ins that take constant time, but for what they convert: an argument that is made a number may be a long text, a
// key may be one, and what is made may be. Their wrappers have as few arguments as they can: the compiler then sees
// through them to what it knows of the native function.

import { CELL, charge, RUNNING } from './meter.ts';
import { chargeText, keyed, numeric } from './price.ts';

export type Native = (this: unknown, ...args: unknown[]) => unknown;

/** What is done with the arguments or the answer; a number is a price. */
type Way = 'free' | 'number' | 'two numbers' | 'numbers' | 'key' | 'second key' | 'made' | number;

export interface ConstantRow {
  readonly on: object | undefined;
  readonly names: readonly PropertyKey[];
  readonly way: Way;
}

const iteratorPrototype: object = Object.getPrototypeOf(Object.getPrototypeOf([].values()));
const typedArray: object = Object.getPrototypeOf(Int8Array.prototype);
const generators: object = Object.getPrototypeOf(function* () {}.prototype);
/** The types that this is compiled against may not know of them. */
interface IteratorMaker {
  from(iterator: object): object;
}
const iterators = (globalThis as unknown as { readonly Iterator: IteratorMaker }).Iterator;
const wrapped: object = Object.getPrototypeOf(iterators.from({ next: () => ({ done: true, value: 0 }) }));
const helped: object = Object.getPrototypeOf(
  ([].values() as unknown as { map(by: () => number): object }).map(() => 0),
);
const nexts = [[].values(), new Map().keys(), new Set().keys(), ''[Symbol.iterator]()].map(
  (one) => Object.getPrototypeOf(one) as object,
);

const DATE_PARTS = ['Date', 'FullYear', 'Hours', 'Milliseconds', 'Minutes', 'Month', 'Seconds'];

export const CONSTANT: readonly ConstantRow[] = [
  { on: Object.prototype, names: ['isPrototypeOf', 'valueOf'], way: 'free' },
  { on: Object.prototype, names: ['hasOwnProperty', 'propertyIsEnumerable'], way: 'key' },
  { on: Object.prototype, names: ['toString'], way: 'made' },
  { on: Object, names: ['getPrototypeOf', 'isExtensible'], way: 'free' },
  { on: Object, names: ['hasOwn'], way: 'second key' },
  { on: Array, names: ['isArray', Symbol.species], way: 'free' },
  {
    on: Array.prototype,
    names: ['pop', 'keys', 'entries', 'values', 'toString', Symbol.iterator, Symbol.unscopables],
    way: 'free',
  },
  { on: Array.prototype, names: ['at'], way: 'number' },
  { on: Number, names: ['isFinite', 'isInteger', 'isNaN', 'isSafeInteger'], way: 'free' },
  { on: Number.prototype, names: ['valueOf'], way: 'free' },
  { on: Number.prototype, names: ['toExponential', 'toFixed', 'toPrecision', 'toString'], way: 'number' },
  { on: String, names: ['fromCharCode', 'fromCodePoint'], way: 'numbers' },
  { on: String.prototype, names: ['toString', 'valueOf', Symbol.iterator], way: 'free' },
  { on: String.prototype, names: ['at', 'charAt', 'charCodeAt', 'codePointAt'], way: 'number' },
  { on: String.prototype, names: ['slice', 'substr', 'substring'], way: 'two numbers' },
  { on: Boolean.prototype, names: ['toString', 'valueOf'], way: 'free' },
  { on: Symbol.prototype, names: ['valueOf', 'description', Symbol.toPrimitive], way: 'free' },
  { on: Symbol.prototype, names: ['toString'], way: 'made' },
  {
    on: Math,
    names: [
      ...['abs', 'acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'cbrt', 'ceil', 'clz32', 'cos', 'cosh', 'exp'],
      ...['expm1', 'f16round', 'floor', 'fround', 'log', 'log10', 'log1p', 'log2', 'round', 'sign', 'sin', 'sinh'],
      ...['sqrt', 'tan', 'tanh', 'trunc'],
    ],
    way: 'number',
  },
  { on: Math, names: ['atan2', 'imul', 'pow'], way: 'two numbers' },
  { on: Math, names: ['hypot', 'max', 'min'], way: 'numbers' },
  { on: Map.prototype, names: ['get', 'has', 'delete', 'size'], way: 'free' },
  { on: Set.prototype, names: ['has', 'delete', 'size'], way: 'free' },
  { on: Map, names: [Symbol.species], way: 'free' },
  { on: Set, names: [Symbol.species], way: 'free' },
  { on: WeakMap.prototype, names: ['get', 'has', 'set', 'delete'], way: 'free' },
  { on: WeakSet.prototype, names: ['has', 'add', 'delete'], way: 'free' },
  { on: Reflect, names: ['getPrototypeOf', 'isExtensible'], way: 'free' },
  { on: Reflect, names: ['deleteProperty', 'has'], way: 'second key' },
  { on: Date, names: ['now'], way: 'free' },
  { on: Date, names: ['UTC'], way: 'numbers' },
  {
    on: Date.prototype,
    names: [
      ...DATE_PARTS.flatMap((part) => [`get${part}`, `getUTC${part}`]),
      ...['getDay', 'getTime', 'getTimezoneOffset', 'getUTCDay', 'getYear', 'valueOf', 'toJSON', Symbol.toPrimitive],
    ],
    way: 'free',
  },
  {
    on: Date.prototype,
    names: [...DATE_PARTS.flatMap((part) => [`set${part}`, `setUTC${part}`]), 'setTime', 'setYear'],
    way: 'numbers',
  },
  {
    on: Date.prototype,
    names: [...['toString', 'toDateString', 'toTimeString', 'toISOString', 'toUTCString']],
    way: 32,
  },
  { on: Function.prototype, names: ['call', Symbol.hasInstance], way: 'free' },
  { on: Function.prototype, names: ['toString'], way: 'made' },
  { on: Error.prototype, names: ['toString'], way: 'made' },
  { on: Error, names: ['captureStackTrace'], way: 128 },
  { on: Error, names: ['stackTraceLimit', 'prepareStackTrace'], way: 'free' },
  { on: iterators, names: ['from'], way: 'free' },
  { on: iteratorPrototype, names: [Symbol.iterator, 'constructor', Symbol.toStringTag], way: 'free' },
  { on: generators, names: ['next', 'return', 'throw'], way: 'free' },
  { on: wrapped, names: ['next', 'return'], way: 'free' },
  { on: helped, names: ['next', 'return'], way: 'free' },
  ...nexts.map((on) => ({ on, names: ['next'], way: 'free' }) as const),
  {
    on: typedArray,
    names: [
      ...['buffer', 'byteLength', 'byteOffset', 'length', 'entries', 'keys', 'values'],
      ...[Symbol.iterator, Symbol.toStringTag, 'toString'],
    ],
    way: 'free',
  },
  { on: Object.getPrototypeOf(Int8Array), names: [Symbol.species], way: 'free' },
  { on: typedArray, names: ['at'], way: 'number' },
  { on: typedArray, names: ['subarray'], way: 'two numbers' },
  { on: Object.getPrototypeOf(Int8Array), names: ['of'], way: 'numbers' },
  { on: ArrayBuffer, names: ['isView', Symbol.species], way: 'free' },
  { on: ArrayBuffer.prototype, names: ['byteLength', 'detached', 'maxByteLength', 'resizable'], way: 'free' },
  { on: DataView.prototype, names: ['buffer', 'byteLength', 'byteOffset'], way: 'free' },
  {
    on: DataView.prototype,
    names: ['Float16', 'Float32', 'Float64', 'Int8', 'Int16', 'Int32', 'Uint8', 'Uint16', 'Uint32'].flatMap((kind) => [
      `get${kind}`,
      `set${kind}`,
    ]),
    way: 'numbers',
  },
  { on: globalThis, names: ['isFinite', 'isNaN'], way: 'number' },
];

const many = (native: Native, name: string): Native =>
  ({
    [name](this: unknown, ...args: unknown[]): unknown {
      if (CELL[RUNNING] !== 0) for (let i = 0; i < args.length; i++) args[i] = numeric(args[i]);
      return native.call(this, ...args);
    },
  })[name] as Native;

const WAYS: Readonly<Record<Exclude<Way, number | 'free'>, (native: Native, name: string) => Native>> = {
  number: (native, name) =>
    ({
      [name](this: unknown, one: unknown): unknown {
        return native.call(this, CELL[RUNNING] === 0 ? one : numeric(one));
      },
    })[name] as Native,
  'two numbers': (native, name) =>
    ({
      [name](this: unknown, one: unknown, two: unknown): unknown {
        return CELL[RUNNING] === 0 ? native.call(this, one, two) : native.call(this, numeric(one), numeric(two));
      },
    })[name] as Native,
  numbers: (native, name) => {
    const all = many(native, name);
    return {
      [name](this: unknown, one: unknown, two: unknown): unknown {
        // biome-ignore lint/complexity/noArguments: a call with two arguments makes no list of them
        if (arguments.length !== 2) return all.apply(this, arguments as unknown as unknown[]);
        return CELL[RUNNING] === 0 ? native.call(this, one, two) : native.call(this, numeric(one), numeric(two));
      },
    }[name] as Native;
  },
  key: (native, name) =>
    ({
      [name](this: unknown, key: unknown): unknown {
        return native.call(this, CELL[RUNNING] === 0 ? key : keyed(key));
      },
    })[name] as Native,
  'second key': (native, name) =>
    ({
      [name](this: unknown, object: unknown, key: unknown): unknown {
        return native.call(this, object, CELL[RUNNING] === 0 ? key : keyed(key));
      },
    })[name] as Native,
  made: (native, name) =>
    ({
      [name](this: unknown): unknown {
        const text = native.call(this);
        if (CELL[RUNNING] !== 0 && typeof text === 'string') {
          charge(1);
          chargeText(text.length);
        }
        return text;
      },
    })[name] as Native,
};

/** What stands in a native function's place. */
export const constant = (native: Native, name: string, way: Way): Native => {
  if (way === 'free') return native;
  if (typeof way === 'string') return WAYS[way](native, name);
  return {
    [name](this: unknown, ...args: unknown[]): unknown {
      if (CELL[RUNNING] !== 0) charge(way);
      return native.call(this, ...args);
    },
  }[name] as Native;
};
