// A table of the application's database, for the host's own code and its graft points.

import type { CallableTree } from '../plugins/index.ts';
import type { HostTransaction } from './host-transaction.ts';
import type { FindOptions, Row, TableGrant, Where } from './store/index.ts';

/** A table for the host's own code. */
export interface HostTable {
  /** The last committed rows. */
  find(options?: FindOptions): Row[];
  /** The table inside a transaction; waits for the writer's slot. */
  in(txn: HostTransaction): {
    find(options?: FindOptions): Promise<Row[]>;
    insert(row: Row): Promise<{ id: number | string }>;
    update(where: Where, changes: Row): Promise<number>;
    delete(where: Where): Promise<number>;
  };
  /** The callables of the table, for a graft point to list. */
  callables(grant: TableGrant): CallableTree;
}
