// Who runs statements, one at a time each: processes over a file, or connections to a server. A plugin has one worker
// of its own, in which its statements run one after the other: what one does to it, no other plugin meets. There are
// few at a time; one that is idle makes room for another plugin's. One more is kept ready, so that what was ended is
// replaced at once.

import { SQL_WORKERS_MAX } from './bounds.ts';
import type { SqlEnd } from './engine.ts';

/** What is asked of a worker. */
export interface StatementTask {
  /** What may be read, as text: the worker compares it with that of the statement before. */
  readonly grant: string;
  /** The statement, as JSON. */
  readonly request: string;
  readonly ms: number;
  readonly signal: AbortSignal;
}

export interface Worker {
  /** Runs one statement; the one before must have ended. */
  run(asked: StatementTask): Promise<SqlEnd>;
  /** Ends it, and what runs there with `end`. */
  kill(end: SqlEnd): void;
  /** Whether it takes nothing more. */
  readonly gone: boolean;
}

/** A plugin, as long as statements of it run or it has a worker. */
interface Tenancy {
  worker: Worker | null;
  /** Statements that run or wait. */
  waiting: number;
  last: Promise<unknown>;
}

const ABANDONED: SqlEnd = { is: 'abandoned' };

const hasWorker = ({ worker }: Tenancy): boolean => worker !== null && !worker.gone;

export class Workers<One extends Worker> {
  readonly #start: (ended: (worker: One) => void) => One;
  readonly #tenancies = new Map<string, Tenancy>();
  readonly #all = new Set<One>();
  /** Plugins that wait until another one is idle. */
  readonly #queue: (() => void)[] = [];
  #spare: One | null = null;
  #closed = false;

  /** `start` makes a worker, which calls `ended` when it has ended. */
  constructor(start: (ended: (worker: One) => void) => One) {
    this.#start = start;
  }

  /** All that there are, the oldest first. */
  get all(): readonly One[] {
    return [...this.#all];
  }

  /** Runs a statement of a plugin, after those before it. */
  run(plugin: string, asked: StatementTask): Promise<SqlEnd> {
    const tenancy = this.#tenancies.get(plugin) ?? { worker: null, waiting: 0, last: Promise.resolve() };
    this.#tenancies.set(plugin, tenancy);
    const run = this.#after(tenancy.last, tenancy, asked);
    tenancy.waiting++;
    tenancy.last = run.then(
      () => this.#done(plugin, tenancy),
      () => this.#done(plugin, tenancy),
    );
    return run;
  }

  async #after(last: Promise<unknown>, tenancy: Tenancy, asked: StatementTask): Promise<SqlEnd> {
    await last;
    if (asked.signal.aborted) return ABANDONED;
    const worker = await this.#workerOf(tenancy);
    return this.#closed || asked.signal.aborted ? ABANDONED : worker.run(asked);
  }

  #done(plugin: string, tenancy: Tenancy): void {
    if (--tenancy.waiting > 0) return;
    // The one that was used last is the last that makes room.
    this.#tenancies.delete(plugin);
    if (hasWorker(tenancy)) this.#tenancies.set(plugin, tenancy);
    this.#queue.shift()?.();
  }

  async #workerOf(tenancy: Tenancy): Promise<Worker> {
    if (tenancy.worker !== null && !tenancy.worker.gone) return tenancy.worker;
    while (this.#isFull() && !this.#makeRoom()) await new Promise<void>((resolve) => this.#queue.push(resolve));
    tenancy.worker = this.#spare === null || this.#spare.gone ? this.#make() : this.#spare;
    this.#spare = this.#closed ? null : this.#make();
    return tenancy.worker;
  }

  #isFull(): boolean {
    return !this.#closed && [...this.#tenancies.values()].filter(hasWorker).length >= SQL_WORKERS_MAX;
  }

  /** Ends the worker of the plugin that has been idle longest. */
  #makeRoom(): boolean {
    for (const [plugin, tenancy] of this.#tenancies)
      if (tenancy.waiting === 0) {
        tenancy.worker?.kill(ABANDONED);
        return this.#tenancies.delete(plugin);
      }
    return false;
  }

  #make(): One {
    const worker = this.#start((ended) => this.#all.delete(ended));
    this.#all.add(worker);
    return worker;
  }

  close(): void {
    this.#closed = true;
    for (const worker of this.#all) worker.kill(ABANDONED);
    for (const go of this.#queue.splice(0)) go();
  }
}
