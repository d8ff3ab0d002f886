// One worker of a plugin, from the host's side: it starts, loads a realm, and then runs one call at a time. The clock
// of own time is here, and stands while the worker waits for an answer of the host; a worker that is overdue is
// terminated. A message that does not fit that order is not trusted.

import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import {
  type CompartmentCall,
  type CompartmentSource,
  crossing,
  type Ending,
  endingOf,
  errorText,
  failedWith,
  graftNumber,
  HeapPool,
  isConsoleLine,
  LOST,
  lateFailure,
  memoryFailure,
  memoryOf,
  type Pooled,
  plainFailure,
  realmScript,
  scriptAt,
  setupOf,
  valueText,
  webParts,
} from '../../../src/plugins/compartment/index.ts';
import type { Failure } from '../../../src/plugins/index.ts';
import type { Transaction } from '../../../src/txn/index.ts';
import { ANSWER, ASK, CALL, DROP, ENDED, LOAD, READY, TELL, type ToWorker, type WorkerSetup } from './messages.ts';

/** Events of a worker for the compartment that it serves. */
export interface WorkerEvents {
  /** Its load has ended, and it runs nothing now. Null: without a failure. */
  loaded(worker: PluginWorker, failure: Failure | null): void;
  ended(worker: PluginWorker, call: CompartmentCall, ending: Ending): void;
  /** Its call begins to wait for the host. */
  waiting(): void;
}

/** The extra time beyond a call's own time: for waking up, messages and the scheduler. */
const GRACE_MS = 30;
const START_MS_MAX = 15_000;
/** V8's own part of a worker's heap, before any plugin is in it. */
const BASE_MB = 8;
/** The principal whose realm is loaded first: that of most calls. */
const FIRST = '';
/** The program of a worker. */
const INSIDE = new URL('inside', import.meta.url);

/** A realm in the worker: all calls of one principal. */
class WorkerRealm implements Pooled {
  principal: string | null = null;
  readonly level = 0;
  within: Transaction | null = null;
  dropped = false;
  isLoaded = false;
  /** Its name in the worker. */
  readonly key: string;
  readonly #worker: PluginWorker;

  constructor(key: string, worker: PluginWorker) {
    this.key = key;
    this.#worker = worker;
  }

  dispose(): void {
    if (this.isLoaded) this.#worker.forget(this.key);
  }
}

type Phase = 'starting' | 'loading' | 'idle' | 'running' | 'waiting' | 'dead';

const optionsOf = (source: CompartmentSource, setup: WorkerSetup): ConstructorParameters<typeof Worker>[1] => ({
  eval: true,
  workerData: setup,
  transferList: [setup.port],
  env: {},
  argv: [],
  execArgv: [],
  stdin: false,
  stdout: true,
  stderr: true,
  resourceLimits: { maxOldGenerationSizeMb: source.memory_mb + BASE_MB },
});

export class PluginWorker {
  readonly #source: CompartmentSource;
  readonly #events: WorkerEvents;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #bell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #made = 0;
  readonly #realms = new HeapPool(() => new WorkerRealm(`${this.#made++}`, this));
  #phase: Phase = 'starting';
  #call: CompartmentCall | null = null;
  #timer: NodeJS.Timeout | null = null;
  #limit_ms = 0;
  #since_ms = 0;
  #used_ms = 0;

  constructor(source: CompartmentSource, events: WorkerEvents) {
    this.#source = source;
    this.#events = events;
    const { port1, port2 } = new MessageChannel();
    const setup = {
      port: port2,
      bell: this.#bell,
      realm: realmScript(),
      parts: webParts(),
      code: source.code,
      setup: setupOf(source),
      memory: memoryOf(source),
    };
    this.#worker = new Worker(scriptAt(INSIDE), optionsOf(source, setup));
    this.#worker.on('error', (error) => this.#died(error));
    this.#worker.on('exit', () => this.#died(null));
    this.#worker.unref();
    this.#port = port1;
    this.#port.on('message', (message) => this.#heard(message));
    this.#port.unref();
    this.#run('starting', START_MS_MAX);
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** The call that it runs or is about to run. */
  get call(): CompartmentCall | null {
    return this.#call;
  }

  /** Starts a call, in a worker that is idle or not yet ready. */
  run(call: CompartmentCall): void {
    this.#call = call;
    if (this.#phase === 'idle') this.#begin(call);
  }

  #begin(call: CompartmentCall): void {
    const home = call.txn.parent;
    const realm = this.#realm(call.principal, home);
    if (!realm.isLoaded) return this.#load(realm);
    if (call.lingers) realm.within = home;
    this.#run('running', call.own_ms);
    this.#post([CALL, realm.key, graftNumber(call), crossing(call.input)]);
  }

  /** The realm of a principal. If there are too many, the one not used for longest is dropped. */
  #realm(principal: string, home: Transaction | null): WorkerRealm {
    const realm = this.#realms.take(principal, home) as WorkerRealm;
    this.#realms.give(realm);
    return realm;
  }

