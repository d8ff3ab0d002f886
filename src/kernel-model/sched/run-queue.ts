// The run queue: a queue for each priority, first come, first served within one.

import { PRIORITIES } from '../limits.ts';
import type { Thread } from './thread.ts';

export class RunQueue {
  readonly #queues: Thread[][] = Array.from({ length: PRIORITIES }, () => []);
  /** A bit for each priority at which a thread waits. */
  #filled = 0;
  size = 0;

  add(thread: Thread): void {
    (this.#queues[thread.priority] as Thread[]).push(thread);
    this.#filled |= 1 << thread.priority;
    this.size++;
  }

  has(thread: Thread): boolean {
    return this.#queues.some((queue) => queue.includes(thread));
  }

  /** Takes a thread out of any queue; its priority may have changed meanwhile. */
  remove(thread: Thread): boolean {
    for (const [priority, queue] of this.#queues.entries()) {
      const at = queue.indexOf(thread);
      if (at < 0) continue;
      this.#takeOut(priority, at);
      return true;
    }
    return false;
  }

  /** Takes the first thread that `may` accepts, the most urgent first; null: none. */
  take(may: (thread: Thread) => boolean): Thread | null {
    if (this.size === 0) return null;
    for (const [priority, queue] of this.#queues.entries()) {
      const at = queue.findIndex(may);
      if (at >= 0) return this.#takeOut(priority, at);
    }
    return null;
  }

  #takeOut(priority: number, at: number): Thread {
    const queue = this.#queues[priority] as Thread[];
    const [thread] = queue.splice(at, 1);
    if (queue.length === 0) this.#filled &= ~(1 << priority);
    this.size--;
    return thread as Thread;
  }

  /** Whether a thread more urgent than `priority` waits for the processor. */
  hasBefore(priority: number, may: (thread: Thread) => boolean): boolean {
    if ((this.#filled & ((1 << priority) - 1)) === 0) return false;
    for (let i = 0; i < priority; i++) if ((this.#queues[i] as Thread[]).some(may)) return true;
    return false;
  }
}
