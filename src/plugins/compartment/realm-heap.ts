// A heap with a prepared realm in it (realm/), in the host's own thread, for isolated-vm, node:vm and QuickJS.

import type { Transaction } from '../../txn/index.ts';
import type { Failure } from '../protocol.ts';
import type { CompartmentCall, CompartmentSource, Ending } from './compartment.ts';
import { endingOf } from './ending.ts';
import type { Heap } from './heap-compartment.ts';
import { replyTo } from './host-call.ts';
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

  abstract dispose(): void;

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

/** A heap with the plugin in it, or the failure. */
export const loaded = <H extends RealmHeap>(make: () => H, source: CompartmentSource): H | Failure => {
  let heap: H | null = null;
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
