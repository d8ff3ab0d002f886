// The one measuring harness. A benchmark names contenders, one of them the floor; their rounds are interleaved, so that whatever else the machine does hits
// all alike, and everything is reported as a ratio to the floor of the same run.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';

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

/** The value below which the fraction `p` of sorted `values` lies. */
export const quantile = (values: readonly number[], p: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
};

const FNV_PRIME = 0x01000193;
const FNV_START = 0x811c9dc5;

/** FNV-1a over the bytes of numbers. */
export const hashOf = (values: readonly number[]): string => {
  const bytes = new Uint8Array(Float64Array.from(values).buffer);
  let hash = FNV_START;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return (hash >>> 0).toString(16).padStart(8, '0');
};

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

/** The clock as Linux gives it, where os.cpus() says none; 0: unknown. */
const megahertz = (): number => {
  try {
    return Math.round(Number(/^cpu MHz\s*:\s*([\d.]+)/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 0));
  } catch {
    return 0;
  }
};

/** What every output carries: without it a figure means nothing. */
export const machine = (packages: readonly string[]): Record<string, string | number> => {
  const require = createRequire(import.meta.url);
  const versions = packages.map((name) => [
    name,
    (JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')) as { version: string }).version,
  ]);
  const [first] = cpus();
  return {
    cpu: first?.model ?? 'unknown',
    cores: cpus().length,
    mhz: first?.speed || megahertz(),
    node: process.versions.node,
    ...Object.fromEntries(versions),
  };
};

/** Time in the unit that fits. */
export const duration = (ns: number): string => {
  if (ns < 1000) return `${ns.toFixed(1)} ns`;
  return ns < 1e6 ? `${(ns / 1000).toFixed(2)} µs` : `${(ns / 1e6).toFixed(2)} ms`;
};

/** Aligned plain text: the first column left, the others right. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((cells) => (cells[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ');
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
};

/** Rows of one comparison as text. */
export const rowsText = (title: string, rows: readonly Row[]): string =>
  `${title}\n${table(
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
  table(
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
