// What crosses between a graft and its host: plain data, checked by the host, whatever the graft made of its realm.

import type { Callable } from '../../../src/plugins/index.ts';
import { whyNotPlain } from '../crossing/oracle.ts';
import { trial } from '../crossing/trial.ts';
import { aborted, answer, base, type Claims, committed, expect, FUNCTION, it, open } from './bed.ts';

/** `npm run campaign -- arguments` tries more. */
const CASES = 200;

export const crossing = (claims: Claims): void => {
  it('lets plain data alone reach the host, whatever a graft has done to its realm', async () => {
    open(claims);
    const found = await trial(base, { claims, seed: 1, cases: CASES });
    expect(found.violations).toEqual([]);
    expect(found.expected).toBeGreaterThan(20);
    expect(found.seen).toBeGreaterThanOrEqual(found.expected);
  });

  const objects = claims.args === 'shared' ? "the graft's own objects" : 'objects that no graft can change';
  it(`hands accessors ${objects}`, async () => {
    open(claims);
    const kept: unknown[] = [];
    const keep: Callable = { waits: false, run: (_caller, [value]) => void kept.push(value) };
    const point = base.point({ ...FUNCTION, callable: { keep } });
    await base.install('a', '{ graft: (input, api) => { const o = { n: [1] }; api.keep(o); o.n[0] = 2; return 1 } }');
    expect(await base.invoke(point, null)).toEqual(committed(1));
    expect(kept).toEqual([{ n: [claims.args === 'shared' ? 2 : 1] }]);
  });

  it.each<[string, { readonly rows?: true; readonly kind: 'function' | 'chain' }, unknown]>([
    ['rows', { kind: 'function', rows: true }, [1, 2]],
    ['a chain', { kind: 'chain' }, 1],
  ])('checks an answer of %s', async (_name, { kind, rows }, input) => {
    open(claims);
    const point = base.point({ ...FUNCTION, kind, ...(rows ? { rows } : {}) });
    await base.install('a', '{ graft: () => JSON.parse(\'{"a":[{"constructor":1}]}\') }');
    expect(await base.invoke(point, input)).toEqual(aborted('invalid-answer', expect.stringContaining('constructor')));
  });

  if (claims.args !== 'shared')
    it('leaves properties of an answer out that are undefined, as JSON does, and nothing else', async () => {
      open(claims);
      const source =
        '(deep) => { const b = [{ c: undefined, d: 1 }]; if (deep) b.push(undefined); return { a: undefined, b } }';
      const point = base.point(FUNCTION);
      await base.install('a', `{ graft: ${source} }`);
      expect(await base.invoke(point, false)).toEqual(committed({ b: [{ d: 1 }] }));
      expect(await base.invoke(point, true)).toEqual(
        aborted('invalid-answer', expect.stringContaining('b[1]: undefined')),
      );
    });

  it('tells a refusal as text that may be told', async () => {
    open(claims);
    const outcome = (await answer('() => refuse("no", "\\ud800a\\0b" + "x".repeat(2000))')) as {
      refusal: { code: string; message: string };
    };
    expect(outcome.refusal).toEqual({ code: 'no', message: expect.stringContaining('a') });
    expect([whyNotPlain(outcome.refusal), outcome.refusal.message.length]).toEqual(['', 1000]);
  });
};
