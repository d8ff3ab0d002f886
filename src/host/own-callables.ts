// Callables that are the host's own: a line of the log, and what an application does in the transaction of a graft.

import { badArgument, type Callable, unexpected } from '../plugins/index.ts';
import { type EntitiesOf, HostTransaction } from './host-transaction.ts';

export const log: Callable = {
  waits: false,
  run: (caller, [text]) => caller.log(typeof text === 'string' ? text : unexpected('log', 'a text', text)),
};

/** What an application does in a transaction, with arguments that it checks. */
export type Access = (txn: HostTransaction, ...args: readonly unknown[]) => Promise<unknown>;

export const accessorOf = (run: Access, entitiesOf: EntitiesOf): Callable => ({
  waits: true,
  run: async (caller, args) => {
    if (caller.readOnly) return badArgument('this graft point only reads');
    const txn = new HostTransaction(caller.txn, entitiesOf);
    return run(txn, ...args).finally(() => txn.idle);
  },
});
