// The worker compartment beyond what every kind is asked: calls that come together, calls inside calls, and calls that
// the host gives up.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openBase, type TestBase } from '../../support/base.ts';

const FUNCTION = { name: 'p', kind: 'function', default: () => 'default' } as const;

let base: TestBase;

beforeEach(() => {
  base = openBase('worker');
});

afterEach(() => base.close());

const committed = (value: unknown): object => expect.objectContaining({ status: 'committed', value });

describe('a worker compartment', () => {
  test('runs calls that come together in order, in one heap', async () => {
    const point = base.point(FUNCTION);
    await base.install('a', '{ graft: () => ++n }', {}, 'let n = 0;');
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => base.invoke(point, null)));
    expect(outcomes).toEqual(outcomes.map((_, index) => committed(index + 1)));
  });

  test('blames the call that failed alone: those behind it run in a fresh heap', async () => {
    const point = base.point({ ...FUNCTION, budget: 9 });
    await base.install('a', '{ graft: (bad) => { n++; if (bad) throw new Error("bad"); return n } }', {}, 'let n = 0;');
    const outcomes = await Promise.all([false, true, false, false].map((bad) => base.invoke(point, bad)));
    expect(outcomes.map(({ status }) => status)).toEqual(['committed', 'default', 'committed', 'committed']);
    expect(outcomes.slice(2)).toEqual([committed(1), committed(2)]);
  });

  test('runs a plugin inside a call of its own', async () => {
    const point = base.point({ ...FUNCTION, callable: { again: base.nested('p') } });
    await base.install('a', '{ graft: (n, api) => n === 0 ? [0] : [n, ...api.again(n - 1)] }');
    expect(await base.invoke(point, 4)).toEqual(committed([4, 3, 2, 1, 0]));
  });

  test('runs many such calls at once: none waits for a worker that waits for it', async () => {
    const point = base.point({ ...FUNCTION, callable: { again: base.nested('p') } });
    await base.install('a', '{ graft: (n, api) => n === 0 ? 0 : api.again(n - 1) + 1 }');
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => base.invoke(point, 2)));
    expect(outcomes).toEqual(outcomes.map(() => committed(2)));
  });

  test('runs others while one waits for the host', async () => {
    const point = base.point({ ...FUNCTION, callable: { wait: base.wait } });
    await base.install('a', '{ graft: (name, api) => name === "" ? "quick" : [api.wait(name), name] }');
    const waiting = base.invoke(point, 'gate');
    await base.gate('gate').reached;
    expect(await base.invoke(point, '')).toEqual(committed('quick'));
    base.gate('gate').open();
    expect(await waiting).toEqual(committed([null, 'gate']));
  });

  test('ends a call that the host gives up while it waits, and serves the next', async () => {
    const point = base.point({ ...FUNCTION, budget: 9, callable: { ...base.callable, wait: base.wait } });
    await base.install(
      'a',
      '{ graft: (name, api) => { n++; api.stock.set("a", 9); if (name !== "") api.wait(name); return n } }',
      {},
      'let n = 0;',
    );
    const { signal, cancel } = cancellable();
    const waiting = base.invoke(point, 'gate', { signal });
    await base.gate('gate').reached;
    cancel();
    expect(await waiting).toMatchObject({ status: 'aborted', reason: 'cancelled' });
    expect(base.state.a).toBe(1);
    base.gate('gate').open();
    expect(await base.invoke(point, '')).toEqual(committed(1));
  });

  test('takes no call where a thousand wait, and runs those that do', async () => {
    const point = base.point({ ...FUNCTION, onFault: 'fail' });
    await base.install('a', '{ graft: (n) => n }');
    const found = await Promise.all(
      Array.from({ length: 1010 }, (_, n) => base.invoke(point, n).catch(({ code }) => code)),
    );
    expect(found).toEqual(found.map((_, n) => (n <= 1000 ? committed(n) : 'GRAFT_OVERLOADED')));
  });
});

const cancellable = (): { signal: AbortSignal; cancel: () => void } => {
  const controller = new AbortController();
  return { signal: controller.signal, cancel: () => controller.abort() };
};
