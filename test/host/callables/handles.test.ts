import { describe, expect, test } from '@jest/globals';
import { Handles } from '../../../src/host/callables/handles.ts';
import { Bed, run, thrown } from './bed.ts';

const open = () => {
  const bed = new Bed();
  const closed: string[] = [];
  const handles = new Handles((name) =>
    name === 'none' ? null : { read: () => `in ${name}`, close: () => closed.push(name) },
  );
  const { open: opening, read, close } = handles.callables;
  return { bed, closed, handles, open: opening, read, close };
};

describe('handles', () => {
  test('read what was opened, until it is closed', () => {
    const { bed, closed, open: opening, read, close } = open();
    const caller = bed.caller();
    const handle = run(opening, caller, 'a');
    expect(run(read, caller, handle)).toBe('in a');
    run(close, caller, handle);
    expect(closed).toEqual(['a']);
    expect(thrown(() => run(read, caller, handle))).toBe('GRAFT_BAD_ARGUMENT');
    expect(thrown(() => run(close, caller, handle))).toBe('GRAFT_BAD_ARGUMENT');
  });

  test('are dead for every other call: of another plugin, of the same one, nested or later', () => {
    const { bed, open: opening, read } = open();
    const txn = bed.begin();
    const caller = bed.callerIn(txn);
    const handle = run(opening, caller, 'a');
    expect(thrown(() => run(read, bed.caller('other'), handle))).toBe('GRAFT_BAD_ARGUMENT');
    expect(thrown(() => run(read, bed.caller(), handle))).toBe('GRAFT_BAD_ARGUMENT');
    caller.txn.commit();
    expect(thrown(() => run(read, bed.callerIn(txn), handle))).toBe('GRAFT_BAD_ARGUMENT');
  });

  test.each([[0], [1], [''], ['a'], [null], [{}], [['x']]])('the guess %p is none', (guess) => {
    const { bed, open: opening, read } = open();
    const caller = bed.caller();
    run(opening, caller, 'a');
    expect(thrown(() => run(read, caller, guess))).toBe('GRAFT_BAD_ARGUMENT');
  });

  test.each(['commit', 'abort'] as const)('a %s closes what is open', (end) => {
    const { bed, closed, handles, open: opening } = open();
    const caller = bed.caller();
    for (const name of ['a', 'b']) run(opening, caller, name);
    expect(handles.open).toBe(2);
    caller.txn[end]();
    if (end === 'commit') caller.txn.tree.root.commit();
    expect({ closed, open: handles.open }).toEqual({ closed: ['a', 'b'], open: 0 });
  });

  test('what fails to close keeps nothing else open', () => {
    const bed = new Bed();
    const closed: string[] = [];
    const handles = new Handles((name) => ({
      read: () => 1,
      close: () => {
        closed.push(name);
        throw new Error(name);
      },
    }));
    const caller = bed.caller();
    for (const name of ['a', 'b']) run(handles.callables.open, caller, name);
    caller.txn.abort();
    expect(closed).toEqual(['a', 'b']);
  });

  test('one more than there may be dooms the call', () => {
    const { bed, handles, open: opening } = open();
    const caller = bed.caller();
    for (let i = 0; i < 16; i++) run(opening, caller, `f${i}`);
    expect(thrown(() => run(opening, caller, 'f'))).toBe('limit: handles');
    caller.txn.abort();
    expect(handles.open).toBe(0);
  });

  test('nothing is opened under a name that there is not, or that is none', () => {
    const { bed, handles, open: opening } = open();
    for (const name of ['none', '', 7])
      expect(thrown(() => run(opening, bed.caller(), name))).toBe('GRAFT_BAD_ARGUMENT');
    expect(handles.open).toBe(0);
  });
});
