// npm run kernels -- --seed N --runs M [--metered] [--json] Runs M random kernels, of seeds N, N + 1, …, each twice,
// and checks what must hold. Progress goes to stderr. Exit 0: all held, and a summary of what the kernels did; 1:
// something did not, and the shortest failing kernel; 2: bad options.

import { parseArgs } from 'node:util';
import { lockdownRealm } from '../../../src/plugins/compartment/index.ts';
import { type Failure, seek, shrink } from './seek.ts';
import type { Counts } from './world.ts';

const USAGE = 'usage: npm run kernels -- [--seed N] [--runs M] [--metered] [--json]';
const PROGRESS_EVERY = 50;
const FAILURES_MAX = 5;

const integer = (name: string, text: string, min: number, max: number): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max)
    throw new Error(`--${name} takes an integer from ${min} to ${max}, not '${text}'`);
  return value;
};

interface Options {
  readonly seed: number;
  readonly runs: number;
  readonly metered: boolean;
  readonly json: boolean;
}

const readOptions = (args: string[]): Options => {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string' },
      runs: { type: 'string' },
      metered: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  return {
    seed: integer('seed', values.seed ?? '1', 0, 2 ** 31),
    runs: integer('runs', values.runs ?? '1000', 1, 10_000_000),
    metered: values.metered ?? false,
    json: values.json ?? false,
  };
};

const textOf = ({ plan, error, story }: Failure): string =>
  [
    `seed ${plan.seed}: ${error.message}`,
    ...(error.cause === undefined ? [] : [String((error.cause as Error).stack ?? error.cause)]),
    story,
    JSON.stringify(plan),
  ].join('\n');

const summary = (counts: Counts): string =>
  Object.entries(counts)
    .map(
      ([name, value]) => `${name.replaceAll('_', ' ')}: ${typeof value === 'number' ? value : JSON.stringify(value)}`,
    )
    .join(', ');

const main = async (args: string[]): Promise<number> => {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const { seed, runs, metered, json } = options;
  if (metered) await lockdownRealm();
  const progress = (done: number): void => {
    if (done % PROGRESS_EVERY === 0 || done === runs) process.stderr.write(`\r${done} of ${runs} kernels`);
  };
  const { counts, failures } = await seek({ seed, runs, metered, failures_max: FAILURES_MAX, progress });
  process.stderr.write('\n');
  const [first] = failures;
  const short = first === undefined ? null : await shrink(first);
  if (json) {
    const failure = short === null ? null : { seed: short.plan.seed, message: short.error.message, plan: short.plan };
    console.log(
      JSON.stringify({
        seed,
        runs,
        held: short === null,
        failed: failures.map(({ plan }) => plan.seed),
        counts,
        failure,
      }),
    );
  } else if (short === null) console.log(`all held, seeds ${seed} to ${seed + runs - 1}: ${summary(counts)}`);
  else {
    for (const { plan, error } of failures) console.log(`seed ${plan.seed}: ${error.message}`);
    console.log(
      `\nthe shortest:\n${textOf(short)}\nwhole kernel: npm run kernels -- --seed ${short.plan.seed} --runs 1`,
    );
  }
  return failures.length === 0 ? 0 : 1;
};

process.exitCode = await main(process.argv.slice(2));
