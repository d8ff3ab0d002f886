// OPT (L. A. Belady, 1966): the page whose next reference is farthest away goes. No policy has fewer faults, but it has
// to know the future: an application that knows its references announces them all. Every other policy is measured
// against this one.
//
// The frames are a heap by next reference, farthest first: a decision takes a look at its top, a reference O(log
// frames). The next references are computed once: 4 bytes a reference, and an entry a page. It does badly where the
// announcement is wrong: from the first reference that is not the announced one it answers the kernel's own victim.

import type { Evict, EvictionColumns } from './eviction.ts';

const NEVER = 0x7fffffff;

/** The future: an announced sequence of references. */
class Future {
  readonly pages: Int32Array;
  /** For each reference, the place of the next one of the same page, or NEVER. */
  readonly next: Int32Array;
  readonly #first = new Map<number, number>();

  constructor(pages: Int32Array) {
    this.pages = pages;
    this.next = new Int32Array(pages.length);
    for (let index = pages.length - 1; index >= 0; index--) {
      const page = pages[index]!;
      this.next[index] = this.first(page);
      this.#first.set(page, index);
    }
  }

  /** The place of the page's first reference, or NEVER. */
  first(page: number): number {
    return this.#first.get(page) ?? NEVER;
  }
}

/** Frames by their keys, the largest first. A frame is in it from its first key on. */
class FrameHeap {
  readonly #keys: Int32Array;
  readonly #frames: Int32Array;
  readonly #places: Int32Array;
  #size = 0;

  constructor(frames: number) {
    this.#keys = new Int32Array(frames);
    this.#frames = new Int32Array(frames);
    this.#places = new Int32Array(frames).fill(-1);
  }

  get top(): number {
    return this.#size > 0 ? this.#frames[0]! : -1;
  }

  set(frame: number, key: number): void {
    if (this.#places[frame]! < 0) this.#put(frame, this.#size++);
    this.#keys[frame] = key;
    this.#up(frame);
    this.#down(frame);
  }

  #put(frame: number, place: number): void {
    this.#frames[place] = frame;
    this.#places[frame] = place;
  }

  #up(frame: number): void {
    const key = this.#keys[frame]!;
    let place = this.#places[frame]!;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (this.#keys[this.#frames[above]!]! >= key) break;
      this.#put(this.#frames[above]!, place);
      place = above;
    }
    this.#put(frame, place);
  }

  #down(frame: number): void {
    const key = this.#keys[frame]!;
    let place = this.#places[frame]!;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= this.#size) break;
      if (below + 1 < this.#size && this.#keys[this.#frames[below + 1]!]! > this.#keys[this.#frames[below]!]!)
        below += 1;
      if (this.#keys[this.#frames[below]!]! <= key) break;
      this.#put(this.#frames[below]!, place);
      place = below;
    }
    this.#put(frame, place);
  }
}

class Opt {
  readonly #future: Future;
  readonly #heap: FrameHeap;
  #now = 0;
  #astray = false;

  /**
   * Pages that are in their frames already get their place in the heap; the events tell of the newest of them again.
   */
  constructor(future: Future, pages: Int32Array) {
    this.#future = future;
    this.#heap = new FrameHeap(pages.length);
    for (let frame = 0; frame < pages.length; frame++)
      if (pages[frame]! >= 0) this.#set(frame, future.first(pages[frame]!));
  }

  decide(victim: number, { events, request, pages }: EvictionColumns): number {
    const count = request[0]!;
    for (let index = 0; index < count && !this.#astray; index++) {
      const event = events[index]!;
      this.#reference(event < 0 ? -1 - event : event, pages);
    }
    if (request[1]! < 0) return -1;
    const top = this.#heap.top;
    return this.#astray || top < 0 || pages[top]! < 0 ? victim : top;
  }

  #reference(frame: number, pages: Int32Array): void {
    this.#astray = this.#future.pages[this.#now] !== pages[frame];
    if (this.#astray) return;
    this.#set(frame, this.#future.next[this.#now]!);
    this.#now += 1;
  }

  /** No two keys are equal, so which frame goes depends on nothing but the future. */
  #set(frame: number, next: number): void {
    this.#heap.set(frame, next === NEVER ? NEVER - frame : next);
  }
}

/**
 * Makes an OPT policy for a process whose references will be `future`, page by page, beginning with the first one in
 * the events.
 */
export const makeOpt = (future: Int32Array): Evict => {
  const known = new Future(future);
  let policy: Opt | null = null;
  return (victim, columns) => {
    policy ??= new Opt(known, columns.pages);
    return policy.decide(victim, columns);
  };
};
