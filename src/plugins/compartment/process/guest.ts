// One realm of a plugin's process: an isolate, and the clock of the call that runs in it.
//
// Own time of a call is all its time but what it waits for the host. The engine's time-out covers a stretch that stays inside; it pauses
// while the host's side of a host call runs, so each host call compares the own time used so far too, and ends the call by disposing the
// isolate. The engine's time-out wakes a thread of its own for every call, which costs more than a small graft; so it watches the load and a
// realm's first calls only. What loops later is stopped by the host's clock, which kills the process. Whatever way a call ends, it ends as a `Reply`; after a failure the isolate is no longer to be used.

import type ivm from 'isolated-vm';
import { ERROR_TEXT_MAX, type Failure, type LoadMessage } from '../../protocol.ts';
import { boundedText, failureText, plainFailure, REALM_FILENAME, thrownFailure } from '../realm/failure.ts';
import { STEP_FINISH, STEP_LOAD, STEP_START, type Step } from '../realm/steps.ts';

type Engine = typeof ivm;

/** What a call came to. `text` is the JSON of an answer, a refusal or a failure. */
export interface Reply {
  readonly kind: 'result' | 'refused' | 'failed';
  readonly text: string;
  readonly own_us: number;
}

/** Sends a host call out and waits for the answer; see Bridge in realm/api.ts. */
type Wait = (accessor: number, args: string) => string;

const MEMORY_MB_MIN = 8;
/** Calls of a realm that the engine's time-out watches. */
export const WATCHED_CALLS = 100;
const UNWATCHED = {};
/** How old a sample of the processor time may be: what ran before counts against a call by at most this. */
const CPU_SAMPLE_MS = 5;

const cpu_ms = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

const KINDS: Record<string, Reply['kind']> = { R: 'result', N: 'refused', F: 'failed' };
const noProxies = (): boolean => false;

export class Guest {
  readonly #isolate: ivm.Isolate;
  readonly #step: ivm.Reference<Step>;
  readonly #wait: Wait;
  #started_ms = 0;
  #waited_ms = 0;
  #limit_ms = 0;
  #running = false;
  #overdue = false;
  #calls = 0;
  #sampled_ms = Number.NEGATIVE_INFINITY;
  #sample_cpu_ms = 0;

  /** Makes an isolate and scrubs it. No plugin code runs yet. */
  constructor(engine: Engine, { realm, grafts, memory_mb }: LoadMessage, wait: Wait) {
    this.#wait = wait;
    this.#isolate = new engine.Isolate({ memoryLimit: Math.max(MEMORY_MB_MIN, memory_mb) });
    const context = this.#isolate.createContextSync();
    const prepare: ivm.Reference<(bridge: unknown, grafts: string) => Step> = context.evalSync(realm, {
      filename: REALM_FILENAME,
      reference: true,
    });
    const bridge = new engine.Callback((accessor: number, args: string) => this.#hostCall(accessor, args));
    this.#step = prepare.applySync(undefined, [bridge, JSON.stringify(grafts)], { result: { reference: true } });
  }

  /** Evaluates the plugin. The answer of a result is the names of its exported functions. */
  load({ code, load_ms }: LoadMessage): Reply {
    return this.#run(STEP_LOAD, 0, code, load_ms);
  }

  /** Runs a graft to its end, its promises included. */
  call(graft: number, input: string, own_ms: number): Reply {
    this.#calls++;
    return this.#run(STEP_START, graft, input, own_ms);
  }

  dispose(): void {
    if (!this.#isolate.isDisposed) this.#isolate.dispose();
  }

  #own_ms(): number {
    return performance.now() - this.#started_ms - this.#waited_ms;
  }

  /** Whether the call has used up its own time. Time in which the system let the process wait for a core is nobody's. */
  #isOver(own_ms: number): boolean {
    return own_ms >= this.#limit_ms && cpu_ms() - this.#sample_cpu_ms >= this.#limit_ms;
  }

  #run(step: number, graft: number, text: string, limit_ms: number): Reply {
    this.#limit_ms = Math.max(1, limit_ms);
    this.#waited_ms = 0;
    this.#started_ms = performance.now();
    if (this.#started_ms - this.#sampled_ms > CPU_SAMPLE_MS) {
      this.#sampled_ms = this.#started_ms;
      this.#sample_cpu_ms = cpu_ms();
    }
    this.#running = true;
    try {
      let answer = this.#enter(step, graft, text, this.#limit_ms);
      if (answer === '') answer = this.#enter(STEP_FINISH, 0, '', Math.max(1, Math.ceil(this.#limit_ms - this.#own_ms())));
      const own_ms = this.#own_ms();
      if (this.#isOver(own_ms)) return this.#late(own_ms);
      const kind = KINDS[answer[0] as string] ?? 'failed';
      return { kind, text: answer.slice(1), own_us: Math.round(own_ms * 1000) };
    } catch (error) {
      return this.#broken(error);
    } finally {
      this.#running = false;
    }
  }

  #enter(step: number, graft: number, text: string, timeout: number): string {
    const options = this.#calls > WATCHED_CALLS ? UNWATCHED : { timeout };
    return this.#step.applySync(undefined, [step, graft, text], options) as string;
  }

  #failed(failure: Failure, own_ms: number): Reply {
    return { kind: 'failed', text: failureText(failure), own_us: Math.round(own_ms * 1000) };
  }

  #late(own_ms: number): Reply {
    return this.#failed(plainFailure('own-time', 'OwnTime', `more than ${this.#limit_ms} ms of its own`), own_ms);
  }

  /** A step never throws by itself: the engine stopped it, or found a rejection that nobody handled. */
  #broken(error: unknown): Reply {
    const own_ms = this.#own_ms();
    if (this.#overdue) return this.#late(own_ms);
    if (this.#isolate.isDisposed) return this.#failed(plainFailure('memory-limit', 'MemoryLimit', 'more memory than its limit'), own_ms);
    if (own_ms >= this.#limit_ms) return this.#late(own_ms);
    const failure = thrownFailure(error, noProxies);
    const message = boundedText(`unhandled rejection: ${failure.message}`, ERROR_TEXT_MAX.message);
    return this.#failed({ ...failure, message }, own_ms);
  }

  #hostCall(accessor: number, args: string): string {
    if (!this.#running || this.#overdue) return '';
    if (this.#isOver(this.#own_ms())) {
      this.#overdue = true;
      this.#isolate.dispose();
      return '';
    }
    const from_ms = performance.now();
    const answer = this.#wait(accessor, args);
    this.#waited_ms += performance.now() - from_ms;
    return answer;
  }
}
