// The machine's own clock: monotonic, in milliseconds. A timer goes off after a round of input: where the host itself
// was busy, or got no processor, what somebody is about to be ended for may have come in already.

import type { Clock } from '../txn/index.ts';

export const machineClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    let soon: NodeJS.Immediate | null = null;
    const timer = setTimeout(() => {
      soon = setImmediate(run);
    }, ms);
    return {
      cancel: () => {
        clearTimeout(timer);
        if (soon !== null) clearImmediate(soon);
      },
    };
  },
};
