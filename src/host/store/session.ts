// The writer's session: how a tree of nested transactions (src/txn) and a transaction of SQLite become one.
//
//   enter(txn)   takes the writer's slot, an ordinary lock, or gives its ticket; then BEGIN IMMEDIATE, or a SAVEPOINT
//                if one is needed
//   attempt(…)   runs statements; an error of SQLite becomes a coded one
//   commit(…)    the last rows, then COMMIT; a failed one is undone, a lost answer looked up
//
// One undo log serves memory and database. Each BEGIN and each SAVEPOINT is a point, logged before it is executed. Its
// undo is a synchronous ROLLBACK, or ROLLBACK TO and RELEASE, and harmless if the point was never reached. The log
// unwinds newest first and before locks are released. So when the slot is free, the database is back where it was.
//
// A nested transaction needs a SAVEPOINT only if the newest point lies below its undo mark: otherwise everything since
// that point is its own. Points of nested transactions that committed are of no more use, and are merged when the next
// one is opened.

import { randomBytes } from 'node:crypto';
import { GraftError, settled } from '../../plugins/index.ts';
import {
  acquire,
  Lock,
  type Ticket,
  type Transaction,
  TransactionError,
  type Tree,
  type Undoable,
  WRITE,
} from '../../txn/index.ts';
import { asSeen, type Connection, sqliteCode } from './connection.ts';
import { TRANSACTION } from './own-tables.ts';

/** The writer's slot: SQLite takes one writer at a time. */
class WriterSlot extends Lock {
  readonly #session: Session;

  constructor(session: Session, timeout_ms: number) {
    super({ name: 'store', timeout_ms });
    this.#session = session;
  }

  override released(_tree: Tree, committed: boolean): void {
    this.#session.released(committed);
  }
}

const BEGIN: Undoable = { name: 'store.begin', undo: (session) => (session as Session).takeBack() };

const SAVEPOINT: Undoable = {
  name: 'store.savepoint',
  undo: (session, _key, point) => (session as Session).rewind(point as number),
};

export class Session {
  readonly connection: Connection;
  readonly slot: Lock;
  /** The number of committed transactions. A snapshot with the same number is still current. */
  commits = 0;
  /** Whether a tree may begin to write: not if it has read state that has changed since. */
  mayOpen: (tree: Tree) => boolean = () => true;
  /** Called when the slot is released, before another transaction gets it. */
  onReleased: ((committed: boolean) => void) | null = null;
  /** Heights of the undo log at which BEGIN and the SAVEPOINTs were logged, oldest first; empty: no transaction. */
  readonly #points: number[] = [];
  readonly #lastId: () => string | null;
  /**
   * SQLite ended the transaction by itself (disk full, I/O error), or could not go back to a point: nothing of the tree
   * may be written any more.
   */
  #lost = false;
  /** It is unknown whether a COMMIT took place, so memory and database may differ: nothing goes on until a restart. */
  #broken = false;
  readonly #life = randomBytes(16).toString('hex');
  #lastNumber = 0;

  /** `lastId` reads, on another connection, the id of the transaction that committed last. */
  constructor(connection: Connection, timeout_ms: number, lastId: () => string | null) {
    this.connection = connection;
    this.slot = new WriterSlot(this, timeout_ms);
    this.#lastId = lastId;
  }

