// Waiting for a lock where the driver awaits.

import type { Ticket } from '../txn/index.ts';

/** Resolves when a ticket is settled: granted, or given up. */
export const settled = (ticket: Ticket): Promise<void> =>
  ticket.state === 'waiting'
    ? new Promise((resolve) => {
        ticket.onSettled = resolve;
      })
    : Promise.resolve();
