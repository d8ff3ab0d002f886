// The machine's time and its events: a queue ordered by time, and for equal times by the order in which the events were
// made. Between events only the processor executes, and it moves the time itself. One queue serves devices, timers and
// lock time-outs.
//
//   events.at(time_us, run)    →  a timer that can be cancelled
//   events.deliver()           runs due events; the machine calls it wherever an interrupt may come
//   events.idle()              moves the time to the next event, and runs it

import type { Clock, Timer } from '../../txn/index.ts';

interface QueuedEvent extends Timer {
  readonly time_us: number;
  readonly order: number;
  run: (() => void) | null;
}

const earlier = (a: QueuedEvent, b: QueuedEvent): boolean =>
  a.time_us < b.time_us || (a.time_us === b.time_us && a.order < b.order);

export class EventQueue {
  /** Emulated time since boot, in microseconds. The processor adds what it executes. */
  now_us = 0;
  /** The number of events that wait. */
  pending = 0;
  /** When the next event is due; Infinity: never. */
  next_us = Number.POSITIVE_INFINITY;
  readonly #heap: QueuedEvent[] = [];
  #order = 0;

  /** Runs `run` when the time comes; a time that is past means: at the next delivery. */
  at(time_us: number, run: () => void): Timer {
    const entry: QueuedEvent = {
      time_us: Math.max(time_us, this.now_us),
      order: this.#order++,
      run,
      cancel: () => {
        if (entry.run === null) return;
        entry.run = null;
        this.pending--;
        this.#look();
      },
    };
    this.#push(entry);
    this.pending++;
    this.#look();
    return entry;
  }

  /** Runs all due events. */
  deliver(): void {
    while (this.next_us <= this.now_us) this.#runFirst();
  }

  /** Moves the time to the next event and runs it. False: there is none. */
  idle(): boolean {
    if (this.next_us === Number.POSITIVE_INFINITY) return false;
    this.now_us = Math.max(this.now_us, this.next_us);
    this.#runFirst();
    return true;
  }

  #runFirst(): void {
    const entry = this.#pop();
    const { run } = entry;
    entry.run = null;
    this.pending--;
    this.#look();
    run?.();
  }

  /** Drops cancelled entries at the top and notes when the next is due. */
  #look(): void {
    while (this.#heap.length > 0 && (this.#heap[0] as QueuedEvent).run === null) this.#pop();
    this.next_us = this.#heap[0]?.time_us ?? Number.POSITIVE_INFINITY;
  }

  #push(entry: QueuedEvent): void {
    const heap = this.#heap;
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!earlier(entry, heap[parent] as QueuedEvent)) break;
      heap[i] = heap[parent] as QueuedEvent;
      i = parent;
    }
    heap[i] = entry;
  }

  #pop(): QueuedEvent {
    const heap = this.#heap;
    const first = heap[0] as QueuedEvent;
    const last = heap.pop() as QueuedEvent;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(entry: QueuedEvent): void {
    const heap = this.#heap;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && earlier(heap[child + 1] as QueuedEvent, heap[child] as QueuedEvent)) child++;
      if (!earlier(heap[child] as QueuedEvent, entry)) break;
      heap[i] = heap[child] as QueuedEvent;
      i = child;
    }
    heap[i] = entry;
  }
}

/** The clock of transactions and locks over emulated time. */
export const clockOf = (events: EventQueue): Clock => ({
  now: () => events.now_us / 1000,
  after: (ms, run) => events.at(events.now_us + ms * 1000, run),
});
