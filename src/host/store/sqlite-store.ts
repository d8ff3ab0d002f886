// The store in an SQLite file: opens the connections, and takes part in the commit of every transaction that has used
// the database.
//
//   writer      TypeORM's own connection; one transaction at a time, by the writer's slot (session.ts)
//   reader      for reads outside transactions: with a write-ahead log it sees committed rows only
//   snapshots   a few more, opened when needed, for grafts that only read (snapshots.ts)
//
// TypeORM knows the entities, makes the tables and gives names and types of columns; statements run below it,
// synchronously. A commit is one synchronous step: outbox rows → stored state → the transaction's id → COMMIT. If a
// step fails before the COMMIT has taken place, everything is undone.

import { DataSource, type EntitySchema } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { type CallableTree, checkOptions, GraftError, isFunction, isObject } from '../../plugins/index.ts';
import type { Ticket, Transaction, Transactions } from '../../txn/index.ts';
import { BUSY_TIMEOUT_MS, LOCK_TIMEOUT_MS, SNAPSHOTS } from './bounds.ts';
import { Connection, cannotOpen } from './connection.ts';
import { OWN_ENTITIES, RESERVED, TRANSACTION } from './entities.ts';
import { NodeSqlite, type SqliteDatabase } from './node-sqlite.ts';
import { Outbox } from './outbox.ts';
import { Session } from './session.ts';
import { Snapshots } from './snapshots.ts';
import type { CommitStep, Handler, OutgoingChannel, Store, StoredMap, TableAccess, TableGrant } from './store.ts';
import { StoredState } from './stored-state.ts';
import { Table } from './table.ts';
import { type Connections, grantedCallables, hostAccess } from './table-access.ts';

export interface StoreOptions {
  readonly transactions: Transactions;
  readonly entities: readonly EntitySchema[];
  /** Called at each step of a commit. For tests that end the host there. */
  readonly onStep?: (step: CommitStep) => void;
  readonly lock_timeout_ms?: number;
  /** Hears of failures that no return value can report: a message that could not be sent, a clean-up that failed. */
  readonly report?: (error: GraftError) => void;
  /** Makes connections. For tests whose connections fail. */
  readonly connect?: (database: SqliteDatabase, role: ConnectionRole) => Connection;
}

export type ConnectionRole = 'writer' | 'reader' | 'snapshot';

const OPTIONS: Record<keyof StoreOptions, (value: unknown) => boolean> = {
  transactions: isObject,
  entities: Array.isArray,
  onStep: isFunction,
  lock_timeout_ms: (value) => typeof value === 'number' && value > 0,
  report: isFunction,
  connect: isFunction,
};

/** The path in `sqlite:PATH`. */
const pathOf = (url: string): string => {
  if (/^postgres(ql)?:/.test(url))
    throw new GraftError('GRAFT_STORE_UNSUPPORTED', 'PostgreSQL is not supported yet: use sqlite:PATH');
  const path = url.startsWith('sqlite:') ? url.slice('sqlite:'.length) : null;
  if (path === null || path === '') throw new GraftError('GRAFT_BAD_OPTION', 'store: must be sqlite:PATH');
  if (path.startsWith(':memory:') || path.startsWith('file:'))
    throw new GraftError(
      'GRAFT_BAD_OPTION',
      'store: a database in memory has one connection and the store needs several: name a file',
    );
  return path;
};

const prepare = (database: SqliteDatabase): void => {
  database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  database.pragma('synchronous = FULL');
};

const dataSourceOf = (path: string, entities: readonly EntitySchema[]): DataSource =>
  new DataSource({
    type: 'better-sqlite3',
    database: path,
    driver: NodeSqlite,
    entities: [...OWN_ENTITIES, ...entities],
    synchronize: true,
    enableWAL: true,
    prepareDatabase: prepare,
  });

