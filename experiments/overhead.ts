// `overhead`: the slides' table. The cost of a graft call in real time, by its parts, beside VINO's, for the four
// sample grafts and each kind of compartment. Reproduces "Cost of a graft call" of [slides].
//
// total = the safe path without base. indirection, lock, graft and isolation are differences of neighbouring paths
// (paths.ts); begin, commit and abort of the transaction are measured by themselves. The rest of the null path is
// `checks`: input and answer are checked, limits kept, the outcome reported, which the slides do not show apart.

import { CPU_MHZ } from 'graftwork/kernel-model';
import type { Account, Transaction } from 'graftwork/txn';
import { megahertz, quantile, type Result, type Table } from '../report/index.ts';
import type { Kind } from './compartments.ts';
import type { Experiment } from './experiment.ts';
import { abortRunner, type PathTimes, runnersOf, timesOf } from './paths.ts';
import { SAMPLES, type Sample, type SampleName, staged } from './samples.ts';

const ROWS = ['begin', 'commit', 'checks', 'lock', 'graft', 'indirection', 'isolation', 'total', 'abort'] as const;
type Row = (typeof ROWS)[number];
type Costs = Readonly<Record<Row, number>>;

/** The slides' table, in µs on a 120 MHz Pentium [slides]. */
const VINO: Readonly<Record<SampleName, Omit<Costs, 'checks'>>> = {
  'read-ahead': { begin: 36, commit: 28, abort: 29, lock: 33, graft: 2, indirection: 1, isolation: 3, total: 103 },
  eviction: { begin: 52, commit: 34, abort: 27, lock: 34, graft: 160, indirection: 1, isolation: 26, total: 307 },
  scheduling: { begin: 38, commit: 30, abort: 33, lock: 33, graft: 35, indirection: 1, isolation: 5, total: 142 },
  encryption: { begin: 32, commit: 32, abort: 36, lock: 0, graft: 166, indirection: 0, isolation: 187, total: 417 },
};

const BATCH = 32;

/**
 * Begin, commit and abort of a graft's transactions, in ns: a top-level one, and in it a nested one with an account of
 * its own.
 */
const transactionTimes = async (rounds: number): Promise<{ begin: number; commit: number; abort: number }> => {
  const { kernel } = await staged(SAMPLES[0] as Sample, 'direct', null);
  const { transactions, treasury } = kernel.calls;
  const accounts = Array.from({ length: BATCH }, () => null as Account | null);
  const open: Transaction[] = [];
  const beginAll = (): void => {
    for (let i = 0; i < BATCH; i++) {
      const account = treasury.open([1000, 1000, 1000], null, accounts[i]);
      accounts[i] = account;
      open[i] = transactions.begin().begin(account);
    }
  };
  const endAll = (commits: boolean): void => {
    for (let i = 0; i < BATCH; i++) {
      const txn = open[i] as Transaction;
      if (commits) txn.commit();
      else txn.abort();
      txn.parent?.commit();
      accounts[i]?.close();
    }
  };
  const times: Record<'begin' | 'commit' | 'abort', number[]> = { begin: [], commit: [], abort: [] };
  for (let round = -3; round < rounds; round++) {
    const sums = { begin: 0, commit: 0, abort: 0 };
    for (let i = 0; i < 200; i++) {
      const commits = i % 2 === 0;
      const begun = performance.now();
      beginAll();
      const between = performance.now();
      endAll(commits);
      sums.begin += between - begun;
      sums[commits ? 'commit' : 'abort'] += performance.now() - between;
    }
    if (round < 0) continue;
    times.begin.push((sums.begin * 1e6) / 200 / BATCH);
    times.commit.push((sums.commit * 1e6) / 100 / BATCH);
    times.abort.push((sums.abort * 1e6) / 100 / BATCH);
  }
  return { begin: quantile(times.begin, 0.5), commit: quantile(times.commit, 0.5), abort: quantile(times.abort, 0.5) };
};

const medianOf = (times: readonly PathTimes[], path: string): number =>
  times.find((one) => one.path === path)?.median_ns ?? 0;

