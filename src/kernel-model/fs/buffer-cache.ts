// The buffer cache: blocks of the disk in memory, least recently used first out. A prefetch reads a block without a
// waiting thread. A block that a thread waits for stays until that thread has it: otherwise two threads that want each
// other's place could take it from each other for ever.
//
//   const buffer = yield* cache.get(block)      its bytes are valid until the next yield
//   cache.prefetch(block)                       starts a read, or does nothing where the block is there or the queue is
//                                               full

import { BLOCK_BYTES, PREFETCH_QUEUE_MAX } from '../limits.ts';
import { Completion, type KernelSteps, type Wait } from '../wait.ts';

/** Blocks of a device. */
export interface BlockDevice {
  read(block: number, bytes: Uint8Array, done: () => void): void;
  write(block: number, bytes: Uint8Array, done: () => void): void;
}

export interface Buffer {
  readonly block: number;
  readonly bytes: Uint8Array;
  dirty: boolean;
  /** Its read or write, while that is under way. */
  busy: Completion | null;
  /** The number of threads that wait for it. */
  wanted: number;
}

export interface CacheCounts {
  hits: number;
  misses: number;
  prefetched: number;
  /** Prefetches that were dropped because the queue was full. */
  dropped: number;
  written: number;
}

export class BufferCache {
  readonly capacity: number;
  readonly counts: CacheCounts = { hits: 0, misses: 0, prefetched: 0, dropped: 0, written: 0 };
  /** Prefetches under way. */
  prefetching = 0;
  readonly #device: BlockDevice;
  /** Settles when a thread has got a buffer that it waited for. */
  #got = new Completion();
  /** In the order of use, the least recent first. */
  readonly #buffers = new Map<number, Buffer>();

  constructor(device: BlockDevice, capacity: number) {
    this.#device = device;
    this.capacity = capacity;
  }

  has(block: number): boolean {
    return this.#buffers.has(block);
  }

  get size(): number {
    return this.#buffers.size;
  }

  *get(block: number): KernelSteps<Buffer> {
    const there = this.#buffers.get(block);
    if (there !== undefined && there.busy === null) this.counts.hits++;
    else this.counts.misses++;
    const buffer = there ?? (yield* this.#bringIn(block));
    if (buffer.busy !== null) yield* this.#whenReady(buffer);
    this.#buffers.delete(block);
    this.#buffers.set(block, buffer);
    return buffer;
  }

  *#bringIn(block: number): KernelSteps<Buffer> {
    for (;;) {
      const buffer = this.#buffers.get(block);
      if (buffer !== undefined) return buffer;
      const wait = this.#room();
      if (wait === null) return this.#read(block);
      yield wait;
    }
  }

  *#whenReady(buffer: Buffer): KernelSteps {
    buffer.wanted++;
    while (buffer.busy !== null) yield buffer.busy;
    buffer.wanted--;
    if (buffer.wanted > 0) return;
    const got = this.#got;
    this.#got = new Completion();
    got.settle();
  }

  /** A buffer for a block that will be overwritten as a whole: nothing is read. */
  *fresh(block: number): KernelSteps<Buffer> {
    while (!this.#buffers.has(block)) {
      const wait = this.#room();
      if (wait === null)
        this.#buffers.set(block, { block, bytes: new Uint8Array(BLOCK_BYTES), dirty: true, busy: null, wanted: 0 });
      else yield wait;
    }
    const buffer = yield* this.get(block);
    buffer.bytes.fill(0);
    buffer.dirty = true;
    return buffer;
  }

  prefetch(block: number): void {
    if (this.#buffers.has(block)) return;
    if (this.prefetching >= PREFETCH_QUEUE_MAX || this.#room() !== null) {
      this.counts.dropped++;
      return;
    }
    this.prefetching++;
    this.counts.prefetched++;
    this.#read(block).busy?.wake(() => {
      this.prefetching--;
    });
  }

  #read(block: number): Buffer {
    const busy = new Completion();
    const buffer: Buffer = { block, bytes: new Uint8Array(BLOCK_BYTES), dirty: false, busy, wanted: 0 };
    this.#buffers.set(block, buffer);
    this.#device.read(block, buffer.bytes, () => {
      buffer.busy = null;
      busy.settle();
    });
    return buffer;
  }

  #write(buffer: Buffer): Completion {
    const busy = new Completion();
    buffer.busy = busy;
    buffer.dirty = false;
    this.counts.written++;
    this.#device.write(buffer.block, buffer.bytes, () => {
      buffer.busy = null;
      busy.settle();
    });
    return busy;
  }

  /** Null: there is room for one more buffer; else the wait. */
  #room(): Wait | null {
    if (this.#buffers.size < this.capacity) return null;
    let dirty: Buffer | null = null;
    let busy: Completion | null = null;
    for (const buffer of this.#buffers.values()) {
      if (buffer.busy !== null) busy ??= buffer.busy;
      else if (buffer.wanted > 0) busy ??= this.#got;
      else if (buffer.dirty) dirty ??= buffer;
      else {
        this.#buffers.delete(buffer.block);
        return null;
      }
    }
    return dirty === null ? busy : this.#write(dirty);
  }

  /** Writes everything that is dirty. */
  *flush(): KernelSteps {
    for (const buffer of [...this.#buffers.values()]) {
      while (buffer.busy !== null) yield buffer.busy;
      if (buffer.dirty) yield this.#write(buffer);
    }
  }
}
