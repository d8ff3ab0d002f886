// Which transactions the host's code runs in, as a chain from the innermost out. Code that forgets `.in(txn)`, or
// writes through the DataSource itself, opens a transaction of its own, which may wait for a lock that one around it
// holds: for itself. That is found when it begins to wait, and said.

import { AsyncLocalStorage } from 'node:async_hooks';
import { GraftError } from '../plugins/index.ts';
import type { Ticket, Transaction } from '../txn/index.ts';

export interface Surroundings {
  readonly txn: Transaction;
  readonly outer: Surroundings | undefined;
}

const storage = new AsyncLocalStorage<Surroundings>();

/** Runs the host's code, and what it awaits, in a transaction. */
export const inside = <T>(txn: Transaction, run: () => T): T => storage.run({ txn, outer: storage.getStore() }, run);

export const surroundings = (): Surroundings | undefined => storage.getStore();

/** Throws GRAFT_SELF_WAIT, and gives the ticket up, where it waits for a transaction that the waiting code runs in. */
export const checkWait = (ticket: Ticket, around: Surroundings | undefined): void => {
  for (let at = around; at !== undefined; at = at.outer) {
    const { tree, state } = at.txn;
    if (state !== 'active' || tree === ticket.txn.tree || !ticket.blockers().includes(tree)) continue;
    ticket.giveUp();
    throw new GraftError(
      'GRAFT_SELF_WAIT',
      `${ticket.lock.name}: this transaction would wait for the one that it runs in, which has the lock. Use that ` +
        'one: `.in(txn)`, `txn.entities`, `{ txn }`',
    );
  }
};
