// The property of what crosses (trial.ts), for kinds that need a realm which is locked down: see ../locked-worker.ts.

import { openBase } from '../base.ts';
import type { Scenario } from '../scenario.ts';
import { type TrialOptions, trial } from './trial.ts';

/** One scenario, called `trial`. */
export const scenarios = (options: TrialOptions): Scenario[] => [
  {
    name: 'trial',
    run: async () => {
      const base = openBase(options.claims.kind);
      const { violations } = await trial(base, options);
      await base.close();
      if (violations.length > 0) throw new Error(violations.join('\n'));
    },
  },
];