const tablesOf = (dataSource: DataSource): Map<string, Table> => {
  const own = new Set<unknown>(OWN_ENTITIES.map((entity) => entity.options.name));
  const metadatas = dataSource.entityMetadatas.filter((metadata) => !own.has(metadata.name));
  const reserved = metadatas.find((metadata) => metadata.tableName.startsWith(RESERVED));
  if (reserved !== undefined)
    throw new GraftError('GRAFT_BAD_OPTION', `table names with ${RESERVED} are the store's own: ${reserved.tableName}`);
  return new Map(metadatas.map((metadata) => [metadata.tableName, new Table(metadata, dataSource)]));
};

/** Opens the store named by `url`: `sqlite:PATH`. Makes the file and its tables if they do not exist. */
export const openStore = async (url: string, options: StoreOptions): Promise<Store> => {
  checkOptions(options, OPTIONS, 'store');
  const path = pathOf(url);
  const dataSource = dataSourceOf(path, options.entities);
  try {
    await dataSource.initialize();
    return new SqliteStore(path, dataSource, options);
  } catch (error) {
    if (dataSource.isInitialized) await dataSource.destroy();
    throw cannotOpen('database', error);
  }
};

class SqliteStore implements Store {
  readonly #dataSource: DataSource;
  readonly #tables: ReadonlyMap<string, Table>;
  readonly #reader: Connection;
  readonly #session: Session;
  readonly #snapshots: Snapshots;
  readonly #state = new StoredState();
  readonly #outbox: Outbox;
  readonly #connections: Connections;
  readonly #step: ((step: CommitStep) => void) | null;
  /** Between the COMMIT of a transaction and the end of its memory's commit. */
  #inCommit = false;
  #closing: Promise<void> | null = null;

  constructor(path: string, dataSource: DataSource, options: StoreOptions) {
    const connect = options.connect ?? ((database) => new Connection(database));
    const timeout_ms = options.lock_timeout_ms ?? LOCK_TIMEOUT_MS;
    const open = (role: ConnectionRole) => (): Connection =>
      connect(new NodeSqlite(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS }), role);
    this.#tables = tablesOf(dataSource);
    this.#dataSource = dataSource;
    this.#step = options.onStep ?? null;
    this.#reader = open('reader')();
    const writer = connect((dataSource.driver as BetterSqlite3Driver).databaseConnection, 'writer');
    this.#session = new Session(writer, timeout_ms, () => this.#lastId());
    this.#snapshots = new Snapshots(this.#session, SNAPSHOTS, timeout_ms, open('snapshot'));
    this.#session.mayOpen = (tree) => !this.#snapshots.isStale(tree);
    this.#session.onReleased = (committed) => this.#released(committed);
    this.#outbox = new Outbox({
      transactions: options.transactions,
      session: this.#session,
      reader: this.#reader,
      step: options.onStep ?? (() => {}),
      report: options.report ?? (() => {}),
    });
    this.#connections = {
      session: this.#session,
      reader: this.#reader,
      snapshot: (txn) => this.#snapshots.reader(txn),
    };
  }

  #lastId(): string | null {
    return this.#reader.get<{ id: string }>(`SELECT id FROM ${TRANSACTION}`)?.id ?? null;
  }

  #table(name: string): Table {
    const table = this.#tables.get(name);
    if (table === undefined)
      throw new GraftError('GRAFT_UNKNOWN_TABLE', `no entity has the table ${String(name).slice(0, 100)}`);
    return table;
  }

  callables(table: string, grant: TableGrant): CallableTree {
    return grantedCallables(this.#connections, this.#table(table), grant);
  }

  table(name: string): TableAccess {
    return hostAccess(this.#connections, this.#table(name));
  }

  channel(name: string, handler: Handler): OutgoingChannel {
    return this.#outbox.channel(name, handler);
  }

  storedMap(name: string): StoredMap {
    return {
      initial: this.#state.load(name, this.#reader),
      attach: (map) => this.#state.attach(name, map),
      touch: (txn: Transaction): Ticket | null => this.#session.enter(txn),
    };
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
        this.#outbox.write(tree, writer);
        step?.('outbox');
        this.#state.write(tree, writer);
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

  resume(): Promise<void> {
    return this.#outbox.resume();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#outbox.close();
    this.#snapshots.close();
    this.#reader.close();
    this.#session.connection.close();
    await this.#dataSource.destroy();
  }
}
