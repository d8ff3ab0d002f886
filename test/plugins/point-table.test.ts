// The table of graft points.

import { describe, expect, it } from '@jest/globals';
import { GraftPoint } from '../../src/plugins/graft-point.ts';
import { PointTable } from '../../src/plugins/point-table.ts';

const declare = (): GraftPoint =>
  new GraftPoint<unknown, unknown>({ name: 'shop/price', kind: 'function', default: () => 1 });

describe('the table of points', () => {
  it('finds a point by its name, once', () => {
    const table = new PointTable();
    const point = table.add(declare());
    expect(table.get('shop/price')).toBe(point);
    expect([table.has('shop/price'), table.has('shop')]).toEqual([true, false]);
    expect(table.list()).toEqual([point]);
    expect(() => table.add(declare())).toThrow(expect.objectContaining({ code: 'GRAFT_POINT_EXISTS' }));
    expect(() => table.get('shop')).toThrow(expect.objectContaining({ code: 'GRAFT_UNKNOWN_POINT' }));
  });
});
