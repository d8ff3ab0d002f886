// A plugin of a group of processes, and its heaps: one for each principal of its calls, in each process that they have
// run in.

import { type CompartmentSource, REALMS_MAX } from '../compartment.ts';

/** What calls of one principal share of a plugin: a realm of the engine in each process. */
export interface Heap {
  readonly tenant: Tenant;
}

export class Tenant {
  readonly source: CompartmentSource;
  /** Loads that failed or killed their process, in a row. */
  badLoads = 0;
  /** By principal; the one used last stands last. */
  readonly heaps = new Map<string, Heap>();

  constructor(source: CompartmentSource) {
    this.source = source;
  }

  /**
   * The heap of a principal. Where there are too many, `drop` is told of the one not used for longest: it goes when the
   * calls of it that were sent have run.
   */
  heap(principal: string, drop: (gone: Heap) => void): Heap {
    const { heaps } = this;
    const heap = heaps.get(principal);
    if (heap !== undefined && heaps.size === 1) return heap;
    heaps.delete(principal);
    const used = heap ?? { tenant: this };
    heaps.set(principal, used);
    if (heaps.size <= REALMS_MAX) return used;
    const [oldest, gone] = heaps.entries().next().value as [string, Heap];
    heaps.delete(oldest);
    drop(gone);
    return used;
  }
}
