// The instances of one plugin in the locked realm. An instance is the module, evaluated: its variables are its heap. A call runs in one that nothing else
// runs in; an abort drops the instance it ran in, so the next call finds the variables as the module makes them.

import type { CompartmentCall } from './compartment.ts';
import type { GraftFunction, Seat } from './in-realm.ts';

export interface Instance {
  readonly seat: Seat;
  readonly functions: readonly GraftFunction[];
  readonly apis: readonly object[];
  /** A call that ran in it was aborted. */
  dropped: boolean;
}

/** More idle ones than this are let go: so many calls of a plugin run one inside the other only when something recurs. */
const IDLE_MAX = 8;

export class Instances {
  readonly #make: () => Instance;
  readonly #idle: Instance[] = [];

  constructor(make: () => Instance) {
    this.#make = make;
  }

  /** Makes the first one. Throws what the module throws. */
  prepare(): void {
    this.#idle.push(this.#make());
  }

  /** An instance for `call` alone; the plugin's module is evaluated where none is idle. */
  take(call: CompartmentCall): Instance {
    const instance = this.#idle.pop() ?? this.#make();
    instance.seat.current = call;
    call.at = instance;
    return instance;
  }

  give(instance: Instance): void {
    instance.seat.current = null;
    if (!instance.dropped && this.#idle.length < IDLE_MAX) this.#idle.push(instance);
  }

  /** The instance that `call` runs or ran in is never used again. */
  drop(call: CompartmentCall): void {
    const instance = call.at as Instance | null;
    if (instance === null) return;
    instance.dropped = true;
    const at = this.#idle.indexOf(instance);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  clear(): void {
    this.#idle.length = 0;
  }
}
