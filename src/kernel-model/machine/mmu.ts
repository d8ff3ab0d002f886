// The memory management unit: two-level page tables, a translation look-aside buffer, protection, reference and dirty
// bits.
//
//   mmu.switchTo(table, watch)     another address space; the TLB is emptied, as on a processor without address space
//                                  numbers
//   mmu.leave()                    none: every access faults
//   mmu.access(page, write)        the frame, or -1: a page fault, `mmu.fault` says why
//   mmu.forget(table, page)        the kernel changed the page's entry
//
// Bits are set when an entry is loaded into the TLB, and the dirty bit at the first store through it, as [P5] does it.
// So code that clears a reference bit must forget the page. A page that has just come in is FRESH: the access that
// brought it in is repeated, and is no reference. A watch records every reference in its order, for policies that want
// more than a bit.

import { TLB_ENTRIES } from '../limits.ts';

/** A page table entry: the frame's number above, these bits below. 0: no page. */
export const PRESENT = 1;
export const WRITABLE = 2;
export const REFERENCED = 4;
export const DIRTY = 8;
export const FRESH = 16;
const FRAME_SHIFT = 5;

export const entryOf = (frame: number, bits: number): number => (frame << FRAME_SHIFT) | bits;
export const frameOf = (entry: number): number => entry >>> FRAME_SHIFT;

const LEAF_BITS = 10;
const LEAF_ENTRIES = 1 << LEAF_BITS;

/** Page tables of one address space: a directory of leaves of 1,024 entries, made when they are needed. */
export class PageTable {
  readonly #leaves: (Int32Array | undefined)[] = [];

  get(page: number): number {
    const leaf = this.#leaves[page >>> LEAF_BITS];
    return leaf === undefined ? 0 : (leaf[page & (LEAF_ENTRIES - 1)] as number);
  }

  set(page: number, entry: number): void {
    let leaf = this.#leaves[page >>> LEAF_BITS];
    if (leaf === undefined) {
      leaf = new Int32Array(LEAF_ENTRIES);
      this.#leaves[page >>> LEAF_BITS] = leaf;
    }
    leaf[page & (LEAF_ENTRIES - 1)] = entry;
  }
}

/** Hears of every reference to a page that is present. */
export interface ReferenceWatch {
  reference(frame: number): void;
}

export type PageFault = 'absent' | 'protected';

const EMPTY = new PageTable();

export class Mmu {
  /** Why the last access faulted. */
  fault: PageFault = 'absent';
  tlb_misses = 0;
  #table = EMPTY;
  #watch: ReferenceWatch | null = null;
  readonly #pages = new Int32Array(TLB_ENTRIES).fill(-1);
  readonly #frames = new Int32Array(TLB_ENTRIES);
  /** Whether a store may go through this entry: writable, and the dirty bit is set already. */
  readonly #stores = new Uint8Array(TLB_ENTRIES);

  switchTo(table: PageTable, watch: ReferenceWatch | null): void {
    this.#watch = watch;
    if (table === this.#table) return;
    this.#table = table;
    this.#pages.fill(-1);
  }

  leave(): void {
    this.switchTo(EMPTY, null);
  }

  /** Translates a page of the current address space. */
  access(page: number, write: boolean): number {
    const slot = page & (TLB_ENTRIES - 1);
    let frame: number;
    if (this.#pages[slot] === page && (!write || this.#stores[slot] === 1)) frame = this.#frames[slot] as number;
    else {
      frame = this.#walk(page, write, slot);
      if (frame < 0 || this.#pages[slot] !== page) return frame;
    }
    if (this.#watch !== null) this.#watch.reference(frame);
    return frame;
  }

  /**
   * The frame; -1: a page fault. The entry comes into the TLB with the first reference. The access that brought a page
   * in is none.
   */
  #walk(page: number, write: boolean, slot: number): number {
    this.tlb_misses++;
    const entry = this.#table.get(page);
    if ((entry & PRESENT) === 0) return this.#refuse('absent');
    if (write && (entry & WRITABLE) === 0) return this.#refuse('protected');
    const fresh = (entry & FRESH) !== 0;
    const marked = (entry & ~FRESH) | (fresh ? 0 : REFERENCED) | (write ? DIRTY : 0);
    if (marked !== entry) this.#table.set(page, marked);
    if (fresh) return frameOf(entry);
    this.#pages[slot] = page;
    this.#frames[slot] = frameOf(entry);
    this.#stores[slot] = (marked & DIRTY) !== 0 ? 1 : 0;
    return frameOf(entry);
  }

  #refuse(fault: PageFault): number {
    this.fault = fault;
    return -1;
  }

  /** Drops the translation of a page of `table`, if it is the current one. */
  forget(table: PageTable, page: number): void {
    const slot = page & (TLB_ENTRIES - 1);
    if (table === this.#table && this.#pages[slot] === page) this.#pages[slot] = -1;
  }
}