  #load(realm: WorkerRealm): void {
    this.#run('loading', this.#source.load_ms);
    realm.isLoaded = true;
    this.#post([LOAD, realm.key]);
  }

  forget(key: string): void {
    this.#post([DROP, key]);
  }

  /** Ends the worker; later messages of it are ignored. */
  terminate(): void {
    this.#phase = 'dead';
    this.#call = null;
    this.#stop();
    this.#port.close();
    void this.#worker.terminate();
  }

  #post(message: ToWorker): void {
    this.#port.postMessage(message);
    Atomics.add(this.#bell, 0, 1);
    Atomics.notify(this.#bell, 0);
  }

  /** The worker has work to do, within `limit_ms` of its own. */
  #run(phase: Phase, limit_ms: number): void {
    this.#phase = phase;
    this.#limit_ms = limit_ms;
    this.#used_ms = 0;
    this.#watch();
  }

  #watch(): void {
    this.#since_ms = performance.now();
    this.#timer = setTimeout(() => this.#overdue(), Math.max(0, this.#limit_ms - this.#used_ms) + GRACE_MS);
  }

  /** Stops the clock. */
  #stop(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#used_ms += performance.now() - this.#since_ms;
  }

  /** Looks again after a round of input: if the host itself was busy, an answer may be waiting to be read. */
  #overdue(): void {
    const timer = this.#timer;
    setImmediate(() => {
      if (this.#timer === timer && timer !== null) this.#lost(lateFailure(this.#limit_ms));
    });
  }

  #died(error: unknown): void {
    const isFull = (error as { code?: unknown } | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
    this.#lost(isFull ? memoryFailure() : plainFailure('compartment-lost', 'WorkerLost', 'the worker ended'));
  }

  #lost(failure: Failure): void {
    if (this.#phase === 'dead') return;
    const call = this.#call;
    this.terminate();
    if (call === null) this.#events.loaded(this, failure);
    else this.#events.ended(this, call, failedWith(failure, this.#used_ms));
  }

  /** Handles a message. A worker that sends one that does not fit is ended. */
  #heard(message: unknown): void {
    if (this.#phase === 'dead') return;
    const [what, first, second] = Array.isArray(message) ? (message as unknown[]) : [];
    if (what === READY && this.#phase === 'starting') {
      this.#stop();
      this.#load(this.#realm(FIRST, null));
    } else if (what === ENDED && (this.#phase === 'loading' || this.#phase === 'running')) this.#done(first);
    else if (what === TELL && (this.#phase === 'loading' || this.#phase === 'running') && isConsoleLine(first, second))
      this.#told(first as number, second as string);
    else if (what === ASK && this.#phase === 'running' && typeof first === 'number' && typeof second === 'string')
      this.#ask(first, second);
    else this.#lost(LOST);
  }

  #told(level: number, text: string): void {
    if (this.#phase === 'loading') this.#source.tell?.(level, text);
    else this.#call?.tell(level, text);
  }

  #done(answer: unknown): void {
    this.#stop();
    const wasLoading = this.#phase === 'loading';
    const call = this.#call;
    const ending = endingOf(answer, this.#used_ms);
    this.#phase = 'idle';
    if (!wasLoading) {
      this.#call = null;
      this.#events.ended(this, call as CompartmentCall, ending);
    } else if (ending.kind === 'failed') this.#lost(ending.failure);
    else {
      if (call !== null) this.#begin(call);
      this.#events.loaded(this, null);
    }
  }

  #ask(index: number, json: string): void {
    this.#stop();
    this.#phase = 'waiting';
    const call = this.#call as CompartmentCall;
    const attempt = call.txn;
    const answer = (text: string): void => {
      if (this.#phase !== 'waiting' || call !== this.#call || call.txn !== attempt) return;
      this.#phase = 'running';
      this.#watch();
      this.#post([ANSWER, text]);
    };
    const refuse = (error: unknown): void => answer(errorText(error));
    try {
      const answered = call.callAccessor(index, json);
      if (!(answered instanceof Promise)) return answer(valueText(answered));
      answered.then((value) => answer(valueText(value))).catch(refuse);
      this.#events.waiting();
    } catch (error) {
      refuse(error);
    }
  }
}
