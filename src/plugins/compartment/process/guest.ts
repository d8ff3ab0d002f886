// One realm of a plugin's process: an isolate, and the clock of the call that runs in it.
//
// Own time of a call is all its time but what it waits for the host. The engine's time-out covers a stretch that stays
// inside; it pauses while the host's side of a host call runs, so each host call compares the own time used so far too,
// and ends the call by disposing the isolate. The engine's time-out wakes a thread of its own for every call, which
// costs more than a small graft; so it watches the load and a realm's first calls only. What loops later is stopped by
// the host's clock, which kills the process. Whatever way a call ends, it ends as a `Reply`; after a failure the
// isolate is no longer to be used.

import type { Failure, LoadMessage } from '../../protocol.ts';
import { OwnClock } from '../own-clock.ts';
import { failureText, lateFailure, memoryFailure, rejectionFailure } from '../realm/failure.ts';
import { type Direct, PENDING, STEP_FINISH, STEP_LOAD, STEP_START } from '../realm/steps.ts';
import { type Engine, RealmIsolate } from '../realm-isolate.ts';

/** What a call came to. `text` is the JSON of an answer, a refusal or a failure. */
export interface Reply {
  readonly kind: 'result' | 'refused' | 'failed';
  readonly text: string;
  readonly own_us: number;
}

/** Sends a host call out and waits for the answer; see Bridge in realm/api.ts. */
type Wait = (accessor: number, args: string) => string;

/** Calls of a realm that the engine's time-out watches. */
export const WATCHED_CALLS = 100;

const KINDS: Record<string, Reply['kind']> = { R: 'result', N: 'refused', F: 'failed' };

export class Guest {
  readonly #realm: RealmIsolate;
  readonly #wait: Wait;
  readonly #clock = new OwnClock();
  #running = false;
  #overdue = false;
  #calls = 0;

  /** Makes an isolate and scrubs it. No plugin code runs yet. */
  constructor(engine: Engine, { realm, grafts, memory_mb }: LoadMessage, wait: Wait) {
    this.#wait = wait;
    const setup = {
      memory_mb,
      lasting: false,
      grafts: grafts.map((graft) => ({ ...graft, rows: graft.rows === true, columns: [] })),
    };
    this.#realm = new RealmIsolate(engine, realm, setup, (accessor, args = '[]') => this.#hostCall(accessor, args));
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
    this.#realm.dispose();
  }

  #run(step: number, graft: number, text: string, limit_ms: number): Reply {
    const clock = this.#clock;
    clock.start(limit_ms);
    this.#running = true;
    try {
      let answer = this.#enter(step, graft, text, clock.limit_ms);
      if (answer === PENDING) answer = this.#enter(STEP_FINISH, 0, null, clock.remaining_ms());
      const own_ms = clock.own_ms();
      return clock.isOver(own_ms) ? this.#failed(lateFailure(clock.limit_ms), own_ms) : replyOf(answer, own_ms);
    } catch (error) {
      return this.#broken(error);
    } finally {
      this.#running = false;
    }
  }

  #enter(step: number, graft: number, input: Direct | string, timeout: number): Direct | string {
    return this.#realm.enter(step, graft, input, this.#calls > WATCHED_CALLS ? undefined : { timeout });
  }

  #failed(failure: Failure, own_ms: number): Reply {
    return { kind: 'failed', text: failureText(failure), own_us: Math.round(own_ms * 1000) };
  }

  /** A step never throws by itself: the engine stopped it, or found a rejection that nobody handled. */
  #broken(error: unknown): Reply {
    const own_ms = this.#clock.own_ms();
    const { limit_ms } = this.#clock;
    if (this.#overdue) return this.#failed(lateFailure(limit_ms), own_ms);
    if (this.#realm.isDisposed) return this.#failed(memoryFailure(), own_ms);
    return this.#failed(own_ms >= limit_ms ? lateFailure(limit_ms) : rejectionFailure(error), own_ms);
  }

  #hostCall(accessor: number, args: string): string {
    if (!this.#running || this.#overdue) return '';
    if (this.#clock.isOver(this.#clock.leave())) {
      this.#overdue = true;
      this.#realm.dispose();
      return '';
    }
    const answer = this.#wait(accessor, args);
    this.#clock.comeBack();
    return answer;
  }
}

const replyOf = (answer: Direct | string, own_ms: number): Reply => {
  const own_us = Math.round(own_ms * 1000);
  if (typeof answer !== 'string') return { kind: 'result', text: `${answer}`, own_us };
  if (answer[0] === 'T') return { kind: 'result', text: JSON.stringify(answer.slice(1)), own_us };
  return { kind: KINDS[answer[0] as string] ?? 'failed', text: answer.slice(1), own_us };
};
