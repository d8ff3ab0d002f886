// The cost of calls: each workload of one kind, in interleaved rounds with its floor; a call-back; and calls in flight.

import type { Callable } from 'graftwork/plugins';
import { StateMap } from 'graftwork/txn';
import {
  type CallContender,
  type Contender,
  compare,
  eachCall,
  hashOf,
  inFlight,
  type Rounds,
  type Row,
} from '../measure.ts';
import { subject } from './bed.ts';
import type { Kind } from './kinds.ts';
import { direct, type Source } from './source.ts';
import { WORK, type Work } from './work.ts';

export const IN_FLIGHT = 64;
const HASHED = 256;

/**
 * How much is measured: batches as long as `batch_ns`, after trying for `trial_ms` how many calls that is; calls that
 * are timed one by one, of kinds that answer at once and of those that answer later; and calls in flight.
 */
export interface CallSize {
  readonly trial_ms: number;
  readonly batch_ns: number;
  readonly batches: Omit<Rounds, 'count'>;
  readonly each: Rounds;
  readonly later: Rounds;
  readonly flight: Rounds;
}

/** Sizes in full and for tests. */
export const CALL_SIZES = {
  full: {
    trial_ms: 200,
    batch_ns: 4e6,
    batches: { rounds: 40, warmup: 8 },
    each: { rounds: 20, count: 1000, warmup: 1 },
    later: { rounds: 20, count: 500, warmup: 1 },
    flight: { rounds: 9, count: 15_000, warmup: 1 },
    ways: { rounds: 30, count: 300, warmup: 5 },
  },
  small: {
    trial_ms: 5,
    batch_ns: 4e5,
    batches: { rounds: 3, warmup: 1 },
    each: { rounds: 2, count: 100, warmup: 1 },
    later: { rounds: 2, count: 30, warmup: 1 },
    flight: { rounds: 2, count: 200, warmup: 1 },
    ways: { rounds: 3, count: 10, warmup: 1 },
  },
} as const;

const sizeOf = (small: boolean): (typeof CALL_SIZES)['full' | 'small'] => (small ? CALL_SIZES.small : CALL_SIZES.full);

export interface WorkCalls {
  /** Every call timed by itself; the kind is the last row, its floor the first. */
  readonly each: readonly Row[];
  /** Calls in batches, from which ratios are made; for kinds that wait, calls in flight. */
  readonly batch: readonly Row[];
  /** Other ways to do the same without a compartment. */
  readonly others: readonly Row[];
  /** Over the first answers: equal for all kinds. */
  readonly hash: string;
}

export interface Calls {
  readonly works: Readonly<Record<string, WorkCalls>>;
  /** A graft without and with one call-back. */
  readonly callBack: readonly Row[];
}

interface Size {
  readonly small: boolean;
  readonly seed: number;
}

/** A contender that answers at once, in batches. */
const batches = (one: CallContender): Contender => ({
  name: one.name,
  round(count) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += one.call() as number;
    return sum;
  },
});

/** The first answers, and with them a first warm-up. */
const firstAnswers = async (one: CallContender): Promise<string> => {
  const values: number[] = [];
  for (let i = 0; i < HASHED; i++) values.push(await one.call());
  return hashOf(values);
};

/** The number of calls of the last contender in a batch. All contenders make the same calls. */
const batchCount = (all: readonly CallContender[], { trial_ms, batch_ns }: CallSize): number => {
  const [last, ...others] = all.toReversed() as [CallContender, ...CallContender[]];
  const begun = performance.now();
  let calls = 0;
  for (; performance.now() - begun < trial_ms; calls++) last.call();
  const ns = ((performance.now() - begun) * 1e6) / calls;
  for (const one of others) for (let i = 0; i < calls; i++) one.call();
  return Math.max(8, Math.round(batch_ns / ns));
};

/** Kinds that answer at once. */
const hereCalls = async (all: readonly CallContender[], size: CallSize): Promise<Pick<WorkCalls, 'each' | 'batch'>> => {
  const count = batchCount(all, size);
  const batch = await compare(all.map(batches), { ...size.batches, count });
  return { batch, each: await eachCall(all, size.each) };
};

/** Kinds that answer later. */
const laterCalls = async (
  all: readonly CallContender[],
  size: CallSize,
): Promise<Pick<WorkCalls, 'each' | 'batch'>> => {
  const each = await eachCall(all, size.later);
  return { each, batch: await inFlight(all, size.flight, IN_FLIGHT) };
};

