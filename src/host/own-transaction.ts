// Transactions of the host's own code: begun, run, committed, and made again where the database could put one in no
// order with others.

import { type Base, commitTop, GraftError } from '../plugins/index.ts';
import { type EntitiesOf, HostTransaction } from './host-transaction.ts';
import { inside } from './surroundings.ts';

const TOTAL_MS = 30_000;

/** What they need of their host. */
export interface OwnTransactions {
  readonly base: Base;
  readonly entitiesOf: EntitiesOf;
  /** Those that have begun and not ended. */
  readonly begun: Set<HostTransaction>;
  /** Throws where none may begin. */
  readonly check: () => void;
}

const attempt = async <T>(
  { base, begun }: OwnTransactions,
  txn: HostTransaction,
  run: (txn: HostTransaction) => Promise<T>,
): Promise<T> => {
  const { transactions } = base;
  const timer = transactions.clock.after(TOTAL_MS, () => transactions.end(txn.core, 'total-time', ''));
  begun.add(txn);
  try {
    const value = await inside(txn.core, () => run(txn));
    await txn.idle;
    const failure = txn.core.doomed ?? (await commitTop(base, txn.core));
    if (failure !== null) throw new GraftError('GRAFT_ABORTED', failure.message, { cause: failure.cause ?? failure });
    return value;
  } finally {
    timer.cancel();
    begun.delete(txn);
    txn.core.abort();
  }
};

/** Commits when `run` resolves, aborts when it throws. Throws GRAFT_ABORTED where it cannot commit. */
export const ownTransaction = async <T>(
  own: OwnTransactions,
  run: (txn: HostTransaction) => Promise<T>,
): Promise<T> => {
  const { participant, transactions } = own.base;
  for (let attempts = 0; ; ) {
    own.check();
    const txn = new HostTransaction(transactions.begin(), own.entitiesOf);
    try {
      return await attempt(own, txn, run);
    } catch (error) {
      const { doomed } = txn.core;
      if (doomed === null || participant?.repeats?.(doomed, attempts) !== true) throw error;
    }
    await participant.pause?.(++attempts);
  }
};
