// Plain data: what JSON carries there and back passes, everything else is refused by name and place, and no code of a
// value ever runs.

import { types } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { PLAIN_BOUNDS, type PlainBounds, plainFault } from '../../src/plugins/plain.ts';
import { Random } from '../support/random.ts';

const fault = (value: unknown, bounds: PlainBounds = PLAIN_BOUNDS): { path: string; why: string } | null =>
  plainFault(value, bounds, types.isProxy);

const TEXTS = ['', 'a', 'ä€😀', '\u0001\n"\\', '__proto', 'proto', '0', 'toJSON', '\u2028'];
const NUMBERS = [0, 1, -1, 0.1, -2.5e-300, 2 ** 51 + 0.5, 2 ** 53 - 1, 1 - 2 ** 53, 5e-324];

const leaf = (random: Random): unknown =>
  random.pick<unknown>([null, true, false, random.pick(NUMBERS), random.pick(TEXTS)]);

const plainValue = (random: Random, depth: number): unknown => {
  if (depth === 0 || random.chance(0.3)) return leaf(random);
  const size = random.below(4);
  if (random.chance(0.5)) return Array.from({ length: size }, () => plainValue(random, depth - 1));
  const object: Record<string, unknown> = random.chance(0.2) ? Object.create(null) : {};
  for (let i = 0; i < size; i++) object[random.pick(TEXTS) + i] = plainValue(random, depth - 1);
  return object;
};

/** Puts `foreign` at a random place of `value`; the result, and the path to it. */
const spoil = (random: Random, value: unknown, foreign: unknown): { value: unknown; path: string } => {
  if (typeof value !== 'object' || value === null || random.chance(0.2)) return { value: foreign, path: '' };
  if (Array.isArray(value)) {
    const at = random.below(value.length + 1);
    const inner = spoil(random, value[at] ?? null, foreign);
    return { value: value.toSpliced(at, 1, inner.value), path: `[${at}]${inner.path}` };
  }
  const key = random.pick([...Object.keys(value), 'new']);
  const inner = spoil(random, (value as Record<string, unknown>)[key], foreign);
  return { value: { ...value, [key]: inner.value }, path: `.${key}${inner.path}` };
};

const FOREIGN: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['undefined', () => undefined, /^undefined$/],
  ['a function', () => () => 1, /^a function$/],
  ['a symbol', () => Symbol('x'), /^a symbol$/],
  ['a bigint', () => 1n, /^a bigint$/],
  ['NaN', () => Number.NaN, /not finite/],
  ['Infinity', () => Number.NEGATIVE_INFINITY, /not finite/],
  ['an unsafe integer', () => 2 ** 53, /integer beyond/],
  ['a lone surrogate', () => 'a\ud800b', /lone surrogate/],
  ['NUL', () => 'a\0b', /NUL/],
  ['a date', () => new Date(0), /object of a class/],
  ['a map', () => new Map(), /object of a class/],
  ['a regular expression', () => /x/, /object of a class/],
  ['a boxed string', () => Object('x'), /object of a class/],
  ['bytes', () => new Uint8Array(1), /object of a class/],
  ['an error', () => new Error('x'), /object of a class/],
  ['an object of a class', () => new (class A {})(), /object of a class/],
  ['an object with a prototype of its own', () => Object.create({ a: 1 }), /object of a class/],
  ['an array of a class', () => new (class extends Array {})(), /array of a class/],
  ['a proxy', () => new Proxy({}, {}), /^a proxy$/],
  ['a proxy of an array', () => new Proxy([], {}), /^a proxy$/],
  ['a symbol key', () => ({ [Symbol('k')]: 1 }), /symbol key/],
  ['a hole', () => new Array(1), /holes/],
  ['a named property of an array', () => Object.assign([], { name: 1 }), /named properties/],
];

describe('plain data', () => {
  it('passes where JSON carries a value there and back', () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const value = plainValue(new Random(seed), 5);
      const back = JSON.parse(JSON.stringify(value));
      expect({ seed, fault: fault(value), back: fault(back) }).toEqual({ seed, fault: null, back: null });
      expect({ seed, back }).toEqual({ seed, back: value });
    }
  });

  it.each(FOREIGN)('refuses %s, wherever it is, with its path', (_name, make, why) => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = new Random(seed);
      const { value, path } = spoil(random, plainValue(random, 4), make());
      const found = fault(value);
      expect({ seed, path: found?.path }).toEqual({ seed, path });
      expect(found?.why).toMatch(why);
    }
  });

  it.each(['__proto__', 'constructor', 'prototype'])('refuses the key %s', (key) => {
    expect(fault(JSON.parse(`{"a":[{"${key}":1}]}`))).toEqual({ path: `.a[0].${key}`, why: `the key ${key}` });
  });

  it('refuses a property that is not enumerable', () => {
    expect(fault({ a: Object.defineProperty({}, 'hidden', { value: 1 }) })).toEqual({
      path: '.a.hidden',
      why: 'a hidden property',
    });
  });

  it('finds the hole of an array that a named property makes up for', () => {
    expect(fault(Object.assign(new Array(2), { 0: 1, x: 1 }))).toEqual({
      path: '[1]',
      why: 'an array with holes or named properties',
    });
  });

  it('refuses a cycle', () => {
    const cycle: { next?: unknown } = {};
    cycle.next = [cycle];
    expect(fault(cycle)?.why).toMatch(/cycle/);
  });
});

