// A base: what calls of grafts run on, a kernel or a host.

import type { Account, Transaction, Transactions } from '../txn/index.ts';
import type { ConsoleLine } from './console-lines.ts';
import type { Graft } from './graft.ts';
import type { Keepers } from './keeper.ts';
import type { GraftReport } from './outcome.ts';
import type { Participant } from './participant.ts';

export interface Base {
  readonly transactions: Transactions;
  /** The account that calls' accounts are filled from. */
  readonly treasury: Account;
  readonly participant: Participant | null;
  /** Who holds what plugins keep between calls. Absent: nobody counts. */
  readonly keepers?: Keepers;
  isProxy(value: object): boolean;
  /** Runs an accessor that waits, and what it awaits, as code inside of the transaction. */
  inside?<T>(txn: Transaction, run: () => T): T;
  /** The host's own code failed in a call: an accessor, a post-condition, a default. `what` says which. */
  hostFailed(what: string, error: unknown): void;
  /** A graft said a line on its console, in its call of this number. Absent: nobody listens. */
  told?(graft: Graft, call: number, line: ConsoleLine): void;
  /** A graft's call ended; `lines` is what it logged. */
  reported(graft: Graft, report: GraftReport, lines: readonly string[]): void;
}
