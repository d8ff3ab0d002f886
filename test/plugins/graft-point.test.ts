// Who may stand at a graft point, and what it answers itself.

import { describe, expect, it } from '@jest/globals';
import type { Graft } from '../../src/plugins/graft.ts';
import { GraftPoint } from '../../src/plugins/graft-point.ts';
import type { PointOptions } from '../../src/plugins/point-options.ts';
import { type Transaction, Transactions } from '../../src/txn/index.ts';
import { ManualClock } from '../support/manual-clock.ts';

const FUNCTION = { name: 'shop/price', kind: 'function', default: () => 1 } as const;
const declare = (options: object): GraftPoint => new GraftPoint(options as PointOptions);

/** As much of a graft as a point looks at. */
const graft = (plugin: string, order = 100): Graft =>
  ({ plugin: { name: plugin }, order, name: `${plugin}#f` }) as unknown as Graft;
const names = (grafts: readonly Graft[]): string[] => grafts.map(({ name }) => name);
const anyTransaction = (): Transaction => new Transactions({ clock: new ManualClock() }).begin();

describe('who stands at a point', () => {
  it('is one graft at a function point', () => {
    const point = declare(FUNCTION);
    const first = graft('a');
    point.put(first);
    expect(() => point.put(graft('b'))).toThrow(expect.objectContaining({ code: 'GRAFT_POINT_TAKEN' }));
    point.take(first, 'cancelled');
    point.put(graft('b'));
    expect(names(point.grafts)).toEqual(['b#f']);
  });

  it('is one graft of each plugin where a function point selects, and the selected one answers', () => {
    const point = new GraftPoint<string, number>({ ...FUNCTION, select: (input) => input });
    point.put(graft('a'));
    point.put(graft('b'));
    expect(() => point.put(graft('a'))).toThrow(expect.objectContaining({ code: 'GRAFT_POINT_TAKEN' }));
    expect(names(point.chosen('b'))).toEqual(['b#f']);
    expect(point.chosen('c')).toEqual([]);
  });

  it('is ordered by order, then by time', () => {
    const point = declare({ name: 'a', kind: 'chain' });
    for (const one of [graft('late', 200), graft('first'), graft('second'), graft('early', 1), graft('early too', 1)])
      point.put(one);
    expect(names(point.grafts)).toEqual(['early#f', 'early too#f', 'first#f', 'second#f', 'late#f']);
  });

  it('does not change under a call that has its list', () => {
    const point = declare({ name: 'a', kind: 'event' });
    const one = graft('a');
    point.put(one);
    const before = point.grafts;
    point.take(one, 'cancelled');
    expect([before.length, point.grafts.length]).toEqual([1, 0]);
  });
});

describe('the host’s own answer', () => {
  it('is the default; without one the input of a chain, and nothing of an event', () => {
    const txn = anyTransaction();
    expect(declare(FUNCTION).original('x', txn)).toBe(1);
    expect(declare({ name: 'a', kind: 'chain' }).original('x', txn)).toBe('x');
    expect(declare({ name: 'a', kind: 'chain', default: (input: string) => `${input}!` }).original('x', txn)).toBe(
      'x!',
    );
    expect(declare({ name: 'a', kind: 'event' }).original('x', txn)).toBe(null);
  });
});
