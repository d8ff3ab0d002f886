// Installing, and what kinds differ in: each claim is tried, so that a kind that can do more or less than it says
// fails.

import { GraftError, type StateView } from '../../../src/plugins/index.ts';
import type { AbortReason } from '../../../src/txn/index.ts';
import { isAlive } from '../base.ts';
import { aborted, answer, base, type Claims, committed, expect, FUNCTION, it, open } from './bed.ts';

export const installs = (claims: Claims): void => {
  it.each([
    ['lacks the export', '{ other: () => 1 }', ''],
    ['exports something else', '{ graft: 1 }', ''],
  ])('does not install a module that %s', async (_name, exports, before) => {
    open(claims);
    const point = base.point(FUNCTION);
    await expect(base.install('a', exports, {}, before)).rejects.toMatchObject({ code: 'GRAFT_INSTALL_FAILED' });
    expect([base.plugins.has('a'), point.grafts.length]).toEqual([false, 0]);
    await base.install('a', '{ graft: () => 1 }');
    expect(await base.invoke(point, null)).toEqual(committed(1));
  });

  const waiting = claims.waits ? 'waits for an accessor' : 'refuses at install a graft that may call one that waits';
  it(waiting, async () => {
    open(claims);
    const point = base.point({ ...FUNCTION, callable: { wait: base.wait } });
    const installed = base.install('a', '{ graft: (input, api) => [api.wait("gate"), 1] }');
    if (!claims.waits) {
      await expect(installed).rejects.toEqual(expect.any(GraftError));
      await expect(installed).rejects.toMatchObject({ code: 'GRAFT_MUST_WAIT' });
      expect(base.plugins.list()).toEqual([]);
      return;
    }
    await installed;
    const outcome = base.invoke(point, null);
    await base.gate('gate').reached;
    base.gate('gate').open();
    expect(await outcome).toEqual(committed([null, 1]));
  });
};

