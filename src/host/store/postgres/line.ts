// One connection of the pool, as a transaction has it: how a tree of nested transactions (src/txn) and a transaction of
// PostgreSQL become one. The connection is an ordinary lock, held by one tree at a time.
//
//   run(txn, sql, …)    a statement; before the first one BEGIN, or a SAVEPOINT where one is needed
//   commit(txn, write)  the last rows, then COMMIT; a failed one is undone, a lost answer looked up
//
// As with SQLite (../session.ts) each BEGIN and each SAVEPOINT is a point in the one undo log, and a nested transaction
// needs a SAVEPOINT only if the newest point lies below its undo mark. A nested transaction that touches no row costs
// nothing.
//
// An undo cannot wait, and the database is far. So the undo of a point sends its ROLLBACK, and goes on: the connection
// carries statements out in the order in which they were sent, so whatever the tree, or the next owner of the
// connection, sends later comes after it. Until then the rows are locked still, and nobody has seen them.

import { GraftError } from '../../../plugins/index.ts';
import { Aborted, Lock, type LockClass, type Transaction, type Tree, type Undoable } from '../../../txn/index.ts';
import { asSeen, CANCELLED, codeOf, DEADLOCK, isCut, LOCK_NOT_AVAILABLE, SERIALIZATION } from './errors.ts';
import type { Running } from './row-waits.ts';
import type { PgResult, Wire } from './wire.ts';

/** What a connection is given by its pool. */
export interface LineOptions {
  readonly class: LockClass;
  readonly open: () => Wire;
  /** The number of the last commit. */
  readonly last: () => number;
  readonly watch: (running: Running) => () => void;
  readonly released: (line: Line) => void;
}

export interface StatementOptions {
  /** Whether it may change rows. */
  readonly writes: boolean;
  /** Is given rows, as lists of cells. */
  readonly take?: (cells: readonly unknown[]) => void;
  /** An error of the database as it is thrown. */
  readonly seen?: (error: unknown) => unknown;
}

const BEGIN_SQL = 'BEGIN ISOLATION LEVEL SERIALIZABLE';
/** Stands before a statement, so that its failure takes nothing else along. */
const STATEMENT = 'graftwork_statement';

const BEGIN: Undoable = { name: 'store.begin', undo: (line) => (line as Line).takeBack() };

const SAVEPOINT: Undoable = {
  name: 'store.savepoint',
  undo: (line, _key, point) => (line as Line).rewind(point as number),
};

/** The end of a transaction that could be put in no order with others: made again, it may succeed. */
export class NoOrder extends Aborted {
  constructor(detail: string) {
    super('store-conflict', detail);
  }
}

/** Why a transaction as a whole cannot go on after an error of the database; null: it can. */
const endOf = (code: string): Aborted | null => {
  if (code === SERIALIZATION) return new NoOrder('others have changed what it read');
  if (code === DEADLOCK) return new Aborted('deadlock', 'rows');
  if (code === LOCK_NOT_AVAILABLE) return new Aborted('store-conflict', 'somebody else keeps a row');
  return code === CANCELLED ? new Aborted('store-conflict', 'a statement was ended from outside') : null;
};

/** Dooms a transaction and all around it: the database has only one for them. */
export const doomAll = (txn: Transaction, failure: Aborted): Aborted => {
  for (let one: Transaction | null = txn; one !== null; one = one.parent) one.doomed ??= failure;
  return txn.doomed as Aborted;
};

export class Line extends Lock {
  readonly #options: LineOptions;
  #wire: Wire | null = null;
  /** Heights of the undo log at which BEGIN and the SAVEPOINTs were logged, oldest first; empty: no transaction. */
  readonly #points: number[] = [];
  /** Nothing has run since the newest point. */
  #isFresh = false;
  /** The number of the last commit that the transaction of the database sees for certain. */
  #snapshot = 0;
  /** The id of the transaction, once rows have changed. */
  #id: Promise<string | null> | null = null;
  /** The connection died in the middle: nothing of the tree may be committed any more. */
  #lost = false;
  /** Statements of its owner that run. */
  #running = 0;
  /** Grows with each owner: an answer that belongs to an earlier one changes nothing. */
  #owners = 0;

  constructor(options: LineOptions) {
    super(options.class);
    this.#options = options;
  }

  get pid(): number | null {
    return this.#wire?.pid ?? null;
  }

  get snapshot(): number {
    return this.#snapshot;
  }

  get isOpen(): boolean {
    return this.#points.length > 0 || this.#lost;
  }

  /** Runs a statement of its owner. */
  async run(txn: Transaction, sql: string, values: readonly unknown[], options: StatementOptions): Promise<PgResult> {
    const wire = this.#prepare(txn);
    const owner = this.#owners;
    const isFresh = this.#isFresh;
    const guards = options.writes && !isFresh;
    if (guards) wire.tell(`SAVEPOINT ${STATEMENT}`);
    if (options.writes) this.#askId(wire);
    this.#isFresh = false;
    const answer = wire.run(sql, values, options);
    if (guards) wire.tell(`RELEASE ${STATEMENT}`);
    this.#running++;
    txn.tree.goesOutside();
    const over = this.#options.watch({ pid: () => wire.pid, txn, end: () => this.#end() });
    const ended = (): boolean => {
      over();
      if (owner === this.#owners) {
        this.#running--;
        txn.tree.isBack();
      }
      return owner !== this.#owners || txn.state !== 'active' || txn.doomed !== null;
    };
    return answer.then(
      (result) => {
        if (ended()) throw txn.doomed ?? new Aborted('cancelled');
        return result;
      },
      (error: unknown) => {
        throw ended() ? (txn.doomed ?? asSeen(error)) : this.#failed(txn, wire, error, { ...options, isFresh });
      },
    );
  }

