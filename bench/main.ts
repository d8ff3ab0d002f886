// `npm run bench -- NAME [--json] [--small] [--seed N] [--report DIR] [flags]`: runs one benchmark. Exit 0 when it ran
// (whether or not it met its targets, which it reports), 2 for bad use.

import { parseArgs } from 'node:util';
import { BadUse, type Benchmark } from './benchmark.ts';
import { browserFilter } from './browser-filter.ts';
import { bundle } from './bundle.ts';
import { call } from './call.ts';
import { dataTypesBench } from './data-types.ts';
import { database } from './database.ts';
import { isolation } from './isolation.ts';
import { metered } from './metered.ts';
import { benchText, writeReport } from './report.ts';
import { sql } from './sql.ts';
import { txn } from './txn.ts';
import { walls } from './walls.ts';

const BENCHMARKS: readonly Benchmark[] = [
  txn,
  call,
  metered,
  isolation,
  walls,
  bundle,
  database,
  sql,
  dataTypesBench,
  browserFilter,
];
const FLAGS = BENCHMARKS.flatMap(({ flags }) => Object.keys(flags ?? {}));

const usageText = (): string =>
  BENCHMARKS.flatMap(({ name, describes, flags }) => [
    `  ${name.padEnd(10)} ${describes}`,
    ...Object.entries(flags ?? {}).map(([flag, what]) => `  ${''.padEnd(12)} --${flag}: ${what}`),
  ]).join('\n');

const usage = (why: string): never => {
  process.stderr.write(`bench: ${why}\nbenchmarks:\n${usageText()}\n`);
  process.exit(2);
};

const options = (() => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        small: { type: 'boolean' },
        seed: { type: 'string' },
        report: { type: 'string' },
        ...Object.fromEntries(FLAGS.map((name) => [name, { type: 'string' } as const])),
      },
    });
  } catch (error) {
    return usage(error instanceof Error ? error.message : 'bad options');
  }
})();

const [name, ...more] = options.positionals;
const benchmark =
  BENCHMARKS.find((one) => one.name === name) ??
  usage(name === undefined ? 'name a benchmark' : `no benchmark ${name}`);
if (more.length > 0) usage(`one benchmark at a time, not ${more.join(', ')} as well`);
const seed = Number(options.values.seed ?? 1);
if (!Number.isSafeInteger(seed)) usage(`the seed ${options.values.seed} is no whole number`);
const flags = Object.fromEntries(Object.entries(options.values).filter(([flag]) => FLAGS.includes(flag))) as Record<
  string,
  string
>;
const strange = Object.keys(flags).find((flag) => !(flag in (benchmark.flags ?? {})));
if (strange !== undefined) usage(`${benchmark.name} takes no --${strange}`);

const result = await benchmark
  .run({ small: options.values.small === true, seed, progress: (text) => process.stderr.write(`${text}\n`), flags })
  .catch((error: unknown) => {
    if (error instanceof BadUse) return usage(error.message);
    throw error;
  });
const { report } = options.values;
if (typeof report === 'string')
  for (const file of await writeReport(report, result)) process.stderr.write(`${report}/${file} written\n`);
process.stdout.write(options.values.json === true ? `${JSON.stringify(result)}\n` : `${benchText(result)}\n`);
