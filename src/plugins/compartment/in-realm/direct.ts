// The direct compartment: the graft is an ordinary function in the host's own realm. It isolates nothing; it is the
// unsafe path of every measurement, and for one's own code. Transactions, checks and limits on accessors hold as
// everywhere; clocks and memory do not.

import { runInThisContext } from 'node:vm';
import { GraftError } from '../../errors.ts';
import type { Compartment, CompartmentCall, CompartmentMaker, CompartmentSource, Ending } from '../compartment.ts';
import { installFailed, toldRefusal } from '../ending.ts';
import { apiOf, bare, failureOf, type GraftFunction, graftFunctions, mute, Refused, type Seat } from './graft-api.ts';

/** Refuses a call, for directly hosted grafts. */
export const refuseDirect = (code: string, message: string): never => {
  throw new Refused(code, message);
};

class DirectCompartment implements Compartment, Seat {
  readonly kind = 'direct';
  readonly waits = false;
  running: CompartmentCall | null = null;
  readonly #plugin: string;
  readonly #functions: readonly GraftFunction[];
  readonly #apis: readonly object[];
  readonly #now_ms: () => number;
  readonly #left: (compartment: DirectCompartment) => void;
  #disposed = false;

  constructor(
    functions: readonly GraftFunction[],
    source: CompartmentSource,
    now_ms: () => number,
    left: (compartment: DirectCompartment) => void,
  ) {
    this.#plugin = source.plugin;
    this.#functions = functions;
    this.#apis = source.grafts.map((graft, index) => apiOf(this, index, graft, bare));
    this.#now_ms = now_ms;
    this.#left = left;
  }

  /** The host's own copy of the module, which this compartment does not free. */
  get heaps(): number {
    return this.#disposed ? 0 : 1;
  }

  run(call: CompartmentCall): Ending {
    if (this.#disposed) throw new GraftError('GRAFT_CLOSED', `${this.#plugin}: its compartment is closed`);
    const begun_ms = this.#now_ms();
    const outer = this.running;
    this.running = call;
    try {
      const graft = this.#functions[call.index] as GraftFunction;
      const value = graft(call.input, this.#apis[call.index] as object);
      if (typeof value === 'object') mute(value);
      return { kind: 'value', value: call.ignoresAnswer ? null : value, own_ms: this.#now_ms() - begun_ms };
    } catch (error) {
      const own_ms = this.#now_ms() - begun_ms;
      if (error instanceof Refused) return { kind: 'refused', ...toldRefusal(error), own_ms };
      return { kind: 'failed', failure: failureOf(error), own_ms };
    } finally {
      this.running = outer;
    }
  }

  abandon(): void {}

  dispose(): void {
    this.#disposed = true;
    this.#left(this);
  }
}

/**
 * Hosts functions of the host's own program: `modules` maps a plugin's name to its exports. `now_ms` is the clock of
 * the own time in reports; it limits nothing.
 */
export const directMaker = (
  modules: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
  now_ms: () => number = () => performance.now(),
): CompartmentMaker => {
  const open = new Set<Compartment>();
  return {
    kind: 'direct',
    waits: false,
    async load(source) {
      try {
        const functions = graftFunctions(modules.get(source.plugin), source.grafts);
        const compartment = new DirectCompartment(functions, source, now_ms, (gone) => void open.delete(gone));
        open.add(compartment);
        return compartment;
      } catch (error) {
        throw installFailed(source.plugin, failureOf(error));
      }
    },
    close: () => {
      for (const compartment of open) compartment.dispose();
    },
  };
};

/** The same for a plugin's script, as other kinds take it; it is run unchanged. */
export const scriptDirect = (now_ms?: () => number): CompartmentMaker => {
  const modules = new Map<string, Readonly<Record<string, unknown>>>();
  const maker = directMaker(modules, now_ms);
  return {
    ...maker,
    async load(source) {
      modules.set(source.plugin, runInThisContext(source.code, { filename: 'plugin.js' }));
      return maker.load(source);
    },
  };
};
