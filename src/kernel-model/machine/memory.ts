// Physical memory: frames of real bytes.

import { PAGE_BYTES } from '../limits.ts';

export class PhysicalMemory {
  readonly frames: number;
  readonly bytes: Uint8Array;

  constructor(frames: number) {
    this.frames = frames;
    this.bytes = new Uint8Array(frames * PAGE_BYTES);
  }

  /** The bytes of one frame. */
  frame(number: number): Uint8Array {
    return this.bytes.subarray(number * PAGE_BYTES, (number + 1) * PAGE_BYTES);
  }

  clear(number: number): void {
    this.bytes.fill(0, number * PAGE_BYTES, (number + 1) * PAGE_BYTES);
  }
}
