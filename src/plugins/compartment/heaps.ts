// A compartment in the host's own thread whose heaps are things of their own: contexts of node:vm, QuickJS runtimes,
// WebAssembly instances. A plugin has one heap a principal, and more while its calls are nested; a failed call's heap
// is thrown away, and the next call gets a fresh one.

import type { Failure } from '../protocol.ts';
import {
  type Compartment,
  type CompartmentCall,
  type CompartmentKind,
  type Ending,
  REALMS_MAX,
} from './compartment.ts';

/** One evaluated copy of a plugin. At most one call runs in it. */
export interface Heap {
  run(call: CompartmentCall): Ending;
  /** Never called while a call runs in it. */
  dispose(): void;
}

interface Place {
  readonly principal: string;
  readonly heap: Heap;
  busy: boolean;
  /** A call that ran in it was aborted. */
  dropped: boolean;
}

export class HeapCompartment implements Compartment {
  readonly kind: CompartmentKind;
  readonly waits = false;
  readonly #make: () => Heap | Failure;
  /** Those in which no call runs; the last was used last. */
  readonly #idle: Place[];
  #disposed = false;

  /** `make` evaluates the plugin anew; `first` is a heap that it has made. */
  constructor(kind: CompartmentKind, make: () => Heap | Failure, first: Heap) {
    this.kind = kind;
    this.#make = make;
    this.#idle = [{ principal: '', heap: first, busy: false, dropped: false }];
  }

  run(call: CompartmentCall): Ending {
    // An attempt before this one was taken back, and its heap with it.
    if (call.at !== null) this.abandon(call);
    const place = this.#take(call.principal);
    if ('reason' in place) return { kind: 'failed', failure: place, own_ms: 0 };
    call.at = place;
    place.busy = true;
    try {
      const ending = place.heap.run(call);
      place.dropped ||= ending.kind === 'failed';
      return ending;
    } finally {
      place.busy = false;
      this.#give(place);
    }
  }

  abandon(call: CompartmentCall): void {
    const place = call.at as Place | null;
    call.at = null;
    if (place === null || place.dropped) return;
    place.dropped = true;
    const at = this.#idle.indexOf(place);
    if (at >= 0) this.#idle.splice(at, 1);
    if (!place.busy) place.heap.dispose();
  }

  dispose(): void {
    this.#disposed = true;
    for (const place of this.#idle.splice(0)) this.#drop(place);
  }

  #take(principal: string): Place | Failure {
    const at = this.#idle.findLastIndex((place) => place.principal === principal);
    if (at >= 0) return this.#idle.splice(at, 1)[0] as Place;
    const heap = this.#make();
    return 'reason' in heap ? heap : { principal, heap, busy: false, dropped: false };
  }

  #give(place: Place): void {
    if (place.dropped || this.#disposed) return this.#drop(place);
    this.#idle.push(place);
    if (this.#idle.length > REALMS_MAX) this.#drop(this.#idle.shift() as Place);
  }

  /** A call that ran in it may be given up later: its heap is disposed of once. */
  #drop(place: Place): void {
    place.dropped = true;
    place.heap.dispose();
  }
}
