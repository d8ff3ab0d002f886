// The anteroom of a group's queue: who waits for room there, in order. What stands here holds nothing and occupies no
// process; it is told once, and asks again.

/** Calls that may wait here. */
const MOST = 10_000;

export class Anteroom {
  #waiting: (() => void)[] = [];

  /** Tells once when there is room; false where too many wait for that. */
  add(then: () => void): boolean {
    if (this.#waiting.length >= MOST) return false;
    this.#waiting.push(then);
    return true;
  }

  /** Tells as many as there is room for, when what runs now is done. `room` is asked again before each. */
  letIn(room: () => number): void {
    if (this.#waiting.length === 0) return;
    queueMicrotask(() => {
      while (this.#waiting.length > 0 && room() > 0) (this.#waiting.shift() as () => void)();
    });
  }

  /** Tells all: each is refused, or finds that its call has ended. */
  close(): void {
    for (const then of this.#waiting.splice(0)) then();
  }
}
