// A participant: what takes part in the commit of a top-level transaction, a database.
//
//   check → committing (nothing else may abort it now) → the participant's COMMIT → memory commit, locks, effects
//                                                      → it refuses: everything is taken back, as `store-conflict`
//                                                        where a rule of the database does not hold, else `host-fault`

import { Aborted, type Transaction } from '../txn/index.ts';
import { GraftError } from './errors.ts';

export interface Participant {
  /** Whether `txn` has used the store. */
  joined(txn: Transaction): boolean;
  /**
   * Carries the store's half of a commit out; the transaction is committing. Throws when the store refuses, Aborted
   * where it says why: then nothing was committed there.
   */
  commit(txn: Transaction): void | Promise<void>;
  /**
   * Why a transaction must not be believed: it has read what was never there at one time. Null: it may be. Absent: such
   * a thing does not happen.
   */
  conflict?(txn: Transaction): Aborted | null;
  /**
   * Whether a top-level transaction that ended so is made again, after so many attempts: it could be put in no order
   * with others, by nobody's fault. Absent: none is.
   */
  repeats?(failure: Aborted, attempts: number): boolean;
  /** Resolves when it is time for the next attempt. */
  pause?(attempts: number): Promise<void>;
}

const DETAIL_MAX = 500;

/** Of a rule of the database that does not hold; any other failure is the host's own, and reported. */
const isConflict = (error: unknown): boolean => error instanceof GraftError && error.code === 'GRAFT_BAD_ARGUMENT';

const refusedByStore = (base: CommitBase, txn: Transaction, error: unknown): Aborted => {
  if (error instanceof Aborted) {
    txn.doomed = error;
    txn.abort();
    return error;
  }
  const detail = error instanceof Error ? error.message.slice(0, DETAIL_MAX) : '';
  const reason = isConflict(error) ? 'store-conflict' : 'host-fault';
  const failure = new Aborted(reason, detail, error);
  txn.doomed = failure;
  txn.abort();
  if (reason === 'host-fault') base.hostFailed?.('COMMIT', error);
  return failure;
};

/** What a commit needs of a base. */
export interface CommitBase {
  readonly participant: Participant | null;
  /** Hears of a COMMIT that failed by no fault of what is committed. */
  hostFailed?(what: string, error: unknown): void;
}

/**
 * Commits a top-level transaction, the store's half first. Gives null, or why the store refused: then everything was
 * taken back. A promise of it where the store's COMMIT takes time.
 */
export const commitTop = (base: CommitBase, txn: Transaction): Aborted | null | Promise<Aborted | null> => {
  const { participant } = base;
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
        (error: unknown) => refusedByStore(base, txn, error),
      );
    }
  } catch (error) {
    return refusedByStore(base, txn, error);
  }
  txn.commit();
  return null;
};
