// The eight laws of transactions, each on the same ten thousand random programs; and proof that each checker catches a
// broken twin.

import { beforeAll, describe, expect, test } from '@jest/globals';
import { lockTwins } from '../support/twins/locks.ts';
import { undoTwins } from '../support/twins/undo.ts';
import { describeProgram } from './actions.ts';
import { type Failure, runProgram, seek, shrink } from './check.ts';
import { generate } from './generate.ts';
import { Counts, LAW_NUMBERS, LAWS } from './violation.ts';

const SEED = 20_000;
const RUNS = 10_000;
const TWIN_RUNS = 1000;

const tell = ({ program, violation }: Failure): string =>
  `law ${violation.law}: ${violation.message}\n${describeProgram(program)}`;

describe(`${RUNS} random programs from seed ${SEED}`, () => {
  let counts: Counts;
  let failures: Failure[];

  beforeAll(() => {
    const sought = seek({ seed: SEED, runs: RUNS, failures_max: 20 });
    counts = sought.counts;
    failures = sought.failures
      .map((failure) => shrink(failure))
      .sort((a, b) => a.program.steps.length - b.program.steps.length);
  });

  test.each(LAW_NUMBERS.map((law) => [law, LAWS[law]] as const))('law %i: %s', (law) => {
    expect(failures.filter((failure) => failure.violation.law === law).map(tell)).toEqual([]);
  });

  test('nothing unexpected is thrown', () => {
    expect(failures.filter((failure) => failure.violation.law === 0).map(tell)).toEqual([]);
  });

  test('the programs do what the laws speak of', () => {
    expect(counts.programs).toBe(RUNS);
    for (const name of [
      'commits',
      'nested_commits',
      'aborts',
      'nested_aborts',
      'tickets',
      'deadlocks',
      'timeouts',
      'effects',
    ] as const)
      expect([name, counts[name] >= RUNS / 50]).toEqual([name, true]);
    for (const name of ['failed_undos', 'fenced_calls'] as const)
      expect([name, counts[name] >= 20]).toEqual([name, true]);
    for (const reason of ['cancelled', 'thrown', 'limit', 'deadlock', 'lock-timeout', 'store-conflict'])
      expect([reason, (counts.aborts_by_reason[reason] ?? 0) >= 20]).toEqual([reason, true]);
  });
});

describe('each law catches its broken twins', () => {
  const twins = [...undoTwins, ...lockTwins];

  test.each(twins.map((twin) => [twin.law, twin.breaks, twin] as const))('law %i: %s', (law, _breaks, twin) => {
    const { failures } = twin.during(() => seek({ seed: SEED, runs: TWIN_RUNS, only: law }));
    expect(failures.map((failure) => failure.violation.law)).toEqual([law]);
  });

  test('every law has one', () => {
    expect([...new Set(twins.map((twin) => twin.law))].sort()).toEqual(LAW_NUMBERS);
  });

  test('a twin leaves nothing behind', () => {
    for (const twin of twins) twin.during(() => runProgram(generate(SEED), new Counts(), twin.law));
    expect(seek({ seed: SEED, runs: 100 }).failures.map(tell)).toEqual([]);
  });
});

test('a failing program is made short', () => {
  const twin = undoTwins[0] as (typeof undoTwins)[number];
  const [whole, short] = twin.during(() => {
    const failure = seek({ seed: SEED, runs: TWIN_RUNS, only: twin.law }).failures[0] as Failure;
    return [failure, shrink(failure, twin.law)];
  });
  expect(short.program.steps.length).toBeLessThan(whole.program.steps.length / 2);
  const { program } = short;
  const without = program.steps.map((step) => ({ ...program, steps: program.steps.filter((other) => other !== step) }));
  expect(without.map((one) => twin.during(() => runProgram(one, new Counts(), twin.law)))).toEqual(
    without.map(() => null),
  );
});
