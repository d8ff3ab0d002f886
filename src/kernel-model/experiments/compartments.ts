// The compartments that the kernel's grafts can run in: the in-thread kinds. `direct` is the unsafe path of every
// measurement; here it runs the very bundle that the others run, as a plain script.

import { runInThisContext } from 'node:vm';
import { directMaker, IsolateMaker, MeteredMaker, sesMaker } from '../../plugins/compartment/index.ts';
import type { CompartmentMaker } from '../../plugins/index.ts';
import type { Tick } from '../kernel/index.ts';
import { FUEL_QUANTUM } from '../limits.ts';

export const KINDS = ['direct', 'ses', 'metered', 'isolate'] as const;
export type Kind = (typeof KINDS)[number];

export const isKind = (kind: string): kind is Kind => (KINDS as readonly string[]).includes(kind);

/** Own time is not measured where real time has no meaning. */
const timeless = (): number => 0;

/** Hosts a plugin's script directly. `now_ms` is the clock of what is reported as own time. */
export const scriptDirect = (now_ms: () => number): CompartmentMaker => {
  const modules = new Map<string, Readonly<Record<string, unknown>>>();
  const maker = directMaker(modules, now_ms);
  return {
    ...maker,
    load(source) {
      modules.set(source.plugin, runInThisContext(source.code, { filename: 'plugin.js' }));
      return maker.load(source);
    },
  };
};

/** What a kernel is booted with: makes the maker of one kind. `ses` and `metered` need a realm that is locked down. */
export const compartments =
  (kind: Kind) =>
  (tick: Tick): CompartmentMaker => {
    switch (kind) {
      case 'direct':
        return scriptDirect(timeless);
      case 'ses':
        return sesMaker(timeless);
      case 'metered':
        return new MeteredMaker({ tick, quantum: FUEL_QUANTUM });
      case 'isolate':
        return new IsolateMaker();
    }
  };
