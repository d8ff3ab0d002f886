// The frame table: the owner of each frame, the page in it, and the free frames. Frames and pages are one-to-one: a
// frame with an owner is found in the owner's page table under that page, and nowhere else (`checkFrames` in the tests'
// invariants).

import { type Account, Lock, type LockClass } from '../../txn/index.ts';
import { LOCK_TIMEOUT_MS } from '../limits.ts';
import type { AddressSpace } from './address-space.ts';

const PAGE_LOCKS: LockClass = { name: 'page', timeout_ms: LOCK_TIMEOUT_MS.pageQueue };

/** A resident page that accounts can wire, each for one unit. A wired page stays. */
export class WirablePage {
  readonly lock = new Lock(PAGE_LOCKS);
  /** The accounts that wire it. The list is replaced, never changed. */
  payers: readonly Account[] = [];
}

export class Frames {
  readonly count: number;
  /** The address space whose page lies in each frame; null: free, or on its way in or out. */
  readonly owner: (AddressSpace | null)[];
  readonly page: Int32Array;
  /** Pages that were ever wired, by frame; null after the page has gone. */
  readonly wirable: (WirablePage | null)[];
  /** Free frames; the last is taken next. */
  readonly #free: number[];

  constructor(count: number) {
    this.count = count;
    this.owner = new Array<AddressSpace | null>(count).fill(null);
    this.page = new Int32Array(count).fill(-1);
    this.wirable = new Array<WirablePage | null>(count).fill(null);
    this.#free = Array.from({ length: count }, (_, i) => count - 1 - i);
  }

  get free(): number {
    return this.#free.length;
  }

  /** A free frame; -1: there is none. */
  take(): number {
    return this.#free.pop() ?? -1;
  }

  give(frame: number): void {
    this.#free.push(frame);
  }

  /**
   * Whether the frame has a page that may be taken out. A page whose wiring an unfinished transaction has changed
   * stays, since the change may be undone.
   */
  isEvictable(frame: number): boolean {
    const owner = this.owner[frame];
    if (owner === null || owner === undefined) return false;
    const wirable = this.wirable[frame];
    return wirable === null || wirable === undefined || (wirable.payers.length === 0 && wirable.lock.mode === 0);
  }

  /** The page in a frame that has one, for wiring. */
  toWire(frame: number): WirablePage {
    const known = this.wirable[frame] ?? new WirablePage();
    this.wirable[frame] = known;
    return known;
  }
}
