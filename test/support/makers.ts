// Which maker of compartments a kind under test has.

import { directMaker, ProcessMaker, type ProcessOptions } from '../../src/plugins/compartment/index.ts';
import type { CompartmentKind, CompartmentMaker } from '../../src/plugins/index.ts';

export type Modules = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

export const makerOf = (kind: CompartmentKind, modules: Modules, processes: ProcessOptions = {}): CompartmentMaker => {
  switch (kind) {
    case 'direct':
      return directMaker(modules);
    case 'process':
      return new ProcessMaker({ spares: 0, ...processes });
    default:
      throw new Error(`no ${kind} compartment is made yet`);
  }
};
