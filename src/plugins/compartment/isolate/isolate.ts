// The isolate compartment: an isolate per plugin in the host's own thread. Calls are synchronous and cost about a
// microsecond; loops and hoards of memory end as aborts. It is for semi-trusted code: what ends the engine ends the
// host (README.md lists what that takes), and only `process` survives it.
//
// A plugin has one isolate, and more while its calls are nested. After an abort the isolate is replaced, so that no
// heap outlives one.

import { GraftError } from '../../errors.ts';
import type { Failure } from '../../protocol.ts';
import {
  type Compartment,
  type CompartmentCall,
  type CompartmentMaker,
  type CompartmentSource,
  type Ending,
  REALMS_MAX,
} from '../compartment.ts';
import { type Clocks, THREAD_CLOCKS } from '../own-clock.ts';
import { plainFailure } from '../realm/failure.ts';
import { installFailed } from '../said.ts';
import { LEVELS, type Thread, threadOf } from './engine.ts';
import { Guest } from './guest.ts';

export interface IsolateOptions extends Partial<Clocks> {
  /**
   * Isolates that each plugin has ready beyond the one in use, made when the event loop is idle. An isolate takes 2 to
   * 3 ms and 1.3 MB. Default: none.
   */
  readonly spares?: number;
}

const LOST: Failure = plainFailure('compartment-lost', 'IsolateLost', 'the isolate could not be made anew');

class IsolateCompartment implements Compartment {
  readonly kind = 'isolate';
  readonly waits = false;
  readonly #thread: Thread;
  readonly #clocks: Clocks;
  readonly #source: CompartmentSource;
  readonly #spares: number;
  /** Guests in which no call runs; the last is used first. */
  readonly #idle: Guest[];
  #filling = false;
  #disposed = false;

  constructor(thread: Thread, clocks: Clocks, source: CompartmentSource, spares: number, first: Guest) {
    this.#thread = thread;
    this.#clocks = clocks;
    this.#source = source;
    this.#spares = spares;
    this.#idle = [first];
    this.#fill();
  }

  run(call: CompartmentCall): Ending {
    if (this.#thread.warden.level >= LEVELS)
      throw new GraftError(
        'GRAFT_OVERLOADED',
        `${this.#source.plugin}: more than ${LEVELS} calls, one inside the other, in one thread`,
      );
    // An attempt before this one was taken back, and its heap with it.
    if (call.at !== null) this.abandon(call);
    const ending = this.#attempt(call);
    // Where nobody was to blame, once.
    const innocent = ending.kind === 'failed' && (call.at as Guest | null)?.wasStarved === true;
    return innocent && call.restart() ? this.#attempt(call) : ending;
  }

  #attempt(call: CompartmentCall): Ending {
    const guest = this.#take(call.principal) ?? this.#make();
    if (guest === null) return { kind: 'failed', failure: LOST, own_ms: 0 };
    call.at = guest;
    const ending = guest.run(call);
    if (ending.kind === 'failed') this.#retire(guest);
    else this.#give(guest);
    return ending;
  }

  /** Where there are too many, the one used longest ago goes; those that nothing has run in stay. */
  #give(guest: Guest): void {
    if (this.#idle.push(guest) <= REALMS_MAX + this.#spares) return;
    const oldest = this.#idle.findIndex(({ principal }) => principal !== null);
    this.#idle.splice(oldest, 1)[0]?.dispose();
  }

  /** The idle guest of the principal that was used last, or one that nothing has run in. */
  #take(principal: string): Guest | undefined {
    const { level } = this.#thread.warden;
    const last = this.#idle.at(-1);
    if (last?.level === level && last.principal === principal) return this.#idle.pop();
    const at = this.#idle.findLastIndex((guest) => guest.level === level && guest.principal === principal);
    const fresh = at < 0 ? this.#idle.findLastIndex((guest) => guest.level === level && guest.principal === null) : at;
    return fresh < 0 ? undefined : this.#idle.splice(fresh, 1)[0];
  }

  abandon(call: CompartmentCall): void {
    if (call.at !== null) this.#retire(call.at as Guest);
    call.at = null;
  }

  dispose(): void {
    this.#disposed = true;
    for (const guest of this.#idle.splice(0)) guest.dispose();
  }

  #retire(guest: Guest): void {
    guest.dispose();
    const at = this.#idle.indexOf(guest);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#fill();
  }

  #make(): Guest | null {
    const guest = new Guest(this.#thread, this.#clocks, this.#source);
    if (guest.load(this.#source) === null) return guest;
    guest.dispose();
    return null;
  }

  /** Makes what is missing of spares, one a turn of the event loop. */
  #fill(): void {
    if (this.#spares === 0 || this.#filling || this.#disposed) return;
    const fresh = this.#idle.filter(({ principal }) => principal === null).length;
    if (fresh >= this.#spares && this.#idle.length > this.#spares) return;
    this.#filling = true;
    setImmediate(() => {
      this.#filling = false;
      const guest = this.#disposed ? null : this.#make();
      if (guest === null) return;
      this.#idle.unshift(guest);
      this.#fill();
    }).unref();
  }
}

/** Makes isolate compartments. */
export class IsolateMaker implements CompartmentMaker {
  readonly kind = 'isolate';
  readonly waits = false;
  readonly #thread = threadOf();
  readonly #clocks: Clocks;
  readonly #spares: number;

  constructor({ spares = 0, ...clocks }: IsolateOptions = {}) {
    this.#clocks = { ...THREAD_CLOCKS, ...clocks };
    this.#spares = spares;
  }

  async load(source: CompartmentSource): Promise<Compartment> {
    const guest = new Guest(this.#thread, this.#clocks, source);
    const failure = guest.load(source);
    if (failure === null) return new IsolateCompartment(this.#thread, this.#clocks, source, this.#spares, guest);
    guest.dispose();
    throw installFailed(source.plugin, failure);
  }
}
