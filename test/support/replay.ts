// Replays references against an eviction policy as the kernel does it: a fault takes the lowest free frame, without a
// call; with none free the policy is called once a fault; when the events column is full it is called to read it, with
// no victim wanted. An answer that a kernel would refuse is thrown.

import type { Evict, EvictionColumns } from '../../src/kernel-model/grafts/eviction/index.ts';
import type { Random } from './random.ts';

export interface ReplayOptions {
  /** The length of the events column. */
  readonly events?: number;
  /** Whether the policy is called before this reference, only to read. */
  readonly readBefore?: (index: number) => boolean;
  /** A page to be freed before this reference, or -1; the policy is not told. */
  readonly freeBefore?: (index: number) => number;
}

export interface Replayed {
  readonly hits: number;
  /** The pages that the policy evicted, in order. */
  readonly evicted: number[];
}

/** A kernel's memory as far as a policy sees it. */
export class ReplayMemory {
  readonly columns: EvictionColumns;
  readonly #frameOf = new Map<number, number>();
  readonly #evict: Evict;
  #free: number;
  hits = 0;
  readonly evicted: number[] = [];

  constructor(evict: Evict, frames: number, events = 1_024) {
    this.columns = {
      events: new Int32Array(events),
      request: new Int32Array(2),
      pages: new Int32Array(frames).fill(-1),
    };
    this.#evict = evict;
    this.#free = frames;
  }

  reference(page: number): void {
    const { request, events } = this.columns;
    if (request[0] === events.length) this.read();
    const frame = this.#frameOf.get(page);
    if (frame !== undefined) {
      this.hits += 1;
      events[request[0]!++] = frame;
    } else this.#enter(page, this.#free > 0 ? this.columns.pages.indexOf(-1) : this.#victim(page));
  }

  /** Calls the policy with no victim wanted. */
  read(): void {
    const { request } = this.columns;
    request[1] = -1;
    const answer = this.#evict(-1, this.columns);
    request[0] = 0;
    if (answer !== -1) throw new Error(`${answer} where no victim is wanted`);
  }

  /** Frees a page's frame, if it has one, and says nothing. */
  free(page: number): void {
    const frame = this.#frameOf.get(page);
    if (frame === undefined) return;
    this.#frameOf.delete(page);
    this.columns.pages[frame] = -1;
    this.#free += 1;
  }

  #victim(incoming: number): number {
    const { request, pages } = this.columns;
    request[1] = incoming;
    const frame = this.#evict(0, this.columns);
    request[0] = 0;
    const page = pages[frame];
    if (page === undefined || page < 0) throw new Error(`${frame} is no frame with a page`);
    this.evicted.push(page);
    this.free(page);
    return frame;
  }

  #enter(page: number, frame: number): void {
    const { request, events, pages } = this.columns;
    pages[frame] = page;
    this.#frameOf.set(page, frame);
    this.#free -= 1;
    events[request[0]!++] = -1 - frame;
  }
}

/** Replays all references, from an empty memory. */
export const replay = (
  evict: Evict,
  references: ArrayLike<number>,
  frames: number,
  options: ReplayOptions = {},
): Replayed => {
  const memory = new ReplayMemory(evict, frames, options.events);
  for (let index = 0; index < references.length; index++) {
    if (options.readBefore?.(index) === true) memory.read();
    if (options.freeBefore !== undefined) memory.free(options.freeBefore(index));
    memory.reference(references[index]!);
  }
  return { hits: memory.hits, evicted: memory.evicted };
};

/** References as programs make them: phases of loops, scans, bursts and chance, over `pages` pages. */
export const someReferences = (random: Random, length: number, pages: number): Int32Array => {
  const references = new Int32Array(length);
  for (let index = 0; index < length; ) {
    const width = 1 + random.below(pages);
    const first = random.below(pages);
    const end = Math.min(length, index + 1 + random.below(4 * width));
    const kind = random.below(4);
    for (let step = 0; index < end; step++, index++) {
      const jump = [
        step % width,
        random.below(width),
        Math.floor(width * random.next() ** 4),
        random.below(2) + (step >> 2),
      ][kind]!;
      references[index] = (first + jump) % pages;
    }
  }
  return references;
};
