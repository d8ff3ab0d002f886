// Subscriptions and timers: what a plugin has called later.

import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Later } from '../../../src/host/callables/later.ts';
import { type Events, Subscriptions } from '../../../src/host/callables/subscriptions.ts';
import { Timers } from '../../../src/host/callables/timers.ts';
import type { Caller, Graft, Origin } from '../../../src/plugins/index.ts';
import { Bed, graftAt, run, thrown } from './bed.ts';

let bed: Bed;
let tick: Graft;
let calls: [graft: string, input: unknown, from: Origin][];
let later: Later;

beforeEach(() => {
  bed = new Bed();
  tick = graftAt('event', 'tick');
  calls = [];
  later = {
    graftsOf: (plugin) => (plugin === 'p' ? [tick, graftAt('function', 'answer')] : []),
    whereIs: () => (tick.stands ? tick : 'gone'),
    invoke: async (graft, input, from, last) => {
      calls.push([graft.export, input, from]);
      const txn = bed.begin();
      last?.(txn);
      txn.commit();
      return { status: 'committed', value: null, grafts: [] };
    },
    failed: () => {},
  };
});

const commit = ({ txn }: Caller): void => {
  txn.commit();
  txn.tree.root.commit();
};

describe('subscriptions', () => {
  const subscribed = (): Events => {
    const events = new Subscriptions(later, bed.maps).declare(['changed']);
    const caller = bed.caller();
    run(events.callables.on, caller, 'changed', 'tick');
    events.emit('changed', 0);
    expect(calls).toEqual([]);
    commit(caller);
    return events;
  };

  test('hear what is emitted after their commit, from the host and from grafts, on behalf of the same user', () => {
    const events = subscribed();
    events.emit('changed', 1);
    const caller = bed.caller();
    run(events.callables.emit, caller, 'changed', 2);
    expect(calls).toHaveLength(1);
    commit(caller);
    expect(calls).toEqual([
      ['tick', { event: 'changed', value: 1 }, { depth: 0, principal: '' }],
      ['tick', { event: 'changed', value: 2 }, { depth: 1, principal: 'ann' }],
    ]);
  });

  test('an abort leaves neither a subscription nor an event', () => {
    const events = new Subscriptions(later, bed.maps).declare(['changed']);
    const caller = bed.caller();
    run(events.callables.on, caller, 'changed', 'tick');
    run(events.callables.emit, caller, 'changed', 1);
    caller.txn.abort();
    caller.txn.tree.root.commit();
    events.emit('changed', 2);
    expect({ calls, size: events.size }).toEqual({ calls: [], size: 0 });
  });

  test('end with their graft', () => {
    const events = subscribed();
    tick.remove();
    events.emit('changed', 1);
    expect({ calls, size: events.size }).toEqual({ calls: [], size: 0 });
  });

  test('a graft whose removal came between its call and its commit is not called', () => {
    const events = new Subscriptions(later, bed.maps).declare(['changed']);
    const caller = bed.caller();
    run(events.callables.on, caller, 'changed', 'tick');
    tick.remove();
    commit(caller);
    events.emit('changed', 1);
    expect(calls).toEqual([]);
  });

  test('an event is declared once', () => {
    const subscriptions = new Subscriptions(later, bed.maps);
    subscriptions.declare(['changed']);
    expect(thrown(() => subscriptions.declare(['other', 'changed']))).toBe('GRAFT_BAD_OPTION');
  });

  test('of one who subscribes twice, one is kept', () => {
    const events = subscribed();
    const caller = bed.caller();
    for (let n = 0; n < 2; n++) run(events.callables.on, caller, 'changed', 'tick');
    commit(caller);
    expect([events.size, bed.keepers.list()]).toMatchObject([1, [{ held: { subscriptions: 1 } }]]);
  });

  test.each([
    ['an event that there is not', 'other', 'tick'],
    ['an export that is no graft', 'changed', 'toString'],
    ['a graft at another kind of point', 'changed', 'answer'],
    ['no name', 'changed', () => {}],
    ['a key of every object', '__proto__', 'tick'],
  ])('refuse %s', (_name, event, exported) => {
    const events = new Subscriptions(later, bed.maps).declare(['changed']);
    expect(thrown(() => run(events.callables.on, bed.caller(), event, exported))).toBe('GRAFT_BAD_ARGUMENT');
  });

  test("refuse another plugin's graft", () => {
    const events = new Subscriptions(later, bed.maps).declare(['changed']);
    expect(thrown(() => run(events.callables.on, bed.caller('q'), 'changed', 'tick'))).toBe('GRAFT_BAD_ARGUMENT');
  });

  test('too many events of one call, or events too deep, doom it', () => {
    const events = new Subscriptions(later, bed.maps).declare(['changed']);
    const caller = bed.caller();
    for (let i = 0; i < 8; i++) run(events.callables.emit, caller, 'changed', i);
    expect(thrown(() => run(events.callables.emit, caller, 'changed', 8))).toBe('limit: emits');
    expect(thrown(() => run(events.callables.emit, bed.caller('p', 3), 'changed', 8))).toBe(
      'limit: events nested deeper than 3',
    );
  });
});

