// Waits of a thread inside the kernel: for a lock's ticket, or for a completion. Both settle once. A ticket calls back
// one waiter, a completion as many as there are. Kernel code that may wait is a generator that yields its waits.

/** Something that settles once. */
export interface Wait {
  readonly settled: boolean;
  /** Calls back once when it settles; not if it has settled already. */
  wake(run: () => void): void;
}

/** A stretch of kernel code on behalf of a thread: it yields its waits, and gives its value. */
export type KernelSteps<Value = void> = Generator<Wait, Value, void>;

export class Completion implements Wait {
  settled = false;
  readonly #waiters: (() => void)[] = [];

  wake(run: () => void): void {
    this.#waiters.push(run);
  }

  settle(): void {
    if (this.settled) return;
    this.settled = true;
    for (const run of this.#waiters.splice(0)) run();
  }
}
