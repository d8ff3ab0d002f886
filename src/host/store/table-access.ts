// Reads and writes of one table, within the rights of a caller: a graft's, as far as its grant goes, or the host's own.
// The order of every write is that of every accessor: the writer's slot → the charge → the log → the statement.

import {
  badArgument,
  type Callable,
  type CallableTree,
  type Caller,
  GraftError,
  shown,
  unexpected,
  unknownName,
  WRITES,
} from '../../plugins/index.ts';
import { Ticket, type Transaction, type Undoable } from '../../txn/index.ts';
import { FIND_BYTES_MAX, FIND_VALUES_MAX, ROWS_MAX, SCAN_STEPS_MAX } from './bounds.ts';
import {
  type Clause,
  changesClause,
  countOf,
  insertion,
  selection,
  type TableRights,
  targetClause,
  whereClause,
} from './clauses.ts';
import { fromSql, type TableColumn } from './column.ts';
import { asSeen, type Connection } from './connection.ts';
import { ScanExceeded } from './scan.ts';
import type { Session } from './session.ts';
import type { FindOptions, Row, TableAccess, TableGrant, Where } from './store.ts';
import type { Table } from './table.ts';

/** The connections to a table. */
export interface Connections {
  readonly session: Session;
  /** For reads outside transactions. */
  readonly reader: Connection;
  /** The connection of a transaction that only reads. */
  snapshot(txn: Transaction): Connection | Ticket;
}

/** Names a write in the report of an abort. The session's point undoes it. */
const note = (name: string): Undoable => ({ name, undo: () => {} });

const tooMuch = (what: string): never => badArgument(`the answer has more than ${what}: ask for fewer rows or columns`);

export class GrantedTable {
  readonly #at: Connections;
  readonly #rights: TableRights;
  readonly #inserts: Undoable;
  readonly #updates: Undoable;
  readonly #deletes: Undoable;

  constructor(at: Connections, rights: TableRights) {
    this.#at = at;
    this.#rights = rights;
    this.#inserts = note(`${rights.table.name}.insert`);
    this.#updates = note(`${rights.table.name}.update`);
    this.#deletes = note(`${rights.table.name}.delete`);
  }

  find(txn: Transaction | null, options: unknown, readOnly = false): Row[] | Ticket {
    const wanted = selection(this.#rights, options);
    return this.#read(txn, readOnly, (connection) => {
      const rows: Row[] = [];
      const measure = new Measure(this.#rights, wanted.columns);
      for (const cells of connection.rows(wanted.sql, wanted.values)) {
        const row: Row = {};
        wanted.columns.forEach((column, i) => {
          row[column.name] = fromSql(column, measure.cell(column, cells[i]));
        });
        rows.push(row);
        measure.row(rows.length);
      }
      return measure.checked(rows);
    });
  }

  count(txn: Transaction | null, where: unknown, readOnly = false): number | Ticket {
    const clause = countOf(this.#rights, whereClause(this.#rights, where));
    return this.#read(txn, readOnly, (connection) => countRows(connection, clause));
  }

  #read<T>(txn: Transaction | null, readOnly: boolean, read: (connection: Connection) => T): T | Ticket {
    const { session } = this.#at;
    const work = (connection: Connection): T => this.#within(txn, connection, () => read(connection));
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

  /** Runs statements with the steps that they may take: more end the call with `limit`. */
  #within<T>(txn: Transaction | null, connection: Connection, work: () => T): T {
    if (!this.#rights.isBounded || txn === null) return work();
    try {
      return connection.steps.within(SCAN_STEPS_MAX, work);
    } catch (error) {
      throw error instanceof ScanExceeded ? txn.doom('limit', `scan of ${this.#rights.table.name}`) : error;
    }
  }

  insert(txn: Transaction, row: unknown): { id: number | string } | Ticket {
    const { session } = this.#at;
    const statement = insertion(this.#rights, row);
    const ticket = session.enter(txn);
    if (ticket !== null) return ticket;
    txn.charge(WRITES, 1);
    txn.tree.log.push(this.#inserts, session, null, null);
    const result = session.attempt(txn, () => session.connection.run(statement.sql, ...statement.values));
    return { id: statement.id ?? Number(result.lastInsertRowid) };
  }

  update(txn: Transaction, where: unknown, changes: unknown): number | Ticket {
    const target = targetClause(this.#rights, where, 'update');
    const update = changesClause(this.#rights, changes);
    return this.#write(txn, this.#updates, target, {
      sql: update.sql + target.sql,
      values: [...update.values, ...target.values],
    });
  }

  delete(txn: Transaction, where: unknown): number | Ticket {
    const target = targetClause(this.#rights, where, 'delete');
    return this.#write(txn, this.#deletes, target, {
      sql: `DELETE FROM ${this.#rights.table.sql}${target.sql}`,
      values: target.values,
    });
  }

  /** Counts the rows first, so that a write that the account cannot pay does not happen. */
  #write(txn: Transaction, logged: Undoable, target: Clause, statement: Clause): number | Ticket {
    const { session } = this.#at;
    const ticket = session.enter(txn);
    if (ticket !== null) return ticket;
    const { connection } = session;
    return session.attempt(txn, () => {
      const rows = this.#within(txn, connection, () => countRows(connection, countOf(this.#rights, target)));
      txn.charge(WRITES, rows);
      txn.tree.log.push(logged, session, JSON.stringify(target.values), null);
      return connection.run(statement.sql, ...statement.values).changes;
    });
  }
}

const countRows = (connection: Connection, clause: Clause): number =>
  (connection.get<{ n: number }>(clause.sql, ...clause.values) as { n: number }).n;

/** Measures an answer while it is read, so that a large one is never gathered. */
class Measure {
  readonly #rights: TableRights;
  readonly #cells: number;
  /** A transformer may make more of a value than it was. */
  readonly #isTransformed: boolean;
  #characters = 0;
  /** Values in JSON and lists. */
  #nested = 0;

