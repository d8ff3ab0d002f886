// Why a transaction ends without committing, and the two errors of this folder: Aborted, which says that a transaction
// cannot go on (an expected failure), and TransactionError, which says that the caller broke the rules.

/** What each reason of an abort means, and who is blamed. A named test produces each. */
export const ABORT_REASONS = {
  thrown: 'The graft threw, or left a promise that nothing can settle. It counts against the graft.',
  'own-time': 'The graft took more processor time of its own than its limit. It counts against the graft.',
  'total-time': 'The call as a whole, with all its waiting, took too long. Nobody is blamed.',
  'memory-limit': 'The heap of the graft outgrew its limit. It counts against the graft.',
  limit: 'The call used up a resource; the detail names it. It counts against the graft.',
  'lock-timeout': 'The graft kept a lock while another waited too long for it. It counts against the graft.',
  deadlock: 'Transactions waited for each other, and this was the youngest. Nobody is blamed.',
  'not-callable': 'The graft called what it was not given. It counts against the graft.',
  'invalid-answer':
    'The answer is not plain data, or fails a check; the detail says where. It counts against the graft.',
  'compartment-lost': 'The process or the heap of the graft ended in its call. It counts against the graft.',
  cancelled: 'The caller gave up, the graft was removed, or the host closed. Nobody is blamed.',
  'store-conflict': 'The database refused what was to be committed. Nobody is blamed.',
  'host-fault': 'Something of the host failed: an accessor, a check, a default, the store. No graft is blamed.',
} as const satisfies Record<string, string>;

/** The reason of an abort, a closed union: the keys of ABORT_REASONS. */
export type AbortReason = keyof typeof ABORT_REASONS;

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