  /** Whether `tree` has a transaction of the database. */
  isOpen(tree: Tree): boolean {
    return this.slot.owner === tree && (this.#points.length > 0 || this.#lost);
  }

  /** Prepares for statements of `txn`. A ticket: wait and call again. */
  enter(txn: Transaction): Ticket | null {
    txn.check();
    const ticket = acquire(txn, this.slot, WRITE);
    if (ticket !== null) return ticket;
    if (this.#broken)
      throw new GraftError('GRAFT_STORE', 'the outcome of a commit is not known; the host must be started again');
    if (txn.tree.transactions.isFenced(this))
      throw new TransactionError('GRAFT_FENCED', 'store: an undo failed here earlier');
    if (this.#lost) throw txn.doom('host-fault', 'the transaction of the database is lost');
    const newest = this.#points.at(-1);
    if (newest === undefined) this.#begin(txn);
    else if (newest < txn.undoMark) this.#savepoint(txn);
    return null;
  }

  /** Enters, however long the queue is. Throws Aborted if the transaction ends meanwhile. */
  async entered(txn: Transaction): Promise<void> {
    for (let ticket = this.enter(txn); ticket !== null; ticket = this.enter(txn)) await settled(ticket);
  }

  #begin(txn: Transaction): void {
    if (!this.mayOpen(txn.tree)) throw txn.doom('store-conflict', 'the snapshot that was read is no longer current');
    const point = txn.tree.log.mark;
    txn.tree.log.push(BEGIN, this, null, null);
    try {
      if (!this.connection.inTransaction) this.connection.run('BEGIN IMMEDIATE');
    } catch (error) {
      if (sqliteCode(error)?.startsWith('SQLITE_BUSY'))
        throw txn.doom('store-conflict', 'another process has the database');
      throw asSeen(error);
    }
    this.#points.push(point);
  }

  #savepoint(txn: Transaction): void {
    this.attempt(txn, () => this.#merge((txn.parent as Transaction).undoMark));
    const point = txn.tree.log.mark;
    txn.tree.log.push(SAVEPOINT, this, null, point);
    this.attempt(txn, () => this.connection.run(`SAVEPOINT p${this.#points.length}`));
    this.#points.push(point);
  }

  /**
   * Releases the points above the first one from `mark` on: those transactions have committed into the one that owns
   * the mark.
   */
  #merge(mark: number): void {
    const points = this.#points;
    const spare = points.findIndex((point) => point >= mark) + 1;
    if (spare === 0 || spare >= points.length) return;
    this.connection.run(`RELEASE p${spare}`);
    points.length = spare;
  }

  /** Undoes the BEGIN. */
  takeBack(): void {
    this.#points.length = 0;
    if (this.connection.inTransaction) this.connection.run('ROLLBACK');
  }

  /**
   * Undoes all changes since a SAVEPOINT. A SAVEPOINT that was never reached, or was merged into an earlier one, has
   * nothing of its own to undo.
   */
  rewind(point: number): void {
    const at = this.#points.indexOf(point);
    if (at === -1) return;
    this.#points.length = at;
    if (!this.connection.inTransaction) return;
    // If this fails, nothing of the whole tree may be committed any more.
    const lost = this.#lost;
    this.#lost = true;
    this.connection.run(`ROLLBACK TO p${at}`);
    this.connection.run(`RELEASE p${at}`);
    this.#lost = lost;
  }

  /** Runs statements for `txn`, which has entered. An error of theirs is thrown as `seen` makes it. */
  attempt<T>(txn: Transaction, work: () => T, seen: (error: unknown) => unknown = asSeen): T {
    try {
      return work();
    } catch (error) {
      if (this.connection.inTransaction) throw seen(error);
      this.#lost = true;
      const { message } = txn.doom('host-fault', `the database ended the transaction: ${sqliteCode(error) ?? ''}`);
      throw new GraftError('GRAFT_STORE', message, { cause: error });
    }
  }

  /**
   * Commits the transaction of the database; `write` adds the last rows. Throws if nothing was committed, and then the
   * database is already back at the beginning.
   */
  commit(write: () => void, beforeCommit?: () => void): void {
    if (this.#lost) throw new GraftError('GRAFT_STORE', 'the transaction of the database is lost');
    const id = `${this.#life}-${++this.#lastNumber}`;
    try {
      write();
      this.connection.run(
        `INSERT INTO ${TRANSACTION} (one, id) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET id = excluded.id`,
        id,
      );
      beforeCommit?.();
      this.connection.commit();
    } catch (error) {
      this.#points.length = 0;
      this.#settle(id, error);
    }
    this.#points.length = 0;
  }

  /** A commit threw: undoes it, or finds out that it took place all the same. */
  #settle(id: string, error: unknown): void {
    if (this.connection.inTransaction) {
      this.connection.run('ROLLBACK');
      throw asSeen(error);
    }
    let last: string | null;
    try {
      last = this.#lastId();
    } catch {
      this.#broken = true;
      throw new GraftError('GRAFT_STORE', 'the outcome of the commit is not known; the host must be started again', {
        cause: error,
      });
    }
    if (last !== id) throw asSeen(error);
  }

  /** The slot was released. */
  released(committed: boolean): void {
    this.#points.length = 0;
    this.#lost = false;
    this.onReleased?.(committed);
  }
}