  constructor(rights: TableRights, columns: readonly TableColumn[]) {
    this.#rights = rights;
    this.#cells = columns.length;
    this.#isTransformed = columns.some(({ kind }) => kind === 'any');
  }

  cell<T>({ kind }: TableColumn, value: T): T {
    if (typeof value !== 'string') return value;
    this.#characters += value.length;
    if (kind === 'json' || kind === 'list') this.#nested += value.match(/[,[{]/g)?.length ?? 0;
    return value;
  }

  row(rows: number): void {
    const { rows_max, bytes_max } = this.#rights;
    if (rows > rows_max) tooMuch(`${rows_max} rows`);
    if (Number.isFinite(bytes_max) && rows * (this.#cells + 1) + this.#nested > FIND_VALUES_MAX)
      tooMuch(`${FIND_VALUES_MAX} values`);
    if (this.#characters > bytes_max) tooMuch(`${bytes_max} bytes`);
  }

  /** Checks the exact measure, the JSON text; it is only made if it could exceed the bound. */
  checked(rows: Row[]): Row[] {
    const { readable, bytes_max } = this.#rights;
    if (!Number.isFinite(bytes_max)) return rows;
    const names = [...readable.keys()].reduce((sum, name) => sum + 6 * name.length + 32, 2);
    if (!this.#isTransformed && 6 * this.#characters + rows.length * names <= bytes_max) return rows;
    return Buffer.byteLength(JSON.stringify(rows)) > bytes_max ? tooMuch(`${bytes_max} bytes`) : rows;
  }
}

/** The host's own access to a table. */
export const hostAccess = (at: Connections, table: Table): TableAccess => {
  const columns = new Map([...table.columns].filter(([, column]) => column.kind !== 'blob'));
  const unbounded = Number.POSITIVE_INFINITY;
  const granted = new GrantedTable(at, {
    table,
    readable: columns,
    writable: columns,
    rows_max: unbounded,
    bytes_max: unbounded,
    isBounded: false,
  });
  return {
    find: ((txn: Transaction | null, options?: FindOptions) => granted.find(txn, options)) as TableAccess['find'],
    count: ((txn: Transaction | null, where?: Where) => granted.count(txn, where)) as TableAccess['count'],
    insert: (txn, row) => granted.insert(txn, row),
    update: (txn, where, changes) => granted.update(txn, where, changes),
    delete: (txn, where) => granted.delete(txn, where),
  };
};

const GRANT_KEYS: readonly string[] = [
  'read',
  'write',
  'update',
  'insert',
  'delete',
  'rows_max',
] satisfies (keyof TableGrant)[];

const rightsOf = (table: Table, grant: TableGrant): TableRights => {
  const bad = (what: string): never => {
    throw new GraftError('GRAFT_BAD_OPTION', `grant of ${table.name}: ${what}`);
  };
  for (const key of Object.keys(grant)) if (!GRANT_KEYS.includes(key)) bad(unknownName('key', key, GRANT_KEYS));
  const rows_max = grant.rows_max ?? ROWS_MAX;
  if (!Number.isSafeInteger(rows_max) || rows_max < 1)
    bad(`rows_max: expected a whole number, at least 1, got ${shown(rows_max)}`);
  return {
    table,
    readable: table.granted(grant.read),
    writable: table.granted(grant.write),
    rows_max,
    bytes_max: FIND_BYTES_MAX,
    isBounded: true,
  };
};

const reading = (count: number, run: (caller: Caller, args: readonly unknown[]) => unknown): Callable => ({
  waits: false,
  run: (caller, args) =>
    args.length > count ? unexpected('number of arguments', `at most ${count}`, args.length) : run(caller, args),
});

const writing = (count: number, run: (caller: Caller, args: readonly unknown[]) => unknown): Callable => ({
  waits: false,
  run: (caller, args) => {
    if (caller.readOnly) return badArgument('this graft point only reads');
    return args.length === count ? run(caller, args) : unexpected('number of arguments', String(count), args.length);
  },
});

/** The callables of a grant, which do no more than it says. */
export const grantedCallables = (at: Connections, table: Table, grant: TableGrant): CallableTree => {
  const rights = rightsOf(table, grant);
  const granted = new GrantedTable(at, rights);
  const tree: Record<string, Callable> = {};
  if (rights.readable.size > 0) {
    tree.find = reading(1, (caller, [options]) => granted.find(caller.txn, options, caller.readOnly));
    tree.count = reading(1, (caller, [where]) => granted.count(caller.txn, where, caller.readOnly));
  }
  if (grant.insert === true) tree.insert = writing(1, (caller, [row]) => granted.insert(caller.txn, row));
  if (rights.writable.size > 0 && grant.update !== false)
    tree.update = writing(2, (caller, [where, changes]) => granted.update(caller.txn, where, changes));
  if (grant.delete === true) tree.delete = writing(1, (caller, [where]) => granted.delete(caller.txn, where));
  return tree;
};
