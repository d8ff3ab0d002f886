// Lists of arguments by chance in every kind of compartment: whatever a graft hands over, and whatever it has done to
// its realm, its host sees plain data alone (../support/crossing).

import { Worker } from 'node:worker_threads';
import { openBase } from '../support/base.ts';
import { CLAIMS, type Claims } from '../support/claims.ts';
import { textTrial } from '../support/crossing/text-trial.ts';
import { type TrialOptions, trial } from '../support/crossing/trial.ts';
import type { Report } from '../support/scenario.ts';

const LOCKED: readonly string[] = ['ses', 'metered'];

const inWorker = (options: TrialOptions): Promise<string[]> =>
  new Promise((resolve, reject) => {
    const module = new URL('../support/crossing/locked-trial.ts', import.meta.url).href;
    const worker = new Worker(new URL('../support/locked-worker.ts', import.meta.url), {
      workerData: { module, data: options },
    });
    worker.once('error', reject);
    worker.once('message', ({ trial: told }: Report) => {
      void worker.terminate();
      resolve(told === 'passed' ? [] : [told ?? 'no report']);
    });
  });

const texts = async ({ claims, seed, cases }: TrialOptions): Promise<string[]> => {
  const base = openBase(claims.kind);
  const violations: string[] = [];
  for (let sent = 0, next = seed; sent < cases; next++) {
    const found = await textTrial(base, next);
    violations.push(...found.violations);
    sent += found.seen;
  }
  await base.close();
  return violations;
};

const here = async (options: TrialOptions): Promise<string[]> => {
  const base = openBase(options.claims.kind);
  const { violations } = await trial(base, options);
  await base.close();
  return violations;
};

const tried = (options: TrialOptions): Promise<string[]> => {
  if (options.claims.takes === 'wasm') return texts(options);
  return LOCKED.includes(options.claims.kind) ? inWorker(options) : here(options);
};

/** Tries `cases` lists in each kind. Gives what went wrong, by kind. */
export const tryArguments = async (
  cases: number,
  seed: number,
  progress: (text: string) => void,
  kinds: readonly Claims[] = CLAIMS,
): Promise<Readonly<Record<string, readonly string[]>>> => {
  const found: Record<string, readonly string[]> = {};
  for (const claims of kinds) {
    const violations = await tried({ claims, seed, cases });
    found[claims.kind] = violations;
    progress(`${claims.kind}: ${cases} lists of arguments, ${violations.length} violations`);
  }
  return found;
};
