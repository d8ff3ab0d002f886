// A transaction of the host's own code: the same as a graft's, but awaited. Its operations run one after the other, so
// while a graft called inside it runs, its own accessors wait.

import { GraftError, settled } from '../plugins/index.ts';
import { Aborted, Ticket, type Transaction } from '../txn/index.ts';

export class HostTransaction {
  readonly core: Transaction;
  #last: Promise<unknown> = Promise.resolve();

  constructor(core: Transaction) {
    this.core = core;
  }

  /**
   * Runs an accessor after every earlier operation, waiting for locks. Throws GRAFT_ABORTED if the transaction cannot
   * go on.
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

  /** Runs something after every earlier operation. */
  queue<T>(run: () => Promise<T>): Promise<T> {
    const next = this.#last.then(run).catch((error: unknown) => {
      throw error instanceof Aborted ? new GraftError('GRAFT_ABORTED', error.message) : error;
    });
    this.#last = next.catch(() => {});
    return next;
  }

  /** Resolves when every operation so far is done. */
  get idle(): Promise<unknown> {
    return this.#last;
  }
}
