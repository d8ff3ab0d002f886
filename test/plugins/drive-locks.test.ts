// Locks that a graft's call meets, or its post-condition: both drivers wait, repeat and give up alike.

import { describe, expect, it } from '@jest/globals';
import { openBase } from '../support/base.ts';
import { bases, both, FUNCTION, holding, report, told } from '../support/drivers.ts';

describe('a lock that another holds', () => {
  const conflicting = '{ graft: (input, api) => { api.stock.set("b", n++); api.stock.set("a", input); return n } }';

  both(
    'is waited for: what was done is undone and done again, uncounted',
    async (drive, open) => {
      const base = open();
      const point = base.point({ ...FUNCTION, limits: { writes: 2, calls: 2 } });
      const { grafts } = await base.install('a', conflicting, {}, 'let n = 0;');
      const other = holding(base, 'a');
      const outcome = await drive(base, point, 7, {}, () => other.commit());
      return [told(outcome), base.state, grafts[0]?.repeats, grafts[0]?.aborts];
    },
    [
      { status: 'committed', value: 2, grafts: [report('a#graft', { spent: { calls: 2, writes: 2, log_bytes: 0 } })] },
      { a: 7, b: 1 },
      1,
      0,
    ],
  );

  both(
    'is waited for even where the graft catches what it is told',
    async (drive, open) => {
      const base = open();
      const point = base.point(FUNCTION);
      await base.install(
        'a',
        '{ graft: (input, api) => { try { api.stock.set("a", input) } catch { return "caught" } return "set" } }',
      );
      const other = holding(base, 'a');
      return [told(await drive(base, point, 7, {}, () => other.abort())), base.state];
    },
    [
      {
        status: 'committed',
        value: 'set',
        grafts: [report('a#graft', { spent: { calls: 1, writes: 1, log_bytes: 0 } })],
      },
      { a: 7, b: 2 },
    ],
  );

  both(
    'is given up when the deadline of the request passes, and the limits of the next call are whole',
    async (drive, open) => {
      const base = open();
      const point = base.point({ ...FUNCTION, limits: { total_ms: 300, writes: 2 } });
      await base.install('a', conflicting, {}, 'let n = 0;');
      const other = holding(base, 'a');
      const outcome = await drive(base, point, 7, {}, () => base.clock.advance(300));
      other.abort();
      return [told(outcome), base.state, await drive(base, point, 8)];
    },
    [
      {
        status: 'aborted',
        reason: 'total-time',
        grafts: [
          report('a#graft', {
            status: 'aborted',
            reason: 'total-time',
            undone: { records: 1, first: ['stock.set b'] },
          }),
        ],
      },
      { a: 1, b: 2 },
      expect.objectContaining({ status: 'committed', value: 2 }),
    ],
  );

  both(
    'is waited for with nothing held: the other may take what the attempt had locked',
    async (drive, open) => {
      const base = open();
      const point = base.point(FUNCTION);
      await base.install('a', conflicting, {}, 'let n = 0;');
      const other = holding(base, 'a');
      const outcome = await drive(base, point, 7, {}, () => {
        expect(base.stock.set(other, 'b', 'mine')).toBe(undefined);
        other.commit();
      });
      return [outcome.status, base.state];
    },
    ['committed', { a: 7, b: 1 }],
  );

  both(
    'and that its holder waits for in turn, is a deadlock: the youngest gives way',
    async (drive, open) => {
      const base = open();
      const point = base.point(FUNCTION);
      await base.install('a', '{ graft: (input, api) => { api.send(input); api.stock.get("a"); return 1 } }');
      const elder = holding(base, 'a');
      const younger = holding(base, 'b');
      const outcome = await drive(base, point, 7, { txn: younger }, () => {
        const ticket = base.stock.set(elder, 'b', 'mine') ?? null;
        expect([ticket, younger.state]).toEqual([null, 'aborted']);
      });
      elder.commit();
      return [told(outcome), point.grafts.length, base.state, base.sent];
    },
    [
      { status: 'aborted', reason: 'deadlock', grafts: [report('a#graft', { status: 'aborted', reason: 'deadlock' })] },
      1,
      { a: 'held', b: 'mine' },
      [],
    ],
  );
});

describe('a post-condition', () => {
  const sees = {
    check: (answer: unknown, _input: unknown, state: (name: string, ...args: unknown[]) => unknown) =>
      state('stock.get', 'a') === answer,
  };

  both(
    'sees the state before commit, the graft’s own work in it',
    async (drive, open) => {
      const base = open();
      const point = base.point({ ...FUNCTION, ...sees });
      await base.install('a', '{ graft: (input, api) => { api.stock.set("a", 5); return input } }');
      const good = await drive(base, point, 5);
      const bad = await drive(base, point, 6);
      return [good.status, bad.status, bad.grafts[0]?.reason, base.state];
    },
    ['committed', 'default', 'invalid-answer', { a: 5, b: 2 }],
  );

  both(
    'that meets a lock is asked again when it is free',
    async (drive, open) => {
      const base = open();
      const point = base.point({ ...FUNCTION, ...sees });
      await base.install('a', '{ graft: (input, api) => { api.stock.set("b", 0); return "held" } }');
      const other = holding(base, 'a');
      const outcome = await drive(base, point, 0, {}, () => other.commit());
      return [outcome.status, base.state, base.faults];
    },
    ['committed', { a: 'held', b: 0 }, []],
  );

  both(
    'that waits when the deadline passes ends the call',
    async (drive, open) => {
      const base = open();
      const point = base.point({ ...FUNCTION, ...sees });
      await base.install('a', '{ graft: (input, api) => { api.stock.set("b", 0); return "held" } }');
      const other = holding(base, 'a');
      const outcome = await drive(base, point, 0, {}, () => base.clock.advance(2000));
      other.abort();
      return [told(outcome), base.state];
    },
    [
      {
        status: 'aborted',
        reason: 'total-time',
        grafts: [
          report('a#graft', {
            status: 'aborted',
            reason: 'total-time',
            undone: { records: 1, first: ['stock.set b'] },
            spent: { calls: 1, writes: 1, log_bytes: 0 },
          }),
        ],
      },
      { a: 1, b: 2 },
    ],
  );
});

describe('an account', () => {
  it('of a call that waits between two attempts may be another call’s by the time it is given up', async () => {
    const base = openBase('direct');
    bases.push(base);
    const point = base.point({ ...FUNCTION, check: (_answer, _input, state) => state('stock.get', 'a') !== null });
    await base.install('a', '{ graft: (input, api) => { api.stock.set(input, 1); return 1 } }');
    const [forA, forC] = [holding(base, 'a'), holding(base, 'c')];
    const controller = new AbortController();
    const first = base.invoke(point, 'c', { signal: controller.signal });
    const second = base.invoke(point, 'd');
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect((await first).status).toBe('aborted');
    forA.commit();
    expect((await second).grafts).toEqual([
      expect.objectContaining({ spent: expect.objectContaining({ calls: 1, writes: 1 }) }),
    ]);
    forC.abort();
  });
});
