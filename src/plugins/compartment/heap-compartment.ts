// A compartment in the host's own thread: a pool of heaps, and the order in which a call gets one. A heap is dropped
// here: after a failed call, after one that was undone, and before a call is repeated.
//
// A new kind is a Heap and a maker of it: `new HeapMaker('kind', (source) => () => new KindHeap(source))`.

import { GraftError } from '../errors.ts';
import type { Failure } from '../protocol.ts';
import type { Compartment, CompartmentCall, CompartmentMaker, CompartmentSource, Ending } from './compartment.ts';
import { installFailed } from './ending.ts';
import { HeapPool, type Pooled, type PoolOptions } from './heap-pool.ts';

/** One evaluated copy of a plugin. At most one call runs in it. */
export interface Heap extends Pooled {
  /** The call that runs in it; null: none. */
  readonly running: CompartmentCall | null;
  /** The last call failed, and nobody is to blame. */
  readonly isInnocent?: boolean;
  /** Runs a graft to its end. A heap in which a call failed is not used again. */
  run(call: CompartmentCall): Ending;
  /** The running call has been given up, and is in a host call now: it ends as soon as that returns. */
  interrupt?(): void;
}

/** The number of nested calls in the thread, and its maximum. */
export interface Nesting {
  readonly level: number;
  readonly levels_max: number;
}

/** How often a call is begun anew whose failure is nobody's fault. Then its time is up, still to nobody's blame. */
const REPEATS_MAX = 8;

export interface HeapOptions extends PoolOptions {
  /** For kinds whose heaps serve one level of nesting each. Default: any heap serves any level. */
  readonly nesting?: Nesting;
}

class HeapCompartment implements Compartment {
  readonly kind: string;
  readonly waits = false;
  readonly #plugin: string;
  readonly #pool: HeapPool<Heap>;
  readonly #nesting: Nesting | null;
  readonly #left: (compartment: HeapCompartment) => void;

  constructor(
    kind: string,
    plugin: string,
    pool: HeapPool<Heap>,
    nesting: Nesting | null,
    left: (compartment: HeapCompartment) => void,
  ) {
    this.kind = kind;
    this.#plugin = plugin;
    this.#pool = pool;
    this.#nesting = nesting;
    this.#left = left;
  }

  get heaps(): number {
    return this.#pool.size;
  }

  run(call: CompartmentCall): Ending {
    const level = this.#nesting === null ? 0 : this.#level(this.#nesting);
    // An attempt before this one was undone, and its heap with it.
    if (call.at !== null) this.abandon(call);
    let ending = this.#attempt(call, level);
    for (let repeats = 0; ending.kind === 'failed' && this.#isInnocent(call); repeats++) {
      if (repeats === REPEATS_MAX) call.txn.doom('total-time', `begun anew ${REPEATS_MAX} times, and not its fault`);
      if (!call.restart()) return ending;
      ending = this.#attempt(call, level);
    }
    return ending;
  }

  #level({ level, levels_max }: Nesting): number {
    if (level < levels_max) return level;
    throw new GraftError('GRAFT_OVERLOADED', `${this.#plugin}: more than ${levels_max} calls, one inside the other`);
  }

  #attempt(call: CompartmentCall, level: number): Ending {
    const pool = this.#pool;
    const home = call.txn.parent;
    const heap = pool.take(call.principal, home, level);
    if (heap === null) return this.#noHeap();
    heap.within = home;
    call.at = heap;
    let ending: Ending;
    try {
      ending = heap.run(call);
    } catch (error) {
      heap.dropped = true;
      pool.give(heap);
      throw error;
    }
    if (ending.kind === 'failed') heap.dropped = true;
    pool.give(heap);
    return ending;
  }

  #noHeap(): Ending {
    if (this.#pool.isClosed) throw new GraftError('GRAFT_CLOSED', `${this.#plugin}: its compartment is closed`);
    return { kind: 'failed', failure: this.#pool.failure as Failure, own_ms: 0 };
  }

  #isInnocent(call: CompartmentCall): boolean {
    return (call.at as Heap | null)?.isInnocent === true;
  }

  abandon(call: CompartmentCall): void {
    const heap = call.at as Heap | null;
    call.at = null;
    if (heap === null) return;
    if (heap.running === call) heap.interrupt?.();
    this.#pool.drop(heap);
  }

  dispose(): void {
    this.#pool.close();
    this.#left(this);
  }
}

/** Evaluates one plugin: each call makes a heap, or gives the failure. */
export type Evaluator = () => Heap | Failure;

/** Makes compartments of one kind whose heaps are in the host's own thread. */
export class HeapMaker implements CompartmentMaker {
  readonly kind: string;
  readonly waits = false;
  readonly #prepare: (source: CompartmentSource) => Evaluator | Promise<Evaluator>;
  readonly #options: HeapOptions;
  readonly #open = new Set<Compartment>();
  #closed = false;

  /**
   * `prepare` does the work of a load that is done once. It throws GRAFT_INSTALL_FAILED for a plugin that this kind
   * refuses.
   */
  constructor(
    kind: string,
    prepare: (source: CompartmentSource) => Evaluator | Promise<Evaluator>,
    options: HeapOptions = {},
  ) {
    this.kind = kind;
    this.#prepare = prepare;
    this.#options = options;
  }

  async load(source: CompartmentSource): Promise<Compartment> {
    const pool = new HeapPool(await this.#prepare(source), this.#options);
    if (this.#closed) throw new GraftError('GRAFT_CLOSED', `${source.plugin}: the maker of compartments is closed`);
    const failure = pool.prepare();
    if (failure !== null) throw installFailed(source.plugin, failure);
    const compartment = new HeapCompartment(
      this.kind,
      source.plugin,
      pool,
      this.#options.nesting ?? null,
      (gone) => void this.#open.delete(gone),
    );
    this.#open.add(compartment);
    return compartment;
  }

  close(): void {
    this.#closed = true;
    for (const compartment of this.#open) compartment.dispose();
  }
}