/** The parts of one sample in one kind of compartment, in ns. */
const costsOf = (
  times: readonly PathTimes[],
  kind: Kind,
  txn: { begin: number; commit: number; abort: number },
): Costs => {
  const at = (path: string): number => medianOf(times, path);
  const locked = times.some(({ path }) => path === 'lock') ? at('lock') : at('null');
  const safe = kind === 'direct' ? at('unsafe') : at(`safe: ${kind}`);
  return {
    begin: txn.begin,
    commit: txn.commit,
    checks: at('null') - at('VINO') - txn.begin - txn.commit,
    lock: locked - at('null'),
    graft: at('unsafe') - locked,
    indirection: at('VINO') - at('base'),
    isolation: safe - at('unsafe'),
    total: safe - at('base'),
    abort: at(`abort: ${kind}`) - safe + txn.commit,
  };
};

/** An abort in an isolate takes milliseconds: its heap is made anew. */
const abortsOf = (kind: Kind, small: boolean): number => (kind === 'isolate' ? 3 : small ? 40 : 400);

const tableOf = (kind: Kind, costs: ReadonlyMap<SampleName, Costs>, mhz: number): Table => ({
  kind: 'table',
  title: kind === 'direct' ? 'unsafe: no isolation' : `safe: ${kind}`,
  columns: ['', ...SAMPLES.flatMap(({ name }) => [`${name}: VINO µs`, 'cycles', 'ours µs', 'cycles'])],
  rows: ROWS.map((row) => [
    row,
    ...SAMPLES.flatMap(({ name }) => {
      const vino = row === 'checks' ? 0 : VINO[name][row];
      const ours_ns = (costs.get(name) as Costs)[row];
      return [vino, vino * CPU_MHZ, (ours_ns / 1000).toFixed(3), Math.round((ours_ns * mhz) / 1000)];
    }),
  ]),
  note:
    `VINO: 120 MHz Pentium [slides]. Ours: medians × ${mhz} MHz. "abort" takes commit's place and includes a fresh ` +
    'heap. Differences of medians may be below zero.',
});

const ALL: readonly Kind[] = ['direct', 'ses', 'metered', 'isolate'];

export const overhead: Experiment = {
  name: 'overhead',
  describes: 'The slides’ table: what a graft call costs in real time, by its parts, beside VINO’s.',
  async run({ small, progress }): Promise<Result> {
    const rounds = { rounds: small ? 7 : 41, calls: small ? 4000 : 20_000 };
    const mhz = megahertz();
    const txn = await transactionTimes(rounds.rounds);
    const costs = new Map<Kind, Map<SampleName, Costs>>(ALL.map((kind) => [kind, new Map()]));
    const hashes: string[] = [];
    for (const sample of SAMPLES) {
      progress(`overhead: ${sample.name}`);
      const calls = sample.name === 'encryption' ? rounds.calls / 10 : rounds.calls;
      const { times, hash } = timesOf(await runnersOf(sample, ALL, calls), rounds);
      hashes.push(hash);
      const aborts = await Promise.all(ALL.map((kind) => abortRunner(sample, kind, abortsOf(kind, small))));
      const all = [...times, ...timesOf(aborts, rounds).times];
      for (const kind of ALL) costs.get(kind)?.set(sample.name, costsOf(all, kind, txn));
    }
    const facts: Record<string, number> = {
      mhz,
      begin_commit_cycles: Math.round(((txn.begin + txn.commit) * mhz) / 1000),
    };
    for (const [kind, ofKind] of costs) {
      for (const { name, vino_cycles } of SAMPLES) {
        const cycles = Math.round(((ofKind.get(name) as Costs).total * mhz) / 1000);
        facts[`${kind}_${name}_cycles`] = cycles;
        facts[`${kind}_${name}_of_vino`] = cycles / vino_cycles;
      }
    }
    return {
      name: 'overhead',
      title: 'What a graft call costs, by its parts, beside VINO’s 1996 figures',
      parts: ALL.map((kind) => tableOf(kind, costs.get(kind) as Map<SampleName, Costs>, mhz)),
      facts,
      hash: hashes.join('-'),
    };
  },
};
