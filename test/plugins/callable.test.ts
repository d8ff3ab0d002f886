// What a point offers: a tree of callables, by dotted names.

import { describe, expect, it } from '@jest/globals';
import { badArgument, type Callable, type CallableTree, flatten } from '../../src/plugins/callable.ts';

const callable = (): Callable => ({ waits: false, run: () => null });

describe('flatten', () => {
  it('names what a tree holds, in its order', () => {
    const [get, set, log] = [callable(), callable(), callable()];
    expect(flatten({ stock: { get, of: { set } }, log })).toEqual([
      ['stock.get', get],
      ['stock.of.set', set],
      ['log', log],
    ]);
    expect(flatten({})).toEqual([]);
  });

  it.each(['', 'Get', '1a', 'a.b', 'a b', 'a-b', '__proto__', 'é', 'a'.repeat(65)])('refuses the name %j', (name) => {
    const tree = Object.fromEntries([[name, callable()]]) as CallableTree;
    expect(() => flatten(tree)).toThrow(expect.objectContaining({ code: 'GRAFT_BAD_OPTION' }));
    expect(() => flatten({ group: tree })).toThrow(expect.objectContaining({ code: 'GRAFT_BAD_OPTION' }));
  });

  it('takes a name of 64 characters', () => {
    expect(flatten({ ['a'.repeat(64)]: callable() })).toHaveLength(1);
  });

  it('refuses groups in groups beyond the fourth', () => {
    const leaf = callable();
    expect(flatten({ a: { b: { c: { leaf } } } })).toEqual([['a.b.c.leaf', leaf]]);
    expect(() => flatten({ a: { b: { c: { d: { leaf } } } } })).toThrow(/nested deeper than 4/);
  });

  it('refuses a tree that holds itself', () => {
    const tree: Record<string, unknown> = {};
    tree.again = tree;
    expect(() => flatten(tree as CallableTree)).toThrow(expect.objectContaining({ code: 'GRAFT_BAD_OPTION' }));
  });

  it.each([null, undefined, 1, 'get', () => null])('refuses %p where a callable belongs', (value) => {
    expect(() => flatten({ get: value } as unknown as CallableTree)).toThrow(
      /callable get: expected a callable or a group, got /,
    );
  });
});

describe('badArgument', () => {
  it('throws the coded error', () => {
    expect(() => badArgument('set: takes two')).toThrow(
      expect.objectContaining({ code: 'GRAFT_BAD_ARGUMENT', message: 'set: takes two' }),
    );
  });
});
