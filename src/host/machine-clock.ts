// The machine's own clock: monotonic, in milliseconds.

import type { Clock } from '../txn/index.ts';

export const machineClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
