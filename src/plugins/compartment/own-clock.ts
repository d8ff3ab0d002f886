// The clock of one call in an isolate. Its own time is all its time without its waits for the host. Time in which the
// system let the thread wait for a core is not the call's fault: a call is over when both its own time and the
// processor time since its begin reach its limit.

/** The largest age of a sample of the processor time: earlier work counts against a call by at most this. */
const CPU_SAMPLE_MS = 5;

const threadCpu_ms = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/** Clocks of the thread, in ms from any origin. */
export interface Clocks {
  readonly now_ms: () => number;
  /** Processor time. */
  readonly cpu_ms: () => number;
}

export const THREAD_CLOCKS: Clocks = { now_ms: () => performance.now(), cpu_ms: threadCpu_ms };

export class OwnClock {
  readonly #clocks: Clocks;
  #started_ms = 0;
  #left_ms = 0;
  #waited_ms = 0;
  #limit_ms = 0;
  #sampled_ms = Number.NEGATIVE_INFINITY;
  #sample_cpu_ms = 0;

  constructor(clocks: Clocks = THREAD_CLOCKS) {
    this.#clocks = clocks;
  }

  get limit_ms(): number {
    return this.#limit_ms;
  }

  /** A call begins. */
  start(limit_ms: number): void {
    this.#limit_ms = Math.max(1, limit_ms);
    this.#waited_ms = 0;
    this.#started_ms = this.#clocks.now_ms();
    if (this.#started_ms - this.#sampled_ms <= CPU_SAMPLE_MS) return;
    this.#sampled_ms = this.#started_ms;
    this.#sample_cpu_ms = this.#clocks.cpu_ms();
  }

  /** The call leaves its isolate for the host. Gives its own time until now. */
  leave(): number {
    this.#left_ms = this.#clocks.now_ms();
    return this.#left_ms - this.#started_ms - this.#waited_ms;
  }

  /** The call comes back from the host. */
  comeBack(): void {
    this.#waited_ms += this.#clocks.now_ms() - this.#left_ms;
  }

  /** The call's own time until now. Ask only while it does not wait. */
  own_ms(): number {
    return this.#clocks.now_ms() - this.#started_ms - this.#waited_ms;
  }

  /** The rest of the limit, at least 1 ms. */
  remaining_ms(): number {
    return Math.max(1, Math.ceil(this.#limit_ms - this.own_ms()));
  }

  /** Whether a call that has used `own_ms` has reached its limit. */
  isOver(own_ms: number): boolean {
    return own_ms >= this.#limit_ms && this.#worked_ms() >= this.#limit_ms;
  }

  /** Whether the thread, since the call began, has worked for less than half of its limit: it waited for a core. */
  wasStarved(): boolean {
    return this.#worked_ms() < this.#limit_ms / 2;
  }

  #worked_ms(): number {
    return this.#clocks.cpu_ms() - this.#sample_cpu_ms;
  }
}
