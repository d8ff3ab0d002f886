// The instances of one plugin in the locked realm. An instance is the module, evaluated: its variables are its heap. A
// call runs in one that nothing else runs in; an abort drops the instance it ran in, so the next call finds the
// variables as the module makes them.

import { type CompartmentCall, REALMS_MAX } from './compartment.ts';
import type { GraftFunction, Seat } from './in-realm.ts';

export interface Instance {
  readonly seat: Seat;
  readonly functions: readonly GraftFunction[];
  readonly apis: readonly object[];
  /** Of the calls that have run in it; null: none has. */
  principal: string | null;
  /** A call that ran in it was aborted. */
  dropped: boolean;
}

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
    const instance = this.#find(call.principal) ?? this.#make();
    instance.seat.current = call;
    instance.principal = call.principal;
    call.at = instance;
    return instance;
  }

  /** The idle one of the principal that was used last, or one that nothing has run in. */
  #find(principal: string): Instance | undefined {
    const last = this.#idle.at(-1)?.principal;
    if (last === principal || last === null) return this.#idle.pop();
    const at = this.#idle.findLastIndex((one) => one.principal === principal || one.principal === null);
    return at < 0 ? undefined : this.#idle.splice(at, 1)[0];
  }

  give(instance: Instance): void {
    instance.seat.current = null;
    if (instance.dropped) return;
    if (this.#idle.push(instance) > REALMS_MAX) this.#idle.shift();
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
