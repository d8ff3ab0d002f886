// S3-FIFO (J. Yang et al., SOSP 2023): three queues, none of which is touched at a hit. A page comes into the small one
// (10 % of the frames). At its end a page that was hit at least twice moves on to the main one; any other goes, and is
// remembered among the ghosts, as many as the main queue has frames. A ghost that is referenced comes straight into the
// main queue, where a page is given another round for each hit, up to three.
//
// Most pages are needed once and pass through the small queue alone. It does badly on loops over more pages than the
// ghosts remember, and where the second reference comes just after a page has left the small queue and its ghost is
// forgotten.

import { graft, policyOf, type Replacement } from './eviction.ts';
import { LinkedList } from './linked-list.ts';
import { PageIndex } from './page-index.ts';

const HITS_MAX = 3;
/** Hits that move a page on from the small queue. */
const HITS_TO_MOVE = 2;

/**
 * The pages that left the small queue last: a ring, and the place of each page in it. A page that came back leaves its
 * place empty.
 */
class Ghosts {
  readonly #ring: Int32Array;
  readonly #places: PageIndex;
  #next = 0;

  constructor(length: number) {
    this.#ring = new Int32Array(length).fill(-1);
    this.#places = new PageIndex(length);
  }

  add(page: number): void {
    const forgotten = this.#ring[this.#next]!;
    if (forgotten >= 0) this.#places.delete(forgotten);
    this.#ring[this.#next] = page;
    this.#places.set(page, this.#next);
    this.#next = this.#next + 1 === this.#ring.length ? 0 : this.#next + 1;
  }

  /** Whether the page is a ghost; afterwards it is none. */
  take(page: number): boolean {
    const place = this.#places.get(page);
    if (place < 0) return false;
    this.#places.delete(page);
    this.#ring[place] = -1;
    return true;
  }
}

class S3Fifo implements Replacement {
  readonly #mainFrames: number;
  readonly #small: LinkedList;
  readonly #main: LinkedList;
  readonly #hits: Uint8Array;
  readonly #ghosts: Ghosts;

  constructor(frames: number) {
    this.#mainFrames = frames - Math.max(1, Math.floor(frames / 10));
    this.#small = new LinkedList(frames);
    this.#main = new LinkedList(frames);
    this.#hits = new Uint8Array(frames);
    this.#ghosts = new Ghosts(Math.max(1, this.#mainFrames));
  }

  enter(frame: number, page: number): void {
    this.#hits[frame] = 0;
    if (this.#ghosts.take(page)) this.#main.push(frame);
    else this.#small.push(frame);
  }

  hit(frame: number): void {
    if (this.#hits[frame]! < HITS_MAX) this.#hits[frame]! += 1;
  }

  leave(frame: number, page: number): void {
    if (this.#small.has(frame)) {
      this.#small.remove(frame);
      this.#ghosts.add(page);
    } else this.#main.remove(frame);
  }

  victim(): number {
    while (this.#small.size > 0 && this.#main.size <= this.#mainFrames) {
      const frame = this.#small.oldest;
      if (this.#hits[frame]! < HITS_TO_MOVE) return frame;
      this.#small.remove(frame);
      this.#hits[frame] = 0;
      this.#main.push(frame);
    }
    for (;;) {
      const frame = this.#main.oldest;
      if (this.#hits[frame] === 0) return frame;
      this.#hits[frame]! -= 1;
      this.#main.renew(frame);
    }
  }
}

/** Makes an S3-FIFO policy. */
export const makeS3Fifo = policyOf((frames) => new S3Fifo(frames));

/** S3-FIFO as a graft. */
export const evict = graft(makeS3Fifo);
