// Long campaigns: `npm run campaign -- NAME [options]`
//
//   plugin-kills [--kills N] [--seed N]          plugin processes are killed under load
//   host-kills [--kills N] [--seed N]            hosts are
//   guards [--sequences N] [--seed N]            a guard fails, is removed, upgraded, restored
//   hoarders [--calls N]                         an honest plugin beside one that hoards
//   busy [--calls N] [--load N] [--kind process|isolate]    honest grafts on a busy machine
//   bundles [--sources N] [--seed N]             mutated sources are bundled
//   fuel [--cases N] [--seed N]                 real time against fuel; every built-in, or N calls of some
//   arguments [--cases N] [--seed N]             what a graft hands to accessors is plain data
//   transactions [--database sqlite|postgres] [--calls N] [--seed N]
//                                                random transactions are one history
//   shop [--writes N] [--seed N]                 a shop's own writes beside grafts that fail and are killed
//   browser-filter [--pages N]                   a filtering proxy, its plugins killed; its memory over many pages
//   types [--rows N] [--seed N]                  columns of every sample type, in each database, against a sort
//   memory [--calls N] [--aborts N]              heap and resident set over many calls
//   fuzz [--seed N] [--seeds COUNT] [--minutes M | --operations K] [--kind process|isolate] [--life N] [--json]
//                                                the public API under seeded operations, seed after seed
//
// Progress goes to standard error, the result as JSON to standard output (of `fuzz`, where asked). Exit 1 where
// something was found.

import { parseArgs } from 'node:util';
import { tryArguments } from './arguments.ts';
import { runFilter } from './browser-filter.ts';
import { runBusy } from './busy.ts';
import { calibrate } from './fuel/fuel.ts';
import { describeFuzz, runFuzzes } from './fuzz/runs.ts';
import { guardSequences } from './guards.ts';
import { runHoarders } from './hoarders.ts';
import { killHosts } from './host-kills.ts';
import { runMemory } from './memory.ts';
import { bundleMutated } from './mutated-sources.ts';
import { killPlugins } from './plugin-kills.ts';
import { runShop } from './shop.ts';
import { runTransactions } from './transactions.ts';
import { runTypes } from './typed-rows.ts';

