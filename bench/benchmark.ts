// A benchmark: a file that exports one, and gives rows, targets and, if it has more to say, a page.

import type { Result } from '../report/index.ts';
import type { Row } from './measure.ts';
import type { Target } from './target.ts';

/** Flags that contradict each other or have no meaning. */
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
  /** The beginning of its report: tables and figures in words. */
  readonly page?: Result;
  /** The samples, for further computing. */
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
