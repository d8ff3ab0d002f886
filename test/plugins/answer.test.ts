// A graft's answer against its point's post-condition. Plain data and schemas have tests of their own.

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openBase, type TestBase } from '../support/base.ts';

let base: TestBase;
beforeEach(() => {
  base = openBase('direct');
});
afterEach(() => base.close());

const FUNCTION = { name: 'p', kind: 'function', default: () => 'default' } as const;
const WRITES_A = 'api.stock.set("a", 9);';

describe('a post-condition', () => {
  it('refuses an answer, and says why', async () => {
    const check = (answer: unknown, input: unknown) =>
      (answer as number) <= (input as number) || 'a discount may not raise a price';
    const point = base.point({ ...FUNCTION, check });
    await base.install('a', `{ graft: (input, api) => { ${WRITES_A} return input + 1 } }`);
    expect(await base.invoke(point, 5)).toMatchObject({
      status: 'default',
      grafts: [{ reason: 'invalid-answer', detail: 'a discount may not raise a price' }],
    });
    expect(base.state.a).toBe(1);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    [
      'asks for what the point does not offer',
      (...args: unknown[]) => (args[2] as (name: string) => unknown)('nothing'),
    ],
  ])('keeps nothing where it %s, and tells the host', async (_name, check) => {
    const point = base.point({ ...FUNCTION, check: check as () => boolean });
    await base.install('a', `{ graft: (input, api) => { ${WRITES_A} return 1 } }`);
    const outcome = await base.invoke(point, 5);
    expect(outcome).toMatchObject({
      status: 'default',
      grafts: [{ reason: 'host-fault', detail: 'the post-condition of p failed' }],
    });
    expect([base.state.a, base.faults.length, point.grafts[0]?.aborts]).toEqual([1, 1, 0]);
  });

  it('is asked about each answer of a chain before the next link sees it', async () => {
    const point = base.point<number, number>({
      name: 'p',
      kind: 'chain',
      check: (answer, input) => answer > input || 'must grow',
    });
    for (const [order, name, by] of [
      [1, 'x', -1],
      [2, 'y', 1],
    ] as const)
      await base.install(name, `{ graft: (input) => input + ${by} }`, {
        grafts: [{ point: 'p', export: 'graft', order }],
      });
    expect(await base.invoke(point, 5)).toMatchObject({
      status: 'committed',
      value: 6,
      grafts: [{ detail: 'must grow' }, {}],
    });
  });
});
