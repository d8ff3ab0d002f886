// The warden: the host's side of the watcher (watcher.ts), which ends an isolate of this thread that runs too long. It
// takes the place of the engine's own time-out, which more than doubles the cost of a small call and does not cover the
// engine's work after a call: it reads the `message` of a rejection that nobody handled, and a getter there may loop
// for ever.
//
//   const at = warden.watch(isolate);     // once
//   warden.begin(at, limit_ms, due_ms);   // before each stretch inside
//   … applySync …
//   if (!warden.end()) …                  // the isolate has been ended, or is about to be

import { readlinkSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type ivm from 'isolated-vm';
import type { Nesting } from '../heap-compartment.ts';
import { expressionAt, scriptAt } from '../realm/script.ts';
import { ownCpu } from '../thread-cpu.ts';
import type { Engine } from './realm-isolate.ts';
import type { Reported } from './reporter.ts';
import { AWAKE, BELL, CPU_MS, DUE_MS, ISOLATE, LIMIT_MS, STRETCH, UNKNOWN, type Watch, WORDS } from './watcher.ts';

const MEMORY_MB = 8;
/**
 * How long the watcher's thread may take at the end of the process, from its return until it no longer uses the engine.
 */
const LEAVING_MS = 5;
const WATCHER = new URL('watcher', import.meta.url);
const REPORTER = new URL('reporter', import.meta.url);
const STRETCH_MAX = 2 ** 31 - 1;

/** Starts a reporter of this thread's processor time, where the system tells it. */
const startReporter = (memory: SharedArrayBuffer): void => {
  if (ownCpu() === null) return;
  const workerData: Reported = { memory, thread: readlinkSync('/proc/thread-self') };
  const resourceLimits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, codeRangeSizeMb: 1 };
  new Worker(scriptAt(REPORTER), { eval: true, env: {}, execArgv: [], resourceLimits, workerData }).unref();
};

export class Warden implements Nesting {
  readonly #words: Int32Array;
  readonly #watch: ivm.Reference<Watch>;
  /** Numbers of isolates that are watched no longer. */
  readonly #free: number[] = [];
  /** The number of nested calls in this thread. */
  level = 0;
  readonly levels_max: number;
  #isolates = 0;
  #stretch = 0;

  constructor(engine: Engine, levels_max: number) {
    this.levels_max = levels_max;
    const memory = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT);
    this.#words = new Int32Array(memory);
    const context = new engine.Isolate({ memoryLimit: MEMORY_MB }).createContextSync();
    const watcher: ivm.Reference<(memory: unknown) => Watch> = context.evalSync(expressionAt(WATCHER, 'watcher'), {
      reference: true,
    });
    this.#watch = watcher.applySync(undefined, [new engine.ExternalCopy(memory).copyInto()], {
      result: { reference: true },
    });
    this.#words[CPU_MS] = UNKNOWN;
    startReporter(memory);
    process.on('exit', () => this.#close());
  }

  /** Lets an isolate be watched. Gives its number. No stretch may run. */
  watch(isolate: ivm.Isolate): number {
    const at = this.#free.pop() ?? this.#isolates++;
    this.#ring();
    // Waits for the watcher to return, if it is awake.
    this.#watch.applySync(undefined, [isolate, at]);
    Atomics.store(this.#words, BELL, 0);
    Atomics.store(this.#words, AWAKE, 0);
    return at;
  }

  /** An isolate is disposed of, or may not run again. */
  forget(at: number): void {
    this.#free.push(at);
  }

  /**
   * A stretch in isolate number `at` begins. It may last `limit_ms`, and beyond that until the processor time of this
   * thread has come to `due_ms`.
   */
  begin(at: number, limit_ms: number, due_ms: number): void {
    const words = this.#words;
    this.#stretch = this.#stretch === STRETCH_MAX ? 1 : this.#stretch + 1;
    words[LIMIT_MS] = limit_ms;
    words[DUE_MS] = Math.ceil(due_ms);
    words[ISOLATE] = at;
    Atomics.store(words, STRETCH, this.#stretch);
    if (Atomics.load(words, AWAKE) === 0) this.#wake();
  }

  /** The stretch ends. False: the watcher has ended it. */
  end(): boolean {
    return Atomics.exchange(this.#words, STRETCH, 0) === this.#stretch;
  }

  /** Ends all watching. The engine does not survive that its process exits while the watcher is awake. */
  #close(): void {
    this.#ring();
    this.#watch.applySync(undefined, [null]);
    Atomics.wait(this.#words, AWAKE, Atomics.load(this.#words, AWAKE), LEAVING_MS);
  }

  #ring(): void {
    Atomics.store(this.#words, BELL, 1);
    Atomics.notify(this.#words, BELL);
  }

  #wake(): void {
    if (Atomics.compareExchange(this.#words, AWAKE, 0, 1) === 0) this.#watch.applyIgnored(undefined, []);
  }
}
