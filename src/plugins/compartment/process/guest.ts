// One realm of a plugin's process: an isolate, and what ends the call that runs in it.
//
// Each host call, and the end, compares the own time used so far with the limit; a host call beyond it ends the call by
// disposing of the isolate. What loops without either is stopped by the host's clock, which kills the process: the
// engine's time-out would wake a thread for every call, and counts time in which the thread got no processor. After a
// failure the isolate is no longer to be used.

import type { Failure, LoadMessage } from '../../protocol.ts';
import { type Engine, RealmIsolate } from '../isolate/realm-isolate.ts';
import { memoryFailure, rejectionFailure } from '../realm/failure.ts';
import { RealmRunner } from '../realm/runner.ts';
import { type Direct, STEP_LOAD, STEP_START } from '../realm/steps.ts';

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

export class Guest extends RealmRunner {
  readonly #realm: RealmIsolate;
  readonly #host: GuestHost;

  /** Makes an isolate and scrubs it. No plugin code runs yet. */
  constructor(engine: Engine, { realm, grafts, memory_mb }: LoadMessage, host: GuestHost) {
    super(false);
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
    return this.#reply(this.take(STEP_START, graft, input, own_ms));
  }

  dispose(): void {
    this.#realm.dispose();
  }

  #reply(answer: Direct | string): Reply {
    return { text: typeof answer === 'string' ? answer : `R${answer}`, own_us: Math.round(this.own_ms * 1000) };
  }

  protected override enter(step: number, graft: number, input: Direct | string): Direct | string {
    return this.#realm.enter(step, graft, input);
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

  /** A step never throws by itself: the engine ended the isolate, or found a rejection that nobody handled. */
  protected override explain(error: unknown): Failure {
    return this.#realm.isDisposed ? memoryFailure() : rejectionFailure(error);
  }
}
