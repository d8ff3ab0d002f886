// ADAPTIVE: does what LRU or LIRS would do, whichever had fewer faults recently (after R. Subramanian, Y. Smaragdakis,
// G. Loh, Adaptive Caches, MICRO 2006). It runs both on directories, which say what pages each policy would have in as
// many frames, and counts the faults that one has and the other has not. At a fault it takes a page that the leader
// would no longer have; if there is none, the one that the leader would take. So after as many faults as there are
// pages that differ, the frames hold what the leader would hold.
//
// It follows LIRS through loops and scans and LRU through bursts. It does badly where the lead changes faster than the
// frames can follow: with few frames (a lead of one or two faults decides), or phases about as long as the frames. It
// also does badly where both policies do, and where references are many and faults cheap, since a reference costs three
// times what it costs LIRS.
// what it costs LIRS.

import { graft, policyOf, type Replacement } from './eviction.ts';
import { LinkedList } from './linked-list.ts';
import { lirsReplacement } from './lirs.ts';
import { lruReplacement } from './lru.ts';
import { PageIndex } from './page-index.ts';

/**
 * A policy takes the lead when it saved a fault for every so many frames: a change costs a fault for every page in
 * which the two differ.
 */
const LEAD_FRAMES = 20;

/** The pages that another policy would have in as many frames. */
class Directory {
  readonly #policy: Replacement;
  /** The pages by the directory's own frames, which are not those of the kernel. */
  readonly #pages: Int32Array;
  readonly #frames: PageIndex;
  #used = 0;

  constructor(policy: Replacement, frames: number) {
    this.#policy = policy;
    this.#pages = new Int32Array(frames);
    this.#frames = new PageIndex(frames);
  }

  has(page: number): boolean {
    return this.#frames.get(page) >= 0;
  }

  /** The page that would go next; -1: the directory is not full. */
  get next(): number {
    return this.#used < this.#pages.length ? -1 : this.#pages[this.#policy.victim()]!;
  }

  hit(page: number): void {
    this.#policy.hit(this.#frames.get(page));
  }

  /** Takes in a page that it does not have, in the place of `next`. */
  enter(page: number): void {
    let frame = this.#used;
    if (frame < this.#pages.length) this.#used += 1;
    else {
      frame = this.#policy.victim();
      this.#frames.delete(this.#pages[frame]!);
      this.#policy.leave(frame, this.#pages[frame]!);
    }
    this.#pages[frame] = page;
    this.#frames.set(page, frame);
    this.#policy.enter(frame, page);
  }
}

/** One of the policies to follow. */
class Model {
  readonly #directory: Directory;
  /** The kernel's frames whose pages the directory does not have. */
  readonly #outside: LinkedList;
  readonly #resident: PageIndex;

  constructor(policy: Replacement, frames: number, resident: PageIndex) {
    this.#directory = new Directory(policy, frames);
    this.#outside = new LinkedList(frames);
    this.#resident = resident;
  }

  /** The page in the kernel's `frame` is referenced. Answers 1 if that would have been a fault here, else 0. */
  reference(frame: number, page: number): number {
    if (this.#directory.has(page)) {
      this.#directory.hit(page);
      return 0;
    }
    const gone = this.#directory.next;
    this.#directory.enter(page);
    const left = gone < 0 ? -1 : this.#resident.get(gone);
    if (left >= 0) this.#outside.push(left);
    if (this.#outside.has(frame)) this.#outside.remove(frame);
    return 1;
  }

  leave(frame: number): void {
    if (this.#outside.has(frame)) this.#outside.remove(frame);
  }

  victim(): number {
    return this.#outside.size > 0 ? this.#outside.oldest : this.#resident.get(this.#directory.next);
  }
}

class Adaptive implements Replacement {
  readonly #resident: PageIndex;
  readonly #pages: Int32Array;
  readonly #lru: Model;
  readonly #lirs: Model;
  readonly #leadMax: number;
  /** Recent faults that LIRS saved; negative: that LRU saved. */
  #lead = 0;
  #leader: Model;

  constructor(frames: number) {
    this.#resident = new PageIndex(frames);
    this.#pages = new Int32Array(frames).fill(-1);
    this.#lru = new Model(lruReplacement(frames), frames, this.#resident);
    this.#lirs = new Model(lirsReplacement(frames), frames, this.#resident);
    this.#leader = this.#lirs;
    this.#leadMax = Math.ceil(frames / LEAD_FRAMES);
  }

  enter(frame: number, page: number): void {
    const before = this.#resident.get(page);
    // Freed unnoticed, and back in another frame.
    if (before >= 0) this.leave(before, page);
    this.#resident.set(page, frame);
    this.#pages[frame] = page;
    this.hit(frame);
  }

  hit(frame: number): void {
    const page = this.#pages[frame]!;
    if (page < 0) return;
    const lead = this.#lead + this.#lru.reference(frame, page) - this.#lirs.reference(frame, page);
    this.#lead = Math.max(-this.#leadMax, Math.min(this.#leadMax, lead));
    if (this.#lead === this.#leadMax) this.#leader = this.#lirs;
    else if (this.#lead === -this.#leadMax) this.#leader = this.#lru;
  }

  leave(frame: number, page: number): void {
    if (this.#pages[frame]! < 0) return;
    this.#pages[frame] = -1;
    this.#resident.delete(page);
    this.#lru.leave(frame);
    this.#lirs.leave(frame);
  }

  victim(): number {
    return this.#leader.victim();
  }
}

/** Makes an adaptive policy. */
export const makeAdaptive = policyOf((frames) => new Adaptive(frames));

/** The adaptive policy as a graft. */
export const evict = graft(makeAdaptive);
