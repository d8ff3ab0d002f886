// Runs programs and tells which of them break a law; makes a failing one short.

import type { Program } from './actions.ts';
import { generate } from './generate.ts';
import { Run } from './run.ts';
import { Counts, type Law, Violation } from './violation.ts';

export interface Failure {
  readonly program: Program;
  readonly violation: Violation;
}

/** Runs a program; null where it keeps the laws (or the one given). */
export const runProgram = (program: Program, counts: Counts, only: Law | null = null): Violation | null => {
  try {
    new Run(program, counts, only).run(program);
    return null;
  } catch (error) {
    if (error instanceof Violation && (only === null || error.law === only)) return error;
    if (only !== null) return null;
    return new Violation(0, error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
};

/** Deletes steps, halves first and single ones last, as long as it fails by the same law. */
export const shrink = (failure: Failure, only: Law | null = null): Failure => {
  let shortest = failure;
  for (let size = failure.program.steps.length >> 1; size >= 1; ) {
    let shorter = false;
    for (let at = 0; at < shortest.program.steps.length; ) {
      const steps = [...shortest.program.steps.slice(0, at), ...shortest.program.steps.slice(at + size)];
      const program = { ...shortest.program, steps };
      const violation = runProgram(program, new Counts(), only);
      if (violation?.law === failure.violation.law) {
        shortest = { program, violation };
        shorter = true;
      } else at += size;
    }
    if (!shorter) size >>= 1;
  }
  return shortest;
};

export interface Sought {
  readonly seed: number;
  readonly runs: number;
  readonly only?: Law | null;
  /** Stops after so many failing programs. */
  readonly failures_max?: number;
  readonly progress?: (done: number) => void;
}

/** Runs the programs of seeds `seed`, `seed + 1`, … */
export const seek = ({ seed, runs, only = null, failures_max = 1, progress }: Sought): { counts: Counts; failures: Failure[] } => {
  const counts = new Counts();
  const failures: Failure[] = [];
  for (let i = 0; i < runs && failures.length < failures_max; i++) {
    const program = generate(seed + i);
    const violation = runProgram(program, counts, only);
    if (violation !== null) failures.push({ program, violation });
    progress?.(i + 1);
  }
  return { counts, failures };
};
