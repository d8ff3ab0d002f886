// The metered compartment: as ses, and every call has fuel. The plugin's script has been rewritten, here (rewriting.ts)
// or elsewhere, so that it counts what it does (meter/rewrite.ts), and built-ins that can run long are bounded
// (meter/built-ins.ts); nothing else is in its reach. Time is fuel here: it is deterministic, and no clock is read.
// Only calls of this kind can be preempted: `tick` is called at every quantum, on the graft's stack.

import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import type { Transaction } from '../../../txn/index.ts';
import { GraftError } from '../../errors.ts';
import { PLAIN_BOUNDS, type PlainBounds, plainFault } from '../../plain.ts';
import type { Failure } from '../../protocol.ts';
import { shown } from '../../shown.ts';
import type { CompartmentCall, CompartmentSource, Ending } from '../compartment.ts';
import { Fault, installFailed, LOST } from '../ending.ts';
import { type Heap, HeapMaker } from '../heap-compartment.ts';
import { checkLocked } from '../lockdown.ts';
import { plainFailure } from '../realm/failure.ts';
import { copied, copiedAnswer, crossing, refusedBy, refusing } from './crossing.ts';
import { type Ask, apiOf, failureOf, type GraftFunction, graftFunctions, type Seat } from './graft-api.ts';
import { GLOBALS } from './meter/globals.ts';
import { CELL, charge, enter, FUEL_MAX, leave, METER, RUNNING, settle, type Tick } from './meter/meter.ts';
import { meteredConstructors } from './meter/natives.ts';
import { OPERATORS } from './meter/operators.ts';
import { type Rewritten, restored, verify } from './meter/sign.ts';

export interface MeteredOptions {
  /** Fuel that counts as one millisecond of own time; default 20,000. A call has own_ms × fuel_per_ms, below 2^31. */
  readonly fuel_per_ms?: number;
  /** Fuel between two ticks; without it a call's fuel is one quantum. */
  readonly quantum?: number;
  /**
   * Called at every quantum, on the graft's stack, and once at the call's end, with the fuel used since the last call.
   * It may run other calls. When it returns, the graft goes on only if the call's transaction is active and not doomed;
   * otherwise the call ends at once, whatever the graft catches.
   */
  readonly tick?: Tick;
  /** Signs rewritten texts, and must have signed those that are loaded; default: random. */
  readonly key?: Uint8Array;
}

const FUEL_PER_MS = 20_000;
const KEY_BYTES = 32;
/** The price of a crossing, without that of its arguments. */
const CROSSING = 20;

const isObject = (value: unknown): boolean =>
  typeof value === 'object' || (typeof value === 'string' && value.length > 1000);

/** Checking large arguments is work: bounds grow, and each step is paid before it is walked. */
const STEPS: readonly { readonly bounds: PlainBounds; readonly price: number }[] = [
  { bounds: { ...PLAIN_BOUNDS, nodes: 64, keys: 64, bytes: 4096 }, price: 64 },
  { bounds: { ...PLAIN_BOUNDS, nodes: 2048, keys: 2048, bytes: 65_536 }, price: 2048 },
  { bounds: PLAIN_BOUNDS, price: 200_000 },
];

const weigh = (args: readonly unknown[]): void => {
  charge(CROSSING);
  if (!args.some(isObject)) return;
  for (const { bounds, price } of STEPS) {
    charge(price);
    if (plainFault(args, bounds) === null) return;
  }
};

/** Nothing is charged while the host works. */
const face = (ask: Ask): object =>
  harden((...args: unknown[]): unknown => {
    const counts = CELL[RUNNING] as number;
    if (counts === 1) weigh(args);
    CELL[RUNNING] = 0;
    try {
      return crossing(ask, args);
    } finally {
      CELL[RUNNING] = counts;
    }
  });

type Script = () => unknown;
/** The value of a rewritten text. */
type Linked = (given: { readonly operators: object; readonly globals: object }) => Script;

/** Evaluates a module with `fuel`. Throws a Fault if that is not enough. */
const within = (fuel: number, script: Script): unknown => {
  enter(null, null, FUEL_MAX, fuel);
  try {
    const exported = script();
    if (!METER.ended) return exported;
  } catch (error) {
    if (!METER.ended) throw error;
  } finally {
    leave();
  }
  throw new Fault(plainFailure('own-time', '', `the module used more than ${fuel} fuel`));
};

