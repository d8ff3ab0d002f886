// One realm of a plugin's process: an isolate, and what ends the call that runs in it.
//
// The engine's time-out covers a stretch that stays inside; it pauses while the host's side of a host call runs, so
// each host call compares the own time used so far too, and ends the call by disposing the isolate. The engine's
// time-out wakes a thread of its own for every call, which costs more than a small graft; so it watches the load and a
// realm's first calls only. What loops later is stopped by the host's clock, which kills the process. After a failure
// the isolate is no longer to be used.

import type { Failure, LoadMessage } from '../../protocol.ts';
import { type Engine, RealmIsolate } from '../isolate/realm-isolate.ts';
import { lateFailure, memoryFailure, rejectionFailure } from '../realm/failure.ts';
import { RealmRunner } from '../realm/runner.ts';
import { type Direct, STEP_FINISH, STEP_LOAD, STEP_START } from '../realm/steps.ts';

/** What a load or a call came to: a letter and a text, as realm/steps.ts has it. */
export interface Reply {
  readonly text: string;
  readonly own_us: number;
}

/** Sends a host call out and waits for the answer; see Bridge in realm/api.ts. */
type Wait = (accessor: number, args: string) => string;

/** What else a guest's process does for it. */
export interface GuestHost {
  readonly wait: Wait;
  /** Gets the text of a part of the web's API. */
  readonly part: (name: string) => string;
  /** Sends a line of the console out. */
  readonly tell: (level: number, text: string) => void;
}

/** Calls of a realm that the engine's time-out watches. */
export const WATCHED_CALLS = 100;

export class Guest extends RealmRunner {
  readonly #realm: RealmIsolate;
  readonly #host: GuestHost;
  #calls = 0;

  /** Makes an isolate and scrubs it. No plugin code runs yet. */
  constructor(engine: Engine, { realm, grafts, memory_mb }: LoadMessage, host: GuestHost) {
    super();
    this.#host = host;
    const setup = {
      memory_mb,
      lasting: false,
      grafts: grafts.map((graft) => ({ ...graft, rows: graft.rows === true, columns: [] })),
    };
    const bridge = (accessor: number, args = '[]'): Direct | string => this.hostCall(accessor, args);
    this.#realm = new RealmIsolate(engine, realm, setup, bridge, this.outside);
  }

  /** Evaluates the plugin. The answer is the names of its exported functions. */
  load({ code, load_ms }: LoadMessage): Reply {
    return this.#reply(this.take(STEP_LOAD, 0, code, load_ms));
  }

  /** Runs a graft to its end, its promises included. */
  call(graft: number, input: string, own_ms: number): Reply {
    this.#calls++;
    return this.#reply(this.take(STEP_START, graft, input, own_ms));
  }

  dispose(): void {
    this.#realm.dispose();
  }

  #reply(answer: Direct | string): Reply {
    return { text: typeof answer === 'string' ? answer : `R${answer}`, own_us: Math.round(this.own_ms * 1000) };
  }

  protected override enter(step: number, graft: number, input: Direct | string): Direct | string {
    if (this.#calls > WATCHED_CALLS) return this.#realm.enter(step, graft, input);
    const timeout = step === STEP_FINISH ? this.clock.remaining_ms() : this.clock.limit_ms;
    return this.#realm.enter(step, graft, input, { timeout });
  }

  protected override ask(accessor: number, args: string): string {
    return this.#host.wait(accessor, args);
  }

  protected override part(name: string): string {
    return this.#host.part(name);
  }

  protected override tell(level: number, text: string): void {
    this.#host.tell(level, text);
  }

  protected override stop(): void {
    this.#realm.dispose();
  }

  /** A step never throws by itself: the engine stopped it, or found a rejection that nobody handled. */
  protected override explain(error: unknown): Failure {
    if (this.#realm.isDisposed) return memoryFailure();
    const { limit_ms } = this.clock;
    return this.own_ms >= limit_ms ? lateFailure(limit_ms) : rejectionFailure(error);
  }
}
