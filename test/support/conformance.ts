// One suite for every kind of compartment. What a kind claims is data, and each claim is tried: a kind that can do more or less than it says fails.

import { afterEach, describe, expect, it } from '@jest/globals';
import { GraftError } from '../../src/plugins/index.ts';
import type { AbortReason } from '../../src/txn/index.ts';
import { isAlive, type Kind, openBase, type TestBase } from './base.ts';

export interface Claims {
  readonly kind: Kind;
  /** A graft may call an accessor that waits. */
  readonly waits: boolean;
  /** `async` grafts work: their promises drain before the answer leaves. */
  readonly promises: boolean;
  /** The next call finds the plugin's own variables as its module made them. */
  readonly freshHeap: boolean;
  /** What a graft does to its input, the host does not see. */
  readonly copiesInput: boolean;
  /** A graft finds nothing of the host in its global object. */
  readonly scrubbed: boolean;
  /** Limits on time and memory hold, and the host survives what ends the engine. Where not, nobody can try it. */
  readonly survives: boolean;
}

const FUNCTION = { name: 'p', kind: 'function', default: () => 'default' } as const;

let base: TestBase;
afterEach(() => base.close());

const open = (claims: Claims): void => {
  base = openBase(claims.kind);
};

/** Installs `source` at a function point and calls it. */
const answer = async (source: string, input: unknown = null): Promise<unknown> => {
  const point = base.point(FUNCTION);
  await base.install('a', `{ graft: ${source} }`);
  return base.invoke(point, input);
};

const committed = (value: unknown): object => expect.objectContaining({ status: 'committed', value });

const aborted = (reason: AbortReason, detail: unknown = expect.anything()): object =>
  expect.objectContaining({ status: 'default', grafts: [expect.objectContaining({ status: 'aborted', reason, detail, removed: true })] });

const calls = (claims: Claims): void => {
  it('hands plain data in and out', async () => {
    open(claims);
    const value = { a: [1, -0.5, true, null, 'ä€😀\u2028'], b: {}, c: [[]] };
    expect(await answer('(input) => ({ input, same: [input.a.length] })', value)).toEqual(committed({ input: value, same: [5] }));
  });

  it('gives a graft what its point offers and its manifest needs, by dotted names, and nothing else', async () => {
    open(claims);
    const point = base.point(FUNCTION);
    await base.install('a', '{ graft: (input, api) => [Object.keys(api), Object.keys(api.stock)] }', { needs: ['stock.get', 'log'] });
    expect(await base.invoke(point, null)).toEqual(committed([['stock', 'log', 'original'], ['get']]));
  });

  it('lets a graft read and change the host, once for all', async () => {
    open(claims);
    const source =
      '(input, api) => { api.stock.set("a", input); return [api.stock.get("a"), api.stock.keys(), api.stock.get("none"), api.log("x")] }';
    expect(await answer(source, 7)).toEqual(committed([7, ['a', 'b'], null, null]));
    expect(base.state).toEqual({ a: 7, b: 2 });
    expect(base.lines).toEqual([['x']]);
  });

  it('says who calls', async () => {
    open(claims);
    expect(await answer('(input, api) => api.whoami()')).toEqual(
      committed({ plugin: 'a', graftName: 'a#graft', installer: 'host', depth: 0, readOnly: false }),
    );
  });

  it('calls the host’s own default for a graft that replaces it', async () => {
    open(claims);
    expect(await answer('(input, api) => ["before", api.original(input)]')).toEqual(committed(['before', 'default']));
  });

  it('refuses on purpose, undone and uncounted', async () => {
    open(claims);
    const point = base.point(FUNCTION);
    await base.install('a', '{ graft: (input, api) => { api.stock.set("a", 9); if (input) refuse("sold-out", "no more"); return 1 } }');
    expect(await base.invoke(point, true)).toMatchObject({
      status: 'refused',
      refusal: { code: 'sold-out', message: 'no more' },
      grafts: [{ status: 'refused', undone: { records: 1, first: ['stock.set a'] } }],
    });
    expect(base.state).toEqual({ a: 1, b: 2 });
    expect(await base.invoke(point, false)).toEqual(committed(1));
  });

  it('tells what a graft used up', async () => {
    open(claims);
    const outcome = await answer('(input, api) => { api.stock.get("a"); api.stock.set("a", 1); api.log("four"); return 1 }');
    expect(outcome).toMatchObject({ grafts: [{ spent: { calls: 3, writes: 1, log_bytes: 4 } }] });
  });
};

