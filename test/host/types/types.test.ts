// Data types that plugins bring: their columns are in the order of their values, on either database; what breaks a law
// is found at install, or in use; what a removed type leaves behind is as documented.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHost, type DataTypes, dataTypes, type Host, type Row } from '../../../src/host/index.ts';
import { IsolateMaker } from '../../../src/plugins/compartment/index.ts';
import { DATABASES, type DatabaseKind } from '../../support/databases.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { Random } from '../../support/random.ts';
import { itemOf, SAMPLES, samplePlugin, type TypePlugin } from './samples.ts';

let database: TestDatabase;
let host: Host;
let types: DataTypes;

const open = async (type: string, isWaiting = false, registry?: string): Promise<void> => {
  host = await createHost({
    store: database.url,
    entities: [itemOf(database.url)],
    report: () => {},
    ...(registry === undefined ? {} : { registry }),
    ...(isWaiting ? {} : { compartment: new IsolateMaker() }),
  });
  types = await dataTypes(host, { [type]: { item: { value: 'value_key' } } });
  await host.restore();
};

const add = (values: readonly (string | null)[]): Promise<unknown> =>
  host.transaction((txn) =>
    types
      .table('item')
      .in(txn)
      .insertAll(values.map((value) => ({ value }))),
  );

const valuesOf = (rows: readonly Row[]): unknown[] => rows.map(({ value }) => value);
const ordered = async (options: object = {}): Promise<unknown[]> =>
  valuesOf(await types.table('item').find({ orderBy: [{ column: 'value' }], columns: ['value'], ...options }));

const suites = (what: string, kinds: readonly DatabaseKind[], define: (each: typeof test) => void): void => {
  describe.each(kinds)(`${what}, $name`, (kind) => {
    if (kind.isThere) {
      beforeEach(async () => {
        database = await kind.make();
      });
      afterEach(async () => {
        await host.close();
        await database.remove();
      });
    }
    define(kind.isThere ? test : (test.skip as typeof test));
  });
};

const SQLITE = DATABASES.slice(0, 1);

suites('the samples', DATABASES, (each) => {
  each.each(SAMPLES)('$name: order and ranges are those of a reference sort', async ({ name, text, compare }) => {
    const random = new Random(7);
    await open(name);
    await host.install(samplePlugin(name));
    const values = Array.from({ length: 500 }, () => text(random));
    await add(values);
    const sorted = values.toSorted(compare);
    const found = (await ordered()) as string[];
    expect(found.toSorted()).toEqual(values.toSorted());
    expect(found.findIndex((value, i) => compare(value, sorted[i] as string) !== 0)).toBe(-1);
    for (let i = 0; i < 20; i++) {
      const [low, high] = [text(random), text(random)].toSorted(compare) as [string, string];
      const above = (await ordered({ where: { value: { op: '>=', value: low } } })) as string[];
      expect(above.length).toBe(values.filter((value) => compare(value, low) >= 0).length);
      const below = await types.table('item').find({ where: { value: { op: '<', value: high } } });
      expect(valuesOf(below).toSorted()).toEqual(values.filter((value) => compare(value, high) < 0).toSorted());
    }
    const one = values[3] as string;
    const same = await types.table('item').find({ where: { value: { op: 'in', value: [one] } } });
    expect(same.length).toBe(values.filter((value) => compare(value, one) === 0).length);
  });

  each('a text is stored as its type writes it; operators apply; what is no value is refused', async () => {
    await open('roman');
    await host.install(samplePlugin('roman'));
    await add(['iv', null]);
    expect(await ordered()).toEqual([null, 'IV']);
    expect(
      await types.apply('roman', 'plus', [
        ['IV', 'X'],
        ['I', 'no'],
      ]),
    ).toEqual(['XIV', null]);
    await expect(add(['IIII'])).rejects.toMatchObject({ code: 'GRAFT_BAD_ARGUMENT' });
    const changed = await host.transaction((txn) =>
      types.table('item').in(txn).update({ value: 'IV' }, { value: 'ix' }),
    );
    expect(changed).toBe(1);
    expect(await ordered({ where: { value: 'IX' } })).toEqual(['IX']);
  });
});

