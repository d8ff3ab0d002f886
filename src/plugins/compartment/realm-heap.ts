// A heap that has a prepared realm in it (realm/), and the clock of the call that runs there: what node:vm and QuickJS
// share. A kind adds how its engine is entered and how its engine ends what runs too long.

import type { Failure } from '../protocol.ts';
import type { CompartmentCall, CompartmentSource, Ending } from './compartment.ts';
import type { Heap } from './heaps.ts';
import { OwnClock } from './own-clock.ts';
import { lateFailure, plainFailure } from './realm/failure.ts';
import { type Direct, PENDING, STEP_FINISH, STEP_LOAD, STEP_START } from './realm/steps.ts';
import { crossing, graftNumber, replyTo } from './realm-calls.ts';
import { endingOf } from './said.ts';

export abstract class RealmHeap implements Heap {
  readonly #clock = new OwnClock();
  #call: CompartmentCall | null = null;

  /** Takes a step, its promises included. Throws where the engine has ended it. */
  protected abstract enter(step: number, graft: number, input: Direct | string, limit_ms: number): unknown;
  /** What an error is that `enter` threw; null for the time-out. */
  protected abstract ended(error: unknown): Failure | null;
  abstract dispose(): void;

  /** A failure that the realm tells, as this engine means it. */
  protected explained(failure: Failure): Failure {
    return failure;
  }

  /** Evaluates the plugin. Gives why that failed, or null. */
  load({ code, load_ms }: CompartmentSource): Failure | null {
    const ending = this.#step(STEP_LOAD, 0, code, load_ms);
    return ending.kind === 'failed' ? ending.failure : null;
  }

  run(call: CompartmentCall): Ending {
    this.#call = call;
    try {
      return this.#step(STEP_START, graftNumber(call), crossing(call.input), call.own_ms);
    } finally {
      this.#call = null;
    }
  }

  /** Carries a host call out; see Bridge in realm/api.ts. */
  protected hostCall(index: number, args: string): string {
    const call = this.#call;
    if (call === null) return '';
    this.#clock.leave();
    const reply = replyTo(call, index, args);
    this.#clock.comeBack();
    return reply;
  }

  /** What is left of the running call's own time. */
  protected get remaining_ms(): number {
    return this.#clock.limit_ms - this.#clock.own_ms();
  }

  #step(step: number, graft: number, input: Direct | string, limit_ms: number): Ending {
    const clock = this.#clock;
    clock.start(limit_ms);
    let answer: unknown;
    try {
      answer = this.enter(step, graft, input, Math.ceil(clock.limit_ms));
      if (answer === PENDING) answer = this.enter(STEP_FINISH, 0, null, clock.remaining_ms());
    } catch (error) {
      return { kind: 'failed', failure: this.ended(error) ?? lateFailure(clock.limit_ms), own_ms: clock.own_ms() };
    }
    const own_ms = clock.own_ms();
    if (clock.isOver(own_ms)) return { kind: 'failed', failure: lateFailure(clock.limit_ms), own_ms };
    const ending = endingOf(answer, own_ms);
    return ending.kind === 'failed' ? { ...ending, failure: this.explained(ending.failure) } : ending;
  }
}

/** What a kind cannot explain. */
export const engineFailure = (error: unknown): Failure =>
  plainFailure('thrown', 'EngineFailed', error instanceof Error ? error.message : 'the engine failed');

/** A heap with the plugin in it, or why there is none. */
export const loaded = (make: () => RealmHeap, source: CompartmentSource): Heap | Failure => {
  let heap: RealmHeap | null = null;
  let failure: Failure | null;
  try {
    heap = make();
    failure = heap.load(source);
  } catch (error) {
    failure = engineFailure(error);
  }
  if (heap !== null && failure === null) return heap;
  heap?.dispose();
  return failure as Failure;
};
