// The disk as blocks: files in the front, the swap area behind them.

import type { BlockDevice } from '../fs/index.ts';
import { SECTORS_PER_BLOCK } from '../limits.ts';
import type { Trace } from '../trace.ts';
import type { BackingStore } from '../vm/index.ts';

/** A disk as sectors of 512 bytes. `data` is the buffer of a read or a write; `done` is called when it is finished. */
export interface SectorDevice {
  readonly sectors: number;
  submit(
    request: { readonly lbn: number; readonly sectors: number; readonly write: boolean; readonly data: Uint8Array },
    done: () => void,
  ): void;
}

export class DiskBlocks implements BlockDevice, BackingStore {
  /** The number of blocks of the file system: the rest is swap. */
  readonly files: number;
  readonly #disk: SectorDevice;
  readonly #trace: Trace;
  readonly #now_us: () => number;
  readonly #free: number[] = [];
  #next: number;
  readonly #end: number;

  constructor(disk: SectorDevice, swap_blocks: number, trace: Trace, now_us: () => number) {
    const blocks = Math.floor(disk.sectors / SECTORS_PER_BLOCK);
    this.files = blocks - swap_blocks;
    this.#disk = disk;
    this.#trace = trace;
    this.#now_us = now_us;
    this.#next = this.files;
    this.#end = blocks;
  }

  read(block: number, bytes: Uint8Array, done: () => void): void {
    this.#disk.submit(
      { lbn: block * SECTORS_PER_BLOCK, sectors: SECTORS_PER_BLOCK, write: false, data: bytes },
      this.#told(block, done),
    );
  }

  write(block: number, bytes: Uint8Array, done: () => void): void {
    this.#disk.submit(
      { lbn: block * SECTORS_PER_BLOCK, sectors: SECTORS_PER_BLOCK, write: true, data: bytes },
      this.#told(-1 - block, done),
    );
  }

  #told(what: number, done: () => void): () => void {
    return () => {
      this.#trace.note('io', what, 0, this.#now_us());
      done();
    };
  }

  get full(): boolean {
    return this.#free.length === 0 && this.#next >= this.#end;
  }

  allocate(): number {
    return this.#free.pop() ?? (this.#next < this.#end ? this.#next++ : -1);
  }

  free(block: number): void {
    this.#free.push(block);
  }
}
