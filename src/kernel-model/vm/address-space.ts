// An address space: a page table, the memory objects that lie in it, and who answers for it.
//
// A memory object says what a page holds before it was ever stored to: zeros, or a block of a file. Pages that were
// stored to go to swap.

import type { GraftPoint } from '../../plugins/index.ts';
import { ADDRESS_SPACE_PAGES } from '../limits.ts';
import { PageTable, PRESENT } from '../machine/index.ts';
import type { EvictionWatch } from './watch.ts';

/** What lies behind a region: zeros, or blocks on the disk. */
export interface MemoryObject {
  readonly name: string;
  /** The disk block of the object's page number `index`; -1: zeros. */
  block(index: number): number;
}

export const ZEROS: MemoryObject = { name: 'zeros', block: () => -1 };

export interface Region {
  readonly first: number;
  readonly pages: number;
  readonly writable: boolean;
  readonly object: MemoryObject;
}

export class AddressSpace {
  readonly id: number;
  /** A small number that no other living address space has. */
  readonly slot: number;
  /** The user whose consent a graft here needs. */
  readonly owner: string;
  readonly table = new PageTable();
  readonly regions: Region[] = [];
  /** Where pages lie that were written out, by page: a swap slot. */
  readonly swapped = new Map<number, number>();
  /** Records references for an eviction policy of this space; null: nobody wants them. */
  watch: EvictionWatch | null = null;
  evictPoint: GraftPoint<number, number> | null = null;
  resident = 0;
  faults = 0;

  constructor(id: number, owner: string, slot = 0) {
    this.id = id;
    this.slot = slot;
    this.owner = owner;
  }

  /** The number of a page among those of all spaces: that of the space's slot, and then the page's, in 20 bits. */
  globalPage(page: number): number {
    return this.slot * ADDRESS_SPACE_PAGES + page;
  }

  /** The page of such a number, as this space counts; for another space's the first number that is none here. */
  localPage(page: number): number {
    return Math.floor(page / ADDRESS_SPACE_PAGES) === this.slot ? page % ADDRESS_SPACE_PAGES : ADDRESS_SPACE_PAGES;
  }

  region(page: number): Region | undefined {
    return this.regions.find(({ first, pages }) => page >= first && page < first + pages);
  }

  isResident(page: number): boolean {
    return (this.table.get(page) & PRESENT) !== 0;
  }
}
