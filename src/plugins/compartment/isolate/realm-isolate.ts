// One isolate with one prepared realm in it, for both kinds that use isolated-vm: `process` in a child, `isolate` in
// the host's own thread.
//
// 1. `new RealmIsolate` makes the isolate and scrubs its realm; no plugin code runs yet.
// 2. `enter` takes a step (realm/steps.ts). Its caller keeps the clock. If `enter` throws, the isolate was stopped, or
//    a rejection that nobody handled was found; it must not be used again.

import type ivm from 'isolated-vm';
import type { Bridge } from '../realm/api.ts';
import { REALM_FILENAME } from '../realm/failure.ts';
import type { Outside } from '../realm/outside.ts';
import {
  BARE_TEXT_MAX,
  type Direct,
  type Entry,
  LONG,
  type RealmSetup,
  STEP_ENTRY,
  STEP_TEXT,
  type Step,
} from '../realm/steps.ts';

export type Engine = typeof ivm;

const MEMORY_MB_MIN = 8;

/**
 * A flag of V8, to be set before the first isolate. Loop unrolling takes the interrupt checks out of loops that it
 * knows to be short, and with them out of a loop around such a one: with it, `for (;;) new Array(1000).fill(1.5)`
 * outlives every time-out and memory limit.
 */
export const INTERRUPTIBLE = '--no-turboshaft-loop-unrolling';

/**
 * The engine's compiled form of the script that prepares a realm. All realms of a program use the same one, and
 * compiling takes half a millisecond.
 */
let cache: { readonly script: string; readonly data: ivm.ExternalCopy<ArrayBuffer> } | null = null;

const compiled = (isolate: ivm.Isolate, script: string): ivm.Script => {
  if (cache?.script === script)
    return isolate.compileScriptSync(script, { filename: REALM_FILENAME, cachedData: cache.data });
  const made = isolate.compileScriptSync(script, { filename: REALM_FILENAME, produceCachedData: true });
  // The type of the engine leaves this out.
  const { cachedData } = made as ivm.Script & ivm.CachedDataResult;
  if (cachedData !== undefined) cache = { script, data: cachedData };
  return made;
};

export class RealmIsolate {
  readonly isolate: ivm.Isolate;
  readonly #step: ivm.Reference<Step>;
  readonly #entries: ivm.Reference<Entry>[] = [];

  /** `realm` is the script that prepares a realm; `memory` is that of the setup's columns, in their order. */
  constructor(
    engine: Engine,
    realm: string,
    setup: RealmSetup,
    bridge: Bridge,
    outside: Outside,
    memory: readonly SharedArrayBuffer[] = [],
  ) {
    this.isolate = new engine.Isolate({ memoryLimit: Math.max(MEMORY_MB_MIN, setup.memory_mb) });
    const context = this.isolate.createContextSync();
    const prepare: ivm.Reference<(...args: unknown[]) => Step> = compiled(this.isolate, realm).runSync(context, {
      reference: true,
    });
    const shared = memory.map((buffer) => new engine.ExternalCopy(buffer).copyInto());
    const args = [new engine.Callback(bridge), new engine.Callback(outside), JSON.stringify(setup), ...shared];
    this.#step = prepare.applySync(undefined, args, { result: { reference: true } });
  }

  /** Takes a step. Gives the step's answer, as an Entry does. */
  enter(step: number, graft: number, input: Direct | string): Direct | string {
    const isLong = typeof input === 'string' && input.length > BARE_TEXT_MAX;
    const answer = isLong
      ? this.#step.applySync(undefined, [step, graft, [input]], { arguments: { copy: true } })
      : this.#step.applySync(undefined, [step, graft, input]);
    return this.#whole(answer as Direct | string);
  }

  /** Runs a graft on a direct value, or on a text of at most BARE_TEXT_MAX units. */
  run(graft: number, input: Direct | string): Direct | string {
    const entry = this.#entries[graft] ?? this.#entry(graft);
    return this.#whole(entry.applySync(undefined, [input]) as Direct | string);
  }

  #entry(graft: number): ivm.Reference<Entry> {
    const entry = this.#step.applySync(undefined, [STEP_ENTRY, graft, null], {
      result: { reference: true },
    }) as unknown as ivm.Reference<Entry>;
    this.#entries[graft] = entry;
    return entry;
  }

  #whole(answer: Direct | string): Direct | string {
    if (answer !== LONG) return answer;
    const [text] = this.#step.applySync(undefined, [STEP_TEXT, 0, null], {
      result: { copy: true },
    }) as unknown as [string];
    return text;
  }

  get isDisposed(): boolean {
    return this.isolate.isDisposed;
  }

  dispose(): void {
    try {
      this.isolate.dispose();
    } catch {
      // It has been disposed already, by its memory limit or from another thread.
    }
  }
}
