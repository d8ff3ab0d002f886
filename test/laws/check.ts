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

const PAIRS_UP_TO = 24;

/** Ways to leave steps out: runs of them, long ones first, then any two. */
function* omissions(length: number): Generator<(at: number) => boolean> {
  for (let size = length >> 1; size >= 1; size >>= 1)
    for (let from = 0; from < length; from += size) yield (at) => at < from || at >= from + size;
  if (length > PAIRS_UP_TO) return;
  for (let one = 0; one < length; one++)
    for (let other = 0; other < one; other++) yield (at) => at !== one && at !== other;
}

const shorter = ({ program, violation }: Failure, only: Law | null): Failure | null => {
  for (const keeps of omissions(program.steps.length)) {
    const candidate = { ...program, steps: program.steps.filter((_, at) => keeps(at)) };
    const found = runProgram(candidate, new Counts(), only);
    if (found?.law === violation.law) return { program: candidate, violation: found };
  }
  return null;
};

/** Deletes steps as long as the same law is broken. */
export const shrink = (failure: Failure, only: Law | null = null): Failure => {
  for (let shortest = failure; ; ) {
    const next = shorter(shortest, only);
    if (next === null) return shortest;
    shortest = next;
  }
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
export const seek = ({
  seed,
  runs,
  only = null,
  failures_max = 1,
  progress,
}: Sought): { counts: Counts; failures: Failure[] } => {
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
