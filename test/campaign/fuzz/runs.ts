// Several seeds of the fuzzer, one after the other, with one summary.

import { type FuzzOptions, type FuzzRun, runFuzz } from './fuzz.ts';
import { keepHeartbeat } from './watchdog.ts';

export interface FuzzesOptions extends FuzzOptions {
  /** How many seeds, from `seed` on. */
  readonly seeds: number;
}

export interface Fuzzes {
  /** No violation and no hang, and memory flat. */
  readonly kept: boolean;
  readonly runs: readonly FuzzRun[];
  readonly totals: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly aborts: Readonly<Record<string, number>>;
  /** MB: after the first life of the first seed, and at the end. */
  readonly heap_mb: readonly [number, number];
  readonly resident_mb: readonly [number, number];
}

const added = (all: readonly Readonly<Record<string, number>>[]): Record<string, number> => {
  const sums: Record<string, number> = {};
  for (const one of all) for (const [name, count] of Object.entries(one)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
};

const summary = (runs: readonly FuzzRun[]): Fuzzes => {
  const [first, last] = [runs[0], runs.at(-1)] as [FuzzRun, FuzzRun];
  const plain = runs.map(({ counts }) => {
    const { operations, lives, kills, installs, removals, transfers, messages } = counts;
    return { operations, lives, kills, installs, removals, transfers, messages };
  });
  return {
    kept: runs.every(({ violations }) => violations.length === 0),
    runs,
    totals: added(plain),
    outcomes: added(runs.map(({ counts }) => counts.outcomes)),
    aborts: added(runs.map(({ counts }) => counts.aborts)),
    heap_mb: [first.heap_mb[0], last.heap_mb[1]],
    resident_mb: [first.resident_mb[0], last.resident_mb[1]],
  };
};

/** Runs seed after seed; ends with the first that hangs, since nothing can be closed then. */
export const runFuzzes = async (options: FuzzesOptions): Promise<Fuzzes> => {
  const stop = keepHeartbeat();
  const runs: FuzzRun[] = [];
  try {
    for (let i = 0; i < options.seeds && runs.at(-1)?.hung !== true; i++)
      runs.push(await runFuzz({ ...options, seed: options.seed + i }));
  } finally {
    stop();
  }
  return summary(runs);
};

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

const runLines = (run: FuzzRun): string[] => {
  const { seed, kind, ms, counts, life, violations, latest_ms, heap_mb, resident_mb } = run;
  const kept = violations.length === 0;
  return [
    `seed ${seed}, ${kind}, ${Math.round(ms / 1000)} s: ${counts.operations} operations in ${counts.lives} lives, ` +
      `${counts.kills} kills; the latest end ${latest_ms} ms beyond its limit; ` +
      `heap ${heap_mb.join(' → ')} MB, resident ${resident_mb.join(' → ')} MB: ` +
      `${kept ? 'kept' : `${violations.length} VIOLATIONS`}`,
    ...violations,
    ...(kept
      ? []
      : [
          `the same life again: npm run campaign -- fuzz --seed ${seed} --life ${life} --kind ${kind} --operations 400`,
        ]),
  ];
};

/** The summary as text. */
export const describeFuzz = ({ runs, totals, outcomes, aborts, heap_mb, resident_mb }: Fuzzes): string =>
  [
    ...runs.flatMap(runLines),
    `all: ${listed(totals)}`,
    `outcomes: ${listed(outcomes)}`,
    `aborted grafts: ${listed(aborts)}`,
    `heap ${heap_mb.join(' → ')} MB, resident ${resident_mb.join(' → ')} MB`,
  ].join('\n');
