// Options of every ready-made state.

import type { Transaction } from '../transaction.ts';

/** A price per call: `cost` units of resource number `resource` of the transaction's account. */
export interface Price {
  readonly resource: number;
  readonly cost: number;
}

export interface StateOptions {
  /** The name in messages and undo records, of its accessors and locks. */
  readonly name: string;
  /** How long a transaction may wait for one of its locks before the holder is aborted; Infinity: for ever. */
  readonly lock_timeout_ms: number;
  readonly reads?: Price;
  readonly writes?: Price;
  /** Told of every change before it is made, to hold what it keeps; undefined: nothing there. May throw Aborted. */
  readonly keep?: (txn: Transaction, key: unknown, before: unknown, after: unknown) => void;
}
