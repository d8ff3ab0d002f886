// What is plain data, said a second time and without regard to cost: the tests hold to this whatever
// src/plugins/plain.ts lets through.

import { types } from 'node:util';

/** Looked up once: a broken twin may replace it where the host looks. */
const { isProxy } = types;
const LONE_SURROGATE = /[\ud800-\udfff]/u;
const FORBIDDEN = ['__proto__', 'constructor', 'prototype'];
const BYTES = 2 ** 20;
const DEPTH = 32;
const NODES = 100_000;
const KEYS = 10_000;

interface Look {
  readonly value: unknown;
  readonly depth: number;
}

const textFault = (text: string): string => {
  if (LONE_SURROGATE.test(text)) return 'ill formed';
  return text.indexOf('\0') >= 0 ? 'NUL' : '';
};

const numberFault = (number: number): string => {
  if (!(Math.abs(number) < Number.POSITIVE_INFINITY)) return 'not finite';
  return number % 1 === 0 && Math.abs(number) >= 2 ** 53 ? 'not exact' : '';
};

const propertyFault = (object: object, key: string | symbol): string => {
  if (typeof key === 'symbol') return 'a symbol';
  if (FORBIDDEN.includes(key)) return key;
  const { value, get, set, enumerable } = Reflect.getOwnPropertyDescriptor(object, key) as PropertyDescriptor;
  if (get !== undefined || set !== undefined) return 'an accessor property';
  return enumerable !== true && !(Array.isArray(object) && key === 'length') ? `hidden ${typeof value}` : '';
};

const shapeFault = (object: object, keys: readonly (string | symbol)[]): string => {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (!Array.isArray(object)) {
    if (keys.length > KEYS) return 'many keys';
    return prototype === Object.prototype || prototype === null ? '' : 'a class';
  }
  if (prototype !== Array.prototype) return 'a class of arrays';
  const own = new Set(keys);
  for (let i = 0; i < object.length; i++) if (!own.has(String(i))) return 'a hole';
  return own.size === object.length + 1 ? '' : 'a named property of an array';
};

/** Why `root` is not plain data; empty where it is. Runs no code of it. */
export const whyNotPlain = (root: unknown): string => {
  let nodes = 0;
  let units = 0;
  const texts: string[] = [];
  const rest: Look[] = [{ value: root, depth: 0 }];
  for (let look = rest.pop(); look !== undefined; look = rest.pop()) {
    const { value, depth } = look;
    if (++nodes > NODES) return 'many values';
    if (typeof value === 'string') texts.push(value);
    else if (typeof value === 'number') {
      if (numberFault(value) !== '') return numberFault(value);
    } else if (typeof value === 'object' && value !== null) {
      if (depth >= DEPTH) return 'deep';
      if (isProxy(value)) return 'a proxy';
      const keys = Reflect.ownKeys(value);
      const fault = shapeFault(value, keys) || keys.reduce<string>((why, key) => why || propertyFault(value, key), '');
      if (fault !== '') return fault;
      if (!Array.isArray(value)) texts.push(...(keys as string[]));
      for (const inner of Object.values(value)) rest.push({ value: inner, depth: depth + 1 });
    } else if (value !== null && typeof value !== 'boolean') return typeof value;
    for (const text of texts.splice(0)) {
      units += text.length;
      if (units > BYTES) return 'many bytes';
      if (textFault(text) !== '') return textFault(text);
    }
  }
  return '';
};
