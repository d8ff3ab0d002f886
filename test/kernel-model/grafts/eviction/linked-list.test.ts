// The list beside an array.

import { describe, expect, it } from '@jest/globals';
import { LinkedList } from '../../../../src/kernel-model/grafts/eviction/linked-list.ts';
import { Random } from '../../../support/random.ts';

describe('a linked list', () => {
  it.each([1, 2, 3, 4, 5])('is an array with the oldest first (seed %i)', (seed) => {
    const random = new Random(seed);
    const nodes = 1 + random.below(12);
    const list = new LinkedList(nodes);
    const model: number[] = [];
    for (let step = 0; step < 2_000; step++) {
      const node = random.below(nodes);
      const place = model.indexOf(node);
      expect(list.has(node)).toBe(place >= 0);
      if (place >= 0) model.splice(place, 1);
      if (place < 0) list.push(node);
      else if (random.chance(0.5)) list.renew(node);
      else list.remove(node);
      if (list.has(node)) model.push(node);
      expect([list.size, list.oldest, list.newest]).toEqual([model.length, model[0] ?? -1, model.at(-1) ?? -1]);
    }
    const drained: number[] = [];
    for (; list.size > 0; list.remove(list.oldest)) drained.push(list.oldest);
    expect(drained).toEqual(model);
  });
});
