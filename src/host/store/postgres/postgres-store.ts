// The store in PostgreSQL, of a URL or of the application's DataSource: it takes part in the commit of every
// transaction that has used the database.
//
//   pool       connections on which transactions run, each one at a time (pool.ts, line.ts)
//   reader     for reads outside transactions
//   service    claims the database, and is asked beside all transactions (database.ts)
//
// A commit goes in the order of every store: outbox rows → stored state → COMMIT. Its answer takes time; meanwhile the
// transaction is committing, and nothing else may end it. If the answer is lost with the connection, the outcome is
// looked up by the id of the transaction of the database.

import type { DataSource, EntityManager } from 'typeorm';
import { type CallableTree, GraftError } from '../../../plugins/index.ts';
import { type Aborted, Ticket, type Transaction, type Transactions } from '../../../txn/index.ts';
import type { HostTransaction } from '../../host-transaction.ts';
import type { Registry } from '../../registry.ts';
import { CONNECTIONS, REPEAT_MS, REPEATS_MAX } from '../bounds.ts';
import { POSTGRES } from '../dialect.ts';
import type { EntityClass } from '../open.ts';
import { Outbox } from '../outbox.ts';
import type {
  CommitStep,
  Handler,
  OutgoingChannel,
  SqlPlace,
  Store,
  StoredMap,
  TableGrant,
  WaitingTableAccess,
} from '../store.ts';
import { StoredState } from '../stored-state.ts';
import { type EntityTarget, Tables } from '../table.ts';
import { grantedCallables, hostAccess } from '../table-access.ts';
import { CommitOrder } from './commit-order.ts';
import { entitiesOn } from './entities.ts';
import { asSeen } from './errors.ts';
import { NoOrder } from './line.ts';
import { type OpenPostgres, openDatabase } from './open.ts';
import { PostgresOutbox } from './outbox.ts';
import { OUTBOX, STATE } from './own-tables.ts';
import { isConnection, Pool } from './pool.ts';
import { openRegistry } from './registry.ts';
import { askBlocked, RowWaits } from './row-waits.ts';
import { PostgresRows } from './rows.ts';
import type { Wire } from './wire.ts';

export interface PostgresOptions {
  readonly transactions: Transactions;
  /** The application's tables; null where they are those of its DataSource. */
  readonly entities: readonly EntityClass[] | null;
  readonly maySynchronize?: boolean;
  /** Called at each step of a commit. For tests that end the host, or its connection, there. */
  readonly onStep?: (step: CommitStep) => void;
  readonly lock_timeout_ms?: number;
  /** Connections on which transactions run. */
  readonly connections?: number;
  /** Hears of failures that no return value can report. */
  readonly report?: (error: GraftError) => void;
}

interface StateRow {
  readonly map: string;
  readonly key: string;
  readonly value: string;
}

/** What is read of an earlier start. */
interface Earlier {
  /** Entries of stored maps, by map. */
  readonly state: Map<string, StateRow[]>;
  /** The largest number of a message. */
  readonly message: number;
}

/** Opens a store in PostgreSQL. */
export const openPostgres = async (where: string | DataSource, options: PostgresOptions): Promise<PostgresStore> => {
  const report = options.report ?? (() => {});
  const opened = await openDatabase(where, options.entities ?? [], {
    maySynchronize: options.maySynchronize ?? false,
    report,
  });
  try {
    const [rows, [last]] = await Promise.all([
      opened.database.ask<StateRow>(`SELECT map, key, value FROM ${STATE} ORDER BY seq`),
      opened.database.ask<{ seq: string }>(`SELECT coalesce(max(seq), 0) AS seq FROM ${OUTBOX}`),
    ]);
    const earlier = { state: Map.groupBy(rows, ({ map }) => map), message: Number(last?.seq ?? 0) };
    return new PostgresStore(opened, options, earlier, await openRegistry(opened.database, report));
  } catch (error) {
    await opened.close();
    throw asSeen(error);
  }
};

export class PostgresStore implements Store {
  /** The registry, in the same database. */
  readonly registry: Registry;
  readonly #opened: OpenPostgres;
  readonly #transactions: Transactions;
  readonly #tables: Tables;
  readonly #pool: Pool;
  readonly #rows: PostgresRows;
  readonly #waits: RowWaits;
  readonly #order = new CommitOrder((lock) => !isConnection(lock));
  readonly #state = new StoredState(STATE);
  readonly #earlier: Earlier;
  readonly #messages: PostgresOutbox;
  readonly #outbox: Outbox;
  readonly #entities: (txn: HostTransaction) => EntityManager;
  readonly #step: ((step: CommitStep) => void) | null;
  #reader: Wire | null = null;
  #closing: Promise<void> | null = null;

