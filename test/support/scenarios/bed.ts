// Where the scenarios of the conformance suite stand. They are collected, not run: a Jest file runs them as its own
// tests, or a worker runs them all in a realm that is locked down, which a Jest realm must not be. One at a time:
// `base` is the one that runs.

import { expect } from 'expect';
import type { AbortReason } from '../../../src/txn/index.ts';
import { openBase, type TestBase } from '../base.ts';
import type { Claims } from '../claims.ts';
import type { Scenario } from '../scenario.ts';

export type { Claims };
export { expect };

export const FUNCTION = { name: 'p', kind: 'function', default: () => 'default' } as const;

let collected: Scenario[] = [];
export let base: TestBase;

export const open = (claims: Claims): void => {
  base = openBase(claims.kind);
};

const one = (name: string, run: () => Promise<void>): void => {
  collected.push({
    name,
    async run() {
      await run();
      await base.close();
    },
    clean: () => base.kill(),
  });
};

const each =
  <Row extends readonly unknown[]>(rows: readonly Row[]) =>
  (name: string, run: (...row: Row) => Promise<void>): void => {
    for (const row of rows) one(name.replace('%s', String(row[0])), () => run(...row));
  };

/** Adds a scenario; `each` adds one a row. */
export const it = Object.assign(one, { each });

/** What `add` adds. */
export const collect = (add: () => void): Scenario[] => {
  collected = [];
  add();
  return collected;
};

/** Installs `source` at a function point and calls it. */
export const answer = async (source: string, input: unknown = null): Promise<unknown> => {
  const point = base.point(FUNCTION);
  await base.install('a', `{ graft: ${source} }`);
  return base.invoke(point, input);
};

export const committed = (value: unknown): object => expect.objectContaining({ status: 'committed', value });

export const aborted = (reason: AbortReason, detail: unknown = expect.anything()): object =>
  expect.objectContaining({
    status: 'default',
    grafts: [expect.objectContaining({ status: 'aborted', reason, detail, removed: true })],
  });