export const claimed = (claims: Claims): void => {
  it(`promises are ${claims.promises}`, async () => {
    open(claims);
    const point = base.point(FUNCTION);
    const source = '{ graft: async (input, api) => { await null; api.stock.set("a", 9); await null; return 5 } }';
    const installed = base.install('a', source);
    if (claims.promises === 'refused') {
      await expect(installed).rejects.toMatchObject({
        code: 'GRAFT_INSTALL_FAILED',
        message: expect.stringContaining('async functions'),
      });
      return;
    }
    await installed;
    const drained = claims.promises === 'drained';
    expect(await base.invoke(point, null)).toEqual(drained ? committed(5) : aborted('invalid-answer'));
    expect(base.state.a).toBe(drained ? 9 : 1);
  });

  if (claims.rejections === 'abort' || claims.rejections === 'lost')
    it(`a rejection that nobody handles ${claims.rejections === 'abort' ? 'aborts its call' : 'is lost'}`, async () => {
      open(claims);
      const ending = claims.rejections === 'abort' ? aborted('thrown', expect.stringContaining('late')) : committed(5);
      expect(await answer('() => { Promise.reject(new Error("late")); return 5 }')).toEqual(ending);
    });

  it(`${claims.freshHeap ? 'replaces' : 'keeps'} the heap after an abort`, async () => {
    open(claims);
    const point = base.point({ ...FUNCTION, budget: 9 });
    await base.install('a', '{ graft: (input) => { n++; if (input) throw 1; return n } }', {}, 'let n = 0;');
    expect(await base.invoke(point, false)).toEqual(committed(1));
    expect(await base.invoke(point, false)).toEqual(committed(2));
    await base.invoke(point, true);
    expect(await base.invoke(point, false)).toEqual(committed(claims.freshHeap ? 1 : 4));
  });

  it(`${claims.freshHeap ? 'keeps the heaps of principals apart' : 'has one heap for all principals'}`, async () => {
    open(claims);
    const point = base.point(FUNCTION);
    await base.install('a', '{ graft: () => ++n }', {}, 'let n = 0;');
    const values = [];
    for (const principal of ['ann', 'bob', 'ann', '', 'bob', 'ann'])
      values.push(await base.invoke(point, null, { principal }));
    expect(values).toEqual((claims.freshHeap ? [1, 1, 2, 1, 2, 3] : [1, 2, 3, 4, 5, 6]).map(committed));
    const many = Array.from({ length: 40 }, (_, i) => `user ${i}`);
    for (const principal of many) await base.invoke(point, null, { principal });
    if (claims.freshHeap) expect(await base.invoke(point, null, { principal: 'user 0' })).toEqual(committed(1));
    await expect(base.invoke(point, null, { principal: 'x'.repeat(201) })).rejects.toMatchObject({
      code: 'GRAFT_BAD_OPTION',
    });
  });

  if (claims.freshHeap)
    it('runs nothing in the heap of a call whose answer is not settled', async () => {
      open(claims);
      const check = (_answer: unknown, n: number, state: StateView): boolean =>
        n === 10 || (n === 2 && state('stock.get', 'a') === null);
      const point = base.point({ ...FUNCTION, budget: 9, check });
      await base.install('a', '{ graft: (n) => (total += n) }', {}, 'let total = 0;');
      const atOnce = await Promise.all([1, 10].map((n) => base.invoke(point, n)));
      expect([atOnce[0]?.status, atOnce[1]]).toEqual(['default', committed(10)]);
      const other = base.transactions.begin();
      base.stock.set(other, 'a', 9);
      const waiting = base.invoke(point, 2);
      expect(await base.invoke(point, 10)).toEqual(committed(10));
      // A machine that is busy may give the second call another process, and with it a fresh heap.
      const { status, value } = (await base.invoke(point, 10)) as { status: string; value?: unknown };
      expect([status, value === 20 || (value === 10 && !claims.inThread)]).toEqual(['committed', true]);
      other.commit();
      expect(await waiting).toMatchObject({ status: 'default', grafts: [{ reason: 'invalid-answer' }] });
    });

  if (claims.freshHeap)
    it('gives a call that is begun anew a fresh heap', async () => {
      open(claims);
      const point = base.point(FUNCTION);
      await base.install('a', '{ graft: (input, api) => { n++; api.stock.set("a", n); return n } }', {}, 'let n = 0;');
      const other = base.transactions.begin();
      base.stock.set(other, 'a', 9);
      const waiting = base.invoke(point, null);
      other.commit();
      expect(await waiting).toEqual(committed(1));
      expect(await base.invoke(point, null)).toEqual(committed(2));
      expect(base.state.a).toBe(2);
    });

  if (claims.freshHeap) {
    const MEMO = '{ graft: (input) => { const old = memo; memo = input; return old } }';

    it('shows nobody what a call left that is part of a transaction, until that has committed', async () => {
      open(claims);
      const point = base.point(FUNCTION);
      await base.install('a', MEMO, {}, 'let memo = "clean";');
      const around = base.transactions.begin();
      expect(await base.invoke(point, 'secret', { txn: around })).toEqual(committed('clean'));
      expect(await base.invoke(point, 'other')).toEqual(committed('clean'));
      around.abort();
      expect(await base.invoke(point, 'third')).toEqual(committed('other'));
    });

    it('keeps what such a call left when the transaction commits', async () => {
      open(claims);
      const point = base.point(FUNCTION);
      await base.install('a', MEMO, {}, 'let memo = "clean";');
      const around = base.transactions.begin();
      await base.invoke(point, 'first', { txn: around });
      around.commit();
      expect(await base.invoke(point, 'second')).toEqual(committed('first'));
    });

    it('forgets what a call left in a part of a transaction that was taken back', async () => {
      open(claims);
      const point = base.point(FUNCTION);
      await base.install('a', MEMO, {}, 'let memo = "clean";');
      const around = base.transactions.begin();
      const part = around.begin(null);
      await base.invoke(point, 'undone', { txn: part });
      part.abort();
      expect(await base.invoke(point, 'kept', { txn: around })).toEqual(committed('clean'));
      around.commit();
      expect(await base.invoke(point, 'last')).toEqual(committed('kept'));
    });
  }

  it('frees its heaps when its maker closes, and takes no call after that', async () => {
    open(claims);
    const point = base.point(FUNCTION);
    const { compartment } = await base.install('a', '{ graft: () => 1 }');
    expect(await base.invoke(point, null)).toEqual(committed(1));
    expect(compartment.heaps).toBeGreaterThan(0);
    await base.kill();
    expect(compartment.heaps).toBe(0);
    await expect(base.invoke(point, null)).rejects.toMatchObject({ code: 'GRAFT_CLOSED' });
  });

  it(`${claims.copiesInput ? 'copies' : 'shares'} the input`, async () => {
    open(claims);
    const input = { n: 1 };
    await answer('(input) => { input.n = 2; return 1 }', input);
    expect(input.n === 1).toBe(claims.copiesInput);
  });

  it(`${claims.scrubbed ? 'has nothing' : 'has all'} of the host in its global object`, async () => {
    open(claims);
    const found = await answer('() => ["process", "setTimeout", "WebAssembly"].every((name) => !(name in globalThis))');
    expect(found).toEqual(committed(claims.scrubbed));
  });

  it(`${claims.contained ? 'has no' : 'has a'} known way out`, async () => {
    open(claims);
    const ways = claims.promises === 'drained' ? WAYS.concat(IMPORT) : WAYS;
    const found = await answer(
      `${claims.promises === 'drained' ? 'async ' : ''}(input, api) => [${ways.join(', ')}].includes("out")`,
      {},
    );
    expect(found).toEqual(committed(!claims.contained));
  });
};

