// What not every kind has: columns, and synchronous calls inside calls of the same plugin.

import { answerOf, invokeSync } from '../../../src/plugins/index.ts';
import { base, type Claims, committed, expect, FUNCTION, it, open } from './bed.ts';

const COLUMNS = {
  ids: { type: 'i32', length: 4 },
  weights: { type: 'f64', length: 4 },
  flags: { type: 'u8', length: 4 },
} as const;

const never = (): never => {
  throw new Error('nothing here waits');
};

export const columns = (claims: Claims): void => {
  it('fills columns before a call, and reads what the graft wrote', async () => {
    open(claims);
    const point = base.point({
      ...FUNCTION,
      columns: COLUMNS,
      fill: (input, views) => {
        views.ids?.fill(input as number);
        views.weights?.fill(0.5);
      },
    });
    const source =
      '(input, { columns }) => { columns.flags[3] = 300; columns.ids[1]++; ' +
      'return [...columns.ids, columns.weights[2], columns.flags.length] }';
    const { grafts } = await base.install('a', `{ graft: ${source} }`);
    expect(await base.invoke(point, 7)).toEqual(committed([7, 8, 7, 7, 0.5, 4]));
    expect([...(grafts[0]?.columns.ids ?? []), ...(grafts[0]?.columns.flags ?? [])]).toEqual([7, 8, 7, 7, 0, 0, 0, 44]);
    expect(await base.invoke(point, 1)).toEqual(committed([1, 2, 1, 1, 0.5, 4]));
  });

  it('keeps the host’s view whole, whatever a graft does to its own', async () => {
    open(claims);
    const point = base.point({ ...FUNCTION, columns: COLUMNS, budget: 9 });
    const source = `(input, { columns }) => {
      const { ids } = columns;
      const tried = [
        () => { ids.length = 1 },
        () => Object.defineProperty(ids, 'length', { value: 1 }),
        () => { ids.fill = 1 },
        () => Object.setPrototypeOf(ids, null),
        () => { columns.ids = null },
        () => Object.freeze(ids),
        () => { ids.buffer.byteLength = 1 },
      ];
      for (const attempt of tried) try { attempt() } catch {}
      return 1;
    }`;
    const { grafts } = await base.install('a', `{ graft: ${source} }`);
    expect(await base.invoke(point, null)).toEqual(committed(1));
    const ids = grafts[0]?.columns.ids;
    expect([ids?.length, ids?.fill(3)[2], Object.getPrototypeOf(ids)]).toEqual([4, 3, Int32Array.prototype]);
  });

  it('gives no graft the columns of another', async () => {
    open(claims);
    const one = base.point({ ...FUNCTION, columns: COLUMNS });
    const other = base.point({ ...FUNCTION, name: 'q', columns: COLUMNS });
    const grafts = [
      { point: 'p', export: 'one' },
      { point: 'q', export: 'other' },
    ];
    await base.install(
      'a',
      '{ one: (input, api) => { api.columns.ids[0] = 9; return 1 }, other: (input, api) => api.columns.ids[0] }',
      {
        grafts,
      },
    );
    expect(await base.invoke(one, null)).toEqual(committed(1));
    expect(await base.invoke(other, null)).toEqual(committed(0));
  });
};

export const nesting = (claims: Claims): void => {
  it('runs a plugin inside a call of its own, each call with its own heap and api', async () => {
    open(claims);
    const again = {
      waits: false,
      run: ({ txn, depth }: { txn: never; depth: number }, [input = null]: readonly unknown[]) =>
        answerOf('p', invokeSync(base, base.points.get('p'), input, { txn, depth: depth + 1, wait: never })),
    };
    const point = base.point({ ...FUNCTION, callable: { ...base.callable, again } as never });
    const source = `(input, api) => {
      const before = ++n;
      api.stock.set('k' + input, input);
      const inner = input > 0 ? api.again(input - 1) : [];
      api.log('back in ' + input);
      return [[before, n], ...inner];
    }`;
    await base.install('a', `{ graft: ${source} }`, {}, 'let n = 0;');
    const own = claims.freshHeap;
    const expected = own ? [[1, 1], [1, 1], [1, 1]] : [[1, 3], [2, 3], [3, 3]]; // biome-ignore format: pairs
    expect(invokeSync(base, point, 2, { wait: never })).toEqual(committed(expected));
    expect(base.state).toEqual({ a: 1, b: 2, k2: 2, k1: 1, k0: 0 });
    expect(base.lines).toEqual([['back in 0'], ['back in 1'], ['back in 2']]);
  });

  it('undoes a failed inner call alone, and the outer one goes on', async () => {
    open(claims);
    const again = {
      waits: false,
      run: ({ txn, depth }: { txn: never; depth: number }) => {
        const outcome = invokeSync(base, base.points.get('p'), 'inner', { txn, depth: depth + 1, wait: never });
        return outcome.grafts[0]?.status;
      },
    };
    const point = base.point({ ...FUNCTION, budget: 9, callable: { ...base.callable, again } as never });
    const source = `(input, api) => {
      api.stock.set(input, 1);
      if (input === 'inner') throw new Error('inner');
      const status = api.again();
      api.stock.set('after', 1);
      return status;
    }`;
    await base.install('a', `{ graft: ${source} }`);
    expect(invokeSync(base, point, 'outer', { wait: never })).toEqual(committed('aborted'));
    expect(base.state).toEqual({ a: 1, b: 2, outer: 1, after: 1 });
  });
};
