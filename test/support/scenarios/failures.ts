// What every kind of compartment does with a graft that fails, and with what must not cross.

import { aborted, answer, base, type Claims, committed, expect, FUNCTION, it, open } from './bed.ts';

export const failures = (claims: Claims): void => {
  it.each<[string, string, unknown]>([
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
    const source =
      '(input, api) => { api.stock.set("a", 9); ' +
      'throw Object.defineProperty(new Error(), "message", { get() { throw 1 } }) }';
    expect(await answer(source)).toMatchObject({
      status: 'default',
      grafts: [{ status: 'aborted', reason: 'thrown' }],
    });
    expect(base.state).toEqual({ a: 1, b: 2 });
  });

  it.each<[string, string]>([
    ['a function', '() => 1'],
    ['undefined', 'undefined'],
    ['a date', 'new Date(0)'],
    ...(claims.proxies ? [['a proxy', 'new Proxy({}, {})'] as [string, string]] : []),
    ['an accessor', '({ get x() { return 1 } })'],
    ['NaN', '[NaN]'],
    ['a cycle', '(() => { const a = []; a.push(a); return a })()'],
    ['a class', 'new (class A {})()'],
    ['__proto__', 'JSON.parse(\'{"__proto__":1}\')'],
    ['a sparse array', 'new Array(40_000_000)'],
    ['a long text', '"x".repeat(1048577)'],
  ])('refuses %s as an answer', async (_name, expression) => {
    open(claims);
    expect(await answer(`(input, api) => { api.stock.set("a", 9); return ${expression} }`)).toEqual(
      aborted('invalid-answer'),
    );
    expect(base.state).toEqual({ a: 1, b: 2 });
  });

  it.each<[string, string]>([
    ['a function', '() => 1'],
    ['undefined in an array', '[undefined]'],
    ['a date', 'new Date(0)'],
    ...(claims.proxies ? [['a proxy', 'new Proxy({}, {})'] as [string, string]] : []),
    ['Infinity', 'Infinity'],
  ])('refuses %s as an argument: the graft sees an error, nothing reaches the host', async (_name, expression) => {
    open(claims);
    const source = `(input, api) => { try { api.stock.set("a", ${expression}) } catch (error) { return error.name } }`;
    expect(await answer(source)).toEqual(committed('TypeError'));
    expect(base.state).toEqual({ a: 1, b: 2 });
  });

  it('does not commit what a graft did beside an argument beyond its bound, though it caught the refusal', async () => {
    open(claims);
    const source =
      '(input, api) => { try { api.stock.set("a", "x".repeat(1048577)) } catch {} ' +
      'api.stock.set("b", 9); return 1 }';
    expect(await answer(source)).toMatchObject({ status: 'default', grafts: [{ status: 'aborted', reason: 'limit' }] });
    expect(base.state).toEqual({ a: 1, b: 2 });
  });

  it('shows a graft its own mistake as a coded error, and lets it go on', async () => {
    open(claims);
    const source = '(input, api) => { try { api.stock.get(1) } catch (error) { return [error.code, error.message] } }';
    expect(await answer(source)).toEqual(committed(['GRAFT_BAD_ARGUMENT', 'takes a text']));
  });

  it.each([['throws'], ['date']])(
    'dooms a call whose accessor %s is the host’s own mistake, and shows the graft nothing of it',
    async (name) => {
      open(claims);
      const point = base.point({ ...FUNCTION, callable: { ...base.callable, ...base.mistaken } });
      const source =
        `(input, api) => { try { api.${name}() } ` +
        'catch (error) { api.stock.set("a", error.code + error.message) } return 1 }';
      await base.install('a', `{ graft: ${source} }`);
      const outcome = await base.invoke(point, null);
      const detail = `api.${name} failed`;
      expect(outcome).toMatchObject({ grafts: [{ status: 'aborted', reason: 'host-fault', detail }] });
      expect([outcome.grafts[0]?.removed, point.grafts[0]?.aborts]).toEqual([undefined, 0]);
      expect(base.state).toEqual({ a: 1, b: 2 });
      expect(base.faults).toHaveLength(1);
      expect(JSON.stringify(base.reports)).not.toContain('swordfish');
    },
  );

  it('keeps what a graft sees of a mistaken accessor to a code', async () => {
    open(claims);
    const point = base.point({ ...FUNCTION, callable: base.mistaken });
    // A doomed call cannot tell what it saw, but where it threw; and what shares the host's global object can leave it
    // there.
    const source =
      '(input, api) => { try { api.throws() } catch (error) { const seen = error.code + error.message; ' +
      'if (seen.includes("sword")) throw new Error(); try { globalThis.seen = seen } catch {} } }';
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
    expect(outcome.grafts[0]?.at).toEqual(claims.places ? expect.stringMatching(/^author\.ts:3:\d+$/) : undefined);
  });

  it('makes text of a graft fit to be read in a terminal', async () => {
    open(claims);
    const outcome = await answer('(input, api) => { api.log("\\u001b[2J"); throw new Error("a\\u001b[31m\\u202eb") }');
    expect(outcome).toEqual(aborted('thrown', 'Error: a\ufffd[31m\ufffdb'));
    expect(base.lines).toEqual([['\ufffd[2J']]);
  });

  it('cannot commit after an exhausted limit, whatever a graft catches', async () => {
    open(claims);
    const point = base.point({ ...FUNCTION, limits: { writes: 2 } });
    const source =
      '(input, api) => { for (let i = 0; i < 9; i++) try { api.stock.set("k" + i, i) } catch {} return 1 }';
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
      '{ give: (input, api) => { kept = api; return 1 }, ' +
      'take: () => { try { kept.stock.set("a", 9) } catch { return "no" } } }';
    await base.install('a', source, { grafts }, 'let kept;');
    await base.invoke(giver, null);
    expect(await base.invoke(taker, null)).toEqual(committed('no'));
    expect(base.state).toEqual({ a: 1, b: 2 });
  });
};
