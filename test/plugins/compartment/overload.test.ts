// A plugin whose queue is full: what becomes of the calls for which there is no room.

import { afterEach, expect, it } from '@jest/globals';
import type { ProcessOptions } from '../../../src/plugins/compartment/index.ts';
import type { GraftPoint } from '../../../src/plugins/index.ts';
import { openBase, type TestBase } from '../../support/base.ts';

const FUNCTION = { name: 'p', kind: 'function', default: () => 'default' } as const;

let base: TestBase;
afterEach(() => base.close());

const open = (processes: ProcessOptions): void => {
  base = openBase('process', { processes });
};
const offered = () => ({ ...base.callable, wait: base.wait });
const point = (): GraftPoint<unknown, string> => base.point({ ...FUNCTION, callable: offered() });
const committed = (value: unknown): object => expect.objectContaining({ status: 'committed', value });

it('a call beyond the queue goes on without the graft, is refused, or waits, and nobody is blamed', async () => {
  open({ processes: 1, pipelined: 1, queued: 1 });
  const p = point();
  const guard = base.point({ name: 'g', kind: 'chain', onFault: 'deny' });
  const event = base.point({ name: 'e', kind: 'event', callable: offered() });
  const grafts = ['p', 'g', 'e'].map((name) => ({ point: name, export: 'graft' }));
  await base.install('a', '{ graft: (input, api) => { api.wait("gate"); return input } }', { grafts });
  const outcomes = [base.invoke(p, 1)];
  await base.gate('gate').reached;
  outcomes.push(base.invoke(p, 2));
  const passedOver = { graft: 'a#graft', status: 'aborted', reason: 'cancelled', detail: /^GRAFT_OVERLOADED: / };
  const entry = { ...passedOver, detail: expect.stringMatching(passedOver.detail) };
  expect(await base.invoke(p, 3)).toMatchObject({ status: 'default', value: 'default', grafts: [entry] });
  await expect(base.invoke(guard, 4)).rejects.toMatchObject({ code: 'GRAFT_OVERLOADED' });
  const events = [5, 6, 7].map((n) => base.invoke(event, n));
  const late = base.invoke(event, 8);
  base.gate('gate').open();
  expect(await Promise.all(outcomes)).toEqual([committed(1), committed(2)]);
  expect(await Promise.all([...events, late])).toEqual(Array.from({ length: 4 }, () => committed(null)));
  expect([p, guard, event].map(({ grafts: [graft] }) => graft?.aborts)).toEqual([0, 0, 0]);
});

it('an event that finds no room within its total time is handled by the others all the same', async () => {
  open({ processes: 1, pipelined: 1, queued: 1, groupOf: (plugin) => plugin });
  const p = point();
  const event = base.point({ name: 'e', kind: 'event', callable: offered() });
  const at = (order: number) => ({ grafts: [{ point: 'e', export: 'graft', order }] });
  await base.install('slow', '{ graft: (input, api) => { api.wait("gate"); return input } }', {
    grafts: [
      { point: 'p', export: 'graft' },
      { point: 'e', export: 'graft', order: 1 },
    ],
  });
  await base.install('honest', '{ graft: (input, api) => { api.stock.set("seen", input) } }', at(2));
  const held = [base.invoke(p, 1)];
  await base.gate('gate').reached;
  held.push(base.invoke(p, 2));
  const told = base.invoke(event, 'news');
  await new Promise((resolve) => setImmediate(resolve));
  base.clock.advance(2000);
  expect((await told).grafts).toMatchObject([
    { graft: 'slow#graft', status: 'aborted', reason: 'total-time' },
    { graft: 'honest#graft', status: 'committed' },
  ]);
  base.gate('gate').open();
  await Promise.all(held);
});
