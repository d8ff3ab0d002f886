// The vm compartment beyond what every kind is asked: its gate, and a time-out that falls while the host works.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openBase, type TestBase } from '../../support/base.ts';

const FUNCTION = { name: 'p', kind: 'function', default: () => 'default' } as const;

let base: TestBase;

beforeEach(() => {
  base = openBase('vm');
});

afterEach(() => base.close());

describe('a vm compartment', () => {
  test('gives a graft that calls the gate nothing, and does not let it take the gate away', async () => {
    const point = base.point(FUNCTION);
    const source = `() => {
      const tried = [() => { globalThis.__graftwork_enter = () => 7 }, () => { delete globalThis.__graftwork_enter },
        () => Object.defineProperty(globalThis, '__graftwork_enter', { value: () => 7 })];
      for (const attempt of tried) try { attempt() } catch {}
      return [__graftwork_enter() === undefined, n++];
    }`;
    await base.install('a', `{ graft: ${source} }`, {}, 'let n = 0;');
    for (const n of [0, 1])
      expect(await base.invoke(point, null)).toMatchObject({ status: 'committed', value: [true, n] });
  });

  test('undoes what a graft did that floods its host, wherever the time-out falls', async () => {
    const limits = { own_ms: 2, calls: 10 ** 7, writes: 10 ** 7, log_bytes: 10 ** 6 };
    const point = base.point({ ...FUNCTION, limits, budget: Number.POSITIVE_INFINITY });
    await base.install('a', '{ graft: (input, api) => { for (let i = 0; ; i++) api.stock.set("k" + (i % 7), i) } }');
    for (let i = 0; i < 30; i++) {
      expect(await base.invoke(point, null)).toMatchObject({
        status: 'default',
        grafts: [{ status: 'aborted', reason: 'own-time' }],
      });
      expect(base.state).toEqual({ a: 1, b: 2 });
      expect(base.leftovers).toEqual({ active: 0, armed: 0, held: 0, units: 0, undoFailures: 0 });
    }
  });
});
