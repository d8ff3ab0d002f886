// Pages in transit, by address space and page.

import { expect, it } from '@jest/globals';
import { AddressSpace } from '../../../src/kernel-model/vm/address-space.ts';
import { Transit } from '../../../src/kernel-model/vm/transit.ts';

it('are found by space and page while they are on their way, and counted', () => {
  const transit = new Transit();
  const [one, other] = [new AddressSpace(1, 'ann', 0), new AddressSpace(2, 'bob', 1)];
  expect([transit.count, transit.any(), transit.of(one, 3)]).toEqual([0, null, undefined]);
  const first = transit.begin(one, 3);
  const second = transit.begin(other, 3);
  transit.begin(other, 4);
  expect(transit.count).toBe(3);
  expect([transit.of(one, 3), transit.of(other, 3), transit.any()]).toEqual([first, second, first]);
  transit.end(one, 3, first);
  expect([transit.count, transit.of(one, 3)]).toEqual([2, undefined]);
  expect(transit.any()).toBe(second);
});

it('end by their own completion alone', () => {
  const transit = new Transit();
  const space = new AddressSpace(1, 'ann');
  const early = transit.begin(space, 3);
  const late = transit.begin(space, 3);
  transit.end(space, 3, early);
  expect(transit.of(space, 3)).toBe(late);
  transit.end(space, 3, late);
  expect(transit.count).toBe(0);
});
