// The compartments that the kernel's grafts can run in: the in-thread kinds. `direct` is the unsafe path of every
// measurement.

import { directMaker, isolateMaker, meteredMaker, sesMaker } from 'graftwork/compartments';
import { FUEL_QUANTUM, type Tick } from 'graftwork/kernel-model';
import type { CompartmentMaker } from 'graftwork/plugins';

export const KINDS = ['direct', 'ses', 'metered', 'isolate'] as const;
export type Kind = (typeof KINDS)[number];

export const isKind = (kind: string): kind is Kind => (KINDS as readonly string[]).includes(kind);

/** A clock that stands: own time is not measured if real time has no meaning. */
const timeless = (): number => 0;

/** The `compartments` option of a kernel for one kind. `ses` and `metered` need a locked-down realm. */
export const compartments =
  (kind: Kind) =>
  (tick: Tick): CompartmentMaker => {
    switch (kind) {
      case 'direct':
        return directMaker(timeless);
      case 'ses':
        return sesMaker(timeless);
      case 'metered':
        return meteredMaker({ tick, quantum: FUEL_QUANTUM });
      case 'isolate':
        return isolateMaker();
    }
  };
