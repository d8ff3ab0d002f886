// Page eviction: which frame gives up its page when another page has to come in. A policy is a function `Evict` that
// keeps what it knows in its closure; the kernel calls its own default directly, and a downloaded policy as the graft
// that `graft` makes of it.
//
// 1. Between calls the kernel writes down, oldest first, which frames were referenced and which were filled.
// 2. At a fault without a free frame it calls the policy. The policy reads those events and answers the frame to take.
//    It is also called when there is no room for more events; then it only reads.
// 3. Nothing has left when the policy answers. What left its frame is seen in the next event, the entering of a page in
//    that frame, so a policy stays right when the kernel takes another frame than the one it answered.
//
// `policyOf` does that reading; a policy itself is a `Replacement`, four operations. These files are bundled into
// compartments: plain code, no imports.

/**
 * What the kernel shares with an eviction graft, as columns (typed arrays over shared memory; in the kernel's own
 * default, plain ones).
 */
export interface EvictionColumns {
  /**
   * What happened since the last call, oldest first, `count[0]` entries: f >= 0: the page in frame f was referenced (a
   * hit); f < 0: a page has just entered frame -1 - f (its first reference, which faulted), and `pages[frame]` is that
   * page.
   */
  readonly events: Int32Array;
  /**
   * [0] how many events; [1] the page that is about to come in, or -1 where no victim is wanted (the events column was
   * full: only read it).
   */
  readonly request: Int32Array;
  /** The page in each frame, by frame number; -1 while free. */
  readonly pages: Int32Array;
}

/**
 * `victim` is the frame that the kernel would take, or -1 where no victim is wanted: then the answer is -1. The answer
 * is a frame number.
 */
export type Evict = (victim: number, columns: EvictionColumns) => number;

/** Makes a policy that knows nothing yet. It sizes itself from `columns.pages.length` at its first call. */
export type MakePolicy = () => Evict;

/** A policy as operations on frames. Each frame is entered, hit any number of times, and left, in turns. */
export interface Replacement {
  /** `page` is in `frame` now; this was its first reference. */
  enter(frame: number, page: number): void;
  /** The page in `frame` was referenced again. */
  hit(frame: number): void;
  /**
   * `page` is gone from `frame`: evicted at this policy's wish or at another's, or freed. Nobody tells of a page that
   * is freed: this comes when the frame is looked at again. By then the page may have entered another frame, and a
   * policy that finds frames by page forgets the first by itself.
   */
  leave(frame: number, page: number): void;
  /**
   * The frame to take: one that was entered and not left (there is at least one); or -1 for the one that the kernel
   * would take.
   */
  victim(): number;
}

/** The graft of a policy: what a plugin exports. */
export const graft = (make: MakePolicy): ((victim: number, api: { readonly columns: EvictionColumns }) => number) => {
  const evict = make();
  return (victim, api) => evict(victim, api.columns);
};

/**
 * What a policy has been told: the page in each frame, and in how many there is one. It keeps enter and leave in turns.
 */
class Residents {
  readonly #policy: Replacement;
  readonly #pages: Int32Array;
  count = 0;

  constructor(policy: Replacement, frames: number) {
    this.#policy = policy;
    this.#pages = new Int32Array(frames).fill(-1);
  }

  enter(frame: number, page: number): void {
    this.leave(frame);
    // It came and was freed since.
    if (page < 0) return;
    this.#pages[frame] = page;
    this.count += 1;
    this.#policy.enter(frame, page);
  }

  leave(frame: number): void {
    const page = this.#pages[frame]!;
    if (page < 0) return;
    this.#pages[frame] = -1;
    this.count -= 1;
    this.#policy.leave(frame, page);
  }

  read(events: Int32Array, count: number, pages: Int32Array): void {
    for (let index = 0; index < count; index++) {
      const event = events[index]!;
      if (event < 0) this.enter(-1 - event, pages[-1 - event]!);
      else if (this.#pages[event]! >= 0) this.#policy.hit(event);
      else this.enter(event, pages[event]!);
    }
  }

  /** A policy that is installed late finds frames filled long ago. They come before the first event. */
  adopt(events: Int32Array, count: number, pages: Int32Array): void {
    const announced = new Uint8Array(pages.length);
    for (let index = 0; index < count; index++) if (events[index]! < 0) announced[-1 - events[index]!] = 1;
    for (let frame = 0; frame < pages.length; frame++)
      if (pages[frame]! >= 0 && announced[frame] === 0) this.enter(frame, pages[frame]!);
  }
}

/** The policy that `size` makes for a number of frames. */
export const policyOf =
  (size: (frames: number) => Replacement): MakePolicy =>
  () => {
    let policy: Replacement | null = null;
    let residents: Residents | null = null;
    return (victim, { events, request, pages }) => {
      const count = request[0]!;
      if (policy === null || residents === null) {
        policy = size(pages.length);
        residents = new Residents(policy, pages.length);
        residents.adopt(events, count, pages);
      }
      residents.read(events, count, pages);
      if (request[1]! < 0) return -1;
      while (residents.count > 0) {
        const frame = policy.victim();
        if (frame < 0) return victim;
        if (pages[frame]! >= 0) return frame;
        residents.leave(frame);
      }
      return victim;
    };
  };
