// Reads and writes of one table, within the rights of a caller: a graft's, as far as its grant goes, or the host's own.
// Arguments become statements here (clauses.ts) and rows what crosses; rows.ts says how statements reach a database.

import {
  badArgument,
  type Callable,
  type CallableTree,
  type Caller,
  GraftError,
  shown,
  unexpected,
  unknownName,
} from '../../plugins/index.ts';
import { Ticket, type Transaction, type Undoable } from '../../txn/index.ts';
import { FIND_BYTES_MAX, FIND_VALUES_MAX, ROWS_MAX } from './bounds.ts';
import {
  changesClause,
  countOf,
  insertion,
  selection,
  type TableRights,
  targetClause,
  whereClause,
} from './clauses.ts';
import { fromSql, type TableColumn } from './column.ts';
import type { RowAccess, RowTaker, StoreAnswer } from './rows.ts';
import type { Row, TableGrant, WaitingTableAccess } from './store.ts';
import type { Table } from './table.ts';

/** Names a write in the report of an abort. The point of its transaction undoes it. */
const note = (name: string): Undoable => ({ name, undo: () => {} });

const tooMuch = (what: string): never => badArgument(`the answer has more than ${what}: ask for fewer rows or columns`);

/** What becomes of an answer when it is there. */
const after = <T, U>(answer: StoreAnswer<T>, make: (value: T) => U): StoreAnswer<U> => {
  if (answer instanceof Promise) return answer.then(make);
  return answer instanceof Ticket ? answer : make(answer);
};

export class GrantedTable {
  readonly #at: RowAccess;
  readonly #rights: TableRights;
  readonly #inserts: Undoable;
  readonly #updates: Undoable;
  readonly #deletes: Undoable;

  constructor(at: RowAccess, rights: TableRights) {
    this.#at = at;
    this.#rights = rights;
    this.#inserts = note(`${rights.table.name}.insert`);
    this.#updates = note(`${rights.table.name}.update`);
    this.#deletes = note(`${rights.table.name}.delete`);
  }

  find(txn: Transaction | null, options: unknown, readOnly = false): StoreAnswer<Row[]> {
    const rights = this.#rights;
    const wanted = selection(rights, options);
    return this.#at.find({ txn, readOnly, rights }, wanted, () => new Gathered(rights, wanted.columns));
  }

  count(txn: Transaction | null, where: unknown, readOnly = false): StoreAnswer<number> {
    const rights = this.#rights;
    return this.#at.count({ txn, readOnly, rights }, countOf(rights, whereClause(rights, where)));
  }

  insert(txn: Transaction, row: unknown): StoreAnswer<{ id: number | string }> {
    const statement = insertion(this.#rights, row);
    return after(this.#at.insert(txn, this.#inserts, statement), (id) => ({
      id: (statement.id ?? id) as number | string,
    }));
  }

  update(txn: Transaction, where: unknown, changes: unknown): StoreAnswer<number> {
    const rights = this.#rights;
    const target = targetClause(rights, where, 'update');
    const update = changesClause(rights, changes);
    const statement = { sql: update.sql + target.sql, values: [...update.values, ...target.values] };
    return this.#at.change(txn, { rights, logged: this.#updates, target, statement });
  }

  delete(txn: Transaction, where: unknown): StoreAnswer<number> {
    const rights = this.#rights;
    const target = targetClause(rights, where, 'delete');
    const statement = { sql: `DELETE FROM ${rights.table.sql}${target.sql}`, values: target.values };
    return this.#at.change(txn, { rights, logged: this.#deletes, target, statement });
  }
}

/** The rows of a find, measured while they are read. */
class Gathered implements RowTaker<Row[]> {
  readonly #rows: Row[] = [];
  readonly #columns: readonly TableColumn[];
  readonly #measure: Measure;

  constructor(rights: TableRights, columns: readonly TableColumn[]) {
    this.#columns = columns;
    this.#measure = new Measure(rights, columns);
  }

  take(cells: readonly unknown[]): void {
    const row: Row = {};
    this.#columns.forEach((column, i) => {
      row[column.name] = fromSql(column, this.#measure.cell(column, cells[i]));
    });
    this.#rows.push(row);
    this.#measure.row(this.#rows.length);
  }

  done(): Row[] {
    return this.#measure.checked(this.#rows);
  }
}

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
export const hostAccess = (at: RowAccess, table: Table): WaitingTableAccess => {
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
    find: (txn, options) => granted.find(txn, options),
    count: (txn, where) => granted.count(txn, where),
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

type Run = (caller: Caller, args: readonly unknown[]) => unknown;

const reading = (count: number, { waits }: RowAccess, run: Run): Callable => ({
  waits,
  run: (caller, args) =>
    args.length > count ? unexpected('number of arguments', `at most ${count}`, args.length) : run(caller, args),
});

const writing = (count: number, { waits }: RowAccess, run: Run): Callable => ({
  waits,
  run: (caller, args) => {
    if (caller.readOnly) return badArgument('this graft point only reads');
    return args.length === count ? run(caller, args) : unexpected('number of arguments', String(count), args.length);
  },
});

/** The callables of a grant, which do no more than it says. */
export const grantedCallables = (at: RowAccess, table: Table, grant: TableGrant): CallableTree => {
  const rights = rightsOf(table, grant);
  const granted = new GrantedTable(at, rights);
  const tree: Record<string, Callable> = {};
  if (rights.readable.size > 0) {
    tree.find = reading(1, at, (caller, [options]) => granted.find(caller.txn, options, caller.readOnly));
    tree.count = reading(1, at, (caller, [where]) => granted.count(caller.txn, where, caller.readOnly));
  }
  if (grant.insert === true) tree.insert = writing(1, at, (caller, [row]) => granted.insert(caller.txn, row));
  if (rights.writable.size > 0 && grant.update !== false)
    tree.update = writing(2, at, (caller, [where, changes]) => granted.update(caller.txn, where, changes));
  if (grant.delete === true) tree.delete = writing(1, at, (caller, [where]) => granted.delete(caller.txn, where));
  return tree;
};
