// Random programs: one seed, one program.

import { CHANGE, READ, WRITE } from '../../src/txn/index.ts';
import { Random } from '../support/random.ts';
import {
  ACCOUNTS,
  type Action,
  BOMBS,
  CELLS,
  KEYS,
  LOCK_TIMEOUT_MS,
  LOCKS,
  type Program,
  RESOURCES,
  type Step,
} from './actions.ts';

type Make = (random: Random, value: number) => Action;

/** Mostly about the same units, so that they run short. */
const move = (random: Random) => ({
  account: random.chance(0.6) ? 0 : random.below(ACCOUNTS),
  resource: random.chance(0.7) ? 0 : random.below(RESOURCES.length),
  amount: random.below(8),
});

/**
 * By name: weight, and how to make one. Values are the numbers of their steps, so every write can be told from every
 * other.
 */
const MENU: { readonly [name in Action['do']]: readonly [weight: number, make: Make] } = {
  get: [9, (random) => ({ do: 'get', key: random.pick(KEYS) })],
  set: [12, (random, value) => ({ do: 'set', key: random.pick(KEYS), value })],
  delete: [7, (random) => ({ do: 'delete', key: random.pick(KEYS) })],
  keys: [3, () => ({ do: 'keys' })],
  read: [5, (random) => ({ do: 'read', cell: random.below(CELLS) })],
  write: [5, (random, value) => ({ do: 'write', cell: random.below(CELLS), value })],
  push: [3, (random, value) => ({ do: 'push', value: random.chance(0.5) ? value : -value })],
  pop: [3, () => ({ do: 'pop' })],
  item: [2, (random) => ({ do: 'item', index: random.below(4) })],
  put: [2, (random, value) => ({ do: 'put', index: random.below(4), value })],
  length: [1, () => ({ do: 'length' })],
  add: [6, (random) => ({ do: 'add', value: 1 + random.below(9) })],
  count: [1, () => ({ do: 'count' })],
  lock: [6, (random) => ({ do: 'lock', lock: random.below(LOCKS), mode: random.pick([READ, READ, CHANGE, WRITE]) })],
  unlock: [2, (random) => ({ do: 'unlock', lock: random.below(LOCKS) })],
  seat: [4, () => ({ do: 'seat' })],
  bomb: [1, (random) => ({ do: 'bomb', bomb: random.below(BOMBS) })],
  charge: [6, (random) => ({ do: 'charge', resource: random.chance(0.7) ? 0 : 1, amount: random.below(8) })],
  spend: [4, (random) => ({ do: 'spend', ...move(random) })],
  hold: [3, (random) => ({ do: 'hold', ...move(random) })],
  giveBack: [3, (random) => ({ do: 'giveBack', ...move(random) })],
  transfer: [2, (random) => ({ do: 'transfer', ...move(random), to: random.below(ACCOUNTS) })],
  fund: [4, (random) => ({ do: 'fund', ...move(random) })],
  defer: [5, (random, value) => ({ do: 'defer', value, throws: random.chance(0.1) })],
  nest: [11, (random) => ({ do: 'nest', limit: random.chance(0.4) ? 1 + random.below(9) : 0 })],
  commit: [12, () => ({ do: 'commit' })],
  abort: [9, (random) => ({ do: 'abort', levels: random.chance(0.7) ? 0 : random.below(3) })],
  doom: [1, () => ({ do: 'doom' })],
  prepare: [2, () => ({ do: 'prepare' })],
  conflict: [1, () => ({ do: 'conflict' })],
  tick: [
    4,
    (random) => ({ do: 'tick', ms: random.pick([1, LOCK_TIMEOUT_MS - 1, LOCK_TIMEOUT_MS, 3 * LOCK_TIMEOUT_MS]) }),
  ],
};

const ALL = Object.keys(MENU) as Action['do'][];
const ENDS: readonly Action['do'][] = ['nest', 'commit', 'abort', 'tick'];

/** Half the programs do a little of everything; the others dwell on one thing. */
const DISHES: readonly (readonly Action['do'][])[] = [
  ALL,
  ALL,
  ALL,
  [...ENDS, 'lock', 'prepare', 'conflict', 'defer'],
  ['seat', 'lock', 'write'],
  [...ENDS, 'charge', 'spend', 'hold', 'giveBack', 'transfer', 'fund'],
  [...ENDS, 'get', 'set', 'delete', 'keys', 'push', 'pop', 'bomb'],
];

const makeAction = (random: Random, names: readonly Action['do'][], value: number): Action => {
  let at = random.below(names.reduce((sum, name) => sum + MENU[name][0], 0));
  for (const name of names) {
    const [weight, make] = MENU[name];
    if (at < weight) return make(random, value);
    at -= weight;
  }
  throw new Error('the menu has no such entry');
};

const LENGTHS: readonly number[] = [8, 16, 30, 50];

export const generate = (seed: number): Program => {
  const random = new Random(seed);
  const actors = 1 + random.below(4);
  const length = random.pick(LENGTHS);
  const names = random.pick(DISHES);
  const steps: Step[] = [];
  for (let i = 1; i <= length; i++) steps.push({ who: random.below(actors), ...makeAction(random, names, i) });
  return { seed, actors, steps };
};
