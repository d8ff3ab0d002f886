// A base: what calls of grafts run on, a kernel or a host.

import type { Account, Transactions } from '../txn/index.ts';
import type { Graft } from './graft.ts';
import type { GraftReport } from './outcome.ts';
import type { Participant } from './participant.ts';

export interface Base {
  readonly transactions: Transactions;
  /** The account that calls' accounts are filled from. */
  readonly treasury: Account;
  readonly participant: Participant | null;
  isProxy(value: object): boolean;
  /** An accessor or a post-condition failed in a way that is the host's own fault. */
  accessorFailed(graft: Graft, error: unknown): void;
  /** A graft's call ended; `lines` is what it logged. */
  reported(graft: Graft, report: GraftReport, lines: readonly string[]): void;
  /**
   * An event that was held back until a commit could not be handled: a queue was full, or the host's own default threw.
   */
  eventFailed?(point: string, error: unknown): void;
}
