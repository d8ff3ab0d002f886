// What every kind of compartment does with a graft that behaves.

import { answer, base, type Claims, committed, expect, FUNCTION, it, open } from './bed.ts';

export const calls = (claims: Claims): void => {
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