const progress = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const number = (text: string | undefined, otherwise: number): number => {
  const value = Number(text ?? otherwise);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not a whole number: ${text}`);
  return value;
};

const GROWTH_MAX = 1.1;
/** Of the 99th percentiles of an honest plugin beside a hoarder and beside a busy neighbour. */
const RATIO_MAX = 1.5;
/** What a filtering proxy may grow by from its thousandth page to its ten thousandth. */
const FILTER_MB_MAX = 30;
const BUNDLER_MB_MAX = 512;
/** Processor time of an endless loop beyond its limit, on a busy machine. */
const BEYOND_MS_MAX = 100;

const OPTIONS = {
  kills: { type: 'string' },
  calls: { type: 'string' },
  load: { type: 'string' },
  aborts: { type: 'string' },
  sequences: { type: 'string' },
  sources: { type: 'string' },
  cases: { type: 'string' },
  pages: { type: 'string' },
  rows: { type: 'string' },
  writes: { type: 'string' },
  seed: { type: 'string' },
  seeds: { type: 'string' },
  minutes: { type: 'string' },
  operations: { type: 'string' },
  kind: { type: 'string' },
  life: { type: 'string' },
  database: { type: 'string' },
  json: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

const kindOf = ({ kind = 'process' }: Values): 'process' | 'isolate' => {
  if (kind !== 'process' && kind !== 'isolate') throw new Error(`--kind takes process or isolate, not ${kind}`);
  return kind;
};

const busy = async (values: Values): Promise<boolean> => {
  const calls = number(values.calls, 10_000);
  const result = await runBusy({ kind: kindOf(values), calls, load: number(values.load, 6), progress });
  console.log(JSON.stringify(result));
  return Object.keys(result.aborted).length === 0 && result.beyond_ms <= BEYOND_MS_MAX;
};

const fuzz = async (values: Values): Promise<boolean> => {
  const kind = kindOf(values);
  const result = await runFuzzes({
    seed: number(values.seed, 1),
    seeds: number(values.seeds, 1),
    kind,
    life: number(values.life, 0),
    ...(values.operations === undefined
      ? { minutes: number(values.minutes, 1) }
      : { operations: number(values.operations, 0) }),
    progress,
  });
  console.log(values.json === true ? JSON.stringify(result) : describeFuzz(result));
  return result.kept;
};

const run = async (name: string | undefined, values: Values): Promise<boolean> => {
  const seed = number(values.seed, 1);
  switch (name) {
    case 'fuel': {
      const result = await calibrate({ seed, cases: number(values.cases, 0), own_ms: 20 }, progress);
      console.log(JSON.stringify(result, null, 2));
      return [result.beyond, result.neverEnded, result.unknown].every((found) => found.length === 0);
    }
    case 'plugin-kills': {
      const result = await killPlugins(number(values.kills, 50), seed, progress);
      console.log(JSON.stringify(result));
      return result.failed.length === 0 && result.lost.length === 0;
    }
    case 'host-kills': {
      const result = await killHosts(number(values.kills, 20), seed, progress);
      console.log(JSON.stringify(result));
      return result.violations.length === 0;
    }
    case 'memory': {
      const result = await runMemory(number(values.calls, 100_000), number(values.aborts, 1000), progress);
      console.log(JSON.stringify(result));
      return [result.heap_mb, result.resident_mb, result.plugin_resident_mb].every(
        ([before, after]) => after <= before * GROWTH_MAX,
      );
    }
    case 'guards': {
      const sequences = number(values.sequences, 10_000);
      const violation = await guardSequences(sequences, seed, progress);
      console.log(JSON.stringify({ sequences, seed, violation }));
      return violation === null;
    }
    case 'browser-filter': {
      const result = await runFilter(number(values.pages, 10_000), progress);
      console.log(JSON.stringify(result));
      const [before, after] = result.resident_mb;
      return result.failed.length === 0 && after - before <= FILTER_MB_MAX;
    }
    case 'hoarders': {
      const result = await runHoarders(number(values.calls, 5000), progress);
      console.log(JSON.stringify(result));
      return result.over_busy <= RATIO_MAX;
    }
    case 'shop': {
      const result = await runShop(number(values.writes, 12_000), seed, progress);
      console.log(JSON.stringify(result));
      const { failed, lost, alone_ms, beside_ms, honest_ms } = result;
      return failed.length + lost.length === 0 && beside_ms[1] <= alone_ms[1] + honest_ms;
    }
    case 'transactions': {
      const result = await runTransactions(values.database ?? 'sqlite', number(values.calls, 10_000), seed, progress);
      console.log(JSON.stringify(result));
      return result.violations.length === 0;
    }
    case 'bundles': {
      const result = await bundleMutated(number(values.sources, 1000), seed, progress);
      console.log(JSON.stringify(result));
      return result.wrong.length === 0 && Math.max(result.reader_mb, result.esbuild_mb) <= BUNDLER_MB_MAX;
    }
    case 'arguments': {
      const result = await tryArguments(number(values.cases, 10_000), seed, progress);
      console.log(JSON.stringify(result));
      return Object.values(result).every((violations) => violations.length === 0);
    }
    case 'types': {
      const result = await runTypes(number(values.rows, 100_000), seed, progress);
      console.log(JSON.stringify(result));
      return result.every(({ wrong }) => wrong.length === 0);
    }
    case 'busy':
      return busy(values);
    case 'fuzz':
      return fuzz(values);
    default:
      throw new Error(
        'name a campaign: plugin-kills, host-kills, guards, memory, hoarders, busy, shop, bundles, browser-filter, ' +
          'fuel, arguments, transactions, types or fuzz',
      );
  }
};

try {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: OPTIONS });
  process.exitCode = (await run(positionals[0], values)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`campaign: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 2;
}
