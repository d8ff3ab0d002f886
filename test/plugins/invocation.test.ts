// The call at a function point and a chain: what it makes of the ends of its grafts, what calls nest, and when a graft
// goes. Where nothing has to wait, grafts run in the direct compartment.

import { afterEach, describe, expect, it } from '@jest/globals';
import { answerOf, type GraftError, type GraftPoint, type Outcome } from '../../src/plugins/index.ts';
import { Ticket } from '../../src/txn/index.ts';
import { type Kind, openBase, type TestBase } from '../support/base.ts';

let base: TestBase;
const open = (kind: Kind = 'direct'): void => {
  base = openBase(kind, { processes: { groupOf: () => 'all' } });
};
afterEach(() => base.close());

const FUNCTION = { name: 'p', kind: 'function', default: () => 'default' } as const;
const WRITES_A = 'api.stock.set("a", 9);';
const at = (point: string, order = 100) => ({ grafts: [{ point, export: 'graft', order }] });
const briefly = (outcome: Outcome<unknown>): unknown =>
  outcome.grafts.map(({ graft, status, reason }) => [graft, status, reason ?? null]);

describe('a function point', () => {
  it('asks the plugin that is selected, and the default where it is not there', async () => {
    open();
    const point = base.point<string, string>({ ...FUNCTION, select: (input) => input });
    for (const name of ['a', 'b']) await base.install(name, `{ graft: () => "${name} answers" }`);
    const values = [];
    for (const name of ['b', 'a', 'c']) values.push(answerOf('p', await base.invoke(point, name)));
    expect(values).toEqual(['b answers', 'a answers', 'default']);
  });

  it('gives the value or throws the coded error', async () => {
    open();
    const reasons = [];
    for (const [onFault, body] of [
      ['deny', 'throw 1'],
      ['fail', 'throw 1'],
      ['default', 'refuse("code", "why")'],
    ] as const) {
      const point = base.point({ ...FUNCTION, name: onFault, onFault });
      await base.install(onFault, `{ graft: () => { ${body} } }`, at(onFault));
      const outcome = await base.invoke(point, 1);
      try {
        answerOf(onFault, outcome);
      } catch (error) {
        const { code, message, status, refusal } = error as GraftError;
        reasons.push([code, message, status, refusal]);
      }
    }
    expect(reasons).toEqual([
      ['GRAFT_DENIED', 'deny: thrown', 403, null],
      ['GRAFT_FAILED', 'fail: thrown', 502, null],
      ['GRAFT_REFUSED', 'code: why', 422, { code: 'code', message: 'why' }],
    ]);
    const controller = new AbortController();
    controller.abort();
    const aborted = await base.invoke(base.point({ ...FUNCTION, name: 'aborted' }), 1, { signal: controller.signal });
    expect(() => answerOf('aborted', aborted)).toThrow(
      expect.objectContaining({ code: 'GRAFT_ABORTED', message: 'aborted: cancelled' }),
    );
  });

  it('names what an abort undid, at most the first 20', async () => {
    open();
    const point = base.point(FUNCTION);
    await base.install(
      'a',
      '{ graft: (input, api) => { for (let i = 0; i < 25; i++) api.stock.set("k" + i, i); throw 1 } }',
    );
    const { grafts } = await base.invoke(point, 1);
    const first = Array.from({ length: 20 }, (_, i) => `stock.set k${i}`);
    expect(grafts[0]?.undone).toEqual({ records: 25, first });
  });

  it('is removed at the end of its budget, not before; refusals and ends without a fault do not count', async () => {
    open();
    const point = base.point({ ...FUNCTION, budget: 2 });
    const { grafts } = await base.install(
      'a',
      '{ graft: (input) => { if (input === "bad") throw 1; if (input === "no") refuse("no", ""); return 1 } }',
    );
    const controller = new AbortController();
    controller.abort();
    const aborts = [];
    for (const input of ['bad', 'no', 'good', 'no', 'bad']) {
      await base.invoke(point, input, { signal: controller.signal });
      const { grafts: reports } = await base.invoke(point, input);
      aborts.push([grafts[0]?.aborts, reports[0]?.removed ?? false, point.grafts.length]);
    }
    expect(aborts).toEqual([
      [1, false, 1],
      [1, false, 1],
      [1, false, 1],
      [1, false, 1],
      [2, true, 0],
    ]);
  });
});

