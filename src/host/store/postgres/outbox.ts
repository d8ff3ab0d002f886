// The rows of the outbox in PostgreSQL. Transactions commit at the same time, so the numbers of messages are given by
// the host when their commit begins, and a channel is read no further than the first number whose commit has not ended.

import type { Ticket, Transaction } from '../../../txn/index.ts';
import { OUTBOX_PAGE } from '../bounds.ts';
import type { MessageRow, OutboxRows } from '../outbox.ts';
import type { Database } from './database.ts';
import { OUTBOX } from './own-tables.ts';
import type { Wire } from './wire.ts';

/** Messages of one commit that has not ended, by channel. */
export type Posted = Map<string, number[]>;

export class PostgresOutbox implements OutboxRows {
  readonly isBusy = false;
  readonly #database: Database;
  readonly #enter: (txn: Transaction) => Ticket | null;
  readonly #open = new Set<Posted>();
  #last: number;

  /** `last`: the largest number there is. */
  constructor(database: Database, last: number, enter: (txn: Transaction) => Ticket | null) {
    this.#database = database;
    this.#last = last;
    this.#enter = enter;
  }

  enter(txn: Transaction): Ticket | null {
    return this.#enter(txn);
  }

  /** A commit begins; `ended` is its end. */
  posting(): Posted {
    const posted: Posted = new Map();
    this.#open.add(posted);
    return posted;
  }

  ended(posted: Posted): void {
    this.#open.delete(posted);
  }

  put(wire: Wire, posted: Posted, [id, channel, payload]: readonly [string, string, string]): Promise<unknown> {
    const seq = ++this.#last;
    posted.set(channel, [...(posted.get(channel) ?? []), seq]);
    const sql = `INSERT INTO ${OUTBOX} (seq, id, channel, payload) VALUES (?, ?, ?, ?)`;
    return wire.run(sql, [seq, id, channel, payload]);
  }

  async page(channel: string, after: number): Promise<readonly MessageRow[]> {
    const open = [...this.#open].flatMap((posted) => posted.get(channel) ?? []);
    const before = Math.min(this.#last + 1, ...open);
    const from = `FROM ${OUTBOX} WHERE channel = ? AND seq > ? AND seq < ?`;
    const sql = `SELECT seq::text AS seq, id, payload ${from} ORDER BY ${OUTBOX}.seq LIMIT ${OUTBOX_PAGE}`;
    const rows = await this.#database.surely<{ seq: string; id: string; payload: string }>(sql, channel, after, before);
    return rows.map(({ seq, id, payload }) => ({ seq: Number(seq), id, payload }));
  }

  async remove(sent: ReadonlyMap<string, number>): Promise<boolean> {
    for (const [channel, seq] of sent)
      await this.#database.surely(`DELETE FROM ${OUTBOX} WHERE channel = ? AND seq <= ?`, channel, seq);
    return true;
  }
}
