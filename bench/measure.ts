// The one measuring harness. A benchmark names contenders, one of them the floor; their rounds are interleaved, so that whatever else the machine does hits
// all alike, and everything is reported as a ratio to the floor of the same run.

import { alignedText, hashText, quantile } from '../src/kernel-model/experiments/index.ts';

/** Something to measure. `round` does `count` operations and gives what they computed, so that nothing is optimised away. */
export interface Contender {
  readonly name: string;
  round(count: number): number | Promise<number>;
}

export interface Row {
  readonly name: string;
  /** Per operation, over the rounds. */
  readonly median_ns: number;
  readonly p10_ns: number;
  readonly p90_ns: number;
  /** Median against the floor's median. */
  readonly ratio: number;
  /** FNV-1a of what the rounds computed; equal for contenders that do the same work. */
  readonly hash: string;
}

export interface Rounds {
  readonly rounds: number;
  /** Operations a round. */
  readonly count: number;
  readonly warmup: number;
}

/** FNV-1a over numbers, as text. */
export const hashOf = (values: readonly number[]): string => hashText(values.join());

/** Measures contenders in interleaved rounds; the first is the floor. */
export const compare = async (contenders: readonly Contender[], { rounds, count, warmup }: Rounds): Promise<Row[]> => {
  const times = contenders.map(() => [] as number[]);
  const values = contenders.map(() => [] as number[]);
  for (let round = -warmup; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      const begun = performance.now();
      const pending = contender.round(count);
      const value = typeof pending === 'number' ? pending : await pending;
      const ns = ((performance.now() - begun) * 1e6) / count;
      if (round < 0) continue;
      times[index]?.push(ns);
      values[index]?.push(value);
    }
  }
  return contenders.map((contender, index) =>
    row(contender.name, times[index] ?? [], quantile(times[0] ?? [], 0.5), hashOf(values[index] ?? [])),
  );
};

/** A row from times in ns per operation. */
export const row = (name: string, times: readonly number[], floor_ns: number, hash: string): Row => {
  const median_ns = quantile(times, 0.5);
  return { name, median_ns, p10_ns: quantile(times, 0.1), p90_ns: quantile(times, 0.9), ratio: median_ns / floor_ns, hash };
};

/** Time in the unit that fits. */
export const duration = (ns: number): string => {
  if (ns < 1000) return `${ns.toFixed(1)} ns`;
  return ns < 1e6 ? `${(ns / 1000).toFixed(2)} µs` : `${(ns / 1e6).toFixed(2)} ms`;
};

/** Rows of one comparison as text. */
export const rowsText = (title: string, rows: readonly Row[]): string =>
  `${title}\n${alignedText(
    ['', 'median', 'p10', 'p90', '× floor'],
    rows.map((one) => [one.name, duration(one.median_ns), duration(one.p10_ns), duration(one.p90_ns), one.ratio.toFixed(2)]),
  )}`;

/** A bound that a figure is held against. */
export interface Target {
  readonly what: string;
  readonly value: number;
  readonly at_most?: number;
  readonly at_least?: number;
}

export const met = ({ value, at_most = Number.POSITIVE_INFINITY, at_least = Number.NEGATIVE_INFINITY }: Target): boolean =>
  value <= at_most && value >= at_least;

export const targetsText = (targets: readonly Target[]): string =>
  alignedText(
    ['target', 'measured', 'bound', ''],
    targets.map((target) => [
      target.what,
      target.value >= 1000 ? Math.round(target.value).toLocaleString('en') : target.value.toFixed(2),
      target.at_most === undefined ? `≥ ${target.at_least?.toLocaleString('en')}` : `≤ ${target.at_most}`,
      met(target) ? 'met' : 'MISSED',
    ]),
  );

export interface BenchOptions {
  /** A size for tests: seconds, not minutes. */
  readonly small: boolean;
  readonly seed: number;
  readonly progress: (text: string) => void;
}

export interface BenchResult {
  readonly benchmark: string;
  readonly seed: number;
  readonly small: boolean;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly tables: Readonly<Record<string, readonly Row[]>>;
  readonly targets: readonly Target[];
}

/** One benchmark, one file, one table. */
export interface Benchmark {
  readonly name: string;
  readonly describes: string;
  run(options: BenchOptions): Promise<BenchResult>;
}

export const resultText = (result: BenchResult): string =>
  [
    Object.entries(result.machine)
      .map(([name, value]) => `${name} ${value}`)
      .join(' · '),
    ...Object.entries(result.tables).map(([title, rows]) => rowsText(title, rows)),
    targetsText(result.targets),
  ].join('\n\n');
