// An experiment: a file that exports one. It runs in a process whose realm is locked down, and gives tables and figures
// as data.

import type { Result } from '../report/index.ts';

export interface ExperimentOptions {
  /** A size for tests and for the report of all: seconds. */
  readonly small: boolean;
  readonly seed: number;
  readonly progress: (text: string) => void;
  /** Flags of this experiment alone, as the command line has them. */
  readonly flags: Readonly<Record<string, string>>;
}

export interface Experiment {
  readonly name: string;
  /** One sentence for the list of experiments. */
  readonly describes: string;
  /** Flags besides the common ones, and what each is for. */
  readonly flags?: Readonly<Record<string, string>>;
  run(options: ExperimentOptions): Promise<Result>;
}
