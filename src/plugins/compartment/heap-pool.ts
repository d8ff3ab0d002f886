// The pool of one plugin's heaps. A heap is a copy of the plugin's module, evaluated; calls of one principal share its
// variables. Every kind of compartment with heaps keeps them here.
//
//   const heap = pool.take(principal, home);    // an idle one of the principal, else a fresh one, else one made now
//   …                                           // no other call gets it meanwhile
//   pool.give(heap);                            // idle again, or disposed of if it was dropped
//   pool.drop(heap);                            // a call in it was undone: it is never used again
//
// The changes of a call in a heap are kept only when the transaction around the call commits. Until then the heap
// serves calls inside that transaction alone; if it aborts, the heap is dropped.

import type { Transaction } from '../../txn/index.ts';
import type { Failure } from '../protocol.ts';

/** The largest number of idle heaps of a plugin; beyond it, the one not used for longest goes. */
export const HEAPS_MAX = 16;

/** A heap, as the pool needs it. */
export interface Pooled {
  /** The principal of the calls that have run in it; null: none has run. */
  principal: string | null;
  /** The nesting of the calls around it when it was made: it serves calls of the same level. */
  readonly level: number;
  /** The transaction whose commit keeps the changes of calls in it; null: they are kept for good. */
  within: Transaction | null;
  /** A call that ran in it was undone. */
  dropped: boolean;
  /** Frees it. Never called while a call runs in it. */
  dispose(): void;
}

export interface PoolOptions {
  /** Fresh heaps kept ready beyond the one in use, made when the event loop is idle. Default: none. */
  readonly spares?: number;
}

export class HeapPool<H extends Pooled> {
  readonly #make: () => H | Failure;
  readonly #spares: number;
  /** The idle heap that was used last; nearly every call takes it again. */
  #last: H | null = null;
  /** The other idle heaps. The one used last is at the end; fresh spares are at the front. */
  readonly #idle: H[] = [];
  #size = 0;
  #filling = false;
  #closed = false;
  /** The failure of the last `take` or `prepare`. */
  failure: Failure | null = null;

  /** `make` evaluates the plugin anew. */
  constructor(make: () => H | Failure, { spares = 0 }: PoolOptions = {}) {
    this.#make = make;
    this.#spares = spares;
  }

  /** The number of heaps, idle or in use. */
  get size(): number {
    return this.#size;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Makes the first heap. Gives the failure; null: none. */
  prepare(): Failure | null {
    const heap = this.#made();
    if (heap === null) return this.failure;
    this.#idle.push(heap);
    this.#fill();
    return null;
  }

  /**
   * A heap for one call whose work is committed into `home`; null: none could be made, see `failure`, or the pool is
   * closed. `suits`: which idle heaps will do.
   */
  take(principal: string, home: Transaction | null, level = 0, suits?: (heap: H) => boolean): H | null {
    const last = this.#last;
    if (last === null || last.principal !== principal || last.level !== level || suits !== undefined)
      return this.#takeOther(principal, home, level, suits);
    const { within } = last;
    const isKept = within === null || (within.state === 'committed' && within.parent === null);
    if (!isKept && !serves(last, home)) return this.#takeOther(principal, home, level, suits);
    this.#last = null;
    return last;
  }

  #takeOther(principal: string, home: Transaction | null, level: number, suits?: (heap: H) => boolean): H | null {
    if (this.#last !== null) this.#idle.push(this.#last);
    this.#last = null;
    const heap = this.#find(principal, home, level, suits) ?? this.#made();
    if (heap !== null) heap.principal = principal;
    return heap;
  }

  /** The idle heap of the principal that was used last, or a fresh one. */
  #find(principal: string, home: Transaction | null, level: number, suits?: (heap: H) => boolean): H | undefined {
    const idle = this.#idle;
    const fits = (heap: H, of: string | null): boolean =>
      heap.level === level && heap.principal === of && serves(heap, home) && (suits === undefined || suits(heap));
    const own = idle.findLastIndex((heap) => fits(heap, principal));
    const at = own < 0 ? idle.findLastIndex((heap) => fits(heap, null)) : own;
    const found = at < 0 ? undefined : idle.splice(at, 1)[0];
    for (const heap of idle.filter(({ within }) => within?.state === 'aborted')) this.drop(heap);
    return found;
  }

  #made(): H | null {
    if (this.#closed) return null;
    const made = this.#make();
    if ('reason' in made) {
      this.failure = made;
      return null;
    }
    this.#size++;
    return made;
  }

  /** Gives a heap back after its call has ended. */
  give(heap: H): void {
    if (heap.dropped || this.#closed) return this.#dispose(heap);
    const before = this.#last;
    this.#last = heap;
    if (before !== null) this.#idle.push(before);
    if (this.#idle.length >= HEAPS_MAX + this.#spares) this.#evict();
  }

  /** Disposes of idle heaps beyond the maximum, but not of fresh ones. */
  #evict(): void {
    const oldest = this.#idle.findIndex(({ principal }) => principal !== null);
    for (const heap of this.#idle.splice(oldest, 1)) this.#dispose(heap);
  }

  /** Lets a heap never be used again. If a call still runs in it, it is disposed of when it is given back. */
  drop(heap: H): void {
    if (heap.dropped) return;
    heap.dropped = true;
    const at = this.#idle.indexOf(heap);
    if (at >= 0) this.#idle.splice(at, 1);
    else if (heap === this.#last) this.#last = null;
    else return;
    this.#dispose(heap);
  }

  #dispose(heap: H): void {
    this.#size--;
    heap.dispose();
    this.#fill();
  }

  /** Disposes of all heaps; of one in use, when it is given back. */
  close(): void {
    this.#closed = true;
    const idle = this.#idle.splice(0);
    if (this.#last !== null) idle.push(this.#last);
    this.#last = null;
    for (const heap of idle) this.#dispose(heap);
  }

  /** Makes missing spares, one a turn of the event loop. */
  #fill(): void {
    if (this.#spares === 0 || this.#filling || this.#closed) return;
    const fresh = this.#idle.filter(({ principal }) => principal === null).length;
    const idle = this.#idle.length + (this.#last === null ? 0 : 1);
    if (fresh >= this.#spares && idle > this.#spares) return;
    this.#filling = true;
    setImmediate(() => {
      this.#filling = false;
      const heap = this.#made();
      if (heap === null) return;
      this.#idle.unshift(heap);
      this.#fill();
    }).unref();
  }
}

/** Whether a call whose work is committed into `home` may see the changes of earlier calls in `heap`. */
const serves = (heap: Pooled, home: Transaction | null): boolean => {
  let { within } = heap;
  while (within !== null && within.state === 'committed') within = within.parent;
  heap.within = within;
  if (within === null) return true;
  if (within.state === 'aborted') return false;
  let around = home;
  while (around !== null && around !== within) around = around.parent;
  return around !== null;
};
