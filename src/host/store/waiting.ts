// Waiting for a ticket where there is no graft's call to do it: the store's own transactions.

import type { Ticket, Transaction } from '../../txn/index.ts';
import type { Session } from './session.ts';

/** Resolves when a ticket is settled, granted or given up. */
const settled = (ticket: Ticket): Promise<void> =>
  ticket.state === 'waiting'
    ? new Promise((resolve) => {
        ticket.onSettled = resolve;
      })
    : Promise.resolve();

/** Enters the session, however long the queue is. Throws Aborted where the transaction ends meanwhile. */
export const entered = async (session: Session, txn: Transaction): Promise<void> => {
  for (let ticket = session.enter(txn); ticket !== null; ticket = session.enter(txn)) await settled(ticket);
};
