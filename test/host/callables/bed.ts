// Callers without plugins: a transaction, with an account where one is wanted, and what a callable answers or throws.

import type { LaterMaps } from '../../../src/host/callables/later-map.ts';
import { HostTransaction } from '../../../src/host/host-transaction.ts';
import {
  type Callable,
  type Caller,
  type Graft,
  GraftError,
  Keepers,
  treasury,
  WRITES,
} from '../../../src/plugins/index.ts';
import { Aborted, Ticket, type Transaction, TransactionError, Transactions } from '../../../src/txn/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';

export class Bed {
  readonly clock = new ManualClock();
  readonly transactions = new Transactions({ clock: this.clock });
  readonly keepers = new Keepers();
  readonly #treasury = treasury();

  /** Where what is called later lies: in memory. */
  readonly maps: LaterMaps = {
    store: null,
    keepers: this.keepers,
    own: async (run) => {
      const txn = new HostTransaction(this.begin());
      const value = await run(txn);
      txn.core.commit();
      return value;
    },
    undeleted: (what, error) => {
      throw new Error(what, { cause: error });
    },
  };

  begin(): Transaction {
    return this.transactions.begin();
  }

  /** A nested transaction of `txn`, as each graft's call has one, with what it may spend. */
  callerIn(txn: Transaction, plugin = 'p', depth = 0): Caller {
    const limits: number[] = [1000, 1000, 1000];
    limits[WRITES] = 100;
    const own = txn.begin(this.#treasury.open(limits));
    return {
      txn: own,
      plugin,
      graftName: `${plugin}#g`,
      installer: 'somebody',
      depth,
      principal: 'ann',
      readOnly: false,
      keeper: this.keepers.of(plugin, 'somebody'),
      log: () => {},
    };
  }

  caller(plugin = 'p', depth = 0): Caller {
    return this.callerIn(this.begin(), plugin, depth);
  }
}

export const run = (callable: unknown, caller: Caller, ...args: unknown[]): unknown =>
  (callable as Callable).run(caller, args);

export const waits = (answer: unknown): boolean => answer instanceof Ticket;

/** The code, or the reason of the abort, of what is thrown; 'nothing' otherwise. */
export const thrown = (act: () => unknown): string => {
  try {
    act();
    return 'nothing';
  } catch (error) {
    if (error instanceof GraftError || error instanceof TransactionError) return error.code;
    if (error instanceof Aborted) return error.message;
    throw error;
  }
};

/** A graft that stands at a point of this kind, until it is removed. */
export const graftAt = (kind: 'event' | 'function', exported: string): Graft => {
  const graft = {
    export: exported,
    stands: true,
    point: { kind, name: kind },
    plugin: { name: 'p', installer: 'somebody' },
    name: `p#${exported}`,
    remove: () => {
      graft.stands = false;
    },
  };
  return graft as unknown as Graft;
};
