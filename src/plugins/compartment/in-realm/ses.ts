// The ses compartment: each plugin in a SES Compartment of the locked realm (lockdown.ts), with nothing of the host but
// its api, and the web's API (realm/web.ts), of which each has its own. Authority is bounded, time and memory are not:
// it is for reviewed code, and for the browser. The metered kind (metered.ts) bounds time as well.

import { types } from 'node:util';
import type { Transaction } from '../../../txn/index.ts';
import type { CompartmentCall, CompartmentSource, Ending } from '../compartment.ts';
import { type Heap, HeapMaker } from '../heap-compartment.ts';
import { checkLocked } from '../lockdown.ts';
import { isConsoleLine, outsideOf, type Tell } from '../realm/outside.ts';
import { defineWeb } from '../realm/web.ts';
import { webPart } from '../realm/web-parts.ts';
import { copied, copiedAnswer, crossing, refusedBy, refusing } from './crossing.ts';
import { type Ask, apiOf, failureOf, type GraftFunction, graftFunctions, mute } from './graft-api.ts';

const face = (ask: Ask): object => harden((...args: unknown[]): unknown => crossing(ask, args));

class SesHeap implements Heap {
  principal: string | null = null;
  readonly level = 0;
  within: Transaction | null = null;
  dropped = false;
  running: CompartmentCall | null = null;
  readonly #functions: readonly GraftFunction[];
  readonly #apis: readonly object[];
  readonly #now_ms: () => number;

  /** Evaluates the module. Throws whatever that throws. */
  constructor({ code, grafts, tell }: CompartmentSource, now_ms: () => number) {
    const globals = { __graftwork_refuse: refusing(this), Float32Array, Float64Array };
    const realm = new Compartment({ globals, __options__: true });
    this.#defineWeb(realm, now_ms, tell);
    this.#functions = graftFunctions(realm.evaluate(`${code}\n//# sourceURL=plugin.js`), grafts);
    this.#apis = grafts.map((graft, index) => apiOf(this, index, graft, face));
    this.#now_ms = now_ms;
  }

  #defineWeb(realm: Compartment, now_ms: () => number, module: CompartmentSource['tell']): void {
    const tell: Tell = (level, text) =>
      this.running === null ? module?.(level, text) : this.running.tell(level, text);
    defineWeb({
      on: realm.globalThis,
      evaluate: (text) => realm.evaluate(text),
      outside: outsideOf(webPart, tell),
      isProxy: types.isProxy,
      tell: (level, text) => void (isConsoleLine(level, text) && tell(level, text)),
      now: () => now_ms(),
      harden,
    });
  }

  run(call: CompartmentCall): Ending {
    const begun_ms = this.#now_ms();
    this.running = call;
    try {
      const graft = this.#functions[call.index] as GraftFunction;
      const value = graft(copied(call.input), this.#apis[call.index] as object);
      if (typeof value === 'object') mute(value);
      const answer = call.ignoresAnswer ? null : copiedAnswer(value);
      return { kind: 'value', value: answer, own_ms: this.#now_ms() - begun_ms };
    } catch (error) {
      const own_ms = this.#now_ms() - begun_ms;
      return refusedBy(error, call, own_ms) ?? { kind: 'failed', failure: failureOf(error), own_ms };
    } finally {
      this.running = null;
    }
  }

  /** The heap is garbage from here on. */
  dispose(): void {}
}

/**
 * Hosts plugins in SES compartments of the calling realm. `now_ms` is the clock of the own time in reports; it limits
 * nothing.
 */
export const sesMaker = (now_ms: () => number = () => performance.now()): HeapMaker =>
  new HeapMaker('ses', (source) => {
    checkLocked('ses');
    return () => {
      try {
        return new SesHeap(source, now_ms);
      } catch (error) {
        return failureOf(error);
      }
    };
  });
