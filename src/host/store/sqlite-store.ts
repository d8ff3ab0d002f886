// The store in an SQLite file, the host's own (open.ts) or the application's (data-source.ts): it takes part in the
// commit of every transaction that has used the database.
//
//   writer      TypeORM's own connection; one transaction at a time, by the writer's slot (session.ts)
//   reader      for reads outside transactions: with a write-ahead log it sees committed rows only
//   snapshots   a few more, opened when needed, for grafts that only read (snapshots.ts)
//
// TypeORM knows the entities and gives names and types of columns; the statements of grafts run below it. What the
// application does through TypeORM takes its turn with all else (query-runner.ts). A commit is one synchronous step:
// outbox rows → stored state → the transaction's id → COMMIT. If a step fails before the COMMIT has taken place,
// everything is undone.

import type { DataSource, EntityManager } from 'typeorm';
import {
  A_BOOLEAN,
  A_FUNCTION,
  AN_OBJECT,
  type CallableTree,
  checkOptions,
  type Expected,
  GraftError,
} from '../../plugins/index.ts';
import type { Ticket, Transaction, Transactions } from '../../txn/index.ts';
import type { HostTransaction } from '../host-transaction.ts';
import { BUSY_TIMEOUT_MS, LOCK_TIMEOUT_MS, SNAPSHOTS } from './bounds.ts';
import { Connection, cannot } from './connection.ts';
import { openDataSource } from './data-source.ts';
import { SQLITE } from './dialect.ts';
import { checkWhileOpen } from './libraries.ts';
import type { SqliteDatabase } from './node-sqlite.ts';
import { type EntityClass, type OpenDatabase, openFile } from './open.ts';
import { Outbox } from './outbox.ts';
import { STATE, TRANSACTION } from './own-tables.ts';
import { Runners } from './query-runner.ts';
import { Session } from './session.ts';
import { Snapshots } from './snapshots.ts';
import { SqliteOutbox } from './sqlite-outbox.ts';
import { SqliteRows } from './sqlite-rows.ts';
import type {
  CommitStep,
  Handler,
  OutgoingChannel,
  SqliteStore,
  SqlPlace,
  StoredMap,
  TableAccess,
  TableGrant,
} from './store.ts';
import { StoredState } from './stored-state.ts';
import { type EntityTarget, Tables } from './table.ts';
import { grantedCallables, hostAccess } from './table-access.ts';

export interface StoreOptions {
  readonly transactions: Transactions;
  /** The application's tables; null where they are those of its DataSource. */
  readonly entities: readonly EntityClass[] | null;
  /** Whether a DataSource of the application may change its schema to what its entities say. */
  readonly maySynchronize?: boolean;
  /** Called at each step of a commit. For tests that end the host there. */
  readonly onStep?: (step: CommitStep) => void;
  readonly lock_timeout_ms?: number;
  /** Hears of failures that no return value can report: a message that could not be sent, a clean-up that failed. */
  readonly report?: (error: GraftError) => void;
  /** Makes connections. For tests whose connections fail. */
  readonly connect?: (database: SqliteDatabase, role: ConnectionRole) => Connection;
}

export type ConnectionRole = 'writer' | 'reader' | 'snapshot';

const OPTIONS: Record<keyof StoreOptions, Expected> = {
  transactions: AN_OBJECT,
  entities: ['a list, or null', (value) => value === null || Array.isArray(value)],
  maySynchronize: A_BOOLEAN,
  onStep: A_FUNCTION,
  lock_timeout_ms: ['a number above 0', (value) => typeof value === 'number' && value > 0],
  report: A_FUNCTION,
  connect: A_FUNCTION,
};

/**
 * Opens a store: `sqlite:PATH`, whose file and tables are made if they do not exist, or the application's DataSource.
 */
export const openStore = async (where: string | DataSource, options: StoreOptions): Promise<SqliteStore> => {
  checkOptions(options, OPTIONS, 'store');
  const { entities, maySynchronize = false } = options;
  const opened =
    typeof where === 'string' ? await openFile(where, entities ?? []) : await openDataSource(where, maySynchronize);
  try {
    return new FileStore(opened, options);
  } catch (error) {
    await opened.close();
    throw cannot('opened', opened.path, error);
  }
};

class FileStore implements SqliteStore {
  readonly #opened: OpenDatabase;
  readonly #tables: Tables;
  readonly #reader: Connection;
  readonly #session: Session;
  readonly #snapshots: Snapshots;
  readonly #state = new StoredState(STATE);
  readonly #outbox: Outbox;
  readonly #messages: SqliteOutbox;
  readonly #runners: Runners;
  readonly #rows: SqliteRows;
  readonly #step: ((step: CommitStep) => void) | null;
  /** Between the COMMIT of a transaction and the end of its memory's commit. */
  #inCommit = false;
  #closing: Promise<void> | null = null;

