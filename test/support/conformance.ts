// One suite for every kind of compartment. What a kind claims is data, and each claim is tried: a kind that can do more
// or less than it says fails. The kinds that need a realm which is locked down run it in a worker.

import { describe, it } from '@jest/globals';
import type { Claims } from './claims.ts';
import { locked } from './locked.ts';
import { scenarios } from './scenarios/all.ts';

/** Runs the suite over one kind. */
export const conformance = (claims: Claims): void => {
  const title = `a ${claims.kind} compartment`;
  const all = scenarios(claims);
  if (claims.kind === 'ses' || claims.kind === 'metered')
    return locked(title, new URL('scenarios/all.ts', import.meta.url), all, claims);
  describe(title, () => {
    it.each(all.map((one) => [one.name, one] as const))('%s', async (_name, { run, clean }) => {
      try {
        await run();
      } catch (error) {
        await clean?.();
        throw error;
      }
    });
  });
};
