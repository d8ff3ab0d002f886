// Accessors: the order of their work, and what happens when it is cut short, by an error or by the end of the stack.

import { describe, expect, test } from '@jest/globals';
import {
  Account,
  accessor,
  acquire,
  Cell,
  Counter,
  List,
  Lock,
  StateMap,
  type Transaction,
  WRITE,
} from '../../src/txn/index.ts';
import { needStack } from '../../src/txn/stack-room.ts';
import { options, reasonOf, setUp, ticketOf } from './fixture.ts';

const makePair = () => ({ lock: new Lock({ name: 'pair', timeout_ms: 1 }), left: 0, right: 0 });
type Pair = ReturnType<typeof makePair>;

describe('an accessor', () => {
  const setBoth = (order: string[], fail = false) =>
    accessor({
      name: 'pair.set',
      mode: WRITE,
      place: (pair: Pair) => pair,
      cost: 1,
      resource: 0,
      change: {
        before: (pair) => {
          order.push(`before ${pair.lock.mode}`);
          return [pair.left, pair.right];
        },
        undo: (pair, _key, before) => {
          [pair.left, pair.right] = before as [number, number];
        },
      },
      apply: (pair, _key, value: number) => {
        order.push(`apply ${pair.left}`);
        pair.left = value;
        if (fail) throw new Error('half done');
        pair.right = value;
      },
    });

  test('locks, charges, logs and applies, in this order', () => {
    const { transactions } = setUp();
    const account = new Account(['calls']);
    account.create(0, 1);
    const order: string[] = [];
    const set = setBoth(order);
    const pair = makePair();
    const txn = transactions.begin(account);
    set.call(txn, pair, null, 7);
    expect([order, account.spent, txn.tree.log.mark > 0]).toEqual([[`before ${WRITE}`, 'apply 0'], [1], true]);
    expect(reasonOf(() => set.call(txn, pair, null, 8))).toBe('limit: calls');
    expect(order).toHaveLength(2);
    txn.abort();
    expect([pair.left, pair.right]).toEqual([0, 0]);
  });

  test('that waits has charged nothing', () => {
    const { transactions } = setUp();
    const account = new Account(['calls']);
    account.create(0, 5);
    const set = setBoth([]);
    const pair = makePair();
    const holder = transactions.begin();
    acquire(holder, pair.lock, WRITE);
    const txn = transactions.begin(account);
    ticketOf(set.call(txn, pair, null, 1));
    expect(account.spent).toEqual([0]);
    holder.commit();
    set.call(txn, pair, null, 1);
    expect(account.spent).toEqual([1]);
  });

  test('thrown: that fails half-way dooms the transaction, caught or not', () => {
    const { transactions } = setUp();
    const pair = makePair();
    const txn = transactions.begin();
    expect(() => setBoth([], true).call(txn, pair, null, 7)).toThrow('half done');
    expect(pair.left).toBe(7);
    expect(reasonOf(() => txn.commit())).toBe('thrown: an accessor failed');
    expect([pair.left, pair.right]).toEqual([0, 0]);
  });
});

const LEVELS = 60;
const PADDINGS: readonly null[][] = [0, 4, 8, 12].map((length) => new Array<null>(length).fill(null));

type Cut = { readonly cut: boolean; readonly error: unknown };

/**
 * Runs the stack out, and calls `work` on the way back, `level` frames before the end, with some arguments so as to end
 * between frames, too.
 */
const nearTheEnd = (level: number, padding: readonly null[], work: () => unknown): Cut => {
  let result: Cut = { cut: false, error: null };
  const descend = (): number => {
    let up = 0;
    try {
      up = descend() + 1;
    } catch {
      // The end: nothing can be called here.
    }
    if (up !== level) return up;
    try {
      Reflect.apply(work, null, padding);
    } catch (error) {
      result = { cut: true, error };
    }
    return up;
  };
  descend();
  return result;
};

/** Tries `attempt` with room from none to more than enough; it must run out somewhere and get through somewhere. */
const everywhereNearTheEnd = (attempt: (run: (work: () => unknown) => void) => void): void => {
  let [cuts, whole] = [0, 0];
  const errors = new Set<unknown>();
  // Compiling takes more stack than running, so everything is run once before.
  attempt((work) => void work());
  for (let level = 0; level < LEVELS; level++)
    for (const padding of PADDINGS)
      attempt((work) => {
        const { cut, error } = nearTheEnd(level, padding, work);
        if (!cut) whole++;
        else if (error instanceof RangeError) cuts++;
        else errors.add(error);
      });
  expect([...errors]).toEqual([]);
  expect([cuts > 0, whole > 0]).toEqual([true, true]);
};

