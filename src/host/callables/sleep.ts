// sleep(ms): the graft waits. The sleep counts against the call's total time and not against its own time; whatever
// ends the call ends the sleep.

import { type Callable, unexpected } from '../../plugins/index.ts';
import { Aborted, type Timer, type Transaction, type Tree, type Waiting } from '../../txn/index.ts';
import { SLEEP_MS_MAX } from './bounds.ts';

/** A wait that only the transaction's own abort can end early. */
class Sleep implements Waiting {
  readonly any = false;
  readonly #txn: Transaction;
  readonly #timer: Timer;
  readonly #end = Promise.withResolvers<null>();

  constructor(txn: Transaction, ms: number) {
    this.#txn = txn;
    txn.tree.startWaiting(this);
    this.#timer = txn.tree.transactions.clock.after(ms, () => {
      txn.tree.stopWaiting(this);
      this.#end.resolve(null);
    });
  }

  get over(): Promise<null> {
    return this.#end.promise;
  }

  blockers(): Tree[] {
    return [];
  }

  giveUp(): void {
    this.#timer.cancel();
    this.#txn.tree.stopWaiting(this);
    this.#end.reject(new Aborted('cancelled', 'asleep'));
  }
}

export const sleep: Callable = {
  waits: true,
  run: ({ txn }, [ms]) => {
    if (!(typeof ms === 'number' && ms >= 0 && ms <= SLEEP_MS_MAX))
      return unexpected('sleep', `0 to ${SLEEP_MS_MAX} milliseconds`, ms);
    return new Sleep(txn, ms).over;
  },
};