const failures = (claims: Claims): void => {
  it.each([
    ['throws an error', 'throw new TypeError("wrong")', 'TypeError: wrong'],
    ['throws a text', 'throw "wrong"', expect.stringContaining('wrong')],
    ['calls what is not there', 'api.nothing()', expect.stringContaining('TypeError')],
  ])('undoes and removes a graft that %s', async (_name, body, detail) => {
    open(claims);
    expect(await answer(`(input, api) => { api.stock.set("a", 9); ${body} }`)).toEqual(aborted('thrown', detail));
    expect(base.state).toEqual({ a: 1, b: 2 });
  });

  it('undoes a graft that throws an object whose message is a trap', async () => {
    open(claims);
    const source = '(input, api) => { api.stock.set("a", 9); throw Object.defineProperty(new Error(), "message", { get() { throw 1 } }) }';
    expect(await answer(source)).toMatchObject({ status: 'default', grafts: [{ status: 'aborted', reason: 'thrown' }] });
    expect(base.state).toEqual({ a: 1, b: 2 });
  });

  it.each([
    ['a function', '() => 1'],
    ['undefined', 'undefined'],
    ['a date', 'new Date(0)'],
    ['a proxy', 'new Proxy({}, {})'],
    ['an accessor', '({ get x() { return 1 } })'],
    ['NaN', '[NaN]'],
    ['a cycle', '(() => { const a = []; a.push(a); return a })()'],
    ['a class', 'new (class A {})()'],
    ['__proto__', 'JSON.parse(\'{"__proto__":1}\')'],
    ['a sparse array', 'new Array(4294967295)'],
    ['a long text', '"x".repeat(1048577)'],
  ])('refuses %s as an answer', async (_name, expression) => {
    open(claims);
    expect(await answer(`(input, api) => { api.stock.set("a", 9); return ${expression} }`)).toEqual(aborted('invalid-answer'));
    expect(base.state).toEqual({ a: 1, b: 2 });
  });

  it.each([
    ['a function', '() => 1'],
    ['undefined in an array', '[undefined]'],
    ['a date', 'new Date(0)'],
    ['a proxy', 'new Proxy({}, {})'],
    ['Infinity', 'Infinity'],
  ])('refuses %s as an argument: the graft sees an error, nothing reaches the host', async (_name, expression) => {
    open(claims);
    const source = `(input, api) => { try { api.stock.set("a", ${expression}) } catch (error) { return error.name } }`;
    expect(await answer(source)).toEqual(committed('TypeError'));
    expect(base.state).toEqual({ a: 1, b: 2 });
  });

  it('shows a graft its own mistake as a coded error, and lets it go on', async () => {
    open(claims);
    const source = '(input, api) => { try { api.stock.get(1) } catch (error) { return [error.code, error.message] } }';
    expect(await answer(source)).toEqual(committed(['GRAFT_BAD_ARGUMENT', 'takes a text']));
  });

  it.each(['throws', 'date'])(
    'dooms a call whose accessor %s is the host’s own mistake, and shows the graft nothing of it',
    async (name) => {
      open(claims);
      const point = base.point({ ...FUNCTION, callable: { ...base.callable, ...base.mistaken } });
      const source = `(input, api) => { try { api.${name}() } catch (error) { api.stock.set("a", error.code + error.message) } return 1 }`;
      await base.install('a', `{ graft: ${source} }`);
      expect(await base.invoke(point, null)).toMatchObject({ grafts: [{ status: 'aborted', reason: 'thrown' }] });
      expect(base.state).toEqual({ a: 1, b: 2 });
      expect(base.faults).toHaveLength(1);
      expect(JSON.stringify(base.reports)).not.toContain('swordfish');
    },
  );

  it('keeps what a graft sees of a mistaken accessor to a code', async () => {
    open(claims);
    const point = base.point({ ...FUNCTION, callable: base.mistaken });
    // A doomed call cannot tell what it saw, but where it threw; and what shares the host's global object can leave it there.
    const source =
      '(input, api) => { try { api.throws() } catch (error) { globalThis.seen = error.code + error.message; if (globalThis.seen.includes("sword")) throw new Error() } }';
    await base.install('a', `{ graft: ${source} }`);
    const outcome = await base.invoke(point, null);
    expect(outcome.grafts[0]?.at).toBe(undefined);
    expect(Reflect.get(globalThis, 'seen')).toBe(claims.scrubbed ? undefined : 'GRAFT_INTERNALan accessor failed');
    Reflect.deleteProperty(globalThis, 'seen');
    expect(base.faults).toEqual([expect.objectContaining({ message: 'the password is swordfish' })]);
  });

  it('tells where an error was thrown, where the compartment knows', async () => {
    open(claims);
    const outcome = (await answer('(input, api) => {\n throw new Error("here") }')) as { grafts: { at?: string }[] };
    expect(outcome.grafts[0]?.at).toEqual(claims.scrubbed ? expect.stringMatching(/^author\.ts:3:\d+$/) : undefined);
  });

  it('cannot commit after an exhausted limit, whatever a graft catches', async () => {
    open(claims);
    const point = base.point({ ...FUNCTION, limits: { writes: 2 } });
    const source = '(input, api) => { for (let i = 0; i < 9; i++) try { api.stock.set("k" + i, i) } catch {} return 1 }';
    await base.install('a', `{ graft: ${source} }`);
    expect(await base.invoke(point, null)).toEqual(aborted('limit', 'writes'));
    expect(base.state).toEqual({ a: 1, b: 2 });
  });

  it('lets nothing that one graft was given work in a call of another', async () => {
    open(claims);
    const giver = base.point({ ...FUNCTION, name: 'giver' });
    const taker = base.point({ ...FUNCTION, name: 'taker', callable: {} });
    const grafts = [
      { point: 'giver', export: 'give' },
      { point: 'taker', export: 'take' },
    ];
    const source =
      '{ give: (input, api) => { kept = api; return 1 }, take: () => { try { kept.stock.set("a", 9) } catch { return "no" } } }';
    await base.install('a', source, { grafts }, 'let kept;');
    await base.invoke(giver, null);
    expect(await base.invoke(taker, null)).toEqual(committed('no'));
    expect(base.state).toEqual({ a: 1, b: 2 });
  });
};

