// The paths of a graft call, each adding one thing to the one before (VINO's slides): base, without graft support ·
// VINO, with the indirection · null, with an empty graft in a transaction · lock, with the sample's lock taken too ·
// unsafe, with the sample graft · safe, in a compartment · abort, with abort in the place of commit. Real time, through
// the kernel's public path, all paths in interleaved rounds.

import { hashText, quantile, type Table } from '../report/index.ts';
import type { Kind } from './compartments.ts';
import { type Sample, type Scene, staged } from './samples.ts';

/** One path's times, in ns a call over the rounds. */
export interface PathTimes {
  readonly path: string;
  readonly median_ns: number;
  readonly p10_ns: number;
  readonly p90_ns: number;
}

export interface Rounds {
  readonly rounds: number;
  readonly calls: number;
}

export interface Runner {
  readonly path: string;
  readonly calls: number;
  run(from: number, calls: number): number;
}

const asking = (path: string, scene: Scene, calls: number): Runner => ({
  path,
  calls,
  run(from, count) {
    let sum = 0;
    for (let turn = from; turn < from + count; turn++) sum += scene.method(turn);
    return sum;
  },
});

const basing = (scene: Scene, calls: number): Runner => ({
  path: 'base',
  calls,
  run(from, count) {
    let sum = 0;
    for (let turn = from; turn < from + count; turn++) sum += scene.base(turn);
    return sum;
  },
});

/** The paths of one sample that need no compartment but `direct`, and one more for each kind. */
export const runnersOf = async (sample: Sample, kinds: readonly Kind[], calls: number): Promise<Runner[]> => {
  const runners = [
    basing(await staged(sample, 'direct', null), calls),
    asking('VINO', await staged(sample, 'direct', null), calls),
    asking('null', await staged(sample, 'direct', 'empty'), calls),
  ];
  if (sample.locking !== null) runners.push(asking('lock', await staged(sample, 'direct', 'locking'), calls));
  for (const kind of kinds) {
    // A call of an isolate takes microseconds.
    const slow = kind === 'isolate' ? Math.ceil(calls / 20) : calls;
    runners.push(asking(kind === 'direct' ? 'unsafe' : `safe: ${kind}`, await staged(sample, kind, 'graft'), slow));
  }
  return runners;
};

/** Times of runners, in interleaved rounds, and a hash of what they computed. */
export const timesOf = (
  runners: readonly Runner[],
  { rounds }: Rounds,
): { readonly times: PathTimes[]; readonly hash: string } => {
  const all = runners.map(() => [] as number[]);
  const sums = runners.map(() => 0);
  for (let round = -2; round < rounds; round++) {
    for (const [index, runner] of runners.entries()) {
      const begun = performance.now();
      const sum = runner.run((round + 2) * runner.calls, runner.calls);
      const ns = ((performance.now() - begun) * 1e6) / runner.calls;
      if (round < 0) continue;
      all[index]?.push(ns);
      sums[index] = (sums[index] ?? 0) + sum;
    }
  }
  const times = runners.map(({ path }, index) => {
    const ns = all[index] ?? [];
    return { path, median_ns: quantile(ns, 0.5), p10_ns: quantile(ns, 0.1), p90_ns: quantile(ns, 0.9) };
  });
  return { times, hash: hashText(sums.join()) };
};

/** The abort path: the sample graft runs, its answer is refused, everything is undone, the default answers. */
export const abortRunner = async (sample: Sample, kind: Kind, calls: number): Promise<Runner> =>
  asking(`abort: ${kind}`, await staged(sample, kind, 'failing'), calls);

/** The paths of one sample as a table: real time, apart from all emulated time. */
export const pathsTable = (name: string, times: readonly PathTimes[]): Table => ({
  kind: 'table',
  title: `Real time of a call of the ${name} sample on this machine, by path`,
  columns: ['path', 'median µs', '10 % below', '90 % below', 'more than base, µs'],
  rows: times.map(({ path, median_ns, p10_ns, p90_ns }) => [
    path,
    median_ns / 1000,
    p10_ns / 1000,
    p90_ns / 1000,
    (median_ns - (times[0] as PathTimes).median_ns) / 1000,
  ]),
  note:
    'Each path adds one thing to the one before: base, no graft support; VINO, the indirection; null, an empty ' +
    'graft in a transaction; lock, its lock; unsafe, the graft itself; safe, a compartment; abort, its answer ' +
    'refused and all undone, a fresh heap included.',
});
