// Scenarios for both drivers of the call: each runs once awaited and once at a stroke, in a base of its own each, and
// is held to what it should come to.

import { afterEach, expect, it } from '@jest/globals';
import {
  type GraftPoint,
  type InvokeOptions,
  invokeSync,
  type Outcome,
  type Participant,
} from '../../src/plugins/index.ts';
import type { Ticket, Transaction } from '../../src/txn/index.ts';
import { openBase, type TestBase } from './base.ts';

/** Calls a point with the driver under test. `meanwhile` is what happens while the call waits for a lock. */
export type Drive = <Output>(
  base: TestBase,
  point: GraftPoint<unknown, Output>,
  input: unknown,
  options?: InvokeOptions,
  meanwhile?: () => void,
) => Promise<Outcome<unknown>>;

export const never = (): never => {
  throw new Error('nothing here has to wait');
};

const awaited: Drive = (base, point, input, options, meanwhile) => {
  const outcome = base.invoke(point, input, options);
  meanwhile?.();
  return outcome;
};

const atOnce: Drive = async (base, point, input, options = {}, meanwhile = never) => {
  const { txn, depth = 0 } = options;
  const wait = (ticket: Ticket): void => {
    meanwhile();
    expect(ticket.state).not.toBe('waiting');
  };
  return invokeSync(base, point, input, txn === undefined ? { depth, wait } : { txn, depth, wait });
};

export const bases: TestBase[] = [];
afterEach(async () => {
  for (const base of bases.splice(0)) await base.close();
});

/** What both drivers have to agree on. */
export const told = (outcome: Outcome<unknown>): unknown =>
  JSON.parse(JSON.stringify(outcome, (key, value) => (key === 'own_ms' || key === 'at' ? undefined : value)));

export type Scenario = (drive: Drive, open: (participant?: Participant) => TestBase) => Promise<unknown>;

/** Runs a scenario with each driver; both must give `expected`. */
export const both = (name: string, scenario: Scenario, expected: unknown): void => {
  it.each<[string, Drive]>([
    ['awaited', awaited],
    ['at once', atOnce],
  ])(`${name}, %s`, async (_driver, drive) => {
    const open = (participant?: Participant): TestBase => {
      const base = openBase('direct', participant === undefined ? {} : { participant });
      bases.push(base);
      return base;
    };
    expect(await scenario(drive, open)).toEqual(expected);
  });
};

export const FUNCTION = { name: 'p', kind: 'function', default: (input: unknown) => ['default', input] } as const;
const SPENT = { calls: 0, writes: 0, log_bytes: 0 };
export const report = (graft: string, rest: object): object => ({
  graft,
  status: 'committed',
  undone: { records: 0, first: [] },
  spent: SPENT,
  ...rest,
});

/** A transaction of the host's own that holds `key`. */
export const holding = (base: TestBase, key: string): Transaction => {
  const txn = base.transactions.begin();
  expect(base.stock.set(txn, key, 'held')).toBe(undefined);
  return txn;
};
