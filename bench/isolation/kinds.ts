// The kinds that are compared. What each claims stands in the table that the conformance suite tries
// (test/support/claims.ts); here is how it is made to be measured, a row each.

import {
  IsolateMaker,
  MeteredMaker,
  ProcessMaker,
  scriptDirect,
  sesMaker,
} from '../../src/plugins/compartment/index.ts';
import type { CompartmentMaker } from '../../src/plugins/index.ts';
import { CLAIMS, type Claims } from '../../test/support/claims.ts';
import { type AnyKind, quickJsMaker, vmMaker, WorkerMaker, wasmMaker } from '../rivals/index.ts';

interface Measured {
  /** It needs a realm that is locked down. */
  readonly locked?: true;
  /** What its calls are held against; none: nothing that is barer does the same. */
  readonly floor?: 'isolated-vm' | 'child_process' | 'worker_threads';
  /**
   * How long what it keeps ready may take to be made, and how long to wait after an abort for what that takes; 15 ms
   * where it is not said.
   */
  readonly spare_ms?: number;
  readonly pause_ms?: number;
  /** `spares`: how many compartments, or processes, are kept ready where the kind does that. */
  make(spares: number): CompartmentMaker;
}

const now_ms = (): number => performance.now();

const ROWS: Readonly<Record<AnyKind, Measured>> = {
  direct: { make: () => scriptDirect(now_ms) },
  vm: { make: () => vmMaker() },
  ses: { locked: true, make: () => sesMaker() },
  metered: { locked: true, make: () => new MeteredMaker() },
  isolate: { floor: 'isolated-vm', make: (spares) => new IsolateMaker({ spares }) },
  quickjs: { make: () => quickJsMaker() },
  wasm: { make: () => wasmMaker() },
  worker: { floor: 'worker_threads', spare_ms: 300, pause_ms: 150, make: (spares) => new WorkerMaker({ spares }) },
  process: { floor: 'child_process', spare_ms: 700, make: (spares) => new ProcessMaker({ spares }) },
};

export interface Kind extends Claims, Measured {
  readonly name: string;
}

export const KINDS: readonly Kind[] = CLAIMS.map((claims) => ({ ...claims, ...ROWS[claims.kind], name: claims.kind }));

/** Throws for a name that no row has. */
export const kindOf = (name: string): Kind => {
  const kind = KINDS.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
};
