// The policies once more, as plainly as they can be written: arrays of pages, oldest first, and no thought of time.
// Each answers what it hits and the pages that it evicts, in order.

import type { Replayed } from '../../../support/replay.ts';

/** One step: the page is referenced. Answers the page that goes, where one does. */
type Step = (page: number) => number | undefined;
export type Model = (frames: number) => (references: ArrayLike<number>) => Replayed;

const without = (list: number[], page: number): void => {
  const place = list.indexOf(page);
  if (place >= 0) list.splice(place, 1);
};

/** A model from the pages that it has in, and its step. */
const model =
  (make: (frames: number) => { has(page: number): boolean; step: Step }): Model =>
  (frames) =>
  (references) => {
    const { has, step } = make(frames);
    const evicted: number[] = [];
    let hits = 0;
    for (const page of Array.from(references)) {
      if (has(page)) hits += 1;
      const gone = step(page);
      if (gone !== undefined) evicted.push(gone);
    }
    return { hits, evicted };
  };

/** FIFO, LRU and MRU: one list; which end goes, and whether a hit moves a page to the end. */
const listModel = (moves: boolean, take: (list: number[]) => number | undefined): Model =>
  model((frames) => {
    const list: number[] = [];
    const step: Step = (page) => {
      const hit = list.includes(page);
      const gone = !hit && list.length === frames ? take(list) : undefined;
      if (hit && moves) without(list, page);
      if (!hit || moves) list.push(page);
      return gone;
    };
    return { has: (page) => list.includes(page), step };
  });

export const fifo = listModel(false, (list) => list.shift());
export const lru = listModel(true, (list) => list.shift());
export const mru = listModel(true, (list) => list.pop());

export const clock: Model = model((frames) => {
  const slots: { page: number; referenced: boolean }[] = [];
  let hand = 0;
  const step: Step = (page) => {
    const slot = slots.find((one) => one.page === page);
    if (slot !== undefined) {
      slot.referenced = true;
      return undefined;
    }
    if (slots.length < frames) {
      slots.push({ page, referenced: false });
      return undefined;
    }
    while (slots[hand]!.referenced) {
      slots[hand]!.referenced = false;
      hand = (hand + 1) % frames;
    }
    const gone = slots[hand]!.page;
    slots[hand] = { page, referenced: false };
    hand = (hand + 1) % frames;
    return gone;
  };
  return { has: (page) => slots.some((one) => one.page === page), step };
});

/**
 * The queues of the paper's Algorithm 1, but that one page goes at a time: after a page has moved to a main queue that
 * is full, that one gives.
 */
class S3FifoQueues {
  readonly small: number[] = [];
  readonly main: number[] = [];
  readonly hits = new Map<number, number>();
  readonly #mainFrames: number;
  readonly #ghostsMax: number;
  /** When each ghost was made, counted in ghosts. */
  readonly #madeAt = new Map<number, number>();
  #made = 0;

  constructor(frames: number) {
    this.#mainFrames = frames - Math.max(1, Math.floor(frames / 10));
    this.#ghostsMax = Math.max(1, this.#mainFrames);
  }

  insert(page: number): void {
    const made = this.#madeAt.get(page);
    const isGhost = made !== undefined && this.#made - made <= this.#ghostsMax;
    if (isGhost) this.#madeAt.delete(page);
    (isGhost ? this.main : this.small).push(page);
    this.hits.set(page, 0);
  }

  evict(): number {
    while (this.small.length > 0 && this.main.length <= this.#mainFrames) {
      const page = this.small.shift()!;
      if (this.hits.get(page)! <= 1) {
        this.#madeAt.set(page, this.#made++);
        return page;
      }
      this.main.push(page);
      this.hits.set(page, 0);
    }
    for (;;) {
      const page = this.main.shift()!;
      const hits = this.hits.get(page)!;
      if (hits === 0) return page;
      this.main.push(page);
      this.hits.set(page, hits - 1);
    }
  }
}

export const s3fifo: Model = model((frames) => {
  const queues = new S3FifoQueues(frames);
  const has = (page: number): boolean => queues.small.includes(page) || queues.main.includes(page);
  const step: Step = (page) => {
    if (has(page)) {
      queues.hits.set(page, Math.min(3, queues.hits.get(page)! + 1));
      return undefined;
    }
    const gone = queues.small.length + queues.main.length === frames ? queues.evict() : undefined;
    queues.insert(page);
    return gone;
  };
  return { has, step };
});

/** The paper's stack and queue; every ghost that the stack holds is kept. */
export const lirs: Model = model((frames) => {
  const hirFrames = Math.min(Math.max(2, Math.floor(frames / 100)), Math.max(1, frames - 1));
  const stack: number[] = [];
  const queue: number[] = [];
  const low = new Set<number>();
  let last = -1;
  const has = (page: number): boolean => low.has(page) || queue.includes(page);
  const prune = (): void => {
    while (stack.length > 0 && !low.has(stack[0]!)) stack.shift();
  };
  const promote = (page: number): void => {
    low.add(page);
    if (low.size <= frames - hirFrames) return;
    const bottom = stack.shift()!;
    low.delete(bottom);
    queue.push(bottom);
  };
  const step: Step = (page) => {
    if (page === last) return undefined;
    last = page;
    const gone = !has(page) && low.size + queue.length === frames ? queue.shift() : undefined;
    const known = stack.includes(page);
    without(stack, page);
    without(queue, page);
    stack.push(page);
    if (!low.has(page)) {
      if (known || low.size < frames - hirFrames) promote(page);
      else queue.push(page);
    }
    prune();
    return gone;
  };
  return { has, step };
});

/** Hits of the optimal policy: at each fault the future is searched for every page. */
export const optHits = (references: ArrayLike<number>, frames: number): number => {
  const all = Array.from(references);
  const pages: number[] = [];
  let hits = 0;
  for (const [now, page] of all.entries()) {
    if (pages.includes(page)) {
      hits += 1;
      continue;
    }
    if (pages.length === frames) {
      const next = pages.map((one) => all.indexOf(one, now)).map((place) => (place < 0 ? all.length : place));
      pages.splice(next.indexOf(Math.max(...next)), 1);
    }
    pages.push(page);
  }
  return hits;
};
