// The rows of the outbox in SQLite. Sent ones are deleted in a top-level transaction of its own, since the writer's
// connection may be inside another one's. It queues for the slot only when many rows wait (outbox.ts): a queued wait
// starts the slot's time-out, and no transaction should be aborted for a clean-up.

import { Aborted, type Ticket, type Transaction, type Transactions } from '../../txn/index.ts';
import { OUTBOX_PAGE } from './bounds.ts';
import type { Connection } from './connection.ts';
import type { MessageRow, OutboxRows } from './outbox.ts';
import { OUTBOX } from './own-tables.ts';
import type { Session } from './session.ts';

export class SqliteOutbox implements OutboxRows {
  readonly #transactions: Transactions;
  readonly #session: Session;
  readonly #reader: Connection;

  /** `reader` reads committed rows. */
  constructor(transactions: Transactions, session: Session, reader: Connection) {
    this.#transactions = transactions;
    this.#session = session;
    this.#reader = reader;
  }

  enter(txn: Transaction): Ticket | null {
    return this.#session.enter(txn);
  }

  page(channel: string, after: number): readonly MessageRow[] {
    const from = `FROM ${OUTBOX} WHERE channel = ? AND seq > ?`;
    const sql = `SELECT seq, id, payload ${from} ORDER BY seq LIMIT ${OUTBOX_PAGE}`;
    return this.#reader.all<MessageRow>(sql, channel, after);
  }

  get isBusy(): boolean {
    return this.#session.slot.mode !== 0;
  }

  /** Adds a row; a transaction is open. */
  put(id: string, channel: string, payload: string): void {
    const sql = `INSERT INTO ${OUTBOX} (id, channel, payload) VALUES (?, ?, ?)`;
    this.#session.connection.run(sql, id, channel, payload);
  }

  async remove(sent: ReadonlyMap<string, number>): Promise<boolean> {
    const txn = this.#transactions.begin();
    const { connection } = this.#session;
    try {
      await this.#session.entered(txn);
      txn.prepare();
      this.#session.commit(() => {
        for (const [channel, seq] of sent)
          connection.run(`DELETE FROM ${OUTBOX} WHERE channel = ? AND seq <= ?`, channel, seq);
      });
      txn.commit();
      return true;
    } catch (error) {
      txn.abort();
      // Somebody else's turn lasted too long.
      if (error instanceof Aborted && error.reason !== 'host-fault') return false;
      throw error;
    }
  }
}
