// What a thread inside the kernel can wait for: a lock's ticket, or a completion. Both settle once and tell one
// waiter's call-back; a completion is told to as many as wait for it. Code of the kernel that may wait is a generator
// that yields what it waits for.

/** Something that settles once. */
export interface Wait {
  readonly settled: boolean;
  /** Calls back once when it settles; not when it has settled already. */
  wake(run: () => void): void;
}

/** A stretch of kernel code on behalf of a thread: it yields what it waits for, and gives its value. */
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
