// LIRS (S. Jiang, X. Zhang, SIGMETRICS 2002): pages are ranked by the distance between their last two references, not
// by the last alone. Most frames hold LIR pages, whose distance is low; the others, 1 % and at least 2, hold HIR pages,
// and the oldest of these goes.
// - The stack orders pages by their last reference. At its bottom stands a LIR page, so to be in it means: referenced
//   again sooner than that one.
// - An HIR page that is referenced while in the stack becomes LIR, and the bottom one HIR. The queue orders the
//   resident HIR pages.
// - A page that went stays in the stack as a ghost, until the bottom passes it. Their number is bounded.
//
// It is nearly optimal on loops, and a scan passes through the queue alone. It does badly where pages are needed in
// short bursts, the next soon after the last (a file server's clients): a new page has two per cent of the room to
// prove itself, where LRU gives it all.

import { graft, policyOf, type Replacement } from './eviction.ts';
import { LinkedList } from './linked-list.ts';
import { PageIndex } from './page-index.ts';

/**
 * Ghosts kept: so many a frame, and at least so many, since a small stack's ghosts cost little. The authors' program
 * keeps all.
 */
const GHOSTS_PER_FRAME = 4;
const GHOSTS_MIN = 2_048;

const NOBODY = -1;

/** Pages that the policy knows, resident or ghost, are nodes. */
class Lirs implements Replacement {
  readonly #lirFrames: number;
  readonly #ghostsMax: number;
  readonly #nodes: PageIndex;
  readonly #pageOf: Int32Array;
  readonly #frameOf: Int32Array;
  readonly #isLir: Uint8Array;
  readonly #stack: LinkedList;
  readonly #ghosts: LinkedList;
  /** Nodes without a page. */
  readonly #free: LinkedList;
  readonly #nodeIn: Int32Array;
  /** Frames, not nodes: the HIR pages that are resident. */
  readonly #queue: LinkedList;
  #lirs = 0;
  #last = NOBODY;

  constructor(frames: number) {
    const hirFrames = Math.min(Math.max(2, Math.floor(frames / 100)), Math.max(1, frames - 1));
    this.#lirFrames = frames - hirFrames;
    this.#ghostsMax = Math.max(frames * GHOSTS_PER_FRAME, GHOSTS_MIN);
    // One more: a page enters before the ghosts are counted.
    const nodes = frames + this.#ghostsMax + 1;
    this.#nodes = new PageIndex(nodes);
    this.#pageOf = new Int32Array(nodes);
    this.#frameOf = new Int32Array(nodes).fill(NOBODY);
    this.#isLir = new Uint8Array(nodes);
    this.#stack = new LinkedList(nodes);
    this.#ghosts = new LinkedList(nodes);
    this.#free = new LinkedList(nodes);
    for (let node = 0; node < nodes; node++) this.#free.push(node);
    this.#nodeIn = new Int32Array(frames).fill(NOBODY);
    this.#queue = new LinkedList(frames);
  }

  enter(frame: number, page: number): void {
    let node = this.#nodes.get(page);
    // Freed unnoticed, and back in another frame.
    if (node >= 0 && this.#frameOf[node] !== NOBODY) this.leave(this.#frameOf[node]!);
    node = this.#nodes.get(page);
    if (node < 0) node = this.#remember(page);
    else this.#ghosts.remove(node);
    this.#frameOf[node] = frame;
    this.#nodeIn[frame] = node;
    this.#last = frame;
    this.#reference(node, frame);
  }

  hit(frame: number): void {
    const node = this.#nodeIn[frame]!;
    // As the authors' program: references of one page in a row are one.
    if (frame === this.#last || node === NOBODY) return;
    this.#last = frame;
    this.#reference(node, frame);
  }

  leave(frame: number): void {
    const node = this.#nodeIn[frame]!;
    if (node === NOBODY) return;
    this.#nodeIn[frame] = NOBODY;
    this.#frameOf[node] = NOBODY;
    if (this.#isLir[node] === 1) {
      this.#isLir[node] = 0;
      this.#lirs -= 1;
      this.#ghosts.push(node);
      this.#prune();
    } else {
      this.#queue.remove(frame);
      if (this.#stack.has(node)) this.#ghosts.push(node);
      else this.#forget(node);
    }
    if (this.#ghosts.size > this.#ghostsMax) this.#dropGhost(this.#ghosts.oldest);
  }

  victim(): number {
    return this.#queue.size > 0 ? this.#queue.oldest : this.#frameOf[this.#stack.oldest]!;
  }

  #reference(node: number, frame: number): void {
    const known = this.#stack.has(node);
    if (known) this.#stack.renew(node);
    else this.#stack.push(node);
    if (this.#isLir[node] === 0) {
      if (this.#queue.has(frame)) this.#queue.remove(frame);
      if (known || this.#lirs < this.#lirFrames) this.#promote(node);
      else this.#queue.push(frame);
    }
    this.#prune();
  }

  #promote(node: number): void {
    this.#isLir[node] = 1;
    this.#lirs += 1;
    if (this.#lirs <= this.#lirFrames) return;
    const bottom = this.#stack.oldest;
    this.#isLir[bottom] = 0;
    this.#lirs -= 1;
    this.#stack.remove(bottom);
    this.#queue.push(this.#frameOf[bottom]!);
  }

  /** What lies below the lowest LIR page leaves the stack. */
  #prune(): void {
    for (let bottom = this.#stack.oldest; bottom >= 0 && this.#isLir[bottom] === 0; bottom = this.#stack.oldest) {
      if (this.#frameOf[bottom] === NOBODY) this.#dropGhost(bottom);
      else this.#stack.remove(bottom);
    }
  }

  #dropGhost(node: number): void {
    this.#stack.remove(node);
    this.#ghosts.remove(node);
    this.#forget(node);
  }

  #remember(page: number): number {
    const node = this.#free.oldest;
    this.#free.remove(node);
    this.#pageOf[node] = page;
    this.#nodes.set(page, node);
    return node;
  }

  #forget(node: number): void {
    this.#nodes.delete(this.#pageOf[node]!);
    this.#free.push(node);
  }
}

/** The LIRS order over a number of frames. */
export const lirsReplacement = (frames: number): Replacement => new Lirs(frames);

/** Makes a LIRS policy. */
export const makeLirs = policyOf(lirsReplacement);

/** LIRS as a graft. */
export const evict = graft(makeLirs);
