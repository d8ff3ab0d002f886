// A heap with a prepared realm in it (realm/), in the host's own thread, for isolated-vm, node:vm and QuickJS.

import type { Transaction } from '../../txn/index.ts';
import type { Failure } from '../protocol.ts';
import type { CompartmentCall, CompartmentSource, Ending } from './compartment.ts';
import { endingOf } from './ending.ts';
import type { Heap } from './heap-compartment.ts';
import { replyTo } from './host-call.ts';
import type { Clocks } from './own-clock.ts';
import { engineFailure, RealmRunner } from './realm/runner.ts';
import { crossing, graftNumber } from './realm/setup.ts';
import { type Direct, STEP_LOAD, STEP_START } from './realm/steps.ts';
import { webPart } from './realm/web-parts.ts';

export abstract class RealmHeap extends RealmRunner implements Heap {
  principal: string | null = null;
  readonly level: number = 0;
  within: Transaction | null = null;
  dropped = false;
  running: CompartmentCall | null = null;
  /** Takes lines of the console while no call runs: those of the module itself. */
  #tellOfModule: CompartmentSource['tell'];

  constructor(clocks?: Clocks) {
    super(true, clocks);
  }

  abstract dispose(): void;

  /** The last call failed, and nobody is to blame. */
  get isInnocent(): boolean {
    return false;
  }

  /** Evaluates the plugin. Gives the failure; null: none. */
  load({ code, load_ms, tell }: CompartmentSource): Failure | null {
    this.#tellOfModule = tell;
    const ending = this.ending(this.take(STEP_LOAD, 0, code, load_ms));
    this.#tellOfModule = undefined;
    return ending.kind === 'failed' ? ending.failure : null;
  }

  run(call: CompartmentCall): Ending {
    this.running = call;
    const ending = this.ending(this.take(STEP_START, graftNumber(call), crossing(call.input), call.own_ms));
    this.running = null;
    return ending;
  }

  protected ending(answer: Direct | string): Ending {
    return endingOf(answer, this.own_ms);
  }

  protected override ask(accessor: number, args: string): Direct | string {
    return this.running === null ? '' : replyTo(this.running, accessor, args);
  }

  protected override part(name: string): string {
    return webPart(name);
  }

  protected override tell(level: number, text: string): void {
    if (this.running === null) this.#tellOfModule?.(level, text);
    else this.running.tell(level, text);
  }
}

/** How often a load is begun anew whose failure is nobody's fault. */
const RELOADS_MAX = 8;

/** A heap with the plugin in it, or the failure. */
export const loaded = <H extends RealmHeap>(make: () => H, source: CompartmentSource): H | Failure => {
  let failure: Failure | null = null;
  for (let reloads = 0; reloads <= RELOADS_MAX; reloads++) {
    let heap: H;
    try {
      heap = make();
    } catch (error) {
      return engineFailure(error);
    }
    failure = heap.load(source);
    if (failure === null) return heap;
    heap.dispose();
    if (!heap.isInnocent) break;
  }
  return failure as Failure;
};
