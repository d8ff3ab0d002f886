// A participant: what takes part in the commit of a top-level transaction, a database.
//
//   check → committing (nothing else may abort it now) → the participant's COMMIT → memory commit, locks, effects
//                                                      → it refuses: everything is taken back, `store-conflict`

import { Aborted, type Transaction } from '../txn/index.ts';

export interface Participant {
  /** Whether `txn` has used the store. */
  joined(txn: Transaction): boolean;
  /**
   * Carries the store's half of a commit out; the transaction is committing. Throws when the store refuses: then
   * nothing was committed there.
   */
  commit(txn: Transaction): void | Promise<void>;
}

const DETAIL_MAX = 500;

const refusedByStore = (txn: Transaction, error: unknown): Aborted => {
  const failure = new Aborted('store-conflict', error instanceof Error ? error.message.slice(0, DETAIL_MAX) : '');
  txn.doomed = failure;
  txn.abort();
  return failure;
};

/**
 * Commits a top-level transaction, the store's half first. Gives null, or why the store refused: then everything was
 * taken back. A promise of it where the store's COMMIT takes time.
 */
export const commitTop = (
  { participant }: { readonly participant: Participant | null },
  txn: Transaction,
): Aborted | null | Promise<Aborted | null> => {
  if (participant === null || !participant.joined(txn)) {
    txn.commit();
    return null;
  }
  txn.prepare();
  try {
    const pending = participant.commit(txn);
    if (pending instanceof Promise) {
      return pending.then(
        () => {
          txn.commit();
          return null;
        },
        (error: unknown) => refusedByStore(txn, error),
      );
    }
  } catch (error) {
    return refusedByStore(txn, error);
  }
  txn.commit();
  return null;
};
