// `locks`: VINO's two lock interfaces. lock-do-unlock in one call of an accessor cannot be abused and costs a lock an
// operation. lock … do … do … unlock pays once and makes several operations one for all others; it can be held as long
// as the graft likes, until the lock's time-out undoes it.

import { GeneratorProgram, Kernel, LOCK_TIMEOUT_MS } from 'graftwork/kernel-model';
import { acquire, unlock, WRITE } from 'graftwork/txn';
import { type Figure, hashText, type Point, quantile, type Result, type Table } from '../report/index.ts';
import { compartments } from './compartments.ts';
import type { Experiment } from './experiment.ts';

const OPERATIONS = [1, 2, 4, 8, 16, 32];
const newKernel = (): Kernel => new Kernel({ frames: 4, disk: null, compartments: compartments('direct') });

/** Nanoseconds of that many operations, each with its lock, or all under one. */
const cost_ns = (operations: number, batches: number): { each: number; once: number } => {
  const { accessors, calls } = newKernel();
  const words = new Int32Array(32);
  const locks = Array.from(words, (_, i) => accessors.locks.get(`ann/${i}`));
  const timed = (body: (txn: ReturnType<typeof calls.transactions.begin>) => void): number => {
    const times: number[] = [];
    for (let batch = 0; batch < batches; batch++) {
      const begun_ms = performance.now();
      for (let i = 0; i < 200; i++) {
        const txn = calls.transactions.begin();
        body(txn);
        txn.commit();
      }
      times.push(((performance.now() - begun_ms) * 1e6) / 200);
    }
    return quantile(times, 0.5);
  };
  const act = (i: number): void => {
    words[i] = (words[i] as number) + 1;
  };
  return {
    each: timed((txn) => {
      for (let i = 0; i < operations; i++) {
        acquire(txn, locks[i] as (typeof locks)[number], WRITE);
        act(i);
      }
    }),
    once: timed((txn) => {
      const [lock] = locks as [(typeof locks)[number]];
      acquire(txn, lock, WRITE);
      for (let i = 0; i < operations; i++) act(i);
      unlock(txn, lock);
    }),
  };
};

interface Held {
  /** The answer of the holder's commit: none, or why it was undone. */
  readonly holder: unknown;
  /** How long the other waited, in emulated milliseconds. */
  readonly waited_ms: number;
}

/** A thread holds a lock while it computes, and another needs it meanwhile. */
const holding = (hold_ms: number): Held => {
  const kernel = newKernel();
  const found: { holder: unknown; waited_ms: number } = { holder: null, waited_ms: 0 };
  const begin = function* (user: Parameters<ConstructorParameters<typeof GeneratorProgram>[0]>[0]) {
    yield* user.call('begin');
  };
  kernel.spawn({
    name: 'holder',
    owner: 'ann',
    program: new GeneratorProgram(function* (user) {
      yield* begin(user);
      yield* user.call('lock', 'x');
      yield* user.call('sleep', hold_ms * 1000);
      found.holder = yield* user.call('commit');
    }),
  });
  kernel.spawn({
    name: 'other',
    owner: 'ann',
    program: new GeneratorProgram(function* (user) {
      yield* user.call('sleep', 1000);
      yield* begin(user);
      const from_us = user.now_us;
      yield* user.call('lock', 'x');
      found.waited_ms = (user.now_us - from_us) / 1000;
      yield* user.call('commit');
    }),
  });
  kernel.run();
  return found;
};

const endOf = ({ holder }: Held): string => (holder === null ? 'commits' : `is undone: ${JSON.stringify(holder)}`);

export const locks: Experiment = {
  name: 'locks',
  describes: 'lock-do-unlock against lock … do … unlock: what each costs, allows, and how holding on is ended.',
  run({ small, progress }): Promise<Result> {
    progress('locks');
    const costs = OPERATIONS.map((operations) => ({ operations, ...cost_ns(operations, small ? 25 : 201) }));
    const held = [10, 50, 90, 200, 1000].map((hold_ms) => ({ hold_ms, ...holding(hold_ms) }));
    const cost: Table = {
      kind: 'table',
      title: 'A transaction of so many operations, real time',
      columns: ['operations', 'a lock each, ns', 'one lock, ns', 'ratio'],
      rows: costs.map(({ operations, each, once }) => [operations, each, once, each / once]),
    };
    const allows: Table = {
      kind: 'table',
      title: 'What each interface allows',
      columns: ['', 'lock-do-unlock', 'lock … do … unlock'],
      rows: [
        ['several operations are one for others', 'through the transaction alone', 'yes'],
        ['a decision between two operations', 'on what the lock guards: no', 'yes'],
        ['can be forgotten', 'no', 'yes: released with the transaction'],
        ['can be held on to', 'no', 'until somebody waits and the time-out comes'],
      ],
      note:
        'Both keep the lock to the end of the transaction (strict two-phase locking); unlock says that the holder ' +
        'is done with it.',
    };
    const ends: Table = {
      kind: 'table',
      title: `A lock held on to, emulated time; time-out of its class: ${LOCK_TIMEOUT_MS.user} ms`,
      columns: ['held, ms', 'the other waits, ms', 'the holder'],
      rows: held.map((one) => [one.hold_ms, one.waited_ms, endOf(one)]),
    };
    const figure: Figure = {
      kind: 'figure',
      title: 'How long another waits for a lock that is held on to',
      x: { label: 'held', unit: 'ms' },
      y: { label: 'waited', unit: 'ms' },
      series: [{ name: 'the other', points: held.map(({ hold_ms, waited_ms }): Point => [hold_ms, waited_ms]) }],
      marks: 'line',
    };
    const last = costs.at(-1) as (typeof costs)[number];
    return Promise.resolve({
      name: 'locks',
      title: 'Two lock interfaces: flexibility against abuse',
      parts: [cost, allows, ends, figure],
      facts: {
        each_of_32_ns: last.each / 32,
        one_for_32_ns: last.once,
        longest_wait_ms: Math.max(...held.map(({ waited_ms }) => waited_ms)),
      },
      hash: hashText(JSON.stringify(held)),
    });
  },
};
