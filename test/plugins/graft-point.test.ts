// Graft points as they are declared, who may stand there, and the table of them.

import { describe, expect, it } from '@jest/globals';
import type { Graft } from '../../src/plugins/graft.ts';
import { GraftPoint, type PointOptions, PointTable } from '../../src/plugins/graft-point.ts';
import { type Transaction, Transactions } from '../../src/txn/index.ts';
import { ManualClock } from '../support/manual-clock.ts';

const FUNCTION = { name: 'shop/price', kind: 'function', default: () => 1 } as const;
const declare = (options: object): GraftPoint => new GraftPoint(options as PointOptions);
const badOption = expect.objectContaining({ code: 'GRAFT_BAD_OPTION' });

/** As much of a graft as a point looks at. */
const graft = (plugin: string, order = 100): Graft =>
  ({ plugin: { name: plugin }, order, name: `${plugin}#f` }) as unknown as Graft;
const names = (grafts: readonly Graft[]): string[] => grafts.map(({ name }) => name);
const anyTransaction = (): Transaction => new Transactions({ clock: new ManualClock() }).begin();

describe('declaring a point', () => {
  it('fills in defaults', () => {
    const { limits, onFault, budget } = declare({ ...FUNCTION, limits: { calls: 3 } });
    expect({ limits, onFault, budget }).toEqual({
      limits: {
        own_ms: 50,
        total_ms: 2000,
        memory_mb: 32,
        calls: 3,
        writes: 1000,
        log_bytes: 16_384,
        argument_bytes: 16_777_216,
      },
      onFault: 'default',
      budget: 1,
    });
  });

  it.each<[string, object]>([
    ['an unknown option', { ...FUNCTION, polcy: 'deny' }],
    ['no name', { kind: 'chain' }],
    ['no kind', { name: 'a' }],
    ['an unknown kind', { ...FUNCTION, kind: 'filter' }],
    ['an unknown policy', { ...FUNCTION, onFault: 'open' }],
    ['a function point without a default', { name: 'a', kind: 'function' }],
    ['a selection at a chain', { name: 'a', kind: 'chain', select: () => 'x' }],
    ['a schema that is none', { ...FUNCTION, input: {} }],
    ['a default that is no function', { ...FUNCTION, default: 1 }],
    ['a check that is no function', { ...FUNCTION, check: true }],
    ['a budget of nothing', { ...FUNCTION, budget: 0 }],
    ['a budget that is no number', { ...FUNCTION, budget: '2' }],
    ['an unknown limit', { ...FUNCTION, limits: { own: 1 } }],
    ['a limit of nothing', { ...FUNCTION, limits: { own_ms: 0 } }],
    ['a limit without end', { ...FUNCTION, limits: { writes: Number.POSITIVE_INFINITY } }],
    ['a limit that is no number', { ...FUNCTION, limits: { writes: '1' } }],
    ['callables that are none', { ...FUNCTION, callable: 'stock' }],
    ['a callable called original', { ...FUNCTION, callable: { original: { waits: false, run: () => 1 } } }],
  ])('refuses %s', (_name, options) => {
    expect(() => declare(options)).toThrow(badOption);
  });

  it.each(['', '/', 'a/', '/a', 'A', 'a b', 'a//b', '-a', '.a', 'é', 'a'.repeat(201), 1])(
    'refuses the name %j',
    (name) => {
      expect(() => declare({ ...FUNCTION, name })).toThrow(badOption);
    },
  );

  it.each(['a', 'a/b/c', '0', 'a.b-c_d/0', 'a'.repeat(200)])('takes the name %j', (name) => {
    expect(declare({ ...FUNCTION, name }).name).toBe(name);
  });
});

describe('rows', () => {
  it.each([
    ['a chain', { name: 'a', kind: 'chain', rows: true }],
    ['an event', { name: 'a', kind: 'event', rows: true }],
    ['a function point that selects', { ...FUNCTION, rows: true, select: () => 'x' }],
  ])('are not for %s', (_, options) => {
    expect(() => declare(options as never)).toThrow(expect.objectContaining({ code: 'GRAFT_BAD_OPTION' }));
  });
});

describe('who stands at a point', () => {
  it('is one graft at a function point', () => {
    const point = declare(FUNCTION);
    const first = graft('a');
    point.put(first);
    expect(() => point.put(graft('b'))).toThrow(expect.objectContaining({ code: 'GRAFT_POINT_TAKEN' }));
    point.take(first);
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
    point.take(one);
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

describe('the table of points', () => {
  it('finds a point by its name, once', () => {
    const table = new PointTable();
    const point = table.add(declare(FUNCTION));
    expect(table.get('shop/price')).toBe(point);
    expect([table.has('shop/price'), table.has('shop')]).toEqual([true, false]);
    expect(table.list()).toEqual([point]);
    expect(() => table.add(declare(FUNCTION))).toThrow(expect.objectContaining({ code: 'GRAFT_POINT_EXISTS' }));
    expect(() => table.get('shop')).toThrow(expect.objectContaining({ code: 'GRAFT_UNKNOWN_POINT' }));
  });
});
