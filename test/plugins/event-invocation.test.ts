// The call at an event point: each graft handles the event alone, and nothing of one's end keeps the others from it.

import { afterEach, describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../src/plugins/index.ts';
import { type Kind, openBase, type TestBase } from '../support/base.ts';

let base: TestBase;
const open = (kind: Kind = 'direct'): void => {
  base = openBase(kind, { processes: { groupOf: () => 'all' } });
};
afterEach(() => base.close());

const FUNCTION = { name: 'p', kind: 'function', default: () => 'default' } as const;
const at = (point: string, order: number) => ({ grafts: [{ point, export: 'graft', order }] });
const briefly = (outcome: Outcome<unknown>): unknown =>
  outcome.grafts.map(({ graft, status, reason }) => [graft, status, reason ?? null]);

describe('an event', () => {
  const listener = (name: string, order: number, body: string): Promise<unknown> =>
    base.install(name, `{ graft: (input, api) => { api.stock.set("${name}", input); ${body} } }`, at('p', order));

  it.each([
    ['default', { status: 'committed', value: null }],
    ['deny', { status: 'denied', reason: 'thrown' }],
    ['fail', { status: 'failed', reason: 'thrown' }],
  ] as const)(
    'is handled by each alone, in order, what they answer is ignored: under the policy %s',
    async (onFault, told) => {
      open();
      const point = base.point({ name: 'p', kind: 'event', onFault, check: () => 'no answer is good enough' });
      await listener('y', 2, 'throw 1');
      await listener('z', 3, 'return () => "no plain data"');
      await listener('x', 1, 'return 5');
      await listener('w', 4, 'refuse("no", "")');
      const outcome = await base.invoke(point, 'news');
      expect(outcome).toMatchObject(told);
      expect(briefly(outcome)).toEqual([
        ['x#graft', 'committed', null],
        ['y#graft', 'aborted', 'thrown'],
        ['z#graft', 'committed', null],
        ['w#graft', 'refused', null],
      ]);
      expect(base.state).toEqual({ a: 1, b: 2, x: 'news', z: 'news' });
      expect(point.grafts.map(({ name }) => name)).toEqual(['x#graft', 'z#graft', 'w#graft']);
    },
  );

  it('one of whose listeners waits too long is handled by the others', async () => {
    open('process');
    const point = base.point({ name: 'p', kind: 'event', callable: { ...base.callable, wait: base.wait } });
    await listener('x', 1, '');
    await listener('y', 2, 'api.wait("gate")');
    await listener('z', 3, '');
    const outcome = base.invoke(point, 'news');
    await base.gate('gate').reached;
    base.clock.advance(2000);
    expect(briefly(await outcome)).toEqual([
      ['x#graft', 'committed', null],
      ['y#graft', 'aborted', 'total-time'],
      ['z#graft', 'committed', null],
    ]);
    expect(base.state).toEqual({ a: 1, b: 2, x: 'news', z: 'news' });
    expect(point.grafts.map(({ aborts }) => aborts)).toEqual([0, 0, 0]);
  });

  it('that is cancelled is aborted, though a graft of its had failed before and its point tells of that', async () => {
    open('process');
    const point = base.point({ name: 'p', kind: 'event', onFault: 'fail', callable: { wait: base.wait } });
    await base.install('x', '{ graft: () => { throw 1 } }', at('p', 1));
    await base.install('y', '{ graft: (input, api) => api.wait("gate") }', at('p', 2));
    const controller = new AbortController();
    const outcome = base.invoke(point, 'news', { signal: controller.signal });
    await base.gate('gate').reached;
    controller.abort();
    expect(await outcome).toMatchObject({ status: 'aborted', reason: 'cancelled' });
    expect(briefly(await outcome)).toEqual([
      ['x#graft', 'aborted', 'thrown'],
      ['y#graft', 'aborted', 'cancelled'],
    ]);
  });

  it('inside a transaction must have an input that is right, at once', async () => {
    open();
    const point = base.point({ name: 'p', kind: 'event' });
    const txn = base.transactions.begin();
    await expect(base.invoke(point, undefined, { txn })).rejects.toMatchObject({ code: 'GRAFT_BAD_INPUT' });
    txn.abort();
  });

  it('whose default fails after the commit is told to the host, and is nobody’s unhandled rejection', async () => {
    open();
    const point = base.point({
      ...FUNCTION,
      kind: 'event',
      default: () => {
        throw new Error('no');
      },
    });
    const txn = base.transactions.begin();
    await base.invoke(point, 1, { txn });
    txn.commit();
    await new Promise((resolve) => setImmediate(resolve));
    expect(base.faults).toMatchObject([{ message: 'no' }]);
  });
});
