// Both drivers of the call give the same outcomes. Grafts run in the direct compartment, which both can drive.

import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { badArgument, type GraftPoint, invokeSync, type Outcome } from '../../src/plugins/index.ts';
import { openBase, type TestBase } from '../support/base.ts';
import { bases, both, FUNCTION, never, report, told } from '../support/drivers.ts';

describe('a function point', () => {
  both(
    'where nobody stands',
    async (drive, open) => {
      const base = open();
      return told(await drive(base, base.point(FUNCTION), 1));
    },
    { status: 'default', value: ['default', 1], grafts: [] },
  );

  both(
    'whose graft answers',
    async (drive, open) => {
      const base = open();
      const point = base.point(FUNCTION);
      await base.install('a', '{ graft: (input, api) => { api.stock.set("a", input); return api.original(input) } }');
      return [told(await drive(base, point, 1)), base.state];
    },
    [
      {
        status: 'committed',
        value: ['default', 1],
        grafts: [report('a#graft', { spent: { calls: 2, writes: 1, log_bytes: 0 } })],
      },
      { a: 1, b: 2 },
    ],
  );

  for (const [onFault, status] of [
    ['default', 'default'],
    ['deny', 'denied'],
    ['fail', 'failed'],
  ] as const) {
    both(
      `whose graft throws, under the policy ${onFault}`,
      async (drive, open) => {
        const base = open();
        const point = base.point({ ...FUNCTION, onFault });
        await base.install('a', '{ graft: (input, api) => { api.stock.set("a", 9); throw "wrong" } }');
        return [told(await drive(base, point, 1)), base.state, point.grafts.length];
      },
      [
        {
          status,
          ...(status === 'default' ? { value: ['default', 1] } : { reason: 'thrown' }),
          grafts: [
            report('a#graft', {
              status: 'aborted',
              reason: 'thrown',
              detail: 'string: wrong',
              removed: true,
              undone: { records: 1, first: ['stock.set a'] },
              spent: { calls: 1, writes: 1, log_bytes: 0 },
            }),
          ],
        },
        { a: 1, b: 2 },
        0,
      ],
    );
  }

  both(
    'whose graft refuses',
    async (drive, open) => {
      const base = open();
      const point = base.point(FUNCTION);
      await base.install('a', '{ graft: () => refuse("no", "not today") }');
      return told(await drive(base, point, 1));
    },
    {
      status: 'refused',
      refusal: { code: 'no', message: 'not today' },
      grafts: [report('a#graft', { status: 'refused', detail: 'no: not today' })],
    },
  );

  both(
    'whose input is not plain',
    async (drive, open) => {
      const base = open();
      return drive(base, base.point(FUNCTION), { when: new Date(0) }).catch((error) => [error.code, error.message]);
    },
    ['GRAFT_BAD_INPUT', 'p: .when: an object of a class'],
  );

  const failing = (base: TestBase) =>
    base.point({
      ...FUNCTION,
      default: (_input, txn) => {
        base.stock.set(txn, 'a', 9);
        throw new Error('the host’s own');
      },
    });

  it('whose default throws is the host’s fault: the call is undone and reported', async () => {
    const base = openBase('direct');
    bases.push(base);
    const outcome = await base.invoke(failing(base), 1);
    expect(outcome).toEqual({ status: 'aborted', reason: 'host-fault', grafts: [] });
    expect(base.state).toEqual({ a: 1, b: 2 });
    expect(base.faults).toMatchObject([{ message: 'the host’s own' }]);
  });

  it.each([
    ['at its total time', 'total-time'],
    ['when it is cancelled', 'cancelled'],
  ])('whose default never comes ends all the same, %s', async (_when, reason) => {
    const base = openBase('direct');
    bases.push(base);
    const caller = new AbortController();
    const silent = base.point({ ...FUNCTION, default: () => new Promise(() => {}), limits: { total_ms: 100 } });
    let outcome: unknown = null;
    void base.invoke(silent, 1, { signal: caller.signal }).then((ended) => {
      outcome = ended;
    });
    await turn();
    if (reason === 'cancelled') caller.abort();
    else base.clock.advance(100);
    await turn();
    expect(outcome).toEqual({ status: 'aborted', reason, grafts: [] });
  });

  it('whose default throws, at once, throws through the kernel that asked', () => {
    const base = openBase('direct');
    bases.push(base);
    expect(() => invokeSync(base, failing(base), 1, { wait: never })).toThrow('the host’s own');
    expect(base.state).toEqual({ a: 1, b: 2 });
  });

  both(
    'whose store refuses to commit',
    async (drive, open) => {
      const base = open({ joined: () => true, commit: () => badArgument('no') });
      const point = base.point(FUNCTION);
      await base.install('a', '{ graft: (input, api) => { api.stock.set("a", 9); return 1 } }');
      return [told(await drive(base, point, 1)), base.state, point.grafts.length];
    },
    [
      {
        status: 'aborted',
        reason: 'store-conflict',
        grafts: [
          report('a#graft', {
            status: 'aborted',
            reason: 'store-conflict',
            undone: { records: 1, first: ['stock.set a'] },
            spent: { calls: 1, writes: 1, log_bytes: 0 },
          }),
        ],
      },
      { a: 1, b: 2 },
      1,
    ],
  );
});

