// Which maker of compartments a kind under test has.

import { type AnyKind, quickJsMaker, vmMaker, WorkerMaker, wasmMaker } from '../../bench/rivals/index.ts';
import {
  directMaker,
  IsolateMaker,
  MeteredMaker,
  ProcessMaker,
  type ProcessOptions,
  sesMaker,
} from '../../src/plugins/compartment/index.ts';
import type { CompartmentMaker } from '../../src/plugins/index.ts';

export type Modules = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

export const makerOf = (kind: AnyKind, modules: Modules, processes: ProcessOptions = {}): CompartmentMaker => {
  switch (kind) {
    case 'direct':
      return directMaker(modules);
    case 'isolate':
      return new IsolateMaker();
    case 'process':
      return new ProcessMaker({ spares: 0, ...processes });
    case 'ses':
      return sesMaker();
    case 'metered':
      return new MeteredMaker();
    case 'vm':
      return vmMaker();
    case 'quickjs':
      return quickJsMaker();
    case 'wasm':
      return wasmMaker();
    case 'worker':
      return new WorkerMaker();
  }
};
