// A plugin of a group of processes, and its heaps: one for each principal of its calls, which is a realm in each
// process that they have run in.

import type { Transaction } from '../../../txn/index.ts';
import type { CompartmentCall, CompartmentSource } from '../compartment.ts';
import { HeapPool, type Pooled } from '../heap-pool.ts';

/** What calls of one principal share of a plugin. Calls of it may run in several processes at once, a realm in each. */
export class TenantHeap implements Pooled {
  principal: string | null = null;
  readonly level = 0;
  within: Transaction | null = null;
  dropped = false;
  readonly tenant: Tenant;
  readonly #gone: (heap: TenantHeap) => void;

  constructor(tenant: Tenant, gone: (heap: TenantHeap) => void) {
    this.tenant = tenant;
    this.#gone = gone;
  }

  dispose(): void {
    this.#gone(this);
  }
}

export class Tenant {
  readonly source: CompartmentSource;
  /** Loads that failed or killed their process, in a row. */
  badLoads = 0;
  readonly #pool: HeapPool<TenantHeap>;

  /** `gone` is told of a heap that is used no more: it goes when the calls of it that were sent have run. */
  constructor(source: CompartmentSource, gone: (heap: TenantHeap) => void) {
    this.source = source;
    this.#pool = new HeapPool(() => new TenantHeap(this, gone));
  }

  get heaps(): number {
    return this.#pool.size;
  }

  /**
   * The heap that a call runs in. It stays in the pool, since many calls may run in it; one that lingers gets a heap in
   * which nothing else runs, and which others find again only when what it did is kept.
   */
  heapFor(call: CompartmentCall, isBusy: (heap: TenantHeap) => boolean): TenantHeap {
    const home = call.txn.parent;
    const suits = call.lingers ? (heap: TenantHeap) => !isBusy(heap) : undefined;
    const heap = this.#pool.take(call.principal, home, 0, suits) as TenantHeap;
    if (call.lingers) heap.within = home;
    this.#pool.give(heap);
    return heap;
  }

  /** The heap that the plugin is loaded into first. */
  firstHeap(): TenantHeap {
    const heap = this.#pool.take('', null) as TenantHeap;
    this.#pool.give(heap);
    return heap;
  }

  close(): void {
    this.#pool.close();
  }
}
