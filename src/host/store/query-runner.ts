// TypeORM's query runners while a host has the database. TypeORM gives all callers one runner over one connection, so
// transactions that run at the same time mix. Here each caller has a runner of its own, and each of its transactions is
// one of the host's: it takes the writer's slot, is found in deadlocks, and is undone by the one undo log.
//
//   in a transaction            every statement runs in it, on the writer's connection
//   a read outside              on the reader's: it sees what is committed, and waits for nobody
//   any other statement outside a transaction of its own
//
// TypeORM's runner prepares a statement, and then runs it at once. So the class derived from it here overrides how a
// statement is prepared: it waits for its turn, and answers something that runs within it.

import type { EntityManager, QueryRunner } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { commitTop, GraftError, type Participant } from '../../plugins/index.ts';
import { Aborted, acquire, type Transaction, type Transactions, WRITE } from '../../txn/index.ts';
import { HostTransaction } from '../host-transaction.ts';
import type { Connection } from './connection.ts';
import type { SqliteStatement } from './node-sqlite.ts';
import type { OpenDatabase } from './open.ts';
import type { Session } from './session.ts';

export interface RunnersOptions {
  readonly opened: OpenDatabase;
  readonly transactions: Transactions;
  readonly session: Session;
  readonly reader: Connection;
  readonly participant: Participant;
}

/** What TypeORM runs of a statement that it has prepared. */
type Prepared = Pick<SqliteStatement, 'reader' | 'all' | 'run'>;

/** TypeORM's runner for better-sqlite3, as far as it is used here. */
interface TypeormRunner extends QueryRunner {
  /** Added here. */
  scope: RunnerScope;
  transactionDepth: number;
  isTransactionActive: boolean;
  isReleased: boolean;
  getStmt(sql: string): Promise<Prepared>;
}

type RunnerClass = new (driver: unknown) => TypeormRunner;

/** What one runner's statements belong to. */
interface RunnerScope {
  /** The transaction that is open; null: none. */
  txn: HostTransaction | null;
  /** The host's own: TypeORM neither begins nor ends it. */
  readonly isGiven: boolean;
}

