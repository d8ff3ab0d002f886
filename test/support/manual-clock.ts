// A clock that a test moves by hand. Timers fire in the order of their times, and only inside fireNext or advance.

import type { Clock, Timer } from '../../src/txn/index.ts';

interface Armed {
  readonly at: number;
  readonly run: () => void;
}

export class ManualClock implements Clock {
  #now = 0;
  readonly #armed = new Set<Armed>();

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): Timer {
    const armed: Armed = { at: this.#now + ms, run };
    this.#armed.add(armed);
    return { cancel: () => this.#armed.delete(armed) };
  }

  /** How many timers are armed. */
  get armed(): number {
    return this.#armed.size;
  }

  /** Moves to the next timer that is due by `until` and fires it; false where there is none, and then it is `until`. */
  fireNext(until: number): boolean {
    let next: Armed | null = null;
    for (const one of this.#armed) if (one.at <= until && (next === null || one.at < next.at)) next = one;
    if (next === null) {
      this.#now = Math.max(this.#now, until);
      return false;
    }
    this.#now = next.at;
    this.#armed.delete(next);
    next.run();
    return true;
  }

  advance(ms: number): void {
    const until = this.#now + ms;
    while (this.fireNext(until));
  }
}