describe('a chain, an event', () => {
  both(
    'a chain drops the guilty and keeps the rest',
    async (drive, open) => {
      const base = open();
      const point = base.point({ name: 'p', kind: 'chain' });
      const work = (name: string, order: number, last: string): Promise<unknown> =>
        base.install(name, `{ graft: (input, api) => { api.stock.set("${name}", input); ${last} } }`, {
          grafts: [{ point: 'p', export: 'graft', order }],
        });
      await work('third', 3, 'return input + 3');
      await work('first', 1, 'return input + 1');
      await work('second', 2, 'throw "wrong"');
      const { status, value, grafts } = (await drive(base, point, 10)) as Outcome<unknown> & { value: unknown };
      return [status, value, grafts.map((one) => [one.graft, one.status]), base.state];
    },
    [
      'committed',
      14,
      [
        ['first#graft', 'committed'],
        ['second#graft', 'aborted'],
        ['third#graft', 'committed'],
      ],
      { a: 1, b: 2, first: 10, third: 11 },
    ],
  );

  both(
    'an event in a transaction happens after its commit',
    async (drive, open) => {
      const base = open();
      const point = base.point({ name: 'p', kind: 'event' });
      await base.install('a', '{ graft: (input, api) => { api.stock.set("heard", input); } }');
      const txn = base.transactions.begin();
      base.stock.set(txn, 'a', 5);
      const outcome = await drive(base, point, 'news', { txn });
      const before = base.state.heard;
      txn.commit();
      await new Promise((resolve) => setImmediate(resolve));
      return [told(outcome), before, base.state];
    },
    [{ status: 'default', value: null, grafts: [] }, undefined, { a: 5, b: 2, heard: 'news' }],
  );

  both(
    'an event in a transaction that aborts never happens',
    async (drive, open) => {
      const base = open();
      const point = base.point({ name: 'p', kind: 'event' });
      await base.install('a', '{ graft: (input, api) => { api.stock.set("heard", input); } }');
      const txn = base.transactions.begin();
      await drive(base, point, 'news', { txn });
      txn.abort();
      await new Promise((resolve) => setImmediate(resolve));
      return [base.state, base.reports];
    },
    [{ a: 1, b: 2 }, []],
  );
});

describe('a transaction around', () => {
  const setup = async (base: TestBase): Promise<GraftPoint<unknown, unknown[]>> => {
    const point = base.point(FUNCTION);
    await base.install(
      'a',
      '{ graft: (input, api) => { api.send(input); const seen = api.stock.get("a"); ' +
        'api.stock.set("b", seen); return seen } }',
    );
    return point;
  };

  both(
    'is seen by the graft, keeps its work, and lets its effects go at its own commit',
    async (drive, open) => {
      const base = open();
      const point = await setup(base);
      const txn = base.transactions.begin();
      base.stock.set(txn, 'a', 50);
      const outcome = await drive(base, point, 'mail', { txn });
      const during = [base.state, [...base.sent]];
      txn.commit();
      return [outcome.status, during, base.state, base.sent];
    },
    ['committed', [{ a: 1, b: 2 }, []], { a: 50, b: 50 }, ['mail']],
  );

  both(
    'takes the graft’s work back when it aborts',
    async (drive, open) => {
      const base = open();
      const point = await setup(base);
      const txn = base.transactions.begin();
      base.stock.set(txn, 'a', 50);
      await drive(base, point, 'mail', { txn });
      const { records } = txn.abort();
      return [records, base.state, base.sent];
    },
    [2, { a: 1, b: 2 }, []],
  );
});

describe('what only one driver can do', () => {
  it('a compartment that waits needs the asynchronous one', async () => {
    const base = openBase('process');
    bases.push(base);
    const point = base.point(FUNCTION);
    await base.install('a', '{ graft: () => 1 }');
    expect(() => invokeSync(base, point, 1, { wait: never })).toThrow(
      expect.objectContaining({ code: 'GRAFT_MUST_WAIT' }),
    );
  });

  it.each(['function', 'event'] as const)(
    'a store whose COMMIT takes time needs the asynchronous one, at a point of kind %s',
    async (kind) => {
      let commits = 0;
      const commit = async (): Promise<void> => void commits++;
      const base = openBase('direct', { participant: { joined: (txn) => txn.tree.log.mark > 0, commit } });
      const point = base.point({ name: 'p', kind, default: () => 0 });
      await base.install('a', '{ graft: (input, api) => { api.stock.set("a", 9); return 1 } }');
      expect((await base.invoke(point, 1)).status).toBe('committed');
      expect([base.state.a, commits]).toEqual([9, 1]);
      expect(() => invokeSync(base, point, 1, { wait: never })).toThrow(
        expect.objectContaining({ code: 'GRAFT_MUST_WAIT' }),
      );
    },
  );

  it('a store that fails in the end takes an event’s work back', async () => {
    const base = openBase('direct', {
      participant: { joined: () => true, commit: () => Promise.reject(new Error('no')) },
    });
    bases.push(base);
    const point = base.point({ name: 'p', kind: 'event' });
    await base.install('a', '{ graft: (input, api) => { api.stock.set("a", 9) } }');
    const { grafts } = await base.invoke(point, 1);
    expect(grafts).toMatchObject([
      { status: 'aborted', reason: 'host-fault', undone: { records: 1, first: ['stock.set a'] } },
    ]);
    expect([base.state, point.grafts.length]).toEqual([{ a: 1, b: 2 }, 1]);
  });
});
