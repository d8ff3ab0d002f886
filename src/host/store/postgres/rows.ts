// Statements of a table with PostgreSQL: they run on the connection of their transaction, and their answers are waited
// for. A write is charged for the rows that it has changed, which is known afterwards; where the account cannot pay for
// them, it is undone.

import { WRITES } from '../../../plugins/index.ts';
import { Ticket, type Transaction, type Undoable } from '../../../txn/index.ts';
import type { Clause } from '../clauses.ts';
import type { Change, Reading, RowAccess, RowTaker, StoreAnswer } from '../rows.ts';
import { asSeen } from './errors.ts';
import type { Line } from './line.ts';
import type { Wire } from './wire.ts';

export interface PostgresRowsOptions {
  /** The connection of a transaction. */
  readonly take: (txn: Transaction) => Line | Ticket;
  /** The one for reads outside transactions. */
  readonly reader: () => Wire;
}

export class PostgresRows implements RowAccess {
  readonly waits = true;
  readonly #options: PostgresRowsOptions;

  constructor(options: PostgresRowsOptions) {
    this.#options = options;
  }

  find<T>(reading: Reading, clause: Clause, taker: () => RowTaker<T>): StoreAnswer<T> {
    const rows = taker();
    return this.#read(
      reading,
      clause,
      (cells) => rows.take(cells),
      () => rows.done(),
    );
  }

  count(reading: Reading, clause: Clause): StoreAnswer<number> {
    let count = 0;
    const take = ([cell]: readonly unknown[]): void => {
      count = Number(cell);
    };
    return this.#read(reading, clause, take, () => count);
  }

  #read<T>(
    { txn }: Reading,
    { sql, values }: Clause,
    take: (cells: readonly unknown[]) => void,
    done: () => T,
  ): StoreAnswer<T> {
    if (txn === null) return this.#outside(sql, values, take).then(done);
    const line = this.#options.take(txn);
    return line instanceof Ticket ? line : line.run(txn, sql, values, { writes: false, take }).then(done);
  }

  async #outside(sql: string, values: readonly unknown[], take: (cells: readonly unknown[]) => void): Promise<void> {
    try {
      await this.#options.reader().run(sql, values, { take });
    } catch (error) {
      throw asSeen(error);
    }
  }

  insert(txn: Transaction, logged: Undoable, { sql, values }: Clause): StoreAnswer<number | string | null> {
    const line = this.#options.take(txn);
    if (line instanceof Ticket) return line;
    txn.charge(WRITES, 1);
    let id: unknown = null;
    const take = ([cell]: readonly unknown[]): void => {
      id = cell;
    };
    const answer = line.run(txn, sql, values, { writes: true, take });
    txn.tree.log.push(logged, line, null, null);
    return answer.then(() => id as number | string | null);
  }

  change(txn: Transaction, { logged, target, statement }: Change): StoreAnswer<number> {
    const line = this.#options.take(txn);
    if (line instanceof Ticket) return line;
    const answer = line.run(txn, statement.sql, statement.values, { writes: true });
    txn.tree.log.push(logged, line, JSON.stringify(target.values), null);
    return answer.then(({ rowCount }) => {
      const rows = rowCount ?? 0;
      txn.charge(WRITES, rows);
      return rows;
    });
  }
}
