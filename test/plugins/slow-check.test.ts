// A post-condition that takes time: its verdict counts like any other, it is repeated where it met a lock, and nobody
// waits for one whose call has ended.

import { afterEach, expect, it } from '@jest/globals';
import { invokeSync, type PointOptions } from '../../src/plugins/index.ts';
import { type Kind, openBase, type TestBase } from '../support/base.ts';

const bases: TestBase[] = [];

afterEach(async () => {
  for (const base of bases.splice(0)) await base.close();
});

const GRAFT = '{ graft: (input, api) => { api.stock.set("a", 9); return input } }';

const opened = async (kind: Kind, check: NonNullable<PointOptions['check']>, options: object = {}) => {
  const base = openBase(kind);
  bases.push(base);
  const point = base.point({ name: 'p', kind: 'function', default: (): unknown => 'default', check, ...options });
  await base.install('a', GRAFT);
  return { base, point };
};

const later = <T>(value: T): Promise<T> => new Promise((resolve) => setImmediate(() => resolve(value)));

it.each(['direct', 'process'] as const)('that holds, that does not, and that says nothing, in %s', async (kind) => {
  const { base, point } = await opened(
    kind,
    async (answer, _input, state) => {
      expect(state('stock.get', 'a')).toBe(9);
      await later(null);
      return answer === 1 ? true : answer === 2 ? 'not two' : (undefined as never);
    },
    { budget: 10 },
  );
  expect(await base.invoke(point, 1)).toMatchObject({ status: 'committed', value: 1 });
  expect(await base.invoke(point, 2)).toMatchObject({
    value: 'default',
    grafts: [{ reason: 'invalid-answer', detail: 'not two', undone: { records: 1 } }],
  });
  // What says nothing is the host's own mistake.
  expect(await base.invoke(point, 3)).toMatchObject({ value: 'default', grafts: [{ reason: 'host-fault' }] });
  expect(base.state.a).toBe(9);
});

it('that fails is the host’s fault', async () => {
  const { base, point } = await opened('direct', () => later(null).then(() => Promise.reject(new Error('mine'))));
  expect(await base.invoke(point, 1)).toMatchObject({ value: 'default', grafts: [{ reason: 'host-fault' }] });
  expect([base.state.a, point.grafts.length]).toEqual([1, 1]);
});

it('of rows is asked row by row', async () => {
  const seen: unknown[] = [];
  const { base, point } = await opened(
    'direct',
    async (answer) => {
      seen.push(answer);
      return (await later(answer)) !== 3 || 'no three';
    },
    { rows: true, budget: 10 },
  );
  expect(await base.invoke(point, [1, 2])).toMatchObject({ status: 'committed', value: [1, 2] });
  expect(await base.invoke(point, [1, 3, 4])).toMatchObject({ grafts: [{ detail: '[1]: no three' }] });
  expect(seen).toEqual([1, 2, 1, 3]);
});

it('that never comes ends with the total time', async () => {
  const { base, point } = await opened('direct', () => new Promise(() => {}), { limits: { total_ms: 1000 } });
  const outcome = base.invoke(point, 1);
  await later(null);
  base.clock.advance(1000);
  expect(await outcome).toMatchObject({ status: 'aborted', reason: 'total-time' });
  expect([base.state.a, point.grafts.length]).toEqual([1, 1]);
});

it('is not for the synchronous driver', async () => {
  const { base, point } = await opened('direct', () => later(true));
  expect(() => invokeSync(base, point, 1, { wait: () => {} })).toThrow(
    expect.objectContaining({ code: 'GRAFT_MUST_WAIT' }),
  );
  expect(base.state.a).toBe(1);
});