/** Measures contenders, the first of them the floor: each call by itself, and calls in batches or in flight. */
export const measured = async (
  all: readonly CallContender[],
  size: CallSize,
): Promise<Pick<WorkCalls, 'each' | 'batch'>> => {
  // All make the same calls, so that they compute the same answers.
  const pending = all.map((one) => one.call());
  const here = typeof pending.at(-1) === 'number';
  await Promise.all(pending);
  return here ? hereCalls(all, size) : laterCalls(all, size);
};

interface Choice {
  readonly floor: CallContender | null;
  readonly others: readonly Row[];
}

/**
 * The floor of a workload. Its parts are loaded only for kinds with a floor: a locked-down realm tolerates none of
 * them.
 */
const floorFor = async (kind: Kind, name: string, { small, seed }: Size): Promise<Choice> => {
  if (kind.floor === undefined) return { floor: null, others: [] };
  const { floorOf, transports } = await import('./floors.ts');
  const floor = await floorOf(kind, name, seed);
  return floor === null ? fastest(transports(seed), small) : { floor, others: [] };
};

/** The fastest of several ways, found by trial. */
const fastest = async (ways: readonly CallContender[], small: boolean): Promise<Choice> => {
  const hashes = new Set<string>();
  for (const way of ways) hashes.add(await firstAnswers(way));
  if (hashes.size > 1) throw new Error('ways for a text do not answer alike');
  const rows = await compare(ways.map(batches), sizeOf(small).ways);
  const best = rows.reduce((one, other) => (other.median_ns < one.median_ns ? other : one));
  const others = rows.map((row) => ({ ...row, ratio: row.median_ns / best.median_ns }));
  return { floor: ways[rows.indexOf(best)] as CallContender, others };
};

const workCalls = async (kind: Kind, name: string, size: Size): Promise<WorkCalls> => {
  const one = await subject(kind, WORK[name]?.(size.seed, kind.columns !== null) as Work);
  const { floor, others } = await floorFor(kind, name, size);
  const all = floor === null ? [one] : [floor, one];
  const hash = await firstAnswers(one);
  // Ways that were tried have answered already.
  if (floor !== null && others.length === 0 && (await firstAnswers(floor)) !== hash)
    throw new Error(`${kind.name}: the floor of ${name} answers otherwise`);
  const times = await measured(all, sizeOf(size.small));
  for (const each of all) await each.close();
  return { ...times, others, hash };
};

const ASKING: Source = {
  js: `(n, api) => n + api.price.get('x')`,
  wat: `(import "api" "price.get" (func $get (param i32 i32) (result i64)))
    (data (i32.const 16) "[\\"x\\"]")
    (func (export "alloc") (param i32) (result i32) (i32.const 65536))
    ${direct(`
      (f64.add (local.get $n) (f64.convert_i32_u (i32.sub
        (i32.load8_u (i32.wrap_i64 (i64.shr_u (call $get (i32.const 16) (i32.const 5)) (i64.const 32))))
        (i32.const 48))))`)}`,
};

/** The graft of `add`, without and with one call of an accessor. Gives the times of single calls. */
const callBack = async (kind: Kind, { small, seed }: Size): Promise<readonly Row[]> => {
  const make = (): Work => WORK.add?.(seed, false) as Work;
  const prices = new StateMap<string, number>({ name: 'price', lock_timeout_ms: 500 }, [['x', 1]]);
  const get: Callable = { waits: false, run: ({ txn }, [key]) => prices.get(txn, String(key)) };
  const none = await subject(kind, make(), 'no call-back');
  const asks = await subject(kind, { ...make(), source: ASKING }, 'one call-back', { callable: { price: { get } } });
  const hashes = [await firstAnswers(none), await firstAnswers(asks)];
  if (hashes[0] !== hashes[1]) throw new Error(`${kind.name}: a call-back answers otherwise`);
  const { each } = await measured([none, asks], sizeOf(small));
  await none.close();
  await asks.close();
  return each;
};

/** The cost of calls of a kind. */
export const calls = async (kind: Kind, size: Size & { readonly alive: () => void }): Promise<Calls> => {
  const works: Record<string, WorkCalls> = {};
  for (const name of Object.keys(WORK)) {
    works[name] = await workCalls(kind, name, size);
    size.alive();
  }
  return { works, callBack: await callBack(kind, size) };
};