const installs = (claims: Claims): void => {
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

  it(`${claims.waits ? 'waits for an accessor' : 'refuses at install a graft that may call an accessor that waits'}`, async () => {
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

const claimed = (claims: Claims): void => {
  it(`${claims.promises ? 'drains' : 'does not drain'} promises`, async () => {
    open(claims);
    const outcome = await answer('async (input, api) => { await null; api.stock.set("a", 9); await null; return 5 }');
    expect((outcome as { status: string }).status === 'committed').toBe(claims.promises);
    expect(base.state.a === 9).toBe(claims.promises);
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
};

const survival = (claims: Claims): void => {
  it.each<[string, string, AbortReason]>([
    ['loops', 'for (;;);', 'own-time'],
    ['loops in a promise', 'return (async () => { for (;;) await null })()', 'own-time'],
    ['stays in a built-in that never returns', 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)', 'own-time'],
    ['hoards memory', 'const all = []; for (;;) all.push(new Array(1000).fill(0.5))', 'memory-limit'],
  ])('survives a graft that %s', async (_name, body, reason) => {
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
    for (const before of ['for (;;);', 'throw new Error("module")', 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);'])
      await expect(base.install('a', '{ graft: () => 1 }', {}, before)).rejects.toMatchObject({ code: 'GRAFT_INSTALL_FAILED' });
    expect([...pids].filter(isAlive)).toEqual([]);
    await base.install('a', '{ graft: () => 1 }');
  });
};

/** Runs the suite over one kind. */
export const conformance = (claims: Claims): void => {
  describe(`a ${claims.kind} compartment`, () => {
    describe('calls', () => calls(claims));
    describe('failures', () => failures(claims));
    describe('installs', () => installs(claims));
    describe('claims', () => claimed(claims));
    if (claims.survives) describe('survives', () => survival(claims));
  });
};
