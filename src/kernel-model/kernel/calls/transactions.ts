// System calls for a transaction of a thread's own, over the locks and the state that it shares with its user's grafts.

import { Ticket, type Transaction } from '../../../txn/index.ts';
import { CYCLES } from '../../limits.ts';
import type { Thread } from '../../sched/index.ts';
import type { KernelSteps, Wait } from '../../wait.ts';
import { userLock } from '../accessors.ts';
import { BadArgument, type CallTable, missing, number, text } from './arguments.ts';

/** A lock's ticket as a wait of a thread. */
const waitFor = (ticket: Ticket): Wait => ({
  get settled() {
    return ticket.state !== 'waiting';
  },
  wake(run) {
    ticket.onSettled = run;
  },
});

/** Repeats an attempt until its lock is granted. */
function* whenGranted<Value>(attempt: () => Value | Ticket): KernelSteps<Value> {
  for (;;) {
    const value = attempt();
    if (!(value instanceof Ticket)) return value;
    yield waitFor(value);
  }
}

const begun = (thread: Thread): Transaction => thread.txn ?? missing('transaction');

/** Takes the thread's transaction, which has ended. */
const taken = (thread: Thread): Transaction => {
  const txn = begun(thread);
  thread.txn = null;
  return txn;
};

export const TRANSACTION_CALLS: CallTable = {
  atOnce: {
    begin(kernel, thread) {
      if (thread.txn !== null) throw new BadArgument('a transaction has begun');
      thread.txn = kernel.calls.transactions.begin();
      return null;
    },
    commit(_kernel, thread) {
      taken(thread).commit();
      return null;
    },
    abort(_kernel, thread) {
      taken(thread).abort();
      return null;
    },
  },
  waiting: {
    *lock(kernel, thread, [name]) {
      kernel.cpu.charge(CYCLES.lock);
      return yield* whenGranted(() =>
        kernel.accessors.locks.acquire(begun(thread), userLock(thread.owner, text(name))),
      );
    },
    *get_shared(kernel, thread, [key]) {
      return (
        (yield* whenGranted(() => kernel.accessors.shared.get(begun(thread), `${thread.owner}/${text(key)}`))) ?? null
      );
    },
    *set_shared(kernel, thread, [key, value]) {
      yield* whenGranted(() =>
        kernel.accessors.shared.set(begun(thread), `${thread.owner}/${text(key)}`, number(value)),
      );
      return null;
    },
  },
};
