// What every kind of compartment does with a graft that behaves.

import { answer, base, type Claims, committed, expect, FUNCTION, it, open } from './bed.ts';

export const calls = (claims: Claims): void => {
  it('hands plain data in and out', async () => {
    open(claims);
    const value = { a: [1, -0.5, true, null, 'ä€😀\u2028'], b: {}, c: [[]] };
    expect(await answer('(input) => ({ input, same: [input.a.length] })', value)).toEqual(
      committed({ input: value, same: [5] }),
    );
  });

  it('gives a graft what its point offers and its manifest needs, by dotted names, and nothing else', async () => {
    open(claims);
    const point = base.point(FUNCTION);
    await base.install('a', '{ graft: (input, api) => [Object.keys(api), Object.keys(api.stock)] }', {
      needs: ['stock.get', 'log'],
    });
    expect(await base.invoke(point, null)).toEqual(committed([['stock', 'log', 'original'], ['get']]));
  });

  it('lets a graft read and change the host, once for all', async () => {
    open(claims);
    const source =
      '(input, api) => { api.stock.set("a", input); ' +
      'return [api.stock.get("a"), api.stock.keys(), api.stock.get("none"), api.log("x")] }';
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

  it('takes rows, many in one call: each is checked, and what one does wrong takes all of them back', async () => {
    open(claims);
    const point = base.point({
      ...FUNCTION,
      rows: true,
      budget: 9,
      default: (row: number) => -row,
      check: (answer: unknown, row: number) => answer === 2 * row || `not twice ${row}`,
    });
    const odd = claims.promises === 'drained' ? 'Promise.resolve(2 * row)' : '2 * row';
    await base.install(
      'a',
      '{ graft: (row, api) => { api.stock.set("a", row); if (row < 0) throw 1; ' +
        `if (row === 9) return 9; return row % 2 === 1 ? ${odd} : 2 * row } }`,
    );
    expect(await base.invoke(point, [2, 4, 6])).toEqual(committed([4, 8, 12]));
    expect(await base.invoke(point, [2, 3, 4, 5])).toEqual(committed([4, 6, 8, 10]));
    expect(await base.invoke(point, [])).toEqual(committed([]));
    expect(base.state.a).toBe(5);
    expect(await base.invoke(point, [6, 9])).toMatchObject({
      status: 'default',
      value: [-6, -9],
      grafts: [{ reason: 'invalid-answer', detail: '[1]: not twice 9', undone: { records: 2 } }],
    });
    expect(await base.invoke(point, [6, -1])).toMatchObject({
      status: 'default',
      value: [-6, 1],
      grafts: [{ reason: 'thrown' }],
    });
    await expect(base.invoke(point, 7)).rejects.toMatchObject({ code: 'GRAFT_BAD_INPUT' });
    expect(base.state.a).toBe(5);
  });

  it('refuses on purpose, undone and uncounted', async () => {
    open(claims);
    const point = base.point(FUNCTION);
    await base.install(
      'a',
      '{ graft: (input, api) => { api.stock.set("a", 9); if (input) refuse("sold-out", "no more"); return 1 } }',
    );
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
    const outcome = await answer(
      '(input, api) => { api.stock.get("a"); api.stock.set("a", 1); api.log("four"); return 1 }',
    );
    expect(outcome).toMatchObject({ grafts: [{ spent: { calls: 3, writes: 1, log_bytes: 4 } }] });
  });
};
