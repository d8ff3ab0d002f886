// The one measuring harness. A benchmark names contenders, one of them the floor; their rounds are interleaved, so that
// whatever else the machine does hits all alike, and everything is reported as a ratio to the floor of the same run.

import { alignedText, hashText, quantile, type Result, tableText } from '../report/index.ts';

/**
 * Something to measure. `round` does `count` operations and gives what they computed, so that nothing is optimised
 * away.
 */
export interface Contender {
  readonly name: string;
  round(count: number): number | Promise<number>;
}

/** One operation at a time. */
export interface CallContender {
  readonly name: string;
  /** A call; its answer as a number goes into the hash. */
  call(): number | Promise<number>;
  close(): Promise<void>;
}

export interface Row {
  readonly name: string;
  /** Per operation: over the rounds, or over all calls where each was timed. */
  readonly median_ns: number;
  readonly p10_ns: number;
  readonly p90_ns: number;
  /** Where each call was timed. */
  readonly p99_ns?: number;
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
  return {
    name,
    median_ns,
    p10_ns: quantile(times, 0.1),
    p90_ns: quantile(times, 0.9),
    ratio: median_ns / floor_ns,
    hash,
  };
};

/** What one reading of the clock takes, in ns: it lies in every call that is timed by itself. */
const clockCost = (): number => {
  const times: number[] = [];
  for (let i = 0; i < 2000; i++) {
    const begun = performance.now();
    times.push((performance.now() - begun) * 1e6);
  }
  return quantile(times, 0.5);
};

/** Measures every call by itself, one after the other, contenders in turn; the first is the floor. */
export const eachCall = async (
  contenders: readonly CallContender[],
  { rounds, count, warmup }: Rounds,
): Promise<Row[]> => {
  const clock_ns = clockCost();
  const times = contenders.map(() => [] as number[]);
  const values = contenders.map(() => [] as number[]);
  for (let round = -warmup; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      for (let i = 0; i < count; i++) {
        const begun = performance.now();
        const pending = contender.call();
        const value = typeof pending === 'number' ? pending : await pending;
        const ns = (performance.now() - begun) * 1e6 - clock_ns;
        if (round < 0) continue;
        times[index]?.push(Math.max(0, ns));
        values[index]?.push(value);
      }
    }
  }
  const floor = quantile(times[0] ?? [], 0.5);
  return contenders.map((contender, index) => {
    const all = times[index] ?? [];
    return { ...row(contender.name, all, floor, hashOf(values[index] ?? [])), p99_ns: quantile(all, 0.99) };
  });
};

/** Time per call with so many calls in flight; the first contender is the floor. */
export const inFlight = async (
  contenders: readonly CallContender[],
  { rounds, count, warmup }: Rounds,
  flight: number,
): Promise<Row[]> => {
  const times = contenders.map(() => [] as number[]);
  for (let round = -warmup; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      let left = count;
      const worker = async (): Promise<void> => {
        while (left-- > 0) await contender.call();
      };
      const begun = performance.now();
      await Promise.all(Array.from({ length: flight }, worker));
      if (round >= 0) times[index]?.push(((performance.now() - begun) * 1e6) / count);
    }
  }
  const floor = quantile(times[0] ?? [], 0.5);
  return contenders.map((contender, index) => row(contender.name, times[index] ?? [], floor, ''));
};

/** Time in the unit that fits. */
export const duration = (ns: number): string => {
  if (ns < 1000) return `${ns.toFixed(1)} ns`;
  return ns < 1e6 ? `${(ns / 1000).toFixed(2)} µs` : `${(ns / 1e6).toFixed(2)} ms`;
};

/** Rows of one comparison as text. */
export const rowsText = (title: string, rows: readonly Row[]): string =>
  `${title}\n${alignedText(ROW_COLUMNS, rows.map(rowCells))}`;

/** The columns of rows that are printed, and one row's cells. */
export const ROW_COLUMNS = ['', 'median', 'p10', 'p90', 'p99', '× floor'] as const;

export const rowCells = ({ name, median_ns, p10_ns, p90_ns, p99_ns, ratio }: Row): string[] => [
  name,
  ...[median_ns, p10_ns, p90_ns].map(duration),
  p99_ns === undefined ? '' : duration(p99_ns),
  ratio.toFixed(2),
];

/** A bound that a figure is held against. */
export interface Target {
  readonly what: string;
  readonly value: number;
  readonly at_most?: number;
  readonly at_least?: number;
}

export const met = ({
  value,
  at_most = Number.POSITIVE_INFINITY,
  at_least = Number.NEGATIVE_INFINITY,
}: Target): boolean => value <= at_most && value >= at_least;

/** The columns of targets that are printed, and one target's cells. */
export const TARGET_COLUMNS = ['target', 'measured', 'bound', ''] as const;

export const targetCells = (target: Target): string[] => [
  target.what,
  target.value >= 1000 ? Math.round(target.value).toLocaleString('en') : target.value.toFixed(2),
  target.at_most === undefined ? `≥ ${target.at_least?.toLocaleString('en')}` : `≤ ${target.at_most}`,
  met(target) ? 'met' : 'MISSED',
];

export const targetsText = (targets: readonly Target[]): string =>
  alignedText(TARGET_COLUMNS, targets.map(targetCells));

/** Flags that make no sense. */
export class BadUse extends Error {}

export interface BenchOptions {
  /** A size for tests: seconds, not minutes. */
  readonly small: boolean;
  readonly seed: number;
  readonly progress: (text: string) => void;
  /** Flags of this benchmark alone. */
  readonly flags?: Readonly<Record<string, string>>;
}

export interface BenchResult {
  readonly benchmark: string;
  readonly seed: number;
  readonly small: boolean;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly tables: Readonly<Record<string, readonly Row[]>>;
  readonly targets: readonly Target[];
  /** What opens its report: tables and figures in words. */
  readonly page?: Result;
  /** What else was found, for who wants to compute with it. */
  readonly samples?: unknown;
}

/** One benchmark, one file, one table. */
export interface Benchmark {
  readonly name: string;
  readonly describes: string;
  /** The flags that it takes, and what each is for. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Rejects with BadUse for flags that make no sense. */
  run(options: BenchOptions): Promise<BenchResult>;
}

export const machineText = ({ machine, seed }: BenchResult): string =>
  [...Object.entries(machine), ['seed', seed]].map(([name, value]) => `${name} ${value}`).join(' · ');

const plainParts = ({ tables, targets }: BenchResult): string[] => [
  ...Object.entries(tables).map(([title, rows]) => rowsText(title, rows)),
  targetsText(targets),
];

/** The tables of a page: its figures show what they say. */
const pageText = ({ parts, facts, hash }: Result): string[] => [
  ...parts.flatMap((part) => (part.kind === 'table' ? [tableText(part)] : [])),
  ...Object.entries(facts).map(([name, value]) => `${name}: ${value}`),
  `hash ${hash}`,
];

export const resultText = (result: BenchResult): string =>
  [machineText(result), ...(result.page === undefined ? plainParts(result) : pageText(result.page))].join('\n\n');
