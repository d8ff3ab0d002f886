// Waiting for what is in flight in a host that closes.

import { checkOptions, type OptionChecks } from '../plugins/index.ts';
import type { Transactions } from '../txn/index.ts';

export interface CloseOptions {
  /** For how long, in milliseconds, calls and transactions in flight may go on to their end. Default 0. */
  readonly drain_ms?: number;
}

const DAY_MS = 86_400_000;
const OPTIONS: OptionChecks = {
  drain_ms: ['milliseconds, from 0 to a day', (value) => typeof value === 'number' && value >= 0 && value <= DAY_MS],
};

/** Throws GRAFT_BAD_OPTION. */
export const drainOf = (options: CloseOptions): number => {
  checkOptions(options, OPTIONS, 'close');
  return options.drain_ms ?? 0;
};

export class Draining {
  readonly #transactions: Transactions;
  readonly #stopped = Promise.withResolvers<void>();
  #isStopped = false;

  constructor(transactions: Transactions) {
    this.#transactions = transactions;
  }

  /** Resolves when no transaction is active, nor begun by an event that was emitted in one; or after `ms`. */
  async within(ms: number): Promise<void> {
    const timer = this.#transactions.clock.after(ms, () => this.stop());
    while (!this.#isStopped && this.#transactions.active > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#transactions.onIdle = resolve;
      });
      await Promise.race([this.#stopped.promise, idle]);
      // The grafts of an event have begun their transactions a turn later.
      await new Promise(setImmediate);
    }
    timer.cancel();
  }

  /** Waits no longer. */
  stop(): void {
    this.#isStopped = true;
    this.#stopped.resolve();
  }
}