describe('where the stack runs out between any two steps', () => {
  const world = () => {
    const bed = setUp();
    const map = new StateMap<string, number>(options('map'), [
      ['a', 1],
      ['b', 2],
    ]);
    const cell = new Cell(1, options('cell'));
    const list = new List(options('list'), [1, 2]);
    const counter = new Counter(options('counter'), 5);
    const [from, to] = [new Account(['calls']), new Account(['calls'])];
    const pair = makePair();
    from.create(0, 1_000_000);
    to.create(0, 3);
    const look = () =>
      JSON.stringify([
        [...map.peekEntries()],
        cell.peek(),
        list.peek(),
        counter.peek(),
        [pair.left, pair.right],
        from.free,
        from.held,
        from.spent,
        to.free,
        to.held,
        to.spent,
      ]);
    return { ...bed, map, cell, list, counter, from, to, pair, look };
  };

  type World = ReturnType<typeof world>;
  const works: [string, (world: World, txn: Transaction) => unknown][] = [
    ['map.set, a new key', ({ map }, txn) => map.set(txn, 'new', 9)],
    ['map.set', ({ map }, txn) => map.set(txn, 'a', 9)],
    ['map.delete', ({ map }, txn) => map.delete(txn, 'a')],
    ['cell.set', ({ cell }, txn) => cell.set(txn, 9)],
    ['list.push', ({ list }, txn) => list.push(txn, 9)],
    ['list.pop', ({ list }, txn) => list.pop(txn)],
    ['counter.add', ({ counter }, txn) => counter.add(txn, 9)],
    ['transfer', ({ from, to }, txn) => from.transfer(txn, to, 0, 2)],
    ['hold', ({ from }, txn) => from.hold(txn, 0, 2)],
    [
      'nested begin, work and commit',
      ({ map }, txn) => {
        const child = txn.begin();
        map.set(child, 'a', 3);
        child.commit();
      },
    ],
  ];

  /** Uses more stack between its two changes than everything before them. */
  const setTwice = accessor({
    name: 'pair.set-twice',
    mode: WRITE,
    place: (pair: Pair) => pair,
    change: {
      before: ({ left, right }) => [left, right],
      undo: (pair, _key, before) => {
        [pair.left, pair.right] = before as [number, number];
      },
    },
    apply: (pair, _key, value: number) => {
      pair.left = value;
      goDown(30);
      pair.right = value;
    },
  });
  const goDown = (levels: number): number => (levels === 0 ? 0 : goDown(levels - 1) + 1);
  works.push([
    'an accessor that is cut short between two changes',
    ({ pair }, txn) => setTwice.call(txn, pair, null, 9),
  ]);

  test.each(works)('%s: an abort finds everything as it was, and no lock', (_name, work) => {
    const one = world();
    const before = one.look();
    everywhereNearTheEnd((run) => {
      const txn = one.transactions.begin();
      run(() => work(one, txn));
      txn.abort();
      expect(one.look()).toBe(before);
      expect([one.cell.entry.mode, one.from.lock.mode, one.to.lock.mode, one.transactions.active]).toEqual([
        0, 0, 0, 0,
      ]);
      expect([...one.map.entries.values()].filter((entry) => entry.mode !== 0)).toEqual([]);
    });
    expect(one.reports).toEqual([]);
  });

  test.each(works)('%s: all is done, or nothing, or the transaction cannot commit', (_name, work) => {
    const done = world();
    const all = done.transactions.begin();
    work(done, all);
    all.commit();
    everywhereNearTheEnd((run) => {
      const one = world();
      const before = one.look();
      const txn = one.transactions.begin();
      run(() => work(one, txn));
      if (txn.tree.deepest !== txn) txn.tree.deepest.abort();
      const doomed = txn.doomed !== null;
      if (doomed) txn.abort();
      else txn.commit();
      expect(doomed ? [before] : [before, done.look()]).toContain(one.look());
    });
  });

  test('a wait begins whole or not at all', () => {
    const one = world();
    const holder = one.transactions.begin();
    one.cell.set(holder, 2);
    let [waited, cut] = [0, 0];
    const ask = (txn: Transaction) => (): unknown => one.cell.get(txn);
    const compiled = one.transactions.begin();
    ask(compiled)();
    compiled.abort();
    for (let level = 0; level < 2000; level += level < 100 ? 1 : 50) {
      const txn = one.transactions.begin();
      const { error } = nearTheEnd(level, [], ask(txn));
      if (error === null) waited++;
      else cut++;
      const queued = one.cell.entry.queue?.length ?? 0;
      expect([queued, txn.tree.waiting.length, one.clock.armed]).toEqual(error === null ? [1, 1, 1] : [0, 0, 0]);
      txn.abort();
      expect([one.cell.entry.queue, one.clock.armed]).toEqual([null, 0]);
    }
    expect([waited > 0, cut > 0]).toEqual([true, true]);
    holder.abort();
    expect(one.cell.peek()).toBe(1);
  });

  test('needStack throws while a few hundred small frames are left', () => {
    needStack();
    const throwsAt = (level: number): boolean => nearTheEnd(level, [], needStack).cut;
    expect([throwsAt(10), throwsAt(200), throwsAt(5000)]).toEqual([true, true, false]);
  });
});
