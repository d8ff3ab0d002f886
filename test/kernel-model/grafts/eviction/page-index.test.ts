// The table beside a Map, crowded, and with pages that are neighbours or far apart.

import { describe, expect, it } from '@jest/globals';
import { PageIndex } from '../../../../src/kernel-model/grafts/eviction/page-index.ts';
import { Random } from '../../../support/random.ts';

const STRIDES = [1, 2, 4_096, 65_536, 104_729, 1_048_576];

describe('a page table', () => {
  it.each(STRIDES)('is a Map, for pages that are %i apart', (stride) => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = new Random(seed);
      const entries = 1 + random.below(40);
      const pages = Array.from({ length: 2 * entries }, (_, index) => 0x7fffffff - index * stride);
      const table = new PageIndex(entries);
      const model = new Map<number, number>();
      for (let step = 0; step < 1_000; step++) {
        const page = random.pick(pages);
        if (random.chance(0.4)) {
          table.delete(page);
          model.delete(page);
        } else if (model.size < entries || model.has(page)) {
          table.set(page, step);
          model.set(page, step);
        }
        const wrong = pages.filter((one) => table.get(one) !== (model.get(one) ?? -1));
        if (wrong.length > 0) throw new Error(`seed ${seed}, step ${step}: pages ${wrong}`);
      }
      expect(pages.map((page) => table.get(page))).toEqual(pages.map((page) => model.get(page) ?? -1));
    }
  });

  it('takes page 0, and a table for no pages has none', () => {
    const table = new PageIndex(0);
    expect(table.get(0)).toBe(-1);
    table.set(0, 7);
    expect(table.get(0)).toBe(7);
    table.delete(0);
    table.delete(0);
    expect(table.get(0)).toBe(-1);
  });
});