/** A type of whole numbers of a digit or more, some of whose functions are others. */
const numbers = (parts: Record<string, string> = {}, version = '1.0.0'): TypePlugin => {
  const own = {
    examples: "['1', '2', '3', '10', '20', '7']",
    parse: '(text) => (/^[0-9]{1,6}$/.test(text) ? Number(text) : null)',
    format: '(value) => String(value)',
    compare: '(a, b) => a - b',
    key: "(value) => String(value).padStart(6, '0')",
    ...parts,
  };
  const body = Object.entries(own).map(([name, text]) => `${name}: ${text}`);
  return {
    manifest: {
      name: 'numbers',
      version,
      graftwork: { api: 1, grafts: [{ point: 'db/type/number', export: 'number' }] },
    },
    files: {
      'index.js': `import { dataType } from 'graftwork-sdk';
        let asked = 0;
        export const number = dataType({ ${body.join(',\n')} });`,
    },
  };
};

suites('broken twins are found at install', SQLITE, (each) => {
  each.each([
    ['is not reflexive', { compare: '(a, b) => (a < b ? -1 : 1)' }, /not reflexive/],
    ['is not antisymmetric', { compare: '(a, b) => (a === b ? 0 : -1)' }, /not antisymmetric/],
    [
      'is not transitive',
      { compare: '(a, b) => { const d = (((a - b) % 3) + 3) % 3; return d === 0 ? 0 : d === 1 ? 1 : -1; }' },
      /not transitive/,
    ],
    [
      'is random',
      { compare: '(a, b) => (a === b ? 0 : Math.random() - 0.5)' },
      /from one time to the next|not antisymm/,
    ],
    ['has keys in another order', { key: '(value) => String(value)' }, /keys disagree/],
    ['has two keys for equal values', { compare: '(a, b) => (a >> 1) - (b >> 1)' }, /keys disagree|not/],
    ['has keys by chance', { key: '(value) => String(Math.random())' }, /otherwise than before|two keys|disagree/],
    ['does not read what it writes', { format: "(value) => '+' + value" }, /not read as itself/],
    ['writes another value', { format: '(value) => String(value + 1)' }, /not read as itself|two keys|otherwise/],
    ['loops', { parse: '(text) => { for (;;); }' }, /own-time/],
    ['throws', { key: "() => { throw new Error('no'); }" }, /thrown/],
    ['has keys that are no ASCII', { key: "(value) => 'é' + value" }, /ASCII/],
    ['names no examples', { examples: '[]' }, /examples/],
  ])('one that %s', async (_what, parts, why) => {
    await open('number');
    await expect(host.install(numbers(parts as Record<string, string>))).rejects.toMatchObject({
      code: 'GRAFT_TRIAL',
      message: expect.stringMatching(why as RegExp) as unknown,
    });
    expect(host.plugins()).toEqual([]);
    await host.install(numbers());
  });
});

