// The direct compartment: the graft is an ordinary function in the host's own realm. It isolates nothing; it is the unsafe path of every measurement,
// and for one's own code. Transactions, checks and limits on accessors hold as everywhere; clocks and memory do not.

import { types } from 'node:util';
import { GraftError } from '../errors.ts';
import { PLAIN_BOUNDS, plainFault } from '../plain.ts';
import { ERROR_TEXT_MAX, type Failure } from '../protocol.ts';
import type { Compartment, CompartmentCall, CompartmentMaker, CompartmentSource, Ending } from './compartment.ts';

type GraftFunction = (input: unknown, api: object) => unknown;

/** A text property of what was thrown; reading it may run code, and that may throw again. */
const textOf = (error: Error, key: 'name' | 'message' | 'stack'): string => {
  try {
    const value: unknown = error[key];
    return typeof value === 'string' ? value.slice(0, ERROR_TEXT_MAX[key]) : '';
  } catch {
    return '';
  }
};

const failureOf = (error: unknown): Failure => {
  if (error instanceof Error)
    return { reason: 'thrown', name: textOf(error, 'name'), message: textOf(error, 'message'), stack: textOf(error, 'stack') };
  return { reason: 'thrown', name: '', message: typeof error === 'string' ? error.slice(0, ERROR_TEXT_MAX.message) : '', stack: '' };
};

/** Thrown by `refuse` and recognised by identity. */
class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** How a directly hosted graft says no. */
export const refuseDirect = (code: string, message: string): never => {
  throw new Refused(code, message);
};

class DirectCompartment implements Compartment {
  readonly kind = 'direct';
  readonly waits = false;
  readonly #functions: readonly GraftFunction[];
  readonly #names: readonly (readonly string[])[];

  constructor(functions: readonly GraftFunction[], names: readonly (readonly string[])[]) {
    this.#functions = functions;
    this.#names = names;
  }

  run(call: CompartmentCall): Ending {
    const begun = performance.now();
    const own = (): number => performance.now() - begun;
    try {
      const graft = this.#functions[call.index] as GraftFunction;
      const value = graft(call.input, apiOf(this.#names[call.index] ?? [], call));
      return { kind: 'value', value: call.ignoresAnswer ? null : value, own_ms: own() };
    } catch (error) {
      if (error instanceof Refused) return { kind: 'refused', code: error.code, message: error.message, own_ms: own() };
      return { kind: 'failed', failure: failureOf(error), own_ms: own() };
    }
  }

  abandon(): void {}

  dispose(): void {}
}

const apiOf = (names: readonly string[], call: CompartmentCall): object => {
  const api: Record<string, unknown> = {};
  for (const [index, name] of names.entries()) {
    const steps = name.split('.');
    let group = api;
    for (const step of steps.slice(0, -1)) {
      group[step] ??= {};
      group = group[step] as Record<string, unknown>;
    }
    group[steps.at(-1) as string] = (...args: unknown[]) => {
      while (args.length > 0 && args.at(-1) === undefined) args.pop();
      const fault = plainFault(args, PLAIN_BOUNDS, types.isProxy);
      if (fault !== null) throw new TypeError(`api.${name}, arguments${fault.path}: ${fault.why}`);
      return call.callAccessor(index, args) ?? null;
    };
  }
  return api;
};

/** Hosts functions of the host's own program: `modules` maps a plugin's name to its exports. */
export const directMaker = (modules: ReadonlyMap<string, Readonly<Record<string, unknown>>>): CompartmentMaker => ({
  kind: 'direct',
  async load(source: CompartmentSource): Promise<Compartment> {
    const exports = modules.get(source.plugin);
    const functions = source.grafts.map((graft) => {
      const value = exports?.[graft.export];
      if (typeof value !== 'function') throw new GraftError('GRAFT_INSTALL_FAILED', `${source.plugin} exports no function ${graft.export}`);
      return value as GraftFunction;
    });
    return new DirectCompartment(
      functions,
      source.grafts.map((graft) => graft.callable),
    );
  },
});
