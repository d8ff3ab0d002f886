// Looks for random kernels that fail, and makes one that does shorter by leaving out what does not matter.

import { generate, type Plan } from './plan.ts';
import { runKernel } from './run.ts';
import { type Counts, noCounts } from './world.ts';

export interface Failure {
  readonly plan: Plan;
  readonly error: Error;
  readonly story: string;
}

/** Runs a plan twice: what must hold is checked at the first, and the second must be the same. */
export const check = async (plan: Plan, counts: Counts = noCounts()): Promise<Failure | null> => {
  const first = await runKernel(plan, true, counts);
  if (first.violation !== null) return { plan, error: first.violation, story: first.story };
  const second = await runKernel(plan, false);
  if (first.hash === second.hash) return null;
  return { plan, error: new Error(`one seed, two runs: ${first.hash} and ${second.hash}`), story: second.story };
};

export interface SeekOptions {
  readonly seed: number;
  readonly runs: number;
  readonly metered?: boolean;
  readonly failures_max?: number;
  readonly progress?: (done: number) => void;
}

export const seek = async ({
  seed,
  runs,
  metered = false,
  failures_max = 1,
  progress,
}: SeekOptions): Promise<{ counts: Counts; failures: Failure[] }> => {
  const counts = noCounts();
  const failures: Failure[] = [];
  for (let i = 0; i < runs && failures.length < failures_max; i++) {
    const failure = await check(generate(seed + i, metered), counts);
    if (failure !== null) failures.push(failure);
    progress?.(i + 1);
  }
  return { counts, failures };
};

/** Plans with a part less, the larger parts first. Threads keep their numbers: one that is left out does nothing. */
function* smaller(plan: Plan): Generator<Plan> {
  for (let i = plan.threads.length - 1; i >= 0; i--) {
    if ((plan.threads[i]?.steps.length ?? 0) > 0)
      yield { ...plan, threads: plan.threads.map((thread, at) => (at === i ? { ...thread, steps: [] } : thread)) };
  }
  for (let i = 0; i < plan.plugins.length; i++) {
    if (plan.plugins[i]?.comes !== -1)
      yield { ...plan, plugins: plan.plugins.map((plugin, at) => (at === i ? { ...plugin, comes: -1 } : plugin)) };
  }
  for (const [i, thread] of plan.threads.entries()) {
    for (let size = thread.steps.length >> 1; size >= 1; size >>= 1) {
      for (let from = 0; from < thread.steps.length; from += size) {
        const steps = thread.steps.toSpliced(from, size);
        yield { ...plan, threads: plan.threads.map((one, at) => (at === i ? { ...one, steps } : one)) };
      }
    }
  }
}

const ATTEMPTS_MAX = 400;

/** A short plan that fails in the same words up to its numbers. */
export const shrink = async (failure: Failure): Promise<Failure> => {
  const words = (error: Error): string => error.message.replace(/\d+/g, 'N');
  let best = failure;
  let attempts = 0;
  for (let moved = true; moved; ) {
    moved = false;
    for (const plan of smaller(best.plan)) {
      if (++attempts > ATTEMPTS_MAX) return best;
      const found = await check(plan);
      if (found === null || words(found.error) !== words(failure.error)) continue;
      best = found;
      moved = true;
      break;
    }
  }
  return best;
};
