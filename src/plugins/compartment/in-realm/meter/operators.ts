// What rewritten code finds beside its own text: the counter, the functions that stand around operators whose work has
// no bound of its own (rewrite.ts says where), and the globals of metered code. None of them can be named by a graft,
// and none takes anything from it that it then runs.

import { chargeLength } from './bounded.ts';
import { CELL, charge, expire, FUEL } from './meter.ts';
import { shown } from './natives.ts';
import { chargeProperties, chargeText, properties, spreadable } from './price.ts';

/** Turns of a loop paid for at once; what is left when the loop ends is given back. */
const TURNS = 64;

export const OPERATORS = Object.freeze({
  /** The counter. */
  F: CELL,
  /** The counter fell below zero. */
  T: expire,
  /** Pays for the next turns of a loop, and says how many. */
  C: (): number => {
    CELL[FUEL] = (CELL[FUEL] as number) - TURNS;
    if ((CELL[FUEL] as number) < 0) expire();
    return TURNS;
  },
  /** `a + b` and templates, which make long texts of short ones. */
  P: (value: unknown): unknown => {
    if (typeof value === 'string') chargeText(value.length);
    return value;
  },
  /** `…list` */
  S: spreadable,
  /** `{ …object }` and `{ a, …rest }` */
  O: (value: unknown): unknown => {
    chargeProperties(value);
    return value;
  },
  /** `for (key in object)`: all keys are listed before the first turn. */
  I: (value: unknown): unknown => {
    for (let one = value; typeof one === 'object' && one !== null; one = Object.getPrototypeOf(one))
      charge(1 + properties(one));
    return value;
  },
  /** `object.constructor` */
  X: shown.of,
  /** `object[key]` */
  K: (key: unknown): unknown => {
    if (typeof key === 'number' || typeof key === 'symbol') return key;
    const name = `${key as string}`;
    if (name === 'constructor')
      throw new TypeError('metered code: the key constructor is not taken where it is computed');
    return name;
  },
  /** `object[key] = value` */
  A: (key: unknown): unknown => {
    if (typeof key === 'number' || typeof key === 'symbol') return key;
    const name = `${key as string}`;
    if (name === 'length') throw new TypeError('metered code: the key length is not taken where it is computed');
    return name;
  },
  /** `array.length = value` */
  N: (value: unknown): unknown => {
    chargeLength(value);
    return value;
  },
});

/** Names that metered code may use; everything else does not exist for it. */
export const GLOBALS: readonly string[] = [
  ...[
    'Object',
    'Array',
    'Number',
    'String',
    'Boolean',
    'Symbol',
    'Math',
    'Map',
    'Set',
    'WeakMap',
    'WeakSet',
    'JSON',
    'Reflect',
    'Date',
    'Iterator',
    'Function',
  ],
  ...['Error', 'TypeError', 'RangeError', 'SyntaxError', 'ReferenceError', 'EvalError', 'URIError'],
  ...[
    'Int8Array',
    'Uint8Array',
    'Uint8ClampedArray',
    'Int16Array',
    'Uint16Array',
    'Int32Array',
    'Uint32Array',
    'Float16Array',
    'Float32Array',
  ],
  ...[
    'Float64Array',
    'ArrayBuffer',
    'DataView',
    'NaN',
    'Infinity',
    'undefined',
    'isNaN',
    'isFinite',
    'parseInt',
    'parseFloat',
  ],
  ...['encodeURI', 'encodeURIComponent', 'decodeURI', 'decodeURIComponent', 'escape', 'unescape'],
];
