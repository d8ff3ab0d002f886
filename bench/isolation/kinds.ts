// The kinds that are compared, a row each: how a kind is made for the measurement. Its claims are in the table of the
// conformance suite (test/support/claims.ts).

import { directMaker, isolateMaker, meteredMaker, processMaker, sesMaker } from 'graftwork/compartments';
import type { CompartmentKind, CompartmentMaker } from 'graftwork/plugins';
import { CLAIMS, type Claims } from '../../test/support/claims.ts';
import { type AnyKind, quickJsMaker, vmMaker, WorkerMaker, wasmMaker } from '../rivals/index.ts';

interface Measured {
  /** It needs a realm that is locked down. */
  readonly locked?: true;
  /** The floor of its calls; none: nothing barer does the same. */
  readonly floor?: 'isolated-vm' | 'child_process' | 'worker_threads';
  /** How long its spares may take to be made, and how long to wait after an abort for that; default: 15 ms. */
  readonly spare_ms?: number;
  readonly pause_ms?: number;
  /** `spares`: the number of compartments, or processes, that are kept ready, if the kind keeps any. */
  make(spares: number): CompartmentMaker;
}

const now_ms = (): number => performance.now();

const ROWS: Readonly<Record<AnyKind, Measured>> = {
  direct: { make: () => directMaker(now_ms) },
  vm: { make: () => vmMaker() },
  ses: { locked: true, make: () => sesMaker() },
  metered: { locked: true, make: () => meteredMaker() },
  isolate: { floor: 'isolated-vm', make: (spares) => isolateMaker({ spares }) },
  quickjs: { make: () => quickJsMaker() },
  wasm: { make: () => wasmMaker() },
  worker: { floor: 'worker_threads', spare_ms: 300, pause_ms: 150, make: (spares) => new WorkerMaker({ spares }) },
  process: { floor: 'child_process', spare_ms: 700, make: (spares) => processMaker({ spares }) },
};

export interface Kind extends Claims, Measured {
  readonly name: string;
}

export const KINDS: readonly Kind[] = CLAIMS.map((claims) => ({ ...claims, ...ROWS[claims.kind], name: claims.kind }));

/** The kinds that ship, the most contained first. */
export const SHIPPED: readonly CompartmentKind[] = ['process', 'isolate', 'metered', 'ses', 'direct'];

/** Throws for a name that has no row. */
export const kindOf = (name: string): Kind => {
  const kind = KINDS.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
};
