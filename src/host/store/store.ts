// The store of a host, as the rest of the host sees it.

import type { Callable, CallableTree, Participant } from '../../plugins/index.ts';
import type { StateMap, Ticket, Transaction } from '../../txn/index.ts';

/** The steps of a commit with a store, in their order. A test kills the host at each. */
export type CommitStep = 'checked' | 'committing' | 'outbox' | 'stored-state' | 'transaction-id' | 'database-commit' | 'memory-commit' | 'released' | 'sending' | 'sent';

/** What a graft may do with a table: the columns it may read and the ones it may write; rows may be deleted only where it says so. */
export interface TableGrant {
  readonly read?: readonly string[] | 'all';
  readonly write?: readonly string[] | 'all';
  readonly insert?: boolean;
  readonly delete?: boolean;
  /** Rows that one find answers at most; default 1,000. */
  readonly rows_max?: number;
}

/** Rows as they cross: plain data. */
export type Row = Record<string, null | boolean | number | string>;

/** Which rows: equality, or one comparison, per column; all must hold. */
export type Where = Record<string, null | boolean | number | string | { readonly op: '<' | '<=' | '>' | '>=' | '!=' | 'in' | 'like'; readonly value: unknown }>;

export interface FindOptions {
  readonly where?: Where;
  readonly columns?: readonly string[];
  readonly orderBy?: readonly { readonly column: string; readonly descending?: boolean }[];
  readonly limit?: number;
  readonly offset?: number;
}

/** A table in a transaction of the host's own, or outside any. A ticket: the writer's slot is taken; wait and call again. */
export interface TableAccess {
  find(txn: Transaction | null, options?: FindOptions): Row[] | Ticket;
  insert(txn: Transaction, row: Row): { id: number | string } | Ticket;
  update(txn: Transaction, where: Where, changes: Row): number | Ticket;
  delete(txn: Transaction, where: Where): number | Ticket;
}

export interface Store extends Participant {
  /** Callables `find`, `insert`, `update`, `delete` over one table, as far as the grant goes. */
  callables(table: string, grant: TableGrant): CallableTree;
  /** The host's own access, ungranted. */
  table(name: string): TableAccess;
  /** A callable that holds a message back until the commit; `handler` gets it at least once, with an id, and again after a crash. */
  channel(name: string, handler: (id: string, payload: unknown) => void | Promise<void>): { readonly callable: Callable; send(txn: Transaction, payload: unknown): undefined | Ticket };
  /** Loads a map's last committed entries, and from now on writes what commits change in the same COMMIT. */
  storedMap(name: string): { readonly initial: readonly (readonly [string, unknown])[]; attach(map: StateMap<string, unknown>): void; touch(txn: Transaction): Ticket | null };
  /** Sends what an earlier life committed and did not send. Called once, when all channels have their handlers. */
  resume(): Promise<void>;
  close(): Promise<void>;
}
