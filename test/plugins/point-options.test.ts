// Graft points as they are declared: which options there are, and what stands where one is left out.

import { describe, expect, it } from '@jest/globals';
import { GraftPoint } from '../../src/plugins/graft-point.ts';
import type { PointOptions } from '../../src/plugins/point-options.ts';

const FUNCTION = { name: 'shop/price', kind: 'function', default: () => 1 } as const;
const declare = (options: object): GraftPoint => new GraftPoint(options as PointOptions);
const badOption = expect.objectContaining({ code: 'GRAFT_BAD_OPTION' });

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
