// All experiments, in the order in which the report shows them.

import { abortCost } from './abort-cost.ts';
import { disasters } from './disasters.ts';
import { diskValidation } from './disk-validation.ts';
import { encryption } from './encryption.ts';
import { eviction } from './eviction.ts';
import type { Experiment } from './experiment.ts';
import { locks } from './locks.ts';
import { overhead } from './overhead.ts';
import { readAhead } from './read-ahead.ts';
import { scheduling } from './scheduling.ts';
import { traces } from './traces.ts';
import { usage } from './usage.ts';

export const EXPERIMENTS: readonly Experiment[] = [
  overhead,
  readAhead,
  eviction,
  scheduling,
  encryption,
  usage,
  disasters,
  abortCost,
  locks,
  traces,
  diskValidation,
];
