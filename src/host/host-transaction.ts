// A transaction of the host's own code: the same transactions as a graft's, awaited. What is asked of it runs one after
// the other, so that while a graft called inside it runs, its own accessors wait.

import { GraftError, settled } from '../plugins/index.ts';
import { Aborted, Ticket, type Transaction } from '../txn/index.ts';

export class HostTransaction {
  readonly core: Transaction;
  #last: Promise<unknown> = Promise.resolve();

  constructor(core: Transaction) {
    this.core = core;
  }

  /**
   * Runs an accessor when everything asked before is done, waiting for locks. Throws GRAFT_ABORTED where the
   * transaction cannot go on.
   */
  run<T>(access: (core: Transaction) => T | Ticket): Promise<T> {
    return this.queue(async () => {
      for (;;) {
        const answer = access(this.core);
        if (!(answer instanceof Ticket)) return answer;
        await settled(answer);
      }
    });
  }

  /** Runs something when everything asked before is done. */
  queue<T>(run: () => Promise<T>): Promise<T> {
    const next = this.#last.then(run).catch((error: unknown) => {
      throw error instanceof Aborted ? new GraftError('GRAFT_ABORTED', error.message) : error;
    });
    this.#last = next.catch(() => {});
    return next;
  }

  /** Everything asked so far is done. */
  get idle(): Promise<unknown> {
    return this.#last;
  }
}
