// Why a transaction ends without committing, and the two errors of this folder: Aborted, which says that a transaction
// cannot go on (an expected failure), and TransactionError, which says that the caller broke the rules.

/**
 * The reason of an abort, a closed union; a named test produces each. `limit` names the resource in its detail,
 * `invalid-answer` the path, `host-fault` what failed.
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
 * The error of a failed transaction. It is thrown through the frames of the code that uses the transaction. Catching it
 * changes nothing: a doomed transaction cannot commit.
 */
export class Aborted {
  readonly name = 'Aborted';
  readonly reason: AbortReason;
  readonly detail: string;
  /** The error that it came from, where there was one. */
  readonly cause: unknown;

  constructor(reason: AbortReason, detail = '', cause: unknown = undefined) {
    this.reason = reason;
    this.detail = detail;
    this.cause = cause;
  }

  get message(): string {
    return this.detail === '' ? this.reason : `${this.reason}: ${this.detail}`;
  }
}

// An error to whoever catches it, but made without a stack trace: a stack trace would cost fifty times as much as the
// abort itself.
Object.setPrototypeOf(Aborted.prototype, Error.prototype);

/**
 * Dooms a transaction whose accessor was cut short after it had logged its before-image; most likely the graft ran the
 * stack out. It is made beforehand and only assigned, because where it is needed no function can be called.
 */
export const CUT_SHORT = new Aborted('thrown', 'an accessor failed');

/**
 * Misuse of a transaction: it was used after its end or while a nested one is active, a rule was broken, or an object
 * is fenced off.
 */
export class TransactionError extends Error {
  readonly code: 'GRAFT_TXN_ENDED' | 'GRAFT_TXN_BUSY' | 'GRAFT_TXN_MISUSE' | 'GRAFT_FENCED';

  constructor(code: TransactionError['code'], message: string) {
    super(message);
    this.name = 'TransactionError';
    this.code = code;
  }
}
