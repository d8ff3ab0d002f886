// What rewritten code finds beside its own text: the counter, the functions that stand around operators whose work has
// no bound of its own (rewrite.ts says where), and the globals of metered code. None of them can be named by a graft,
// and none takes anything from it that it then runs.

import { chargeLength, tolled } from './bounded.ts';
import { CELL, charge, expire, FUEL } from './meter.ts';
import { shown } from './natives.ts';
import {
  chargeEqual,
  chargeNumeral,
  chargeProperties,
  chargeText,
  isObject,
  keyed,
  numeric,
  primitiveOf,
  properties,
  spreadable,
} from './price.ts';
import { heritage, parent } from './prototypes.ts';

/** Turns of a loop paid for at once; what is left when the loop ends is given back. */
const TURNS = 64;

const { getPrototypeOf } = Object;
const { isView } = ArrayBuffer;

type Changed = Record<PropertyKey, unknown>;

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
  /** An operand of arithmetic or of an order. */
  N: numeric,
  /** An operand of `===`, or what a switch compares so many times. */
  E: (value: unknown, times = 1): unknown => {
    if (typeof value === 'string') chargeEqual(value, times);
    return value;
  },
  /** `a == b` */
  Q: (a: unknown, b: unknown): boolean => {
    if (isObject(a) === isObject(b) || a === null || b === null || a === undefined || b === undefined) {
      if (typeof a === 'string' && typeof b === 'string') chargeEqual(a, 1);
      else for (const one of [a, b]) if (typeof one === 'string') chargeNumeral(one);
      // biome-ignore lint/suspicious/noDoubleEquals: this is the operator itself
      return a == b;
    }
    return isObject(a)
      ? OPERATORS.Q(primitiveOf(a, 'default'), b)
      : OPERATORS.Q(a, primitiveOf(b as object, 'default'));
  },
  /** What becomes an element of `to`: a typed array makes it a number. */
  W: (to: unknown, value: unknown): unknown => (typeof value === 'number' || !isView(to) ? value : numeric(value)),
  /** `object[key] = value`, where finding the object may do work. */
  G: (object: Changed, key: unknown, value: unknown): unknown => {
    object[keyed(key)] = OPERATORS.W(object, value);
    return value;
  },
  /** `a + b`, templates and stacks, which make long texts of short ones. */
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
    for (let one = value; typeof one === 'object' && one !== null; one = getPrototypeOf(one))
      charge(1 + properties(one));
    return value;
  },
  /** `yield* list` */
  Y: tolled,
  /** `object.constructor` */
  X: shown.of,
  /** A key of `in`, and of what is made. */
  J: keyed,
  /** `object[key]` */
  K: (key: unknown): PropertyKey => {
    const name = keyed(key);
    if (name === 'constructor')
      throw new TypeError('metered code: the key constructor is not taken where it is computed');
    return name;
  },
  /** `object[key] = value` */
  A: (key: unknown): PropertyKey => {
    const name = keyed(key);
    if (name === 'length' || name === 'prototype')
      throw new TypeError(`metered code: the key ${name} is not taken where it is computed`);
    return name;
  },
  /** `object[key] op= value`; the answer is the new value. */
  R: (object: Changed, key: unknown, change: (value: unknown) => unknown): unknown => {
    const name = keyed(key);
    const after = OPERATORS.W(object, change(object[name]));
    object[name] = after;
    return after;
  },
  /** `object[key]++`; the answer is the value before. */
  V: (object: Changed, key: unknown, change: (value: unknown) => unknown): unknown => {
    const name = keyed(key);
    const before = +(numeric(object[name]) as number);
    object[name] = change(before);
    return before;
  },
  /** `object.key++` for an object that is a name: its value before. */
  B: (before: unknown, _after: unknown): unknown => before,
  /** `array.length = value` */
  L: (value: unknown): unknown => {
    chargeLength(value);
    return value;
  },
  /** `__proto__: value` and `made.prototype = value` */
  D: parent,
  /** `class extends value` */
  H: heritage,
});
