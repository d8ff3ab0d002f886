// An open file, and read-ahead. After each block that a program reads, the file's compute-ra method says which blocks
// to fetch ahead; the default looks for sequential reading and doubles its window while it goes on.

import type { GraftPoint } from '../../plugins/index.ts';
import { Lock, type LockClass } from '../../txn/index.ts';
import { BLOCK_BYTES, EXTENTS_PER_ANSWER, LOCK_TIMEOUT_MS } from '../limits.ts';
import type { FileSystem, Inode } from './file-system.ts';
import { blockOf } from './layout.ts';

/** The largest window of the default read-ahead, in blocks. Chosen: 4.4BSD's cluster of 64 KB. */
const WINDOW_MAX = 16;

/** Room for one answer of compute-ra: pairs of a first block, counted within the file, and a number of blocks. */
export const extentRoom = (): Int32Array => new Int32Array(2 * EXTENTS_PER_ANSWER);

const ANNOUNCED_LOCKS: LockClass = { name: 'announced', timeout_ms: LOCK_TIMEOUT_MS.announced };

export class OpenFile {
  readonly id: number;
  readonly inode: Inode;
  /** The user whose consent a graft here needs. */
  readonly owner: string;
  /** The default's last answer. */
  readonly extents = extentRoom();
  /** Guards the list of blocks that the application has announced. */
  readonly announced = new Lock(ANNOUNCED_LOCKS);
  point: GraftPoint<number, number> | null = null;
  #last = -1;
  #window = 0;

  constructor(id: number, inode: Inode, owner: string) {
    this.id = id;
    this.inode = inode;
    this.owner = owner;
  }

  get blocks(): number {
    return Math.ceil(this.inode.size / BLOCK_BYTES);
  }

  /** The default of compute-ra: sequential detection. Writes extents and gives their number. */
  sequential(block: number): number {
    const goesOn = block === this.#last + 1;
    this.#last = block;
    this.#window = goesOn ? Math.min(WINDOW_MAX, Math.max(1, this.#window * 2)) : 0;
    const first = block + 1;
    const count = Math.min(this.#window, this.blocks - first);
    if (count <= 0) return 0;
    this.extents[0] = first;
    this.extents[1] = count;
    return 1;
  }

  /** The fault of an answer of compute-ra; null: every extent lies in the file. */
  fault(count: number, extents: Int32Array): string | null {
    if (!Number.isInteger(count) || count < 0 || count > EXTENTS_PER_ANSWER)
      return `not a number of extents up to ${EXTENTS_PER_ANSWER}`;
    for (let i = 0; i < count; i++) {
      const first = extents[2 * i] as number;
      const blocks = extents[2 * i + 1] as number;
      if (first < 0 || blocks < 1 || first + blocks > this.blocks) return `extent ${i} lies outside the file`;
    }
    return null;
  }

  /** Starts to fetch the extents of a checked answer; the bounded queue drops those that are too many. */
  fetch(fs: FileSystem, count: number, extents: Int32Array): void {
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < (extents[2 * i + 1] as number); j++) {
        fs.cache.prefetch(blockOf(this.inode.extents, (extents[2 * i] as number) + j));
      }
    }
  }
}
