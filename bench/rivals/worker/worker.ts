// The rival worker: the plugin in worker threads of the host's process. Accessors that wait work: a graft is an
// ordinary function there too. It is here to be measured against `process`, which it resembles, with these weaknesses:
//
// - A fault of the engine in a worker ends the whole process, and a built-in that never returns keeps its thread after
//   the worker was terminated.
// - The memory limit counts V8's heap only.
// - A rejection that nobody handles is lost.
// - A way out is known: as with `vm`, from the rejection of `import()` or the memory behind a column to the worker's
//   own realm. That is emptied, but its modules can be imported: the files, sockets and processes of the host's user.
//
// A plugin has one worker, a few more while calls in it wait for the host, and a spare made ahead. A call that another
// may be waiting for (it is nested, or holds locks) never queues, so no deadlock leads through the queue. After an
// abort its worker is ended, and the spare takes its place.

import {
  type Compartment,
  type CompartmentCall,
  type CompartmentMaker,
  type CompartmentSource,
  type Ending,
  failedWith,
  installFailed,
  LOST,
} from '../../../src/plugins/compartment/index.ts';
import { type Failure, GraftError } from '../../../src/plugins/index.ts';
import { PluginWorker, type WorkerEvents } from './plugin-worker.ts';

export interface WorkerOptions {
  /**
   * Workers that each plugin has ready beyond those in use. A worker takes about 50 ms to make, and 10 MB. Default: 1.
   */
  readonly spares?: number;
}

/** Workers of one plugin for calls that may queue. */
const WORKERS = 4;
/** All workers of one plugin. */
const WORKERS_MAX = 16;
/** Calls that wait for a worker. */
const QUEUED_MAX = 1000;
const BAD_LOADS_MAX = 3;

const NEVER_LOADS = failedWith({ ...LOST, message: 'the plugin cannot be loaded any more' });

/** Whether a holder of a worker or a lock may be waiting for the call. */
const isUrgent = ({ txn }: CompartmentCall): boolean =>
  txn.tree.holds.length > 0 || (txn.parent?.parent ?? null) !== null;

class WorkerCompartment implements Compartment, WorkerEvents {
  readonly kind = 'worker';
  readonly waits = true;
  readonly #source: CompartmentSource;
  readonly #spares: number;
  /** The workers that are alive. */
  #workers: PluginWorker[] = [];
  #queue: CompartmentCall[] = [];
  #badLoads = 0;
  #disposed = false;
  /** Called with the result of the first load. */
  #installed: ((failure: Failure | null) => void) | null = null;

  readonly #left: (compartment: WorkerCompartment) => void;

  constructor(source: CompartmentSource, spares: number, left: (compartment: WorkerCompartment) => void) {
    this.#left = left;
    this.#source = source;
    this.#spares = spares;
  }

  /** Loads the plugin for the first time. Resolves with the failure; null: none. */
  prepare(): Promise<Failure | null> {
    return new Promise((resolve) => {
      this.#installed = resolve;
      this.#another();
    });
  }

  start(call: CompartmentCall): void {
    if (this.#disposed) throw new GraftError('GRAFT_CLOSED', 'the compartment is closed');
    const urgent = isUrgent(call);
    if ((urgent || this.#queue.length === 0) && this.#place(call)) return;
    if (urgent || this.#queue.length >= QUEUED_MAX)
      throw new GraftError(
        'GRAFT_OVERLOADED',
        `${this.#source.plugin}: ${urgent ? WORKERS_MAX : QUEUED_MAX} calls at once`,
      );
    this.#queue.push(call);
  }

  abandon(call: CompartmentCall): void {
    const worker = call.at as PluginWorker | null;
    call.at = null;
    if (worker === null) this.#queue = this.#queue.filter((queued) => queued !== call);
    else if (this.#workers.includes(worker)) this.#replace(worker, call);
  }

  get heaps(): number {
    return this.#workers.length;
  }

  dispose(): void {
    this.#disposed = true;
    for (const worker of this.#workers.splice(0)) worker.terminate();
    this.#left(this);
  }

  loaded(worker: PluginWorker, failure: Failure | null): void {
    this.#badLoads = failure === null ? 0 : this.#badLoads + 1;
    if (failure !== null) this.#drop(worker);
    this.#installed?.(failure);
    this.#installed = null;
    this.#serve();
  }

  ended(worker: PluginWorker, call: CompartmentCall, ending: Ending): void {
    if (ending.kind === 'failed') this.#drop(worker);
    call.ended(ending);
    this.#serve();
  }

  waiting(): void {
    this.#serve();
  }

  #place(call: CompartmentCall): boolean {
    const busy = this.#workers.filter((worker) => worker.call !== null);
    const mayJoin = busy.length < WORKERS && busy.every((worker) => worker.phase === 'waiting');
    if (!mayJoin && !isUrgent(call)) return false;
    const free = this.#workers.filter((worker) => worker.call === null);
    const worker = free.find(({ phase }) => phase === 'idle') ?? free[0] ?? this.#another();
    if (worker === null) return false;
    call.at = worker;
    worker.run(call);
    return true;
  }

  #another(): PluginWorker | null {
    if (this.#workers.length >= WORKERS_MAX || this.#disposed) return null;
    const worker = new PluginWorker(this.#source, this);
    this.#workers.push(worker);
    return worker;
  }

  #drop(worker: PluginWorker): void {
    this.#workers = this.#workers.filter((one) => one !== worker);
    worker.terminate();
  }

  /**
   * Replaces a worker: the call `gone` must not run on, nor its heap be used again; another call that runs there is
   * begun anew.
   */
  #replace(worker: PluginWorker, gone: CompartmentCall): void {
    const { call } = worker;
    this.#drop(worker);
    if (call !== null && call !== gone) {
      call.at = null;
      if (call.restart()) this.#queue.unshift(call);
      else call.ended(failedWith(LOST));
    }
    this.#serve();
  }

  /** Gives waiting calls to workers, in order, and makes missing spares. */
  #serve(): void {
    if (this.#disposed) return;
    if (this.#badLoads >= BAD_LOADS_MAX) {
      for (const call of this.#queue.splice(0)) call.ended(NEVER_LOADS);
      return;
    }
    while (this.#queue.length > 0 && this.#place(this.#queue[0] as CompartmentCall)) this.#queue.shift();
    const free = this.#workers.filter((worker) => worker.call === null);
    for (let missing = this.#spares - free.length; missing > 0; missing--) this.#another();
    for (const worker of free.slice(this.#spares + 1)) this.#drop(worker);
  }
}

/** Hosts plugins in worker threads. */
export class WorkerMaker implements CompartmentMaker {
  readonly kind = 'worker';
  readonly waits = true;
  readonly #spares: number;
  readonly #open = new Set<Compartment>();

  constructor({ spares = 1 }: WorkerOptions = {}) {
    this.#spares = spares;
  }

  async load(source: CompartmentSource): Promise<Compartment> {
    const compartment = new WorkerCompartment(source, this.#spares, (gone) => void this.#open.delete(gone));
    this.#open.add(compartment);
    const failure = await compartment.prepare();
    if (failure === null) return compartment;
    compartment.dispose();
    throw installFailed(source.plugin, failure);
  }

  close(): void {
    for (const compartment of this.#open) compartment.dispose();
  }
}
