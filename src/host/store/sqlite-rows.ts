// Statements of a table with SQLite: they have run when the call returns. The order of every write is that of every
// accessor: the writer's slot → the charge → the log → the statement.

import { WRITES } from '../../plugins/index.ts';
import { Ticket, type Transaction, type Undoable } from '../../txn/index.ts';
import { SCAN_STEPS_MAX } from './bounds.ts';
import { type Clause, countOf, type TableRights } from './clauses.ts';
import { asSeen, type Connection } from './connection.ts';
import type { Change, Reading, RowAccess, RowTaker } from './rows.ts';
import { ScanExceeded } from './scan.ts';
import type { Session } from './session.ts';

/** The connections to a table. */
export interface Connections {
  readonly session: Session;
  /** For reads outside transactions. */
  readonly reader: Connection;
  /** The connection of a transaction that only reads. */
  snapshot(txn: Transaction): Connection | Ticket;
}

const countRows = (connection: Connection, clause: Clause): number =>
  (connection.get<{ n: number }>(clause.sql, ...clause.values) as { n: number }).n;

/** Runs statements with the steps that they may take: more end the call with `limit`. */
const within = <T>(txn: Transaction | null, rights: TableRights, connection: Connection, work: () => T): T => {
  if (!rights.isBounded || txn === null) return work();
  try {
    return connection.steps.within(SCAN_STEPS_MAX, work);
  } catch (error) {
    throw error instanceof ScanExceeded ? txn.doom('limit', `scan of ${rights.table.name}`) : error;
  }
};

export class SqliteRows implements RowAccess {
  readonly waits = false;
  readonly #at: Connections;

  constructor(at: Connections) {
    this.#at = at;
  }

  find<T>(reading: Reading, clause: Clause, taker: () => RowTaker<T>): T | Ticket {
    return this.#read(reading, (connection) => {
      const rows = taker();
      for (const cells of connection.rows(clause.sql, clause.values)) rows.take(cells);
      return rows.done();
    });
  }

  count(reading: Reading, clause: Clause): number | Ticket {
    return this.#read(reading, (connection) => countRows(connection, clause));
  }

  #read<T>({ txn, readOnly, rights }: Reading, read: (connection: Connection) => T): T | Ticket {
    const { session } = this.#at;
    const work = (connection: Connection): T => within(txn, rights, connection, () => read(connection));
    if (txn === null || readOnly) {
      const connection = txn === null ? this.#at.reader : this.#at.snapshot(txn);
      if (connection instanceof Ticket) return connection;
      if (txn !== null && connection === session.connection) return session.attempt(txn, () => work(connection));
      try {
        return work(connection);
      } catch (error) {
        throw asSeen(error);
      }
    }
    return session.enter(txn) ?? session.attempt(txn, () => work(session.connection));
  }

  insert(txn: Transaction, logged: Undoable, statement: Clause): number | Ticket {
    const { session } = this.#at;
    const ticket = session.enter(txn);
    if (ticket !== null) return ticket;
    txn.charge(WRITES, 1);
    txn.tree.log.push(logged, session, null, null);
    const result = session.attempt(txn, () => session.connection.run(statement.sql, ...statement.values));
    return Number(result.lastInsertRowid);
  }

  /** Counts the rows first, so that a write that the account cannot pay does not happen. */
  change(txn: Transaction, { rights, logged, target, statement }: Change): number | Ticket {
    const { session } = this.#at;
    const ticket = session.enter(txn);
    if (ticket !== null) return ticket;
    const { connection } = session;
    return session.attempt(txn, () => {
      const rows = within(txn, rights, connection, () => countRows(connection, countOf(rights, target)));
      txn.charge(WRITES, rows);
      txn.tree.log.push(logged, session, JSON.stringify(target.values), null);
      return connection.run(statement.sql, ...statement.values).changes;
    });
  }
}
