// Snapshots for transactions that only read (their graft point says so). The first read of a tree takes one of a few
// connections, by an ordinary lock of its own, and begins a read transaction there. All its reads see that one state of
// the database, and the end of the tree ends it. If all are taken, the caller gets a ticket of the one with the
// shortest queue.

import { acquire, Lock, type Ticket, type Transaction, type Tree, WRITE } from '../../txn/index.ts';
import type { Connection } from './connection.ts';
import type { Session } from './session.ts';

class Snapshot extends Lock {
  readonly connection: Connection;
  /** The session's count of commits when the snapshot began. */
  commits = 0;

  constructor(connection: Connection, timeout_ms: number) {
    super({ name: 'store-snapshot', timeout_ms });
    this.connection = connection;
  }

  /** Begins the snapshot: it shows the state at the first read, which follows at once. */
  begin(commits: number): void {
    this.connection.run('BEGIN');
    this.commits = commits;
  }

  override released(): void {
    if (this.connection.inTransaction) this.connection.run('ROLLBACK');
  }
}

export class Snapshots {
  readonly #session: Session;
  readonly #open: () => Connection;
  readonly #count: number;
  readonly #timeout_ms: number;
  readonly #snapshots: Snapshot[] = [];

  /** `open` opens a further connection; connections are opened when they are first needed. */
  constructor(session: Session, count: number, timeout_ms: number, open: () => Connection) {
    this.#session = session;
    this.#count = count;
    this.#timeout_ms = timeout_ms;
    this.#open = open;
  }

  /** The connection that `txn` reads from. A transaction that writes reads what it has written. */
  reader(txn: Transaction): Connection | Ticket {
    txn.check();
    if (this.#session.isOpen(txn.tree)) {
      const ticket = this.#session.enter(txn);
      return ticket ?? this.#session.connection;
    }
    const snapshot = this.#held(txn.tree) ?? this.#next();
    const ticket = acquire(txn, snapshot, WRITE);
    if (ticket !== null) return ticket;
    if (!snapshot.connection.inTransaction) snapshot.begin(this.#session.commits);
    return snapshot.connection;
  }

  /** Whether `tree` has read a snapshot that is no longer the last committed state: it must not write any more. */
  isStale(tree: Tree): boolean {
    const snapshot = this.#held(tree);
    return snapshot?.connection.inTransaction === true && snapshot.commits !== this.#session.commits;
  }

  #held(tree: Tree): Snapshot | undefined {
    return this.#snapshots.find((snapshot) => snapshot.owner === tree);
  }

  #next(): Snapshot {
    const free = this.#snapshots.find((snapshot) => snapshot.mode === 0 && snapshot.queue === null);
    if (free !== undefined) return free;
    if (this.#snapshots.length < this.#count) {
      const snapshot = new Snapshot(this.#open(), this.#timeout_ms);
      this.#snapshots.push(snapshot);
      return snapshot;
    }
    const length = (snapshot: Snapshot): number => snapshot.queue?.length ?? 0;
    return this.#snapshots.reduce((shortest, snapshot) => (length(snapshot) < length(shortest) ? snapshot : shortest));
  }

  close(): void {
    for (const { connection } of this.#snapshots.splice(0)) connection.close();
  }
}
