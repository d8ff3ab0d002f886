// The global page queue: every frame with a page has a place in it, whatever address space the page belongs to. The
// default victim is found by second chance: a hand goes round the places, clears reference bits that are set, and stops
// at the first that is clear.
//
// An address space may give another of its pages instead of the victim. Then the two change places (VINO), so the turn
// of no other space's page comes earlier.

export class PageQueue {
  readonly #frameAt: Int32Array;
  readonly #placeOf: Int32Array;
  #hand = 0;

  constructor(frames: number) {
    this.#frameAt = new Int32Array(frames).map((_, i) => i);
    this.#placeOf = new Int32Array(frames).map((_, i) => i);
  }

  /** The place at which the hand stands; places are numbered like frames. */
  get hand(): number {
    return this.#hand;
  }

  frameAt(place: number): number {
    return this.#frameAt[place] as number;
  }

  placeOf(frame: number): number {
    return this.#placeOf[frame] as number;
  }

  /** Moves the hand on until `take` accepts a frame; -1 after two rounds without one. `take` clears bits as it goes. */
  sweep(take: (frame: number) => boolean): number {
    const frames = this.#frameAt.length;
    for (let i = 0; i < 2 * frames; i++) {
      const frame = this.#frameAt[this.#hand] as number;
      this.#hand = this.#hand + 1 === frames ? 0 : this.#hand + 1;
      if (take(frame)) return frame;
    }
    return -1;
  }

  /** Lets two frames change places. */
  exchange(a: number, b: number): void {
    const placeA = this.placeOf(a);
    const placeB = this.placeOf(b);
    this.#frameAt[placeA] = b;
    this.#frameAt[placeB] = a;
    this.#placeOf[a] = placeB;
    this.#placeOf[b] = placeA;
  }
}
