// Why a transaction ends without committing, and the two errors of this folder: Aborted, which says that a transaction
// cannot go on (an expected failure), and TransactionError, which says that the caller broke the rules.

/**
 * Closed: each is produced by one named test. `limit` names the resource in its detail, `invalid-answer` the path,
 * `host-fault` what failed.
 */
export type AbortReason =
  | 'thrown'
  | 'own-time'
  | 'total-time'
  | 'memory-limit'
  | 'limit'
  | 'lock-timeout'
  | 'deadlock'
  | 'not-callable'
  | 'invalid-answer'
  | 'compartment-lost'
  | 'cancelled'
  | 'store-conflict'
  | 'host-fault';

/**
 * What an abort took back: how many undo records ran, and the names of the first of them (accessor and key, newest
 * last, at most 20).
 */
export interface Undone {
  readonly records: number;
  readonly first: readonly string[];
}

/**
 * Thrown through the frames of whoever uses a transaction that has failed. Catching it changes nothing: a doomed
 * transaction cannot commit.
 */
export class Aborted {
  readonly name = 'Aborted';
  readonly reason: AbortReason;
  readonly detail: string;

  constructor(reason: AbortReason, detail = '') {
    this.reason = reason;
    this.detail = detail;
  }

  get message(): string {
    return this.detail === '' ? this.reason : `${this.reason}: ${this.detail}`;
  }
}

// An error for whoever catches it, but made without a stack trace: that would cost fifty times what the abort itself
// does.
Object.setPrototypeOf(Aborted.prototype, Error.prototype);

/**
 * Dooms a transaction whose accessor was cut short after it had logged its before-image (most likely the graft ran the
 * stack out). Made beforehand and only assigned, since where it is needed nothing can be called.
 */
export const CUT_SHORT = new Aborted('thrown', 'an accessor failed');

/**
 * Misuse of a transaction: used after its end, used while a nested one is active, a rule broken, or an object that is
 * fenced off.
 */
export class TransactionError extends Error {
  readonly code: 'GRAFT_TXN_ENDED' | 'GRAFT_TXN_BUSY' | 'GRAFT_TXN_MISUSE' | 'GRAFT_FENCED';

  constructor(code: TransactionError['code'], message: string) {
    super(message);
    this.name = 'TransactionError';
    this.code = code;
  }
}
