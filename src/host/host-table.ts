// A table of the application's database, for the host's own code and its graft points; by an entity, its rows have the
// types of the entity's properties.

import { type CallableTree, GraftError } from '../plugins/index.ts';
import type { HostTransaction } from './host-transaction.ts';
import type {
  CellValue,
  Comparison,
  EntityTarget,
  FindOptions,
  Row,
  Scalar,
  Store,
  StoreAnswer,
  TableGrant,
} from './store/index.ts';

/** What a property of an entity is in a row: a date is ISO 8601 text. What no row has (a relation) is `undefined`. */
export type CellOf<Value> = Value extends Date
  ? string
  : Value extends CellValue
    ? Value
    : Value extends undefined
      ? null
      : CellValue | undefined;

/** The rows of an entity: its properties but for methods. Of an entity that has no type, any row. */
export type RowOf<Entity> = 0 extends 1 & Entity
  ? Row
  : {
      [Key in keyof Entity & string as Entity[Key] extends (...args: never[]) => unknown ? never : Key]-?: CellOf<
        Entity[Key]
      >;
    };

export type WhereOf<R extends object> = { readonly [Key in keyof R]?: Scalar | Comparison };

/** Which rows, which of their columns (`Key`), in which order. */
export interface FindOf<R extends object, Key extends keyof R> {
  readonly where?: WhereOf<R>;
  readonly columns?: readonly Key[];
  readonly orderBy?: readonly { readonly column: keyof R; readonly descending?: boolean }[];
  readonly limit?: number;
  readonly offset?: number;
}

/** A table for the host's own code. */
export interface HostTable<R extends object = Row> {
  /** The last committed rows, of SQLite. Throws GRAFT_MUST_WAIT with PostgreSQL, which answers later. */
  find<Key extends keyof R = keyof R>(options?: FindOf<R, Key>): Pick<R, Key>[];
  /** The last committed rows, of either database. */
  read<Key extends keyof R = keyof R>(options?: FindOf<R, Key>): Promise<Pick<R, Key>[]>;
  /** How many of the last committed rows there are that satisfy the conditions, of SQLite; throws as `find` does. */
  count(where?: WhereOf<R>): number;
  /** The table inside a transaction; waits for the writer's slot, or for a connection. */
  in(txn: HostTransaction): {
    find<Key extends keyof R = keyof R>(options?: FindOf<R, Key>): Promise<Pick<R, Key>[]>;
    count(where?: WhereOf<R>): Promise<number>;
    insert(row: Partial<R>): Promise<{ id: number | string }>;
    update(where: WhereOf<R>, changes: Partial<R>): Promise<number>;
    delete(where: WhereOf<R>): Promise<number>;
  };
  /** The callables of the table, for a graft point to list: `find`, `count`, and what the grant lets grafts write. */
  callables(grant: TableGrant): CallableTree;
}

/** What a database has answered at once. */
const atOnce = <T>(answer: StoreAnswer<T>): T => {
  if (!(answer instanceof Promise)) return answer as T;
  answer.catch(() => {});
  throw new GraftError('GRAFT_MUST_WAIT', 'PostgreSQL answers later: `read` a table, not `find`');
};

/** The store checks what is given: types are for who writes the code. */
export const hostTable = (store: Store, which: EntityTarget): HostTable => {
  const table = store.table(which);
  const access: HostTable = {
    find: (options) => atOnce(table.find(null, options as FindOptions)) as never,
    read: async (options) => table.find(null, options as FindOptions) as never,
    count: (where) => atOnce(table.count(null, where as Record<string, Scalar>)),
    in: (txn) => ({
      find: (options) => txn.run((core) => table.find(core, options as FindOptions)) as never,
      count: (where) => txn.run((core) => table.count(core, where as Record<string, Scalar>)),
      insert: (row) => txn.run((core) => table.insert(core, row as Row)),
      update: (where, changes) =>
        txn.run((core) => table.update(core, where as Record<string, Scalar>, changes as Row)),
      delete: (where) => txn.run((core) => table.delete(core, where as Record<string, Scalar>)),
    }),
    callables: (grant) => store.callables(which, grant),
  };
  return access;
};
