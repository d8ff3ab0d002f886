// What every ready-made state is told when it is made.

/** A price per call: `cost` units of resource number `resource` of the transaction's account. */
export interface Price {
  readonly resource: number;
  readonly cost: number;
}

export interface StateOptions {
  /** How accessors, locks and undo records name it. */
  readonly name: string;
  /** How long anyone may wait for one of its locks before the holder is aborted; Infinity: for ever. */
  readonly lock_timeout_ms: number;
  readonly reads?: Price;
  readonly writes?: Price;
}
