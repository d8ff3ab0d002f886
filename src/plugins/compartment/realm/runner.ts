// The runner of a realm: the one way through a step of it (steps.ts), whatever the engine, and the clock of the running
// call.
//
//   take       the clock starts → enter → if the graft returned a promise, finish → late? → the realm's answer
//   hostCall   the clock stands while the host works; a call whose time is up is ended there
//   outside    what the realm asks beside host calls; the clock stands while a part of the web's API is fetched
//
// A kind says how its engine is entered and ended, and what its errors mean. A step always has an answer: a failure of
// the engine reads like one that the realm reports.

import type { Failure } from '../../protocol.ts';
import { type Clocks, OwnClock } from '../own-clock.ts';
import { failureText, lateFailure, plainFailure } from './failure.ts';
import { type Outside, outsideOf } from './outside.ts';
import { type Direct, PENDING, STEP_FINISH } from './steps.ts';

export abstract class RealmRunner {
  protected readonly clock: OwnClock;
  /** The call's own time is up, or the engine was ended for it. */
  protected late = false;
  /** The graft's own time in the last step. */
  protected own_ms = 0;
  #runs = false;
  /** Times that the realm has asked this program for something which it has not got as it should. */
  #unreturned = 0;

  /** `hostWorksHere`: host calls are carried out in this very thread. */
  constructor(hostWorksHere: boolean, clocks?: Clocks) {
    this.clock = new OwnClock(hostWorksHere, clocks);
  }

  /** Enters the engine for one step. Throws if the engine has ended it. */
  protected abstract enter(step: number, graft: number, input: Direct | string): Direct | string;
  /** The failure that an error of `enter` means, if time was not up. */
  protected abstract explain(error: unknown): Failure;
  /** Carries a host call out. */
  protected abstract ask(accessor: number, args: string): Direct | string;
  /** The text of a part of the web's API; an empty one where there is none. */
  protected abstract part(name: string): string;
  /** Takes a line of the console. */
  protected abstract tell(level: number, text: string): void;
  /** Time is up in a host call: nothing may run when it returns. An engine that cannot end there runs on, late. */
  protected stop(): void {}
  /** A stretch inside the engine begins, of at most `limit_ms` of its own. */
  protected begin(_limit_ms: number): void {}
  /** The stretch ends. */
  protected end(): void {}

  protected take(step: number, graft: number, input: Direct | string, limit_ms: number): Direct | string {
    const { clock } = this;
    clock.start(limit_ms);
    this.late = false;
    this.#unreturned = 0;
    this.#runs = true;
    this.begin(clock.limit_ms);
    try {
      let answer = this.enter(step, graft, input);
      if (answer === PENDING) answer = this.enter(STEP_FINISH, 0, null);
      this.end();
      this.own_ms = clock.own_ms();
      return this.late || clock.isOver(this.own_ms) ? failed(lateFailure(clock.limit_ms)) : this.#whole(answer);
    } catch (error) {
      this.end();
      this.own_ms = clock.own_ms();
      return failed(this.late ? lateFailure(clock.limit_ms) : this.explain(error));
    } finally {
      this.#runs = false;
    }
  }

  #whole(answer: Direct | string): Direct | string {
    return this.#unreturned === 0 ? answer : failed(NOT_BACK);
  }

  /** What the realm asks of this program. */
  protected readonly outside: Outside = outsideOf(
    (name) => this.#away(() => this.part(name)) as string,
    (level, text) => this.tell(level, text),
  );

  /** The graft calls an accessor; see Bridge in api.ts. */
  protected hostCall(accessor: number, args: string): Direct | string {
    return this.#away(() => this.ask(accessor, args));
  }

  #away(work: () => Direct | string): Direct | string {
    if (!this.#runs || this.late) return '';
    const { clock } = this;
    this.#unreturned++;
    this.end();
    const own_ms = clock.leave();
    if (clock.isOver(own_ms)) this.late = true;
    if (this.late) {
      this.stop();
      return '';
    }
    const reply = work();
    clock.comeBack();
    this.begin(Math.max(1, Math.ceil(clock.limit_ms - own_ms)));
    this.#unreturned--;
    return reply;
  }
}

const failed = (failure: Failure): string => `F${failureText(failure)}`;
const NOT_BACK = plainFailure('thrown', 'HostCall', 'a host call did not come back');

/** The failure of an error that a kind cannot explain. */
export const engineFailure = (error: unknown): Failure =>
  plainFailure('thrown', 'EngineFailed', error instanceof Error ? error.message : 'the engine failed');