describe('size', () => {
  it.each<[string, unknown, Partial<PlainBounds>]>([
    ['a string', 'abc', { string: 2 }],
    ['bytes', ['ab', 'cd'], { bytes: 3 }],
    ['values', [[1], [2]], { nodes: 4 }],
    ['elements', [1, 2, 3], { nodes: 2 }],
    ['keys', { a: 1, b: 2 }, { keys: 1 }],
  ])('of %s beyond its bound is told from what is not plain', (_, value, bounds) => {
    expect(plainFault({ x: value }, { ...PLAIN_BOUNDS, ...bounds })?.beyond).toBe(true);
    expect(plainFault({ x: value })).toBeNull();
    expect(plainFault({ x: [value, undefined] })).not.toHaveProperty('beyond');
  });
});

describe('no code of a value runs', () => {
  let runs = 0;
  const count = (): number => ++runs;
  const everyTrap = new Proxy({}, { get: () => count });

  it.each<[string, () => unknown]>([
    ['a getter', () => Object.defineProperty({}, 'x', { get: count, enumerable: true })],
    ['a setter', () => Object.defineProperty({}, 'x', { set: count, enumerable: true })],
    ['a getter at an index', () => Object.defineProperty([], 0, { get: count, enumerable: true })],
    ['a getter named toJSON', () => Object.defineProperty({}, 'toJSON', { get: count, enumerable: true })],
    ['a proxy', () => new Proxy({ x: 1 }, everyTrap)],
    ['a proxy as a prototype', () => Object.create(new Proxy({}, everyTrap))],
    ['an iterator', () => Object.assign([], { [Symbol.iterator]: count })],
    [
      'a class with toJSON',
      () =>
        new (class A {
          toJSON = count;
        })(),
    ],
    [
      'a toStringTag',
      () => ({
        get [Symbol.toStringTag]() {
          return `${count()}`;
        },
      }),
    ],
  ])('not of %s', (_name, make) => {
    runs = 0;
    expect(fault({ deep: [make()] })).not.toBeNull();
    expect(runs).toBe(0);
  });

  it('not what a prototype was given: a value of Object.prototype makes no accessor a value', () => {
    const value = Object.defineProperty({}, 'x', { get: count, enumerable: true });
    runs = 0;
    Object.defineProperty(Object.prototype, 'value', { value: 1, configurable: true });
    try {
      expect(fault(value)).toEqual({ path: '.x', why: 'an accessor property' });
    } finally {
      Reflect.deleteProperty(Object.prototype, 'value');
    }
    expect(runs).toBe(0);
  });
});

describe('bounds', () => {
  const bounds: PlainBounds = { bytes: 10, depth: 3, nodes: 6, keys: 2, string: 7 };

  it.each<[string, unknown, unknown, RegExp]>([
    ['bytes', ['12345', '12345'], ['12345', '123456'], /more than 10 bytes/],
    ['bytes, keys included', { '12345': '12345' }, { '12345': '123456' }, /more than 10 bytes/],
    ['depth', [[[1]]], [[[[]]]], /nested deeper than 3/],
    ['values', [1, 2, 3, 4, 5], [1, 2, 3, 4, [5, 6]], /more than 6 values/],
    ['keys', { a: 1, b: 2 }, { a: 1, b: 2, c: 3 }, /more than 2 keys/],
    ['a string', '1234567', '12345678', /a string longer than 7/],
    ['a key', { '1234567': 1 }, { '12345678': 1 }, /a string longer than 7/],
  ])('%s: up to the bound, and no further', (_name, within, beyond, why) => {
    expect(fault(within, bounds)).toBeNull();
    expect(fault(beyond, bounds)?.why).toMatch(why);
  });

  it('cut a path, however long the keys in it are', () => {
    let value: unknown;
    for (let depth = 0; depth < 30; depth++) value = { ['k'.repeat(1000)]: value };
    expect(fault(value)?.path).toHaveLength(200);
    expect(fault({ ['k'.repeat(1000)]: undefined })?.path).toBe(`.${'k'.repeat(49)}`);
  });

  it('end a graph of 2^40 paths', () => {
    let graph: unknown = 1;
    for (let level = 0; level < 40; level++) graph = [graph, graph];
    expect(fault(graph)?.why).toMatch(/nested deeper/);
    expect(fault(graph, { ...PLAIN_BOUNDS, depth: 64 })?.why).toMatch(/more than 100000 values/);
  });

  it('end a sparse array of length 2^32-1', () => {
    const sparse: unknown[] = [];
    sparse.length = 2 ** 32 - 1;
    expect(fault(sparse)?.why).toMatch(/more than 100000 values/);
    expect(fault(sparse, { ...PLAIN_BOUNDS, nodes: 2 ** 40 })?.why).toMatch(/holes/);
  });
});
