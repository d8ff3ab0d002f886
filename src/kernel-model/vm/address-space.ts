// An address space: a page table, its memory objects, and its owner.
//
// A memory object says what a page contains before its first store: zeros, or a block of a file. Pages that were stored
// to go to swap.

import type { GraftPoint } from '../../plugins/index.ts';
import { ADDRESS_SPACE_PAGES } from '../limits.ts';
import { PageTable, PRESENT } from '../machine/index.ts';
import type { EvictionWatch } from './watch.ts';

/** The contents of a region: zeros, or blocks on the disk. */
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
  /** The swap slots of pages that were written out, by page. */
  readonly swapped = new Map<number, number>();
  /** Records references for an eviction policy of this space; null: there is none. */
  watch: EvictionWatch | null = null;
  evictPoint: GraftPoint<number, number> | null = null;
  resident = 0;
  faults = 0;

  constructor(id: number, owner: string, slot = 0) {
    this.id = id;
    this.slot = slot;
    this.owner = owner;
  }

  /** The number of a page among those of all spaces: the space's slot, and then the page, in 20 bits. */
  globalPage(page: number): number {
    return this.slot * ADDRESS_SPACE_PAGES + page;
  }

  /** The page of such a number in this space; for a page of another space, the first number that is no page here. */
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