  constructor(opened: OpenPostgres, options: PostgresOptions, earlier: Earlier, registry: Registry) {
    const { transactions, lock_timeout_ms } = options;
    const { database } = opened;
    this.#opened = opened;
    this.#tables = new Tables(opened.dataSource, POSTGRES);
    this.#earlier = earlier;
    this.registry = registry;
    this.#transactions = transactions;
    this.#step = options.onStep ?? null;
    const pool = new Pool(options.connections ?? CONNECTIONS, {
      open: () => database.open(),
      last: () => this.#order.last,
      watch: (running) => this.#waits.watch(running),
    });
    this.#pool = pool;
    this.#waits = new RowWaits({
      clock: transactions.clock,
      ...(lock_timeout_ms === undefined ? {} : { timeout_ms: lock_timeout_ms }),
      ask: askBlocked((sql, pids) => database.ask(sql, pids)),
      treeOf: (pid) => pool.treeOf(pid),
      holderOf: (tree) => pool.holderOf(tree),
    });
    const take = (txn: Transaction) => this.#take(txn);
    this.#rows = new PostgresRows({ take, reader: () => this.#outside() });
    this.#entities = entitiesOn(opened.dataSource, take);
    this.#messages = new PostgresOutbox(database, earlier.message, (txn) => this.#enter(txn));
    this.#outbox = new Outbox({
      transactions,
      rows: this.#messages,
      step: options.onStep ?? (() => {}),
      report: options.report ?? (() => {}),
    });
    // Whoever commits in memory alone is in the one order too.
    transactions.onCommit = (tree) => {
      if (!tree.committing) this.#order.committed(tree, 0);
      else this.#step?.('memory-commit');
    };
  }

  #take(txn: Transaction) {
    this.#opened.database.check();
    return this.#pool.take(txn);
  }

  /** Takes a connection; nothing is sent yet. */
  #enter(txn: Transaction): Ticket | null {
    const line = this.#take(txn);
    return line instanceof Ticket ? line : null;
  }

  #outside(): Wire {
    if (this.#reader === null || this.#reader.isCut) this.#reader = this.#opened.database.open();
    return this.#reader;
  }

  get sqlPlace(): SqlPlace {
    return { postgres: this.#opened.place, table: (name) => this.#tables.get(name) };
  }

  callables(table: EntityTarget, grant: TableGrant): CallableTree {
    return grantedCallables(this.#rows, this.#tables.get(table), grant);
  }

  table(which: EntityTarget): WaitingTableAccess {
    return hostAccess(this.#rows, this.#tables.get(which));
  }

  channel(name: string, handler: Handler): OutgoingChannel {
    return this.#outbox.channel(name, handler);
  }

  storedMap(name: string): StoredMap {
    const { state } = this.#earlier;
    const initial = this.#state.load(name, state.get(name) ?? []);
    state.delete(name);
    return {
      initial,
      attach: (map) => this.#state.attach(name, map),
      touch: (txn) => this.#enter(txn),
    };
  }

  storedNames(prefix: string): string[] {
    return [...this.#earlier.state.keys()].filter((name) => name.startsWith(prefix)).sort();
  }

  entities(txn: HostTransaction): EntityManager {
    return this.#entities(txn);
  }

  joined({ tree }: Transaction): boolean {
    const joined = this.#pool.of(tree)?.isOpen === true || this.#writes(tree);
    if (joined) this.#step?.('checked');
    return joined;
  }

  #writes(tree: Transaction['tree']): boolean {
    return this.#state.isChangedBy(tree) || this.#outbox.isPostedBy(tree);
  }

  /** Why a transaction cannot end well: it has read rows and memory of two states. Null: it may. */
  conflict({ tree }: Transaction): Aborted | null {
    const line = this.#pool.of(tree);
    if (line === undefined || !line.isOpen || this.#order.behind(tree) <= line.snapshot) return null;
    return new NoOrder('others have changed what it read');
  }

  async commit(txn: Transaction): Promise<void> {
    const { tree } = txn;
    const step = this.#step;
    step?.('committing');
    const failure = this.conflict(txn);
    if (failure !== null) throw failure;
    const line = this.#pool.of(tree);
    if (line === undefined) throw new GraftError('GRAFT_STORE', 'a stored map was changed without its touch');
    const posted = this.#messages.posting();
    try {
      const end = await line.commit(
        txn,
        (wire) => {
          const answers: Promise<unknown>[] = [];
          this.#outbox.write(tree, (...row) => answers.push(this.#messages.put(wire, posted, row)));
          step?.('outbox');
          this.#state.write(tree, (sql, ...values) => answers.push(wire.run(sql, values)));
          step?.('stored-state');
          return answers;
        },
        () => step?.('transaction-id'),
      );
      if (end.lost !== null && !(end.id !== null && (await this.#opened.database.committed(end.id))))
        throw asSeen(end.lost);
    } finally {
      this.#messages.ended(posted);
      for (const channel of posted.keys()) queueMicrotask(() => this.#outbox.wake(channel));
    }
    this.#order.committed(tree, ++this.#order.last);
    step?.('database-commit');
    if (step !== null) tree.effects.unshift({ leave: () => step('released') });
  }

  repeats(failure: Aborted, attempts: number): boolean {
    return attempts < REPEATS_MAX && (failure.reason === 'deadlock' || failure instanceof NoOrder);
  }

  pause(attempts: number): Promise<void> {
    const ms = Math.random() * REPEAT_MS * 2 ** Math.min(attempts, 6);
    return new Promise((resolve) => void this.#transactions.clock.after(ms, resolve));
  }

  async resume(): Promise<void> {
    await this.#outbox.resume();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#transactions.onCommit = null;
    await this.#outbox.close();
    await this.registry.close();
    this.#waits.close();
    await this.#pool.close();
    await this.#reader?.close();
    await this.#opened.close();
  }
}
