// A table some of whose columns are of data types: what a caller says of a value is said of its key. Arguments are
// rewritten here, and the table's own accessors do the rest, with their checks, charges and locks.

import { badArgument, type Callable, type CallableTree, isRecord, isString } from '../../plugins/index.ts';
import type { Host } from '../host.ts';
import { HostTransaction } from '../host-transaction.ts';
import type { FindOptions, Row, TableGrant, Where } from '../store/index.ts';
import type { TypedValue } from './batch.ts';
import type { TypedColumn } from './typed-column.ts';

/** A table with typed columns, for the host's own code. Values are texts, in the form that their type gives them. */
export interface TypedTable {
  /** The last committed rows. */
  find(options?: FindOptions): Promise<Row[]>;
  /** How many of the last committed rows there are that satisfy the conditions. */
  count(where?: Where): Promise<number>;
  /** The table inside a transaction. */
  in(txn: HostTransaction): {
    find(options?: FindOptions): Promise<Row[]>;
    count(where?: Where): Promise<number>;
    insert(row: Row): Promise<{ id: number | string }>;
    /** Rows whose values are read in batches. */
    insertAll(rows: readonly Row[]): Promise<{ id: number | string }[]>;
    update(where: Where, changes: Row): Promise<number>;
    delete(where: Where): Promise<number>;
  };
  /** The callables of the table, for a graft point to list; each waits. */
  callables(grant: TableGrant): CallableTree;
}

const ORDERS = ['<', '<=', '>', '>=', '!='];

type Given = Record<string, unknown>;

/** The texts of one call, read together. */
class Texts {
  readonly #wanted = new Map<TypedColumn, Set<string>>();
  readonly #values = new Map<TypedColumn, Map<string, TypedValue>>();

  want(column: TypedColumn, value: unknown): void {
    if (!isString(value)) return badArgument(`${column.names.column}: a text of the type ${column.type.name}`);
    const set = this.#wanted.get(column) ?? new Set();
    this.#wanted.set(column, set.add(value));
  }

  async read(txn: HostTransaction | undefined): Promise<void> {
    for (const [column, set] of this.#wanted) {
      const texts = [...set];
      const values = await column.type.read(texts, txn);
      const map = new Map<string, TypedValue>();
      for (const [i, text] of texts.entries()) {
        const value = values[i];
        if (value === null || value === undefined)
          badArgument(`${column.names.column}: ${JSON.stringify(text.slice(0, 60))} is no ${column.type.name}`);
        else map.set(text, value);
      }
      this.#values.set(column, map);
    }
  }

  value(column: TypedColumn, text: unknown): TypedValue {
    return this.#values.get(column)?.get(text as string) as TypedValue;
  }
}

/** Rewrites arguments; what is malformed is left for the table to refuse. */
export class ValueRewriter {
  readonly #columns: ReadonlyMap<string, TypedColumn>;
  readonly #keys: ReadonlySet<string>;

  constructor(columns: readonly TypedColumn[]) {
    this.#columns = new Map(columns.map((column) => [column.names.column, column]));
    this.#keys = new Set(columns.map(({ names }) => names.key));
  }

  get keys(): ReadonlySet<string> {
    return this.#keys;
  }

  #refuseKeys(names: Iterable<unknown>): void {
    for (const name of names)
      if (isString(name) && this.#keys.has(name)) badArgument(`column ${name} holds keys, and goes by its values`);
  }

  async where(where: unknown, txn: HostTransaction | undefined): Promise<unknown> {
    if (!isRecord(where)) return where;
    this.#refuseKeys(Object.keys(where));
    const texts = new Texts();
    const typed: [string, TypedColumn, unknown][] = [];
    for (const [name, given] of Object.entries(where)) {
      const column = this.#columns.get(name);
      if (column === undefined || !this.#isByKey(given)) continue;
      typed.push([name, column, given]);
      for (const text of textsIn(given)) texts.want(column, text);
    }
    if (typed.length === 0) return where;
    await Promise.all(typed.map(([, column]) => column.ready()));
    await texts.read(txn);
    const made: Given = { ...where };
    for (const [name, column, given] of typed) {
      delete made[name];
      made[column.names.key] = isRecord(given)
        ? {
            op: given.op,
            value: Array.isArray(given.value)
              ? given.value.map((text) => texts.value(column, text).key)
              : texts.value(column, given.value).key,
          }
        : texts.value(column, given).key;
    }
    return made;
  }

  /** Whether a condition is on the order or the equality of values, not on NULL or on parts of a text. */
  #isByKey(given: unknown): boolean {
    if (!isRecord(given)) return isString(given);
    if (given.op === 'in') return Array.isArray(given.value);
    return isString(given.op) && ORDERS.includes(given.op) && given.value !== null;
  }