/** The global object of all metered code of this realm: frozen, so that nothing of one plugin is another's. */
let realm: Compartment | null = null;
let names: Record<string, unknown> = {};

const meteredRealm = (): Compartment => {
  if (realm !== null) return realm;
  const made = new Compartment({ globals: {}, __options__: true });
  const globals = made.globalThis as Record<string, unknown>;
  const constructors = meteredConstructors(harden);
  for (const name of Reflect.ownKeys(globals))
    if (!GLOBALS.includes(String(name))) Reflect.deleteProperty(globals, name);
  for (const name of GLOBALS) if (Object.hasOwn(constructors, name)) globals[name] = constructors[name];
  // The `constructor` of every function since lockdown: it makes nothing.
  globals.Function = Function.prototype.constructor;
  names = Object.fromEntries(GLOBALS.map((name) => [name, globals[name]]));
  realm = made;
  return made;
};

const linked = (code: string): Linked =>
  meteredRealm().evaluate(`${code}\n//# sourceURL=plugin.js`, { __rejectSomeDirectEvalExpressions__: false }) as Linked;

/** One plugin's rewritten text: evaluated once, instantiated for every fresh heap. */
class MeteredProgram {
  readonly source: CompartmentSource;
  readonly #linked: Linked;
  readonly #map: string;
  #trace: TraceMap | null = null;
  readonly #fuel: number;

  constructor(source: CompartmentSource, text: Rewritten, fuel: number) {
    this.source = source;
    this.#linked = linked(text.code);
    this.#map = text.map;
    this.#fuel = fuel;
  }

  /** The exports of the module, evaluated anew within the fuel of a load. */
  exports(seat: Seat): unknown {
    const globals: Record<string, unknown> = Object.assign(Object.create(null), names, {
      __graftwork_refuse: refusing(seat),
    });
    globals.globalThis = globals;
    return within(this.#fuel, this.#linked({ operators: OPERATORS, globals: harden(globals) }));
  }

  /**
   * A failure with places of the author's script instead of the rewritten text. The parser's own first line is none.
   */
  placed(failure: Failure): Failure {
    if (!failure.stack.includes('plugin.js:')) return failure;
    this.#trace ??= new TraceMap(this.#map);
    const trace = this.#trace;
    const stack = failure.stack.replace(/plugin\.js:(\d{1,9}):(\d{1,9})/g, (_frame, line: string, column: string) => {
      const place = originalPositionFor(trace, { line: Number(line), column: Number(column) - 1 });
      return place.line === null || place.line < 2 ? 'plugin.js' : `plugin.js:${place.line - 1}:${place.column + 1}`;
    });
    return { ...failure, stack };
  }
}

/** One evaluated copy of a plugin, and the meter around its calls. */
class MeteredHeap implements Heap {
  principal: string | null = null;
  readonly level = 0;
  within: Transaction | null = null;
  dropped = false;
  running: CompartmentCall | null = null;
  readonly #program: MeteredProgram;
  readonly #tick: Tick | null;
  readonly #quantum: number;
  readonly #fuel_per_ms: number;
  /** The own time of calls, and its fuel: nearly always the same. */
  #own_ms = 0;
  #fuel = 0;
  readonly #functions: readonly GraftFunction[];
  readonly #apis: readonly object[];

  /** Evaluates the module within the fuel of a load. Throws whatever that throws. */
  constructor(program: MeteredProgram, rate: Rate) {
    const { grafts } = program.source;
    this.#program = program;
    this.#tick = rate.tick;
    this.#quantum = rate.quantum;
    this.#fuel_per_ms = rate.fuel_per_ms;
    this.#functions = graftFunctions(program.exports(this), grafts);
    this.#apis = grafts.map((graft, index) => apiOf(this, index, graft, face));
  }

  run(call: CompartmentCall): Ending {
    const limit = call.own_ms === this.#own_ms ? this.#fuel : this.#fuelFor(call.own_ms);
    const input = copied(call.input);
    const graft = this.#functions[call.index] as GraftFunction;
    const api = this.#apis[call.index] as object;
    this.running = call;
    enter(call, this.#tick, this.#quantum, limit);
    try {
      return this.#answered(call, graft(input, api), limit);
    } catch (error) {
      return this.#threw(call, error, limit);
    } finally {
      leave();
      this.running = null;
    }
  }

  #fuelFor(own_ms: number): number {
    this.#own_ms = own_ms;
    this.#fuel = fuelOf(own_ms, this.#fuel_per_ms);
    return this.#fuel;
  }

