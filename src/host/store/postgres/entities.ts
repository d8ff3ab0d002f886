// TypeORM within a transaction of the host: query runners whose connection is that of the transaction. Transactions of
// TypeORM in it are nested transactions (SAVEPOINT). What the application does through its DataSource elsewhere has
// connections of its own, and nothing of it is changed here.

import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { GraftError } from '../../../plugins/index.ts';
import { Ticket, type Transaction } from '../../../txn/index.ts';
import type { HostTransaction } from '../../host-transaction.ts';
import type { Line } from './line.ts';

/** TypeORM's runner for PostgreSQL, as far as it is used here. */
interface PgRunner extends QueryRunner {
  transactionDepth: number;
  isTransactionActive: boolean;
}

type PgRunnerClass = new (driver: unknown, mode: string) => PgRunner;

/** TypeORM's own statements for transactions inside this one. */
const CONTROL = /^(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) typeorm_\d+$/;
/** What a statement may begin with before its first word. */
const LEAD = /^(?:[\s;]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/;
const OTHER_CONTROL = /^(START|BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|ABORT|PREPARE\s+TRANSACTION)\b/i;
const READ = /^SELECT\b/i;

const misuse = (what: string): GraftError => new GraftError('GRAFT_TXN_MISUSE', what);

/** Makes what `entities` of a transaction gives. `take`: the connection of a transaction. */
export const entitiesOn = (
  dataSource: DataSource,
  take: (txn: Transaction) => Line | Ticket,
): ((txn: HostTransaction) => EntityManager) => {
  const plain = dataSource.createQueryRunner();
  const Base = plain.constructor as PgRunnerClass;
  void plain.release();

  const control = (txn: HostTransaction, command: string): Promise<{ rows: [] }> =>
    txn.queue(async () => {
      if (command === 'SAVEPOINT') txn.begin();
      else txn.end(command === 'RELEASE SAVEPOINT');
      return { rows: [] };
    });

  const query = async (txn: HostTransaction, sql: string, values: readonly unknown[] = []): Promise<unknown> => {
    const command = CONTROL.exec(sql)?.[1];
    if (command !== undefined) return control(txn, command);
    const words = sql.replace(LEAD, '');
    if (OTHER_CONTROL.test(words)) throw misuse('host.transaction begins and ends this transaction');
    // Code that catches an error goes on as with any other database: what the error took along is undone.
    const options = { writes: !READ.test(words), seen: (error: unknown) => error };
    return txn.run((core) => {
      const line = take(core);
      return line instanceof Ticket ? line : line.run(core, sql, values, options);
    });
  };

  return (txn) => {
    const connection = { query: (sql: string, values?: readonly unknown[]) => query(txn, sql, values), on: () => {} };
    class Runner extends Base {
      override connect(): Promise<unknown> {
        return Promise.resolve(connection);
      }

      override async release(): Promise<void> {}
    }
    const runner = new Runner(dataSource.driver, 'master');
    runner.isTransactionActive = true;
    runner.transactionDepth = 1;
    const entities = dataSource.createEntityManager(runner);
    (runner as { manager: EntityManager }).manager = entities;
    return entities;
  };
};
