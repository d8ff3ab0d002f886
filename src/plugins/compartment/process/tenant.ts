// A plugin of a group of processes, and its heaps: one for each principal of its calls, which is a realm in each process
// that they have run in.

import type { CompartmentSource } from '../compartment.ts';
import { HeapPool, type Pooled } from '../heap-pool.ts';

/** What calls of one principal share of a plugin. Calls of it may run in several processes at once, a realm in each. */
export class TenantHeap implements Pooled {
  principal: string | null = null;
  readonly level = 0;
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

  /** The heap of a principal. It stays in the pool, since many calls may run in it. */
  heap(principal: string): TenantHeap {
    const heap = this.#pool.take(principal) as TenantHeap;
    this.#pool.give(heap);
    return heap;
  }

  close(): void {
    this.#pool.close();
  }
}