suites('in use', SQLITE, (each) => {
  each('a lie aborts its call and removes the type; columns keep their order and take no values', async () => {
    await open('number');
    const lying = "(value) => String(++asked > 5000 ? 1000000 - value : value).padStart(6, '0')";
    await host.install(numbers({ key: lying }));
    await add(['3', '20', '10']);
    const reasons: string[] = [];
    host.on('abort', ({ reason }) => reasons.push(reason));
    const digits = Array.from({ length: 900 }, (_, i) => String(i + 100));
    const lie = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) await add(digits);
    };
    await expect(lie()).rejects.toMatchObject({ code: 'GRAFT_FAILED' });
    expect(reasons).toEqual(['invalid-answer']);
    expect(host.plugins().map(({ state }) => state)).not.toContain('installed');
    const left = (await ordered()) as string[];
    expect(left).toEqual(left.toSorted((a, b) => Number(a) - Number(b)));
    await expect(add(['5'])).rejects.toMatchObject({ code: 'GRAFT_TYPE_ABSENT' });
    await expect(ordered({ where: { value: '5' } })).rejects.toMatchObject({ code: 'GRAFT_TYPE_ABSENT' });
  });

  each('another version has the same keys, or is indexed anew', async () => {
    await open('number');
    await host.install(numbers());
    await add(['3', '20', '10', null]);
    await host.install(numbers({}, '1.0.1'));
    const turned = numbers(
      { compare: '(a, b) => b - a', key: "(value) => String(999999 - value).padStart(6, '0')" },
      '1.1.0',
    );
    await expect(host.install(turned)).rejects.toMatchObject({ code: 'GRAFT_TRIAL' });
    expect(await ordered()).toEqual([null, '3', '10', '20']);
    expect(await types.reindex('number', turned)).toBe(3);
    expect(await ordered()).toEqual([null, '20', '10', '3']);
  });

  each('what TypeORM writes past the type is refused, what SQL writes is found by the next start', async () => {
    const registry = database.url.replace(/^sqlite:(.*)app.db$/, '$1plugins.db');
    await open('number', false, registry);
    await host.install(numbers());
    await add(['3', '20']);
    const byTypeOrm = host.transaction(({ entities }) => entities.getRepository('Item').save({ value: '10' }));
    await expect(byTypeOrm).rejects.toMatchObject({ code: 'GRAFT_TYPE_STALE' });
    await host.transaction(({ entities }) => entities.query(`UPDATE item SET value = '1' WHERE value = '20'`));
    await host.close();
    await open('number', false, registry);
    await expect(ordered()).rejects.toMatchObject({ code: 'GRAFT_TYPE_STALE' });
    await expect(add(['4'])).rejects.toMatchObject({ code: 'GRAFT_TYPE_STALE' });
    expect(await types.reindex('number')).toBe(2);
    expect(await ordered()).toEqual(['1', '3']);
  });

  each('columns that cannot be are refused', async () => {
    await open('number');
    await expect(dataTypes(host, { other: { item: { value: 'id' } } })).rejects.toMatchObject({
      code: 'GRAFT_BAD_OPTION',
    });
    await expect(dataTypes(host, { other: { item: { value: 'none' } } })).rejects.toThrow(/unknown column "none"/);
    expect(() => types.table('other')).toThrow(expect.objectContaining({ code: 'GRAFT_UNKNOWN_TABLE' }));
  });
});

const QUERY = {
  manifest: {
    name: 'query',
    graftwork: { api: 1, grafts: [{ point: 'query', export: 'query' }], needs: ['item', 'number'] },
  },
  files: {
    'index.js': `export const query = (what, api) => {
      if (what === 'key') api.item.update({ value: '3' }, { value_key: '9' });
      api.item.insert({ value: '007' });
      api.item.update({ value: '20' }, { value: '21' });
      if (what === 'throw') throw new Error('no');
      return [api.item.find({ where: { value: { op: '>', value: '3' } }, orderBy: [{ column: 'value' }] }),
        api.item.count({ value: '7' }), api.number.key('12'), api.number.apply('plus', '1')];
    };`,
  },
};

suites('grafts', DATABASES, (each) => {
  each('find, count, insert and update by values, within their grant', async () => {
    await open('number', true);
    await host.install(numbers());
    await add(['3', '20']);
    const item = types.table('item').callables({ read: 'all', write: ['value'], insert: true });
    const point = host.graftPoint<string, unknown>({
      name: 'query',
      kind: 'function',
      default: () => 'default',
      budget: 3,
      callable: { item, number: types.callables('number') },
    });
    await host.install(QUERY);
    expect(await point.call('throw')).toBe('default');
    expect(await ordered()).toEqual(['3', '20']);
    expect(await point.call('key')).toBe('default');
    const [rows, ...rest] = (await point.call('good')) as [Row[], ...unknown[]];
    expect(rows.map((row) => [Object.keys(row), row.value])).toEqual([
      [['id', 'value'], '7'],
      [['id', 'value'], '21'],
    ]);
    expect(rest).toEqual([1, '000012', null]);
  });
});
