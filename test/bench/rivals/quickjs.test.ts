// The quickjs compartment beyond what every kind is asked: texts that cross, and an engine that is not left broken.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openBase, type TestBase } from '../../support/base.ts';

const FUNCTION = { name: 'p', kind: 'function', default: () => 'default' } as const;

let base: TestBase;

beforeEach(() => {
  base = openBase('quickjs');
});

afterEach(() => base.close());

describe('a quickjs compartment', () => {
  test.each([1, 3999, 4000, 4001, 200_000])(
    'hands a text of %i units in, to its host and back, and out',
    async (length) => {
      const point = base.point(FUNCTION);
      await base.install(
        'a',
        '{ graft: (text, api) => { api.stock.set("a", text); return [api.stock.get("a"), text] } }',
      );
      const text = 'ä€😀\u2028"\\x'.repeat(length).slice(0, length).toWellFormed();
      expect(await base.invoke(point, text)).toMatchObject({ status: 'committed', value: [text, text] });
      expect(base.state.a).toBe(text);
    },
  );

  test.each([
    ['calls', 'const f = () => f() + 1; f()'],
    ['call-backs of built-ins', 'const f = () => [1].map(f); f()'],
    ['conversions', 'const f = () => JSON.stringify({ toJSON: f }); f()'],
    ['JSON', 'JSON.parse("[".repeat(300_000))'],
  ])('goes on after a graft that ran its stack out with %s', async (_name, body) => {
    const point = base.point({ ...FUNCTION, budget: 9 });
    await base.install(
      'a',
      `{ graft: (input, api) => { n++; if (input) { api.stock.set("a", 9); ${body} } return n } }`,
      {},
      'let n = 0;',
    );
    for (let i = 0; i < 3; i++) {
      expect(await base.invoke(point, false)).toMatchObject({ status: 'committed', value: 1 });
      expect(await base.invoke(point, true)).toMatchObject({
        status: 'default',
        grafts: [{ status: 'aborted', reason: 'thrown' }],
      });
      expect(base.state).toEqual({ a: 1, b: 2 });
    }
  });

  test('refuses a plugin for a point with columns', async () => {
    base.point({ ...FUNCTION, columns: { ids: { type: 'i32', length: 4 } } });
    await expect(base.install('a', '{ graft: () => 1 }')).rejects.toMatchObject({ code: 'GRAFT_INSTALL_FAILED' });
  });
});
