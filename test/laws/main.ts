// npm run laws -- --seed N --runs M [--law K] [--json] Runs M random programs, of seeds N, N + 1, …, and checks the
// laws of transactions. Progress goes to stderr. Exit 0: all kept, and a summary of what the programs did; 1: a law was
// broken, and the shortest failing program; 2: bad options.

import { parseArgs } from 'node:util';
import { describeProgram } from './actions.ts';
import { type Failure, seek, shrink } from './check.ts';
import { type Counts, LAW_NUMBERS, LAWS, type Law } from './violation.ts';

const USAGE = 'usage: npm run laws -- [--seed N] [--runs M] [--law 1..8] [--json]';
const FAILURES_MAX = 5;
const PROGRESS_EVERY = 1000;

interface Options {
  readonly seed: number;
  readonly runs: number;
  readonly only: Law | null;
  readonly json: boolean;
}

const integer = (name: string, text: string, min: number, max: number): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max)
    throw new Error(`--${name} takes an integer from ${min} to ${max}, not '${text}'`);
  return value;
};

const readOptions = (args: string[]): Options => {
  const { values } = parseArgs({
    args,
    options: { seed: { type: 'string' }, runs: { type: 'string' }, law: { type: 'string' }, json: { type: 'boolean' } },
  });
  const law = values.law === undefined ? null : integer('law', values.law, 1, LAW_NUMBERS.length);
  return {
    seed: integer('seed', values.seed ?? '1', 0, 2 ** 31),
    runs: integer('runs', values.runs ?? '10000', 1, 10_000_000),
    only: law as Law | null,
    json: values.json ?? false,
  };
};

const summary = (counts: Counts): string => {
  const reasons = Object.entries(counts.aborts_by_reason).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `${counts.programs} programs kept the laws:`,
    `${counts.steps} steps, ${counts.commits} commits, ${counts.nested_commits} nested commits,`,
    `${counts.aborts} aborts, ${counts.nested_aborts} nested aborts`,
    `(${reasons.map(([reason, n]) => `${reason} ${n}`).join(', ')}),`,
    `${counts.tickets} waits, ${counts.deadlocks} deadlocks, ${counts.timeouts} time-outs, ${counts.effects} effects,`,
    `${counts.failed_undos} failed undos, ${counts.fenced_calls} calls fenced off,`,
    `${counts.reads_replayed} actions replayed`,
  ].join(' ');
};

const tell = ({ seed, runs, json, only }: Options, counts: Counts, failures: readonly Failure[]): void => {
  const shrunk = failures.map((failure) => shrink(failure, only));
  shrunk.sort((a, b) => a.program.steps.length - b.program.steps.length);
  const [shortest] = shrunk;
  if (json) {
    const failure = shortest && {
      law: shortest.violation.law,
      message: shortest.violation.message,
      program: shortest.program,
    };
    console.log(
      JSON.stringify({ seed, runs, law: only, kept: shortest === undefined, counts, failure: failure ?? null }),
    );
  } else if (shortest === undefined) console.log(`${summary(counts)}; seeds ${seed} to ${seed + runs - 1}`);
  else {
    const { law, message } = shortest.violation;
    console.log(
      `law ${law} is broken${law === 0 ? '' : ` (${LAWS[law]})`}:\n${message}\n${describeProgram(shortest.program)}`,
    );
    console.log(
      `whole program: npm run laws -- --seed ${shortest.program.seed} --runs 1${only === null ? '' : ` --law ${only}`}`,
    );
  }
};

const main = (args: string[]): number => {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const progress = (done: number): void => {
    if (done % PROGRESS_EVERY === 0 || done === options.runs)
      process.stderr.write(`\r${done} of ${options.runs} programs`);
  };
  const { counts, failures } = seek({ ...options, failures_max: FAILURES_MAX, progress });
  process.stderr.write('\n');
  tell(options, counts, failures);
  return failures.length === 0 ? 0 : 1;
};

process.exitCode = main(process.argv.slice(2));
