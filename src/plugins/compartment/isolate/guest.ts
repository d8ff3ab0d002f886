// One isolate of a plugin in the host's own thread, and the clock of the call that runs in it.
//
// `run` enters the isolate and comes back when the graft has ended: with its answer, or because the isolate was ended
// by its memory limit, by the warden, or by the host while it was in a host call. Every stretch inside is watched by
// the warden; a host call ends one stretch and its return begins the next. After any failure the isolate is no longer
// to be used.

import type { Failure } from '../../protocol.ts';
import type { CompartmentCall, CompartmentSource, Ending } from '../compartment.ts';
import { type Clocks, OwnClock } from '../own-clock.ts';
import { lateFailure, memoryFailure, plainFailure, rejectionFailure } from '../realm/failure.ts';
import { type Direct, PENDING, STEP_FINISH, STEP_LOAD, STEP_START } from '../realm/steps.ts';
import { crossing, directReplyTo, graftNumber, isBare, memoryOf, setupOf } from '../realm-calls.ts';
import { RealmIsolate } from '../realm-isolate.ts';
import { realmScript } from '../realm-script.ts';
import { endingOf } from '../said.ts';
import { type Thread, withStack } from './engine.ts';
import type { Warden } from './warden.ts';

/** Not a step: the graft's own entry. */
const RUN = -1;
const NO_STACK = 'Maximum call stack size exceeded';

export class Guest {
  readonly #realm: RealmIsolate;
  readonly #warden: Warden;
  readonly #clock: OwnClock;
  readonly #at: number;
  #call: CompartmentCall | null = null;
  /** Host calls that have begun and not come back as they should. */
  #outside = 0;
  /** The host has given the call up that runs. */
  #abandoned = false;
  /** Whether a stretch runs. */
  #inside = false;
  #killed = false;
  /** The engine could not enter: the stack had been used up before. */
  #cramped = false;
  #disposed = false;

  /** Of the calls that have run in it; null: none has. */
  principal: string | null = null;
  /** How many calls ran in this thread when it was made; it serves calls that are nested as deep. */
  readonly level: number;

  /** Makes an isolate and scrubs it. No plugin code runs yet. */
  constructor({ engine, warden }: Thread, clocks: Clocks, source: CompartmentSource) {
    this.level = warden.level;
    this.#warden = warden;
    this.#clock = new OwnClock(clocks);
    const bridge = (index: number, args = ''): Direct | string => this.#hostCall(index, args);
    this.#realm = withStack(
      this.level,
      () => new RealmIsolate(engine, realmScript(), setupOf(source), bridge, memoryOf(source)),
    );
    this.#at = warden.watch(this.#realm.isolate);
  }

  /** Evaluates the plugin. Gives why that failed, or null. */
  load({ code, load_ms }: CompartmentSource): Failure | null {
    const ending = this.#enter(STEP_LOAD, 0, code, load_ms);
    return ending.kind === 'failed' ? ending.failure : null;
  }

  run(call: CompartmentCall): Ending {
    this.#call = call;
    this.principal = call.principal;
    this.#warden.level++;
    const { input } = call;
    const ending =
      isBare(input) && !call.ignoresAnswer
        ? this.#enter(RUN, call.index, input, call.own_ms)
        : this.#enter(STEP_START, graftNumber(call), crossing(input), call.own_ms);
    this.#warden.level--;
    this.#call = null;
    return ending;
  }

  /**
   * Whether nobody was to blame that the last call failed: its thread was kept waiting for a core, or its stack was
   * used up before it began.
   */
  get wasStarved(): boolean {
    return !this.#abandoned && (this.#cramped || (this.#killed && this.#clock.wasStarved()));
  }

  /** Ends the isolate. A call that runs in it, and is in a host call now, ends as soon as that returns. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#abandoned = this.#call !== null;
    this.#realm.dispose();
    this.#warden.forget(this.#at);
  }

  #enter(step: number, graft: number, input: Direct | string, limit_ms: number): Ending {
    const clock = this.#clock;
    clock.start(limit_ms);
    this.#outside = 0;
    this.#begin(clock.limit_ms);
    try {
      let answer = step === RUN ? this.#realm.run(graft, input) : this.#realm.enter(step, graft, input);
      if (answer === PENDING) answer = this.#realm.enter(STEP_FINISH, 0, null);
      this.#end();
      return this.#ending(answer);
    } catch (error) {
      this.#end();
      return this.#failed(this.#broken(error), clock.own_ms());
    }
  }

  #begin(limit_ms: number): void {
    this.#inside = true;
    this.#warden.begin(this.#at, limit_ms);
  }

  #end(): void {
    if (this.#inside && !this.#warden.end()) this.#killed = true;
    this.#inside = false;
  }

  #ending(answer: Direct | string): Ending {
    const own_ms = this.#clock.own_ms();
    if (this.#killed || this.#clock.isOver(own_ms)) return this.#failed(lateFailure(this.#clock.limit_ms), own_ms);
    if (this.#outside > 0)
      return this.#failed(plainFailure('thrown', 'HostCall', 'a host call did not come back'), own_ms);
    return endingOf(answer, own_ms);
  }

  #failed(failure: Failure, own_ms: number): Ending {
    return { kind: 'failed', failure, own_ms };
  }

  /**
   * A step never throws by itself: the isolate was ended, or the engine found a rejection that nobody handled, or no
   * stack to enter with.
   */
  #broken(error: unknown): Failure {
    const { limit_ms } = this.#clock;
    if (this.#abandoned) return plainFailure('compartment-lost', 'Abandoned', 'the host gave the call up');
    if (this.#killed) return lateFailure(limit_ms);
    if (this.#realm.isDisposed) return memoryFailure();
    if (this.#clock.isOver(this.#clock.own_ms())) return lateFailure(limit_ms);
    const failure = rejectionFailure(error);
    this.#cramped = failure.message.endsWith(NO_STACK);
    return failure;
  }

  /** Carries a host call out. */
  #hostCall(index: number, args: string): Direct | string {
    const call = this.#call;
    if (call === null || this.#disposed) return '';
    this.#outside++;
    this.#end();
    const own_ms = this.#clock.leave();
    const isOver = this.#clock.isOver(own_ms);
    if (isOver && !this.#killed) this.#realm.dispose();
    this.#killed ||= isOver;
    if (this.#killed) return '';
    const reply = directReplyTo(call, index, args);
    if (this.#disposed) return '';
    this.#clock.comeBack();
    this.#begin(Math.max(1, Math.ceil(this.#clock.limit_ms - own_ms)));
    this.#outside--;
    return reply;
  }
}
