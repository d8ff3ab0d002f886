// The clock of one call in an isolate. A call's own time is the processor time of the thread that runs it, without what
// the host does in that thread for it. Time in which the system lets the thread wait for a core, or keeps its process
// stopped, is nobody's own.
//
// Reading processor time costs half a microsecond, the wall clock a tenth of that. The first never exceeds the second,
// so only calls that have lasted are asked for it. What the host does meanwhile is taken for no more than the time that
// passed: on a busy machine that may be far less, and a loop of host calls would look idle. So once a call has been
// inside for its whole limit, its waits are measured in processor time too.

/** A sample of the processor time serves all calls that begin within this time. */
const SAMPLE_MS = 1;
/** Below this, the wall clock is near enough: no limit is smaller. */
const SHORT_MS = 1;

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
  readonly #hostWorksHere: boolean;
  #started_ms = 0;
  #left_ms = 0;
  #waited_ms = 0;
  #limit_ms = 0;
  #sampled_ms = Number.NEGATIVE_INFINITY;
  #sample_cpu_ms = 0;
  /** Processor time of the thread that is not this call's, measured; null: it is taken from the wall clock. */
  #exact_ms: number | null = null;
  #left_cpu_ms = 0;

  /** `hostWorksHere`: while a call waits for the host, the host works in this thread. */
  constructor(hostWorksHere: boolean, clocks: Clocks = THREAD_CLOCKS) {
    this.#hostWorksHere = hostWorksHere;
    this.#clocks = clocks;
  }

  get limit_ms(): number {
    return this.#limit_ms;
  }

  /** A call begins. */
  start(limit_ms: number): void {
    this.#limit_ms = Math.max(1, limit_ms);
    this.#waited_ms = 0;
    this.#exact_ms = null;
    this.#started_ms = this.#clocks.now_ms();
    if (this.#started_ms - this.#sampled_ms <= SAMPLE_MS) return;
    this.#sampled_ms = this.#started_ms;
    this.#sample_cpu_ms = this.#clocks.cpu_ms();
  }

  /** The call leaves its isolate for the host. Gives its own time until now. */
  leave(): number {
    this.#left_ms = this.#clocks.now_ms();
    const own_ms = this.#own_ms(this.#left_ms);
    if (this.#hostWorksHere && this.#inside_ms(this.#left_ms) >= this.#limit_ms) this.#measure(own_ms);
    return own_ms;
  }

  /** From here on, waits are measured. */
  #measure(own_ms: number): void {
    this.#left_cpu_ms = this.#clocks.cpu_ms();
    this.#exact_ms ??= this.#left_cpu_ms - own_ms;
  }

  /** The call comes back from the host. */
  comeBack(): void {
    this.#waited_ms += this.#clocks.now_ms() - this.#left_ms;
    if (this.#exact_ms !== null) this.#exact_ms += this.#clocks.cpu_ms() - this.#left_cpu_ms;
  }

  /** The call's own time until now. Ask only while it does not wait. */
  own_ms(): number {
    return this.#own_ms(this.#clocks.now_ms());
  }

  /** How long the call has been inside by the wall clock. */
  #inside_ms(now_ms: number): number {
    return now_ms - this.#started_ms - this.#waited_ms;
  }

  #own_ms(now_ms: number): number {
    const wall_ms = this.#inside_ms(now_ms);
    return wall_ms < SHORT_MS ? wall_ms : Math.min(wall_ms, Math.max(0, this.#clocks.cpu_ms() - this.#foreign_ms));
  }

  /**
   * Processor time of the thread that is not this call's: what there was before, and, while it waited, at most all of
   * that time.
   */
  get #foreign_ms(): number {
    if (this.#exact_ms !== null) return this.#exact_ms;
    const before_ms = this.#sample_cpu_ms + this.#started_ms - this.#sampled_ms;
    return this.#hostWorksHere ? before_ms + this.#waited_ms : before_ms;
  }

  /** The rest of the limit, at least 1 ms. */
  remaining_ms(): number {
    return Math.max(1, Math.ceil(this.#limit_ms - this.own_ms()));
  }

  /** The processor time of the thread at which the limit is reached. */
  get due_cpu_ms(): number {
    return this.#foreign_ms + this.#limit_ms;
  }

  /** Whether a call that has used `own_ms` has reached its limit. */
  isOver(own_ms: number): boolean {
    return own_ms >= this.#limit_ms;
  }
}
