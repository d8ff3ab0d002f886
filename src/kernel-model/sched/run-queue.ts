// Who may run next: a queue for each priority, first come, first served within one.

import { PRIORITIES } from '../limits.ts';
import type { Thread } from './thread.ts';

export class RunQueue {
  readonly #queues: Thread[][] = Array.from({ length: PRIORITIES }, () => []);
  size = 0;

  add(thread: Thread): void {
    (this.#queues[thread.priority] as Thread[]).push(thread);
    this.size++;
  }

  /** Takes a thread out, wherever it is; its priority may have changed meanwhile. */
  remove(thread: Thread): boolean {
    for (const queue of this.#queues) {
      const at = queue.indexOf(thread);
      if (at < 0) continue;
      queue.splice(at, 1);
      this.size--;
      return true;
    }
    return false;
  }

  /** Takes the first thread that `may` run, the most urgent first; null: none. */
  take(may: (thread: Thread) => boolean): Thread | null {
    if (this.size === 0) return null;
    for (const queue of this.#queues) {
      const at = queue.findIndex(may);
      if (at < 0) continue;
      this.size--;
      return queue.splice(at, 1)[0] as Thread;
    }
    return null;
  }

  /** Whether a thread more urgent than `priority` waits for the processor. */
  hasBefore(priority: number, may: (thread: Thread) => boolean): boolean {
    for (let i = 0; i < priority; i++) if ((this.#queues[i] as Thread[]).some(may)) return true;
    return false;
  }
}
