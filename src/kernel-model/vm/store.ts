// The backing store of pages, as the virtual memory sees it: blocks of the disk. The kernel makes one over the disk's
// swap area.

export interface BackingStore {
  /** Reads a block into `bytes`, and calls back when it is done. */
  read(block: number, bytes: Uint8Array, done: () => void): void;
  /** Writes a block; `bytes` must stay as they are until it is done. */
  write(block: number, bytes: Uint8Array, done: () => void): void;
  /** Whether no block of the swap area is free. */
  readonly full: boolean;
  /** A free block of the swap area; -1: there is none. */
  allocate(): number;
  free(block: number): void;
}
