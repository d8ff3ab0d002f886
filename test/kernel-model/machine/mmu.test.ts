// The memory management unit against a naive one: a map of pages, and a list of the pages in the TLB.

import { describe, expect, it } from '@jest/globals';
import { TLB_ENTRIES } from '../../../src/kernel-model/limits.ts';
import {
  Cpu,
  DIRTY,
  EventQueue,
  entryOf,
  FRESH,
  frameOf,
  Mmu,
  PageTable,
  PhysicalMemory,
  PRESENT,
  REFERENCED,
  WRITABLE,
} from '../../../src/kernel-model/machine/index.ts';
import { Random } from '../../support/random.ts';

/** As plainly as it can be. */
class NaiveMmu {
  readonly entries = new Map<
    number,
    { frame: number; writable: boolean; referenced: boolean; dirty: boolean; fresh: boolean }
  >();
  readonly tlb = new Map<number, { page: number; stores: boolean }>();
  misses = 0;

  access(page: number, write: boolean): { frame: number; fault: string | null; reference: boolean } {
    const cached = this.tlb.get(page % TLB_ENTRIES);
    const entry = this.entries.get(page);
    if (cached?.page === page && (!write || cached.stores))
      return { frame: entry?.frame ?? -1, fault: null, reference: true };
    this.misses++;
    if (entry === undefined) return { frame: -1, fault: 'absent', reference: false };
    if (write && !entry.writable) return { frame: -1, fault: 'protected', reference: false };
    if (write) entry.dirty = true;
    if (entry.fresh) {
      entry.fresh = false;
      return { frame: entry.frame, fault: null, reference: false };
    }
    entry.referenced = true;
    this.tlb.set(page % TLB_ENTRIES, { page, stores: entry.dirty });
    return { frame: entry.frame, fault: null, reference: true };
  }

  forget(page: number): void {
    if (this.tlb.get(page % TLB_ENTRIES)?.page === page) this.tlb.delete(page % TLB_ENTRIES);
  }
}

const bitsOf = (entry: number) => ({
  frame: frameOf(entry),
  writable: (entry & WRITABLE) !== 0,
  referenced: (entry & REFERENCED) !== 0,
  dirty: (entry & DIRTY) !== 0,
  fresh: (entry & FRESH) !== 0,
});

const PAGES = [0, 1, 2, 64, 65, 128, 1023, 1024, 70_000, 2 ** 20 - 1];

const compare = (seed: number): void => {
  const random = new Random(seed);
  const mmu = new Mmu();
  const tables = [new PageTable(), new PageTable()] as const;
  const naives = [new NaiveMmu(), new NaiveMmu()] as const;
  const seen: number[] = [];
  const expected: number[] = [];
  let current = 0;
  const watch = { reference: (frame: number) => seen.push(frame) };
  mmu.switchTo(tables[0], watch);
  for (let step = 0; step < 400; step++) {
    const page = random.pick(PAGES);
    const what = random.below(20);
    const [table, naive] = [tables[current] as PageTable, naives[current] as NaiveMmu];
    if (what === 0) {
      current = 1 - current;
      mmu.switchTo(tables[current] as PageTable, watch);
      (naives[current] as NaiveMmu).tlb.clear();
    } else if (what < 5) {
      const writable = random.chance(0.7);
      const fresh = random.chance(0.5);
      naive.entries.set(page, { frame: step, writable, referenced: false, dirty: false, fresh });
      table.set(page, entryOf(step, PRESENT | (writable ? WRITABLE : 0) | (fresh ? FRESH : 0)));
      mmu.forget(table, page);
      naive.forget(page);
    } else if (what < 7) {
      naive.entries.delete(page);
      table.set(page, 0);
      mmu.forget(table, page);
      naive.forget(page);
    } else {
      const write = random.chance(0.4);
      const { frame, fault, reference } = naive.access(page, write);
      expect(mmu.access(page, write)).toBe(frame);
      if (fault !== null) expect(mmu.fault).toBe(fault);
      if (reference) expected.push(frame);
      const entry = naive.entries.get(page);
      if (entry !== undefined) expect(bitsOf(table.get(page))).toEqual(entry);
    }
    expect(mmu.tlb_misses).toBe(naives[0].misses + naives[1].misses);
  }
  expect(seen).toEqual(expected);
};

describe('Mmu', () => {
  it('translates, marks, protects and misses as a naive one does', () => {
    for (let seed = 0; seed < 100; seed++) compare(seed);
  });

  it('faults everywhere when it has left', () => {
    const mmu = new Mmu();
    const table = new PageTable();
    table.set(3, entryOf(1, PRESENT));
    mmu.switchTo(table, null);
    expect([mmu.access(3, false), mmu.access(3, false)]).toEqual([1, 1]);
    mmu.leave();
    expect(mmu.access(3, false)).toBe(-1);
  });
});

describe('Cpu', () => {
  const cpu = (): Cpu => new Cpu(new EventQueue(), new Mmu(), new PhysicalMemory(2));

  it('takes no time, and none back, for cycles that are no positive number', () => {
    const one = cpu();
    one.until_us = 10;
    for (const cycles of [0, -5, Number.NaN, Number.NEGATIVE_INFINITY])
      expect([one.compute(cycles), one.events.now_us]).toEqual([0, 0]);
    expect(one.compute(120 * 25)).toBe(120 * 15);
    expect([one.events.now_us, one.over]).toEqual([10, true]);
  });

  it('has no page below the first: an empty TLB entry is not one', () => {
    expect([cpu().touch(-1, false), cpu().load(-1), cpu().touch(2 ** 31 - 1, true)]).toEqual([false, -1, false]);
  });
});