  constructor(opened: OpenDatabase, options: StoreOptions) {
    const connect = options.connect ?? ((database) => new Connection(database));
    const timeout_ms = options.lock_timeout_ms ?? LOCK_TIMEOUT_MS;
    const open = (role: ConnectionRole) => (): Connection => connect(opened.openReader(BUSY_TIMEOUT_MS), role);
    this.#opened = opened;
    this.#tables = new Tables(opened.dataSource, SQLITE);
    this.#step = options.onStep ?? null;
    this.#reader = open('reader')();
    const writer = connect(opened.writer, 'writer');
    this.#session = new Session(writer, timeout_ms, () => this.#lastId());
    this.#snapshots = new Snapshots(this.#session, SNAPSHOTS, timeout_ms, open('snapshot'));
    this.#session.mayOpen = (tree) => !this.#snapshots.isStale(tree);
    this.#session.onReleased = (committed) => this.#released(committed);
    this.#messages = new SqliteOutbox(options.transactions, this.#session, this.#reader);
    this.#outbox = new Outbox({
      transactions: options.transactions,
      rows: this.#messages,
      step: options.onStep ?? (() => {}),
      report: options.report ?? (() => {}),
    });
    this.#runners = new Runners({
      opened,
      transactions: options.transactions,
      session: this.#session,
      reader: this.#reader,
      participant: this,
    });
    this.#runners.take();
    this.#rows = new SqliteRows({
      session: this.#session,
      reader: this.#reader,
      snapshot: (txn) => this.#snapshots.reader(txn),
    });
  }

  #lastId(): string | null {
    return this.#reader.get<{ id: string }>(`SELECT id FROM ${TRANSACTION}`)?.id ?? null;
  }

  get sqlPlace(): SqlPlace {
    return { file: this.#opened.path, table: (name) => this.#tables.get(name) };
  }

  callables(table: EntityTarget, grant: TableGrant): CallableTree {
    return grantedCallables(this.#rows, this.#tables.get(table), grant);
  }

  table(which: EntityTarget): TableAccess {
    return hostAccess(this.#rows, this.#tables.get(which)) as TableAccess;
  }

  channel(name: string, handler: Handler): OutgoingChannel {
    return this.#outbox.channel(name, handler);
  }

  storedMap(name: string): StoredMap {
    return {
      initial: this.#read(() => this.#state.load(name, this.#saved(name))),
      attach: (map) => this.#state.attach(name, map),
      touch: (txn: Transaction): Ticket | null => this.#session.enter(txn),
    };
  }

  /** The rows of a stored map, in their order. */
  #saved(name: string): { key: string; value: string }[] {
    return this.#reader.all(`SELECT key, value FROM ${STATE} WHERE map = ? ORDER BY rowid`, name);
  }

  storedNames(prefix: string): string[] {
    const sql = `SELECT DISTINCT map FROM ${STATE} WHERE substr(map, 1, ?) = ? ORDER BY map`;
    const rows = this.#read(() => this.#reader.all<{ map: string }>(sql, prefix.length, prefix));
    return rows.map(({ map }) => map);
  }

  #read<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw cannot('read', this.#opened.path, error);
    }
  }

  entities(txn: HostTransaction): EntityManager {
    return this.#runners.entities(txn);
  }

  joined(txn: Transaction): boolean {
    const joined = this.#session.isOpen(txn.tree) || this.#state.isChangedBy(txn.tree);
    if (joined) this.#step?.('checked');
    return joined;
  }

  commit(txn: Transaction): void {
    const { tree } = txn;
    const step = this.#step;
    step?.('committing');
    if (!this.#session.isOpen(tree)) throw new GraftError('GRAFT_STORE', 'a stored map was changed without its touch');
    const writer = this.#session.connection;
    this.#session.commit(
      () => {
        this.#outbox.write(tree, (...row) => this.#messages.put(...row));
        step?.('outbox');
        this.#state.write(tree, (sql, ...values) => writer.run(sql, ...values));
        step?.('stored-state');
      },
      () => step?.('transaction-id'),
    );
    this.#session.commits++;
    step?.('database-commit');
    this.#inCommit = true;
    if (step !== null) tree.effects.unshift({ leave: () => step('released') });
  }

  #released(committed: boolean): void {
    if (committed && this.#inCommit) this.#step?.('memory-commit');
    this.#inCommit = false;
    queueMicrotask(() => this.#outbox.deleteSent());
  }

  async resume(): Promise<void> {
    checkWhileOpen(this.#opened.path);
    await this.#outbox.resume();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#outbox.close();
    this.#runners.giveBack();
    this.#snapshots.close();
    this.#reader.close();
    this.#session.takeBack();
    this.#session.connection.close(this.#opened);
    await this.#opened.close();
  }
}