  async options(options: unknown, txn: HostTransaction | undefined): Promise<unknown> {
    if (!isRecord(options)) return options;
    const { where, orderBy, columns } = options;
    if (Array.isArray(columns)) this.#refuseKeys(columns);
    const made: Given = { ...options };
    if (where !== undefined) made.where = await this.where(where, txn);
    if (Array.isArray(orderBy)) made.orderBy = await Promise.all(orderBy.map((term) => this.#term(term)));
    return made;
  }

  async #term(term: unknown): Promise<unknown> {
    if (!isRecord(term) || !isString(term.column)) return term;
    this.#refuseKeys([term.column]);
    const column = this.#columns.get(term.column);
    if (column === undefined) return term;
    await column.ready();
    return { ...term, column: column.names.key };
  }

  /** Rows, or changes, with the keys of their values. */
  async rows(rows: readonly unknown[], txn: HostTransaction | undefined): Promise<unknown[]> {
    const texts = new Texts();
    const used = new Set<TypedColumn>();
    for (const row of rows) {
      if (!isRecord(row)) continue;
      this.#refuseKeys(Object.keys(row));
      for (const [name, column] of this.#columns) {
        if (row[name] === undefined) continue;
        used.add(column);
        if (row[name] !== null) texts.want(column, row[name]);
      }
    }
    await Promise.all([...used].map((column) => column.ready()));
    await texts.read(txn);
    return rows.map((row) => (isRecord(row) ? this.#row(row, texts) : row));
  }

  #row(row: Given, texts: Texts): Given {
    const made: Given = { ...row };
    for (const [name, column] of this.#columns) {
      if (row[name] === undefined) continue;
      const value = row[name] === null ? null : texts.value(column, row[name]);
      made[name] = value?.text ?? null;
      made[column.names.key] = value?.key ?? null;
    }
    return made;
  }

  /** Rows as a graft sees them. */
  shown(rows: readonly Row[]): Row[] {
    return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !this.#keys.has(name))));
  }
}

const textsIn = (given: unknown): readonly unknown[] => {
  const value = isRecord(given) ? given.value : given;
  return Array.isArray(value) ? value : [value];
};

/** Lets a grant of values reach their keys: what a graft says of them is rewritten before. */
const widened = (grant: TableGrant, keys: ReadonlySet<string>): TableGrant => {
  const more = (names: readonly string[] | 'all' | undefined): readonly string[] | undefined =>
    names === undefined ? undefined : [...new Set([...(names === 'all' ? ['all'] : names), ...keys])];
  const [read, write] = [more(grant.read), more(grant.write)];
  return { ...grant, ...(read === undefined ? {} : { read }), ...(write === undefined ? {} : { write }) };
};

type Rewrite = (args: readonly unknown[], txn: HostTransaction) => Promise<readonly unknown[]>;

const waiting = (callable: Callable, rewrite: Rewrite, shown = (answer: unknown): unknown => answer): Callable => ({
  waits: true,
  run: async (caller, args) => {
    const txn = new HostTransaction(caller.txn);
    const made = await rewrite(args, txn);
    return shown(await txn.run(() => callable.run(caller, made) as never));
  },
});

export const typedTable = (host: Host, name: string, columns: readonly TypedColumn[]): TypedTable => {
  const table = host.table(name);
  const rewriter = new ValueRewriter(columns);
  const one = async (row: unknown, txn: HostTransaction): Promise<Row> => (await rewriter.rows([row], txn))[0] as Row;
  const callables = (grant: TableGrant): CallableTree => {
    const tree = table.callables(widened(grant, rewriter.keys)) as Record<string, Callable>;
    const rewrites: Record<string, Rewrite> = {
      find: async ([options], txn) => [await rewriter.options(options, txn)],
      count: async ([where], txn) => [await rewriter.where(where, txn)],
      insert: async ([row], txn) => [await one(row, txn)],
      update: async ([where, changes], txn) => [await rewriter.where(where, txn), await one(changes, txn)],
      delete: async ([where], txn) => [await rewriter.where(where, txn)],
    };
    const shown = (answer: unknown): unknown => (Array.isArray(answer) ? rewriter.shown(answer as Row[]) : answer);
    return Object.fromEntries(
      Object.entries(tree).map(([verb, callable]) => [verb, waiting(callable, rewrites[verb] as Rewrite, shown)]),
    );
  };
  return {
    find: async (options) => (await table.read((await rewriter.options(options, undefined)) as never)) as Row[],
    count: async (where) => table.count((await rewriter.where(where, undefined)) as never),
    in: (txn) => {
      const inside = table.in(txn);
      return {
        find: async (options) => (await inside.find((await rewriter.options(options, txn)) as never)) as Row[],
        count: async (where) => inside.count((await rewriter.where(where, txn)) as never),
        insert: async (row) => inside.insert(await one(row, txn)),
        insertAll: async (rows) => {
          const ids: { id: number | string }[] = [];
          for (const row of await rewriter.rows(rows, txn)) ids.push(await inside.insert(row as Row));
          return ids;
        },
        update: async (where, changes) =>
          inside.update((await rewriter.where(where, txn)) as never, await one(changes, txn)),
        delete: async (where) => inside.delete((await rewriter.where(where, txn)) as never),
      };
    },
    callables,
  };
};