/** Statements of TypeORM's own for transactions. */
const CONTROL = /^(BEGIN TRANSACTION|COMMIT|ROLLBACK|(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) typeorm_\d+)$/;
/** What a statement may begin with before its first word. */
const LEAD = /^(?:[\s;]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/;
const OTHER_CONTROL = /^(BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b/i;
const READ = /^(SELECT|VALUES|EXPLAIN)\b/i;
const READ_WITH = /^WITH\b/i;
const WRITES = /\b(INSERT|UPDATE|DELETE|REPLACE)\b/i;
/** Statements that run outside transactions only, or mean another thing inside. */
const BARE = /^(PRAGMA|VACUUM|ATTACH|DETACH)\b/i;

const isRead = (words: string): boolean => READ.test(words) || (READ_WITH.test(words) && !WRITES.test(words));

const done = (run: () => void): Prepared => ({
  reader: false,
  all: () => [],
  run: () => {
    run();
    return { changes: 0, lastInsertRowid: 0 };
  },
});

/** A statement with something done around its run. Aborted becomes a coded error. */
const around = (prepared: Prepared, wrap: <T>(work: () => T) => T): Prepared => {
  const wrapped = <T>(work: () => T): T => {
    try {
      return wrap(work);
    } catch (error) {
      throw error instanceof Aborted ? aborted(error) : error;
    }
  };
  return {
    reader: prepared.reader,
    all: (...values) => wrapped(() => prepared.all(...values)),
    run: (...values) => wrapped(() => prepared.run(...values)),
  };
};

const aborted = (failure: Aborted): GraftError =>
  new GraftError('GRAFT_ABORTED', failure.message, { cause: failure.cause ?? failure });

const misuse = (what: string): GraftError => new GraftError('GRAFT_TXN_MISUSE', what);

export class Runners {
  readonly #options: RunnersOptions;
  readonly #open = new Set<HostTransaction>();
  readonly #class: RunnerClass;

  constructor(options: RunnersOptions) {
    this.#options = options;
    this.#class = this.#derived();
  }

  get #driver(): BetterSqlite3Driver {
    return this.#options.opened.dataSource.driver as BetterSqlite3Driver;
  }

  /** From now on the DataSource's runners are these. One that it gave before is released. */
  take(): void {
    const driver = this.#driver;
    (driver.createQueryRunner('master') as { isReleased: boolean }).isReleased = true;
    driver.createQueryRunner = () => this.#runner({ txn: null, isGiven: false });
  }

  /** The DataSource has its own runners again. Transactions that are open are aborted. */
  giveBack(): void {
    const { transactions } = this.#options;
    for (const txn of this.#open) transactions.end(txn.core, 'cancelled', 'the host closes');
    const driver = this.#driver as { createQueryRunner?: unknown; queryRunner?: unknown };
    delete driver.createQueryRunner;
    driver.queryRunner = undefined;
  }

  /** TypeORM within a transaction of the host. */
  entities(txn: HostTransaction): EntityManager {
    const runner = this.#runner({ txn, isGiven: true });
    runner.isTransactionActive = true;
    runner.transactionDepth = 1;
    const entities = this.#options.opened.dataSource.createEntityManager(runner);
    (runner as { manager: EntityManager }).manager = entities;
    return entities;
  }

  #runner(scope: RunnerScope): TypeormRunner {
    const runner = new this.#class(this.#driver);
    runner.scope = scope;
    return runner;
  }

  #derived(): RunnerClass {
    const prepare = (scope: RunnerScope, sql: string): Promise<Prepared> => this.#prepare(scope, sql);
    const abort = (scope: RunnerScope): void => this.#abort(scope);
    const Base = this.#driver.createQueryRunner('master').constructor as RunnerClass;
    if (typeof (Base.prototype as TypeormRunner).getStmt !== 'function')
      throw new GraftError('GRAFT_STORE_UNSUPPORTED', 'the DataSource is of a TypeORM whose query runner is not known');
    return class extends Base {
      override scope: RunnerScope = { txn: null, isGiven: false };

      override getStmt(sql: string): Promise<Prepared> {
        return prepare(this.scope, sql);
      }

      override async release(): Promise<void> {
        await super.release();
        if (!this.scope.isGiven) abort(this.scope);
      }

      override async beforeMigration(): Promise<void> {
        throw misuse('a host has the database: run migrations before createHost');
      }
    };
  }

  async #prepare(scope: RunnerScope, sql: string): Promise<Prepared> {
    const control = CONTROL.exec(sql);
    if (control !== null) return this.#control(scope, control[2] ?? (control[1] as string));
    const words = sql.replace(LEAD, '');
    if (OTHER_CONTROL.test(words)) throw misuse('transactions are begun and ended through dataSource.transaction');
    if (scope.txn !== null) return this.#inside(scope.txn, sql);
    if (isRead(words)) return this.#options.reader.statement(sql);
    return BARE.test(words) ? this.#bare(sql) : this.#alone(sql);
  }

  async #control(scope: RunnerScope, command: string): Promise<Prepared> {
    const { txn } = scope;
    if (command === 'BEGIN TRANSACTION') {
      scope.txn = await this.#begin();
      return done(() => {});
    }
    if (txn === null) throw misuse('no transaction is open');
    if (command === 'SAVEPOINT') return this.#turn(txn, async () => done(() => txn.begin()));
    if (command === 'RELEASE SAVEPOINT') return this.#turn(txn, async () => done(() => txn.end(true)));
    if (command === 'ROLLBACK TO SAVEPOINT') return this.#turn(txn, async () => done(() => txn.end(false)));
    if (scope.isGiven) throw misuse('host.transaction ends this transaction');
    return this.#turn(txn, async () => done(() => (command === 'COMMIT' ? this.#commit(scope) : this.#abort(scope))));
  }

  /** A transaction of the application's own, which has the writer's slot. */
  async #begin(): Promise<HostTransaction> {
    const { transactions, session } = this.#options;
    const txn = new HostTransaction(transactions.begin(), (own) => this.entities(own));
    this.#open.add(txn);
    try {
      await txn.run((core) => session.enter(core));
    } catch (error) {
      this.#end(txn);
      throw error;
    }
    return txn;
  }

  /** One that fails is still there for TypeORM, which ends it by a ROLLBACK. */
  #commit(scope: RunnerScope): void {
    const txn = scope.txn as HostTransaction;
    try {
      this.#commitTop(txn);
      scope.txn = null;
    } finally {
      this.#end(txn);
    }
  }

  /** Aborts a transaction that has not committed. */
  #end(txn: HostTransaction): void {
    this.#open.delete(txn);
    txn.core.abort();
  }

  #commitTop({ core }: HostTransaction): void {
    if (core.doomed !== null) throw core.doomed;
    const failure = commitTop(this.#options, core);
    if (failure instanceof Promise) throw misuse('this store commits at once');
    if (failure !== null) throw failure;
  }

  #abort(scope: RunnerScope): void {
    const { txn } = scope;
    scope.txn = null;
    if (txn !== null) this.#end(txn);
  }

  /** Gives what `prepare` makes when every earlier operation of `txn` is done; later ones wait until it has run. */
  #turn(txn: HostTransaction, prepare: () => Promise<Prepared>): Promise<Prepared> {
    return new Promise((resolve, reject) => {
      const turn = async (): Promise<void> => {
        const prepared = await prepare();
        const ran = Promise.withResolvers<void>();
        const last = around(prepared, (work) => {
          ran.resolve();
          return work();
        });
        resolve(last);
        await ran.promise;
      };
      txn.queue(turn).catch(reject);
    });
  }

  /** A statement in a transaction. */
  #inside(txn: HostTransaction, sql: string): Promise<Prepared> {
    return this.#turn(txn, async () => {
      await txn.granted((core) => this.#options.session.enter(core));
      return this.#within(() => txn.current, sql);
    });
  }

  /** A statement that runs in a transaction which has entered the session. */
  #within(current: () => Transaction, sql: string): Prepared {
    const { session } = this.#options;
    const statement = session.connection.statement(sql);
    const attempt = <T>(work: () => T): T => {
      const txn = current();
      if (session.enter(txn) !== null) throw misuse('the writer’s slot is gone');
      return session.attempt(txn, work, (error) => error);
    };
    return {
      reader: statement.reader,
      all: (...values) => attempt(() => statement.all(...values)),
      run: (...values) => attempt(() => statement.run(...values)),
    };
  }

  /** A statement in a transaction of its own. */
  async #alone(sql: string): Promise<Prepared> {
    const txn = await this.#begin();
    try {
      const prepared = this.#within(() => txn.core, sql);
      return around(prepared, (work) => {
        try {
          const answer = work();
          this.#commitTop(txn);
          return answer;
        } finally {
          this.#end(txn);
        }
      });
    } catch (error) {
      this.#end(txn);
      throw error;
    }
  }

  /** A statement that cannot be part of a transaction: it has the writer's slot alone. */
  async #bare(sql: string): Promise<Prepared> {
    const { transactions, session } = this.#options;
    const txn = new HostTransaction(transactions.begin());
    try {
      await txn.run((core) => acquire(core, session.slot, WRITE));
      return around(session.connection.statement(sql), (work) => {
        try {
          return work();
        } finally {
          txn.core.abort();
        }
      });
    } catch (error) {
      txn.core.abort();
      throw error;
    }
  }
}