/** Expressions that are "out" where they have got to the program around the compartment. */
const WAYS = [
  'api.log',
  'api.stock.get',
  'refuse',
  'input',
  '() => 1',
  '[]',
  '(() => { try { null.x } catch (error) { return error } })()',
].map(
  (thing) =>
    `(() => { try { return typeof (${thing}).constructor.constructor("return process")().exit` +
    ' === "function" ? "out" : "" } catch { return "" } })()',
);
/** What `import` rejects with is not made in the graft's realm. */
const IMPORT = 'await import("node:os").then(() => "out", (error) => error instanceof Error ? "" : "out")';

export const survival = (claims: Claims): void => {
  const ends: [string, string, AbortReason][] = [
    ['loops', 'for (;;);', 'own-time'],
    ['loops wherever its end is caught', 'for (;;) try { for (;;); } catch {} finally { continue }', 'own-time'],
    // Elsewhere a length that no memory could hold is refused where it is used.
    [
      'asks a built-in for what would never end',
      'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)',
      claims.kind === 'metered' ? 'own-time' : 'thrown',
    ],
  ];
  if (claims.promises === 'drained')
    ends.push(['loops in a promise', 'return (async () => { for (;;) await null })()', 'own-time']);
  if (claims.memory !== null)
    ends.push(['hoards memory', 'const all = []; for (;;) all.push(new Array(1000).fill(0.5))', 'memory-limit']);
  it.each(ends)('survives a graft that %s', async (_name, body, reason) => {
    open(claims);
    const point = base.point({ ...FUNCTION, limits: { own_ms: reason === 'own-time' ? 50 : 20_000, memory_mb: 16 } });
    await base.install('a', `{ graft: (input, api) => { api.stock.set("a", 9); ${body} } }`);
    await base.install('b', '{ other: () => "still here" }', {
      grafts: [{ point: base.point({ ...FUNCTION, name: 'q' }).name, export: 'other' }],
    });
    expect(await base.invoke(point, null)).toEqual(aborted(reason));
    expect(base.state).toEqual({ a: 1, b: 2 });
    expect(await base.invoke(base.points.get('q'), null)).toEqual(committed('still here'));
  });

  it('survives a module that loops when it is evaluated, or throws', async () => {
    open(claims);
    base.point(FUNCTION);
    const pids = new Set(base.maker?.pids);
    for (const before of [
      'for (;;);',
      'throw new Error("module")',
      'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);',
    ])
      await expect(base.install('a', '{ graft: () => 1 }', {}, before)).rejects.toMatchObject({
        code: 'GRAFT_INSTALL_FAILED',
      });
    expect([...pids].filter(isAlive)).toEqual([]);
    await base.install('a', '{ graft: () => 1 }');
  });
};

/** What ends an engine, or never comes back from it, in the kinds that claim to survive it. */
const DEADLY: Partial<Record<Claims['kind'], string>> = {
  quickjs: 'JSON.parse("[".repeat(300_000))',
  process: 'Number(BigInt("9".repeat(2 ** 26)))',
};

export const death = (claims: Claims): void => {
  it('survives a graft that ends its engine', async () => {
    open(claims);
    const point = base.point({ ...FUNCTION, limits: { own_ms: 100 }, budget: 2 });
    await base.install(
      'a',
      `{ graft: (input, api) => { api.stock.set("a", 9); if (input) ${DEADLY[claims.kind]}; return input } }`,
    );
    expect(await base.invoke(point, 1)).toMatchObject({
      status: 'default',
      grafts: [{ status: 'aborted', undone: { records: 1 } }],
    });
    expect(base.state).toEqual({ a: 1, b: 2 });
    expect(await base.invoke(point, 0)).toEqual(committed(0));
  });
};
