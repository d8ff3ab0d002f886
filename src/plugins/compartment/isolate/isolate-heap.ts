// One isolate of a plugin in the host's own thread, as a heap.
//
// `run` enters the isolate and returns when the graft has ended: with its answer, or because the isolate was ended by
// its memory limit, by the warden, or by the host while it was in a host call. The warden watches every stretch inside;
// a host call ends one stretch and its return begins the next.

import type { Failure } from '../../protocol.ts';
import type { CompartmentCall, CompartmentSource, Ending } from '../compartment.ts';
import type { Clocks } from '../own-clock.ts';
import { lateFailure, memoryFailure, plainFailure, rejectionFailure } from '../realm/failure.ts';
import { realmScript } from '../realm/script.ts';
import { isBare, memoryOf, setupOf } from '../realm/setup.ts';
import type { Direct } from '../realm/steps.ts';
import { RealmHeap } from '../realm-heap.ts';
import { type EngineThread, withStack } from './engine.ts';
import { RealmIsolate } from './realm-isolate.ts';
import type { Warden } from './warden.ts';

/** No step: the graft's own entry. */
const RUN = -1;
const NO_STACK = 'Maximum call stack size exceeded';

export class IsolateHeap extends RealmHeap {
  override readonly level: number;
  readonly #realm: RealmIsolate;
  readonly #warden: Warden;
  readonly #at: number;
  /** The host has given up the running call. */
  #interrupted = false;
  /** Whether a stretch runs. */
  #inside = false;
  /** The engine could not enter: the stack had been used up before. */
  #cramped = false;
  #disposed = false;

  /** Makes an isolate and scrubs it. No plugin code runs yet. */
  constructor({ engine, warden }: EngineThread, clocks: Clocks, source: CompartmentSource) {
    super(clocks);
    this.level = warden.level;
    this.#warden = warden;
    const bridge = (index: number, args = ''): Direct | string => this.hostCall(index, args);
    this.#realm = withStack(
      this.level,
      () => new RealmIsolate(engine, realmScript(), setupOf(source), bridge, this.outside, memoryOf(source)),
    );
    this.#at = warden.watch(this.#realm.isolate);
  }

  override run(call: CompartmentCall): Ending {
    const { input } = call;
    this.#warden.level++;
    let ending: Ending;
    if (isBare(input) && !call.ignoresAnswer) {
      this.running = call;
      ending = this.ending(this.take(RUN, call.index, input, call.own_ms));
      this.running = null;
    } else ending = super.run(call);
    this.#warden.level--;
    return ending;
  }

  /** Whether nobody is to blame: the thread waited for a core, or its stack was used up before the call began. */
  override get isInnocent(): boolean {
    return !this.#interrupted && (this.#cramped || (this.late && !this.clock.isOver(this.own_ms)));
  }

  interrupt(): void {
    this.#interrupted = true;
    this.dispose();
  }

  override dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#realm.dispose();
    this.#warden.forget(this.#at);
  }

  protected override enter(step: number, graft: number, input: Direct | string): Direct | string {
    return step === RUN ? this.#realm.run(graft, input) : this.#realm.enter(step, graft, input);
  }

  protected override begin(limit_ms: number): void {
    this.#inside = true;
    this.#warden.begin(this.#at, limit_ms, this.clock.due_cpu_ms);
  }

  protected override end(): void {
    if (this.#inside && !this.#warden.end()) this.late = true;
    this.#inside = false;
  }

  protected override stop(): void {
    this.#realm.dispose();
  }

  protected override hostCall(accessor: number, args: string): Direct | string {
    return this.#disposed ? '' : super.hostCall(accessor, args);
  }

  /**
   * The failure that an error of a step means. A step never throws by itself: the isolate was ended, or the engine
   * found a rejection that nobody handled, or no stack to enter with.
   */
  protected override explain(error: unknown): Failure {
    if (this.#interrupted) return plainFailure('compartment-lost', 'Interrupted', 'the host gave the call up');
    if (this.#realm.isDisposed) return memoryFailure();
    if (this.clock.isOver(this.own_ms)) return lateFailure(this.clock.limit_ms);
    const failure = rejectionFailure(error);
    this.#cramped = failure.message.endsWith(NO_STACK);
    return failure;
  }
}
