// The direct compartment: the graft is an ordinary function in the host's own realm. It isolates nothing; it is the
// unsafe path of every measurement, and for one's own code. Transactions, checks and limits on accessors hold as
// everywhere; clocks and memory do not.

import type { Compartment, CompartmentCall, CompartmentMaker, CompartmentSource, Ending } from './compartment.ts';
import { apiOf, bare, failureOf, type GraftFunction, graftFunctions, mute, Refused, type Seat } from './in-realm.ts';

/** How a directly hosted graft says no. */
export const refuseDirect = (code: string, message: string): never => {
  throw new Refused(code, message);
};

class DirectCompartment implements Compartment {
  readonly kind = 'direct';
  readonly waits = false;
  readonly #functions: readonly GraftFunction[];
  readonly #apis: readonly object[];
  readonly #seat: Seat = { current: null };
  readonly #now_ms: () => number;

  constructor(functions: readonly GraftFunction[], source: CompartmentSource, now_ms: () => number) {
    this.#functions = functions;
    this.#apis = source.grafts.map((graft, index) => apiOf(this.#seat, index, graft, bare));
    this.#now_ms = now_ms;
  }

  run(call: CompartmentCall): Ending {
    const begun_ms = this.#now_ms();
    const outer = this.#seat.current;
    this.#seat.current = call;
    try {
      const graft = this.#functions[call.index] as GraftFunction;
      const value = graft(call.input, this.#apis[call.index] as object);
      if (typeof value === 'object') mute(value);
      return { kind: 'value', value: call.ignoresAnswer ? null : value, own_ms: this.#now_ms() - begun_ms };
    } catch (error) {
      const own_ms = this.#now_ms() - begun_ms;
      if (error instanceof Refused) return { kind: 'refused', code: error.code, message: error.message, own_ms };
      return { kind: 'failed', failure: failureOf(error), own_ms };
    } finally {
      this.#seat.current = outer;
    }
  }

  abandon(): void {}

  dispose(): void {}
}

/**
 * Hosts functions of the host's own program: `modules` maps a plugin's name to its exports. `now_ms` is the clock of
 * what is reported as own time; nothing is limited by it.
 */
export const directMaker = (
  modules: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
  now_ms: () => number = () => performance.now(),
): CompartmentMaker => ({
  kind: 'direct',
  waits: false,
  async load(source: CompartmentSource): Promise<Compartment> {
    return new DirectCompartment(
      graftFunctions(source.plugin, modules.get(source.plugin), source.grafts),
      source,
      now_ms,
    );
  },
});