  /** The transaction of `txn` in the database, begun or marked as far as it needs. */
  #prepare(txn: Transaction): Wire {
    txn.check();
    if (this.#lost) throw doomAll(txn, new Aborted('host-fault', 'the connection of the transaction is lost'));
    const newest = this.#points.at(-1);
    if (newest === undefined) this.#begin(txn);
    else if (newest < txn.undoMark) this.#savepoint(txn);
    return this.#wire as Wire;
  }

  #begin(txn: Transaction): void {
    if (this.#wire === null || this.#wire.isCut) this.#wire = this.#options.open();
    const point = txn.tree.log.mark;
    txn.tree.log.push(BEGIN, this, null, null);
    this.#beginHere();
    this.#points.push(point);
  }

  #beginHere(): void {
    this.#wire?.tell(BEGIN_SQL);
    this.#snapshot = this.#options.last();
    this.#isFresh = true;
    this.#id = null;
  }

  #savepoint(txn: Transaction): void {
    this.#merge((txn.parent as Transaction).undoMark);
    const point = txn.tree.log.mark;
    txn.tree.log.push(SAVEPOINT, this, null, point);
    this.#wire?.tell(`SAVEPOINT p${this.#points.length}`);
    this.#points.push(point);
    this.#isFresh = true;
  }

  /** Releases the points of nested transactions that have committed into the one that owns `mark`. */
  #merge(mark: number): void {
    const points = this.#points;
    const spare = points.findIndex((point) => point >= mark) + 1;
    if (spare === 0 || spare >= points.length) return;
    this.#wire?.tell(`RELEASE p${spare}`);
    points.length = spare;
  }

  #askId(wire: Wire): void {
    this.#id ??= wire.ask<{ id: string }>('SELECT pg_current_xact_id()::text AS id').then(
      ([row]) => row?.id ?? null,
      () => null,
    );
  }

  /** The database has refused a statement: what that means for its transaction, as an error. */
  #failed(
    txn: Transaction,
    wire: Wire,
    error: unknown,
    { writes, isFresh, seen = asSeen }: StatementOptions & { readonly isFresh: boolean },
  ): unknown {
    if (error instanceof GraftError) return error;
    if (isCut(error)) {
      this.#lost = true;
      return asSeen(error);
    }
    const end = endOf(codeOf(error));
    if (end !== null) return doomAll(txn, end);
    if (isFresh) this.#again(wire);
    else if (writes) {
      wire.tell(`ROLLBACK TO ${STATEMENT}`);
      wire.tell(`RELEASE ${STATEMENT}`);
    } else txn.doom('thrown', (asSeen(error) as Error).message);
    return seen(error);
  }

  /** Back at the newest point: nothing but the statement that failed has run since. */
  #again(wire: Wire): void {
    const at = this.#points.length - 1;
    if (at > 0) {
      wire.tell(`ROLLBACK TO p${at}`);
      this.#isFresh = true;
      return;
    }
    wire.tell('ROLLBACK');
    this.#beginHere();
  }

  /** Ends the statement that runs, and with it the connection. */
  #end(): void {
    this.#lost = true;
    this.#wire?.cut();
  }

  /** Undoes the BEGIN. A statement that runs still is ended. */
  takeBack(): void {
    if (this.#points.length === 0) return;
    this.#points.length = 0;
    this.#lost = false;
    this.#id = null;
    if (this.#running > 0) this.#wire?.cut();
    else if (this.#wire?.isCut === false) this.#wire.tell('ROLLBACK');
  }

  /** Undoes all changes since a SAVEPOINT. One that was merged into an earlier one has nothing of its own to undo. */
  rewind(point: number): void {
    const at = this.#points.indexOf(point);
    if (at === -1) return;
    this.#points.length = at;
    this.#isFresh = false;
    this.#wire?.tell(`ROLLBACK TO p${at}`);
    this.#wire?.tell(`RELEASE p${at}`);
  }

  /**
   * Commits; `write` sends the last rows, and gives their answers. Where the connection was lost, the outcome has to
   * be looked up by the id of the transaction of the database; null: it has written nothing.
   */
  async commit(
    txn: Transaction,
    write: (wire: Wire) => readonly Promise<unknown>[],
    beforeCommit: () => void,
  ): Promise<CommitEnd> {
    if (this.#lost) throw new GraftError('GRAFT_STORE', 'the connection of the transaction is lost');
    if (this.#points.length === 0) this.#begin(txn);
    const wire = this.#wire as Wire;
    const rows = write(wire);
    const failures = Promise.allSettled(rows);
    if (rows.length > 0) this.#askId(wire);
    const id = await this.#id;
    beforeCommit();
    try {
      const { command } = await wire.run('COMMIT', []);
      this.#points.length = 0;
      for (const one of await failures) if (one.status === 'rejected') throw one.reason;
      if (command !== 'COMMIT') throw new GraftError('GRAFT_STORE', 'the database has taken the transaction back');
      return { lost: null };
    } catch (error) {
      this.#points.length = 0;
      if (!isCut(error)) throw endOf(codeOf(error)) ?? asSeen(error);
      return { lost: error, id, pid: wire.pid };
    }
  }

  override released(_tree: Tree, _committed: boolean): void {
    this.#points.length = 0;
    this.#lost = false;
    this.#running = 0;
    this.#owners++;
    this.#options.released(this);
  }

  async close(): Promise<void> {
    await this.#wire?.close();
  }
}

/** How a COMMIT ended: it took place, or its answer is lost. */
export type CommitEnd =
  | { readonly lost: null }
  | { readonly lost: unknown; readonly id: string | null; readonly pid: number | null };
