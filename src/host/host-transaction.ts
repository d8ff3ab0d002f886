// A transaction of the host's own code: the same as a graft's, but awaited. Its operations run one after the other, so
// while a graft called inside it runs, its own accessors wait.
//
//   const txn = new HostTransaction(transactions.begin(), entitiesOf)
//   await txn.run((core) => …)       an accessor
//   await txn.entities.save(order)   TypeORM, in the same transaction
//
// TypeORM may nest transactions in it (`entities.transaction`). Then everything belongs to the innermost one, until
// that has ended.

import type { EntityManager } from 'typeorm';
import { GraftError, settled } from '../plugins/index.ts';
import { Aborted, Ticket, type Transaction } from '../txn/index.ts';
import { checkWait, surroundings } from './surroundings.ts';

/** Makes what `entities` gives. Throws GRAFT_STORE_UNSUPPORTED where the host has no database. */
export type EntitiesOf = (txn: HostTransaction) => EntityManager;

const noDatabase = (): never => {
  throw new GraftError('GRAFT_STORE_UNSUPPORTED', 'this host has no database');
};

export class HostTransaction {
  /** @internal */
  readonly core: Transaction;
  readonly #entitiesOf: EntitiesOf;
  #entities: EntityManager | null = null;
  /** What the code runs in that uses it. */
  readonly #around = surroundings();
  #last: Promise<unknown> | null = null;
  /** Nested ones that TypeORM has begun, the innermost last. */
  #nested: Transaction[] | null = null;

  /** @internal Use `host.transaction`. */
  constructor(core: Transaction, entitiesOf: EntitiesOf = noDatabase) {
    this.core = core;
    this.#entitiesOf = entitiesOf;
  }

  /**
   * TypeORM's EntityManager within this transaction: what it saves is committed or undone with all else, and what it
   * finds is what this transaction has written. It waits for the writer's slot. Throws GRAFT_STORE_UNSUPPORTED.
   */
  get entities(): EntityManager {
    this.#entities ??= this.#entitiesOf(this);
    return this.#entities;
  }

  /**
   * The innermost transaction.
   * @internal
   */
  get current(): Transaction {
    return this.#nested?.at(-1) ?? this.core;
  }

  /**
   * Runs an accessor after every earlier operation, waiting for locks. Throws GRAFT_ABORTED if the transaction cannot
   * go on, and GRAFT_SELF_WAIT if it would wait for one that the caller's code runs in.
   * @internal
   */
  run<T>(access: (core: Transaction) => T | Ticket | Promise<T>): Promise<T> {
    return this.queue(() => this.granted(access));
  }

  /**
   * The same in one's turn (`queue`).
   * @internal
   */
  async granted<T>(access: (core: Transaction) => T | Ticket | Promise<T>): Promise<T> {
    for (;;) {
      const answer = access(this.current);
      // A promise has no ticket in it: who waits for a database has what it waits with.
      if (!(answer instanceof Ticket)) return answer;
      checkWait(answer, this.#around);
      await settled(answer);
    }
  }

  /**
   * Runs something after every earlier operation.
   * @internal
   */
  queue<T>(run: () => Promise<T>): Promise<T> {
    const next = (this.#last ?? Promise.resolve()).then(run).catch((error: unknown) => {
      throw error instanceof Aborted ? new GraftError('GRAFT_ABORTED', error.message, { cause: error }) : error;
    });
    this.#last = next.catch(() => {});
    return next;
  }

  /**
   * Resolves when every operation so far is done; null: there was none.
   * @internal
   */
  get idle(): Promise<unknown> | null {
    return this.#last;
  }

  /**
   * Begins a nested transaction.
   * @internal
   */
  begin(): void {
    const nested = this.current.begin();
    this.#nested ??= [];
    this.#nested.push(nested);
  }

  /**
   * Ends the innermost nested transaction. Throws Aborted where it cannot be kept; then it is still to be ended.
   * @internal
   */
  end(keep: boolean): void {
    const nested = this.#nested?.at(-1);
    if (keep) nested?.commit();
    else nested?.abort();
    this.#nested?.pop();
  }
}