  /** Stops counting and reports the rest. Gives the call's own time. */
  #stop(call: CompartmentCall): number {
    CELL[RUNNING] = 0;
    const rest = settle();
    const own_ms = METER.told / this.#fuel_per_ms;
    this.#tick?.(call, rest);
    return own_ms;
  }

  #answered(call: CompartmentCall, value: unknown, limit: number): Ending {
    if (METER.ended) return this.#ended(call, limit);
    const answer = call.ignoresAnswer ? null : copiedAnswer(value);
    return { kind: 'value', value: answer, own_ms: this.#stop(call) };
  }

  /** The ending of a call that threw. Reading the error may run code of the graft, so it counts too. */
  #threw(call: CompartmentCall, error: unknown, limit: number): Ending {
    if (METER.ended) return this.#ended(call, limit);
    const failure = failureOf(error);
    if (METER.ended) return this.#ended(call, limit);
    const own_ms = this.#stop(call);
    return refusedBy(error, call, own_ms) ?? { kind: 'failed', failure: this.#program.placed(failure), own_ms };
  }

  #ended(call: CompartmentCall, limit: number): Ending {
    const { fault, exhausted } = METER;
    if (fault !== null) {
      CELL[RUNNING] = 0;
      throw fault.error;
    }
    const own_ms = this.#stop(call);
    return {
      kind: 'failed',
      failure: exhausted ? plainFailure('own-time', '', `more than ${limit} fuel`) : LOST,
      own_ms,
    };
  }

  /** The heap is garbage from here on. */
  dispose(): void {}
}

const fuelOf = (own_ms: number, fuel_per_ms: number): number =>
  Math.max(1, Math.min(FUEL_MAX, Math.floor(own_ms * fuel_per_ms)));

/** The fuel of a millisecond, and where the use of fuel is told. */
interface Rate {
  readonly fuel_per_ms: number;
  readonly quantum: number;
  readonly tick: Tick | null;
}

const linkedProgram = (source: CompartmentSource, text: Rewritten, fuel: number): MeteredProgram => {
  try {
    return new MeteredProgram(source, text, fuel);
  } catch (error) {
    throw installFailed(source.plugin, failureOf(error));
  }
};

/**
 * Hosts plugins in the calling realm, which must be locked down, and counts their work. It takes rewritten texts alone
 * (`stored`), signed with its key: a realm that only runs them, as a browser's does, holds no rewriter.
 */
export class SignedMaker extends HeapMaker {
  protected readonly key: Uint8Array;

  /** Throws GRAFT_BAD_OPTION for fuel that is not a positive number below 2^31. */
  constructor(options: MeteredOptions = {}) {
    const { fuel_per_ms = FUEL_PER_MS, quantum = FUEL_MAX, tick = null } = options;
    for (const [name, fuel] of Object.entries({ fuel_per_ms, quantum }))
      if (!(fuel >= 1 && fuel <= FUEL_MAX))
        throw new GraftError(
          'GRAFT_BAD_OPTION',
          `metered: ${name}: expected 1 to ${FUEL_MAX} units, got ${shown(fuel)}`,
        );
    const rate: Rate = { fuel_per_ms, quantum: Math.floor(quantum), tick };
    super('metered', (source) => {
      checkLocked('metered');
      const program = linkedProgram(source, this.#textOf(source), fuelOf(source.load_ms, fuel_per_ms));
      return () => {
        try {
          return new MeteredHeap(program, rate);
        } catch (error) {
          return program.placed(failureOf(error));
        }
      };
    });
    this.key = options.key ?? crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  }

  #textOf({ plugin, code }: CompartmentSource): Rewritten {
    const kept = restored(code) ?? this.rewritten(code);
    if (kept !== null && verify(kept, this.key)) return kept;
    throw new GraftError(
      'GRAFT_INSTALL_FAILED',
      `${plugin}: the text is not rewritten and signed with the key of this maker`,
    );
  }

  /** What is made of a text that is not rewritten; null: nothing. */
  protected rewritten(_script: string): Rewritten | null {
    return null;
  }
}
