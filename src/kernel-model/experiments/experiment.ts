// What an experiment is. Each is a file that exports one: it runs in a process whose realm is locked down, and hands
// over tables and figures as data.

import type { Result } from './figure.ts';

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
  /** One sentence for who lists the experiments. */
  readonly describes: string;
  /** Flags besides the common ones, and what each is for. */
  readonly flags?: Readonly<Record<string, string>>;
  run(options: ExperimentOptions): Promise<Result>;
}

/** FNV-1a over text: what a deterministic experiment computed, equal from run to run. */
export const hashText = (text: string): string => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
};

/** The same over bytes. */
export const hashBytes = (bytes: Uint8Array): string => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
};

/** The value below which the fraction `p` of `values` lies. */
export const quantile = (values: readonly number[], p: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
};