describe('timers', () => {
  test('fire once, after the commit and their time', () => {
    const timers = new Timers(later, bed.clock, bed.maps);
    const caller = bed.caller();
    run(timers.schedule, caller, 1000, 'tick');
    bed.clock.advance(5000);
    commit(caller);
    bed.clock.advance(999);
    expect(calls).toEqual([]);
    bed.clock.advance(10_000);
    expect(calls).toEqual([['tick', { timer_ms: 1000 }, { depth: 0, principal: 'ann' }]]);
    expect({ pending: timers.pending, armed: bed.clock.armed }).toEqual({ pending: 0, armed: 0 });
  });

  test('an abort undoes them', () => {
    const timers = new Timers(later, bed.clock, bed.maps);
    const caller = bed.caller();
    run(timers.schedule, caller, 1000, 'tick');
    expect(caller.txn.abort().first).toEqual([expect.stringMatching(/^timers\.set tick /)]);
    caller.txn.tree.root.commit();
    expect({ pending: timers.pending, armed: bed.clock.armed }).toEqual({ pending: 0, armed: 0 });
  });

  test.each(['sweep', 'close'] as const)('a %s cancels those of a graft that was removed', async (way) => {
    const timers = new Timers(later, bed.clock, bed.maps);
    const caller = bed.caller();
    run(timers.schedule, caller, 1000, 'tick');
    commit(caller);
    tick.remove();
    await timers[way]();
    bed.clock.advance(5000);
    expect({ calls, pending: timers.pending, armed: bed.clock.armed }).toEqual({ calls: [], pending: 0, armed: 0 });
  });

  test('one more than a plugin may have dooms the call, over many calls and within one', () => {
    const timers = new Timers(later, bed.clock, bed.maps);
    for (let i = 0; i < 10; i++) {
      const caller = bed.caller();
      run(timers.schedule, caller, 1000, 'tick');
      commit(caller);
    }
    const caller = bed.caller();
    for (let i = 10; i < 16; i++) run(timers.schedule, caller, 1000, 'tick');
    expect(thrown(() => run(timers.schedule, caller, 1000, 'tick'))).toBe('limit: timers');
    caller.txn.abort();
    expect(timers.pending).toBe(10);
  });

  test.each([
    [99, 'tick'],
    [2 ** 31, 'tick'],
    [Number.NaN, 'tick'],
    ['1000', 'tick'],
    [1000, 'answer'],
    [1000, () => {}],
  ])('refuse %p and %p', (ms, exported) => {
    const timers = new Timers(later, bed.clock, bed.maps);
    expect(thrown(() => run(timers.schedule, bed.caller(), ms, exported))).toBe('GRAFT_BAD_ARGUMENT');
    expect(timers.pending).toBe(0);
  });
});
