// Chains of prototypes stay short: a missing key, `in` and `instanceof` walk all of one, in an operation that costs a
// fraction of a unit. So a prototype has few above it, and what has been one never gets more.

import { isObject } from './price.ts';

const { getPrototypeOf, getOwnPropertyDescriptor } = Object;

/** Prototypes above a prototype, at most. */
const DEPTH_MAX = 16;
/** Functions that something inherits from. (Of other objects nobody knows: functions make prototypes by themselves.) */
const parents = new WeakSet<object>();

const depthOf = (value: unknown): number => {
  let depth = 0;
  for (let one = value; isObject(one); one = getPrototypeOf(one)) depth++;
  return depth;
};

/** A value that becomes a prototype, if it is an object. Throws TypeError where the chain would be too long. */
export const parent = (value: unknown): unknown => {
  if (!isObject(value)) return value;
  if (depthOf(value) >= DEPTH_MAX)
    throw new TypeError(`metered code: a chain of prototypes is at most ${DEPTH_MAX} long`);
  if (typeof value === 'function') parents.add(value);
  return value;
};

/** A class that is extended, or whose prototype something else gets: both chains grow. */
export const heritage = (value: unknown): unknown => {
  if (typeof value !== 'function') return value;
  const own = getOwnPropertyDescriptor(value, 'prototype');
  if (own === undefined || !('value' in own))
    throw new TypeError('metered code: what is extended has a prototype of its own');
  parent(own.value);
  return parent(value);
};

/** Whether an object may get this prototype: as it has it, or no deeper, or it is a function that nothing inherits. */
export const mayInherit = (target: unknown, prototype: unknown): boolean => {
  if (!isObject(target) || getPrototypeOf(target) === prototype) return true;
  if (depthOf(prototype) < depthOf(target)) return true;
  return typeof target === 'function' && !parents.has(target) && parent(prototype) === prototype;
};