describe('a chain', () => {
  const link = (name: string, order: number, body: string): Promise<unknown> =>
    base.install(name, `{ graft: (input, api) => { api.stock.set("${name}", input); ${body} } }`, at('p', order));

  it('answers its input where every link is guilty', async () => {
    open();
    const point = base.point({ name: 'p', kind: 'chain' });
    await link('x', 1, 'throw 1');
    await link('y', 2, 'return undefined');
    const outcome = await base.invoke(point, 'text');
    expect(outcome).toMatchObject({ status: 'default', value: 'text' });
    expect(briefly(outcome)).toEqual([
      ['x#graft', 'aborted', 'thrown'],
      ['y#graft', 'aborted', 'invalid-answer'],
    ]);
    expect(base.state).toEqual({ a: 1, b: 2 });
  });

  it.each([
    ['deny', 'denied'],
    ['fail', 'failed'],
  ] as const)(
    'under the policy %s ends at the guilty link, and takes the others back with it',
    async (onFault, status) => {
      open();
      const point = base.point({ name: 'p', kind: 'chain', onFault });
      await link('x', 1, 'return input + 1');
      await link('y', 2, 'throw 1');
      await link('z', 3, 'return input + 1');
      const outcome = await base.invoke(point, 1);
      expect(outcome).toMatchObject({ status, reason: 'thrown' });
      expect(briefly(outcome)).toEqual([
        ['x#graft', 'aborted', 'cancelled'],
        ['y#graft', 'aborted', 'thrown'],
      ]);
      expect([base.state, point.grafts.length]).toEqual([{ a: 1, b: 2 }, 2]);
    },
  );

  it('that one link refuses is refused, and what the others did is undone', async () => {
    open();
    const point = base.point({ name: 'p', kind: 'chain' });
    await link('x', 1, 'return input + 1');
    await link('y', 2, 'refuse("no", "")');
    await link('z', 3, 'return input + 1');
    const outcome = await base.invoke(point, 1);
    expect(outcome.status).toBe('refused');
    expect(briefly(outcome)).toEqual([
      ['x#graft', 'aborted', 'cancelled'],
      ['y#graft', 'refused', null],
    ]);
    expect([base.state, point.grafts.length]).toEqual([{ a: 1, b: 2 }, 3]);
  });

  it('passes over a link that was removed while an earlier one ran', async () => {
    open('process');
    const point = base.point({ name: 'p', kind: 'chain', callable: { wait: base.wait } });
    await base.install('x', '{ graft: (input, api) => { api.wait("gate"); return input + 1 } }', at('p', 1));
    await base.install('y', '{ graft: (input) => input + 10 }', at('p', 2));
    const outcome = base.invoke(point, 0);
    await base.gate('gate').reached;
    base.plugins.remove('y');
    base.gate('gate').open();
    expect(await outcome).toMatchObject({ status: 'committed', value: 1 });
  });
});

