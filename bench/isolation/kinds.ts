// The kinds that are compared, a row each. What a kind stops and how fast it is, the benchmark measures; what a row says in words is what cannot be measured.

import { scriptDirect } from '../../src/kernel-model/experiments/index.ts';
import { IsolateMaker, MeteredMaker, ProcessMaker, sesMaker } from '../../src/plugins/compartment/index.ts';
import type { CompartmentKind, CompartmentMaker } from '../../src/plugins/index.ts';

export interface Kind {
  readonly name: CompartmentKind;
  /** What it keeps from a graft, in words. */
  readonly keeps: string;
  readonly use: string;
  /** It needs a realm that is locked down. */
  readonly locked: boolean;
  /** Host and graft share memory. */
  readonly columns: boolean;
  /** Its answers come later, so that several calls can be in flight. */
  readonly waits: boolean;
  /** It holds processes of its own: tens of megabytes, and a start of a quarter of a second. */
  readonly heavy: boolean;
  /** What its calls are held against; none: nothing that is barer does the same. */
  readonly floor?: 'isolated-vm' | 'child_process';
  /** `spares`: how many compartments, or processes, are kept ready where the kind does that. */
  make(spares: number): CompartmentMaker;
}

const now_ms = (): number => performance.now();
const light = { locked: false, columns: true, waits: false, heavy: false } as const;

export const KINDS: readonly Kind[] = [
  { ...light, name: 'direct', keeps: 'nothing', use: 'your own code', make: () => scriptDirect(now_ms) },
  {
    ...light,
    name: 'ses',
    locked: true,
    keeps: 'files, network, the host’s objects',
    use: 'reviewed code; browsers',
    make: () => sesMaker(),
  },
  { ...light, name: 'metered', locked: true, keeps: 'as ses, and endless work', use: 'kernel policies', make: () => new MeteredMaker() },
  {
    ...light,
    name: 'isolate',
    keeps: 'as ses, and memory: its heap is its own',
    use: 'semi-trusted code',
    floor: 'isolated-vm',
    make: (spares) => new IsolateMaker({ spares }),
  },
  {
    name: 'process',
    keeps: 'as isolate, and the host’s process: a crash ends its own',
    use: 'third-party code: the default',
    locked: false,
    columns: false,
    waits: true,
    heavy: true,
    floor: 'child_process',
    make: (spares) => new ProcessMaker({ spares }),
  },
];

/** Throws for a name that no row has. */
export const kindOf = (name: string): Kind => {
  const kind = KINDS.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
};
