// The bitmap of the disk's blocks. Extents are allocated near a wanted place, so that files grow in one stretch if
// possible.

import { BLOCK_BYTES } from '../limits.ts';
import type { Extent } from './layout.ts';

export class Bitmap {
  readonly #blocks: number;
  readonly #taken: Uint8Array;
  free: number;

  constructor(blocks: number) {
    this.#blocks = blocks;
    this.#taken = new Uint8Array(Math.ceil(blocks / 8 / BLOCK_BYTES) * BLOCK_BYTES);
    this.free = blocks;
  }

  isTaken(block: number): boolean {
    return ((this.#taken[block >> 3] as number) & (1 << (block & 7))) !== 0;
  }

  mark(start: number, count: number): void {
    for (let block = start; block < start + count; block++) {
      this.#taken[block >> 3] = (this.#taken[block >> 3] as number) | (1 << (block & 7));
    }
    this.free -= count;
  }

  /** Gives a stretch back. */
  release({ start, count }: Extent): void {
    for (let block = start; block < start + count; block++) {
      this.#taken[block >> 3] = (this.#taken[block >> 3] as number) & ~(1 << (block & 7));
    }
    this.free += count;
  }

  /**
   * A stretch of up to `wanted` blocks at `near`, or the first that is long enough, or the longest; null: no block is
   * free.
   */
  allocate(wanted: number, near: number): Extent | null {
    if (this.free === 0) return null;
    const here = near > 0 ? this.#run(near, wanted) : 0;
    const extent = here > 0 ? { start: near, count: here } : this.#fit(wanted);
    this.mark(extent.start, extent.count);
    return extent;
  }

  #run(start: number, wanted: number): number {
    let count = 0;
    while (count < wanted && start + count < this.#blocks && !this.isTaken(start + count)) count++;
    return count;
  }

  #fit(wanted: number): Extent {
    let longest: Extent = { start: 0, count: 0 };
    for (let start = 0; start < this.#blocks; start++) {
      const count = this.#run(start, wanted);
      if (count > longest.count) longest = { start, count };
      if (count === wanted) break;
      start += count;
    }
    return longest;
  }

  /** The bitmap's block number `index`, from the disk and to it. */
  load(index: number, bytes: Uint8Array): void {
    this.#taken.set(bytes, index * BLOCK_BYTES);
    let taken = 0;
    for (let block = 0; block < this.#blocks; block++) if (this.isTaken(block)) taken++;
    this.free = this.#blocks - taken;
  }

  store(index: number, bytes: Uint8Array): void {
    bytes.set(this.#taken.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES));
  }
}