describe('nested calls', () => {
  /** `p` calls `q`, whose graft is a plugin of its own. */
  const nest = async (
    outer: string,
    inner: string,
    onFault: 'default' | 'fail' = 'default',
  ): Promise<GraftPoint<unknown, string>> => {
    open('process');
    base.point({ ...FUNCTION, name: 'q', onFault, callable: { ...base.callable, wait: base.wait } });
    const point = base.point({ ...FUNCTION, callable: { ...base.callable, q: base.nested('q'), wait: base.wait } });
    await base.install('inner', `{ graft: (input, api) => { api.stock.set("inner", input); ${inner} } }`, at('q'));
    await base.install('outer', `{ graft: (input, api) => { api.stock.set("outer", 1); ${outer} } }`);
    return point;
  };

  it('are nested transactions: a child’s abort takes back the child’s alone', async () => {
    const point = await nest('const got = api.q("x"); api.stock.set("after", got); return "done"', 'throw 1');
    expect(await base.invoke(point, 1)).toMatchObject({ status: 'committed', value: 'done' });
    expect(base.state).toEqual({ a: 1, b: 2, outer: 1, after: 'default' });
    expect(base.reports.map(({ graft, status }) => [graft, status])).toEqual([
      ['inner#graft', 'aborted'],
      ['outer#graft', 'committed'],
    ]);
  });

  it('are seen by the caller, and undone with it', async () => {
    const point = await nest(
      'api.q("x"); if (api.stock.get("inner") !== "x") return "unseen"; throw 1',
      'return api.stock.get("outer")',
    );
    const { grafts } = await base.invoke(point, 1);
    expect(grafts).toMatchObject([
      { reason: 'thrown', undone: { records: 2, first: ['stock.set outer', 'stock.set inner'] } },
    ]);
    expect(base.state).toEqual({ a: 1, b: 2 });
  });

  it('tell the caller of a failure by its code, where their point does', async () => {
    const point = await nest('try { api.q("x") } catch (error) { return error.code }', 'throw 1', 'fail');
    expect(await base.invoke(point, 1)).toMatchObject({ status: 'committed', value: 'GRAFT_FAILED' });
    expect(base.state).toEqual({ a: 1, b: 2, outer: 1 });
  });

  it('end with the call around them, and are not blamed: a lock that the caller hoards', async () => {
    const point = await nest('api.q("x"); return "late"', 'api.wait("gate")');
    const outcome = base.invoke(point, 1);
    await base.gate('gate').reached;
    const other = base.transactions.begin();
    expect(base.stock.get(other, 'outer')).toBeInstanceOf(Ticket);
    base.clock.advance(500);
    expect(briefly(await outcome)).toEqual([['outer#graft', 'aborted', 'lock-timeout']]);
    expect(base.stock.get(other, 'outer')).toBe(undefined);
    other.abort();
    expect([
      base.plugins.get('inner').grafts[0]?.aborts,
      base.points.get('q').grafts.length,
      point.grafts.length,
    ]).toEqual([0, 1, 0]);
  });

  it('are the ones to blame for a lock of their own', async () => {
    const point = await nest('return api.q("x")', 'api.wait("gate")');
    const outcome = base.invoke(point, 1);
    await base.gate('gate').reached;
    const other = base.transactions.begin();
    expect(base.stock.get(other, 'inner')).toBeInstanceOf(Ticket);
    base.clock.advance(500);
    expect(await outcome).toMatchObject({ status: 'committed', value: 'default' });
    other.abort();
    expect([base.points.get('q').grafts.length, point.grafts.length, base.state]).toEqual([
      0,
      1,
      { a: 1, b: 2, outer: 1 },
    ]);
  });

  it('nest so deep and no deeper, and the caller that goes too deep cannot commit', async () => {
    open('process');
    const point = base.point({ ...FUNCTION, budget: 99, callable: { ...base.callable, p: base.nested('p') } });
    const source =
      '(input, api) => { api.stock.set("depth" + api.whoami().depth, input); ' +
      'return input > 0 ? api.p(input - 1) : "bottom" }';
    await base.install('a', `{ graft: ${source} }`);
    expect(await base.invoke(point, 3)).toMatchObject({ status: 'committed', value: 'bottom' });
    expect(Object.keys(base.state)).toEqual(['a', 'b', 'depth0', 'depth1', 'depth2', 'depth3']);
  });
});

describe('in flight', () => {
  const waiting = async (): Promise<GraftPoint<unknown, string>> => {
    open('process');
    const point = base.point({ ...FUNCTION, callable: { ...base.callable, wait: base.wait } });
    await base.install('a', `{ graft: (input, api) => { ${WRITES_A} api.wait("gate"); return "done" } }`);
    return point;
  };

  it('a call finishes though its plugin is removed', async () => {
    const point = await waiting();
    const outcome = base.invoke(point, 1);
    await base.gate('gate').reached;
    base.plugins.remove('a');
    expect(await base.invoke(point, 1)).toMatchObject({ status: 'default', grafts: [] });
    base.gate('gate').open();
    expect(await outcome).toMatchObject({ status: 'committed', value: 'done' });
    expect(base.state.a).toBe(9);
  });

  it('a call is cancelled where its plugin is removed now', async () => {
    const point = await waiting();
    const outcome = base.invoke(point, 1);
    await base.gate('gate').reached;
    base.plugins.remove('a', true);
    expect(base.state.a).toBe(1);
    expect(await outcome).toMatchObject({
      status: 'aborted',
      reason: 'cancelled',
      grafts: [{ undone: { records: 1 } }],
    });
  });

  it('a call is cancelled where the compartment’s maker closes', async () => {
    const point = await waiting();
    const outcome = base.invoke(point, 1);
    await base.gate('gate').reached;
    base.maker?.close();
    expect(await outcome).toMatchObject({ status: 'aborted', reason: 'cancelled' });
    expect([base.state.a, point.grafts.length]).toEqual([1, 1]);
  });
});
