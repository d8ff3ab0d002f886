// Options of entities hold in tables as they do in TypeORM: what grafts write, TypeORM reads, and the other way round.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DataSource, EntitySchema } from 'typeorm';
import { createHost, type Host } from '../../../src/host/index.ts';
import { NodeSqlite, openStore, type Row, type Store } from '../../../src/host/store/index.ts';
import { directMaker } from '../../../src/plugins/compartment/index.ts';
import { type CallableTree, commitTop } from '../../../src/plugins/index.ts';
import { Transactions } from '../../../src/txn/index.ts';
import { Random } from '../../support/random.ts';
import { call, callerOf, folder, now, realClock, thrown } from './fixture.ts';

const flip = (text: unknown): unknown => (typeof text === 'string' ? [...text].reverse().join('') : text);
const id = { type: 'integer', primary: true, generated: 'increment' };
const text = { type: 'text', nullable: true };

const Person = new EntitySchema<Record<string, unknown>>({
  name: 'Person',
  tableName: 'person',
  columns: {
    id,
    secret: { ...text, transformer: { to: flip, from: flip } },
    layers: {
      ...text,
      transformer: [
        { to: (v: unknown) => v && `<${v}>`, from: (v: string | null) => v?.slice(1, -1) ?? null },
        { to: flip, from: flip },
      ],
    },
    tags: { type: 'simple-array', nullable: true },
    extra: { type: 'simple-json', nullable: true },
    born: { type: 'datetime', nullable: true, name: 'born_at' },
    hidden: { ...text, select: false },
    fixed: { ...text, update: false },
    kept: { ...text, insert: false },
    gone: { type: 'datetime', deleteDate: true, nullable: true },
  } as never,
});
const Pet = new EntitySchema<Record<string, unknown>>({
  name: 'Pet',
  tableName: 'pet',
  columns: { id, name: text } as never,
  relations: {
    owner: { type: 'many-to-one', target: 'Person', onDelete: 'CASCADE', joinColumn: { name: 'owner_id' } },
  },
});
const Tree = new EntitySchema<Record<string, unknown>>({
  name: 'Tree',
  tableName: 'tree',
  trees: [{ type: 'materialized-path' }],
  columns: { id } as never,
  relations: {
    parent: { type: 'many-to-one', target: 'Tree', treeParent: true },
    children: { type: 'one-to-many', target: 'Tree', inverseSide: 'parent', treeChildren: true },
  },
} as never);
const View = new EntitySchema<Record<string, unknown>>({
  name: 'View',
  tableName: 'names',
  type: 'view',
  expression: 'SELECT id, secret FROM person',
  columns: { id: { type: 'integer' }, secret: { type: 'text' } } as never,
} as never);

let place: ReturnType<typeof folder>;
let source: DataSource;
let host: Host;

beforeEach(async () => {
  place = folder();
  source = new DataSource({
    type: 'better-sqlite3',
    driver: NodeSqlite,
    database: `${place.path}/a.db`,
    entities: [Person, Pet, Tree, View],
    synchronize: true,
  });
  const compartment = directMaker(new Map());
  host = await createHost({ store: source, maySynchronize: true, report: () => {}, compartment });
});

afterEach(async () => {
  await host.close();
  await source.destroy();
  place.remove();
});

const people = () => source.getRepository(Person);
const insert = (row: Row): Promise<{ id: number | string }> =>
  host.transaction((txn) => host.table('person').in(txn).insert(row));

/** JSON without what JSON cannot tell apart. */
const randomJson = (random: Random, depth = 3): Row[string] => {
  const kind = random.below(depth === 0 ? 5 : 7);
  if (kind === 5) return Array.from({ length: random.below(4) }, () => randomJson(random, depth - 1));
  if (kind === 6) return { a: randomJson(random, depth - 1), 'ü"': randomJson(random, depth - 1) };
  return [null, true, 1.5, 'é,"[{', ''][kind] as Row[string];
};

describe('what a table writes TypeORM reads, and the other way round', () => {
  test.each([1, 2, 3])('values of every kind, seed %i', async (seed) => {
    const random = new Random(seed);
    for (let i = 0; i < 20; i++) {
      const word = (): string => ['a', 'bc', 'ü'][random.below(3)] as string;
      const row = {
        secret: random.chance(0.2) ? null : word(),
        layers: random.chance(0.2) ? null : word() + word(),
        tags: random.chance(0.2) ? null : Array.from({ length: 1 + random.below(3) }, word),
        extra: randomJson(random),
        born_at: random.chance(0.2) ? null : new Date(random.below(2 ** 31) * 1000 + random.below(1000)).toISOString(),
      };
      const { id: key } = await insert(row);
      const { born_at, ...same } = row;
      const entity = await people().findOneByOrFail({ id: key });
      expect({ seed, ...entity }).toMatchObject({ seed, ...same, born: born_at && new Date(born_at) });
      await people().save({ ...entity, id: undefined });
      const rows = host.table('person').find({ orderBy: [{ column: 'id', descending: true }], limit: 1 });
      expect({ seed, ...rows[0] }).toMatchObject({ seed, ...row });
    }
  });

  test('in the file a transformer has been at the value', async () => {
    await insert({ secret: 'abc', layers: 'xy' });
    expect(await source.query('SELECT secret, layers FROM person')).toEqual([{ secret: 'cba', layers: '>yx<' }]);
    for (const where of [
      { secret: 'abc' },
      { layers: 'xy' },
      { secret: { op: 'in', value: ['abc'] } },
      { secret: { op: '!=', value: 'cba' } },
    ] as const)
      expect(host.table('person').find({ where, columns: ['id'] })).toEqual([{ id: 1 }]);
  });

  test.each([
    ['born_at', 'yesterday'],
    ['born_at', '2020-13-01T00:00:00Z'],
    ['tags', ['a,b']],
    ['tags', ['']],
    ['tags', 'a'],
    ['extra', { a: new Date(0) }],
    ['extra', Number.NaN],
    ['kept', 'x'],
  ])('%s takes no %j', async (name, value) => {
    await expect(insert({ [name]: value } as Row)).rejects.toMatchObject({ code: 'GRAFT_BAD_ARGUMENT' });
  });

  test.each([
    [{ extra: '[]' }],
    [{ tags: { op: 'like', value: '%' } }],
    [{ secret: { op: '<', value: 'b' } }],
    [{ secret: { op: 'like', value: 'a%' } }],
  ])('no rows are found by %j', (where) => {
    expect(thrown(() => host.table('person').find({ where: where as never })).code).toBe('GRAFT_BAD_ARGUMENT');
  });
});

test('rows that are deleted and kept are seen by nobody, and nobody changes them', async () => {
  await insert({ secret: 'here' });
  await people().softDelete((await insert({ secret: 'gone' })).id as number);
  const person = host.table('person');
  expect(person.find({ columns: ['secret'] })).toEqual([{ secret: 'here' }]);
  expect(person.find({ where: { secret: 'gone' } })).toEqual([]);
  await host.transaction(async (txn) => {
    expect(await person.in(txn).update({ id: { op: '>', value: 0 } }, { tags: ['t'] })).toBe(1);
    expect(await person.in(txn).delete({ secret: 'gone' })).toBe(0);
  });
  expect(await people().find({ withDeleted: true, order: { id: 1 } })).toMatchObject([{ tags: ['t'] }, { tags: null }]);
});

test('columns that are not selected, not given, not changed', async () => {
  await insert({ hidden: 'h', fixed: 'f' });
  const person = host.table('person');
  expect(Object.keys(person.find()[0] as Row)).not.toContain('hidden');
  expect(person.find({ columns: ['hidden', 'fixed'] })).toEqual([{ hidden: 'h', fixed: 'f' }]);
  const change = host.transaction((txn) => person.in(txn).update({ id: 1 }, { fixed: 'g' }));
  await expect(change).rejects.toMatchObject({
    code: 'GRAFT_BAD_ARGUMENT',
    message: 'changes: fixed is never changed',
  });
});

test('a relation’s rule for deletion holds', async () => {
  await insert({ secret: 'a' });
  await source.getRepository(Pet).save({ name: 'rex', owner: { id: 1 } });
  expect(host.table('pet').find()).toEqual([{ id: 1, name: 'rex', owner_id: 1 }]);
  await host.transaction((txn) => host.table('person').in(txn).delete({ id: 1 }));
  expect(host.table('pet').find()).toEqual([]);
});

test('what is no table of rows is refused by name, and TypeORM has it all the same', async () => {
  for (const [name, why] of [
    ['tree', 'is a tree'],
    ['names', 'is a view'],
  ] as const)
    expect(thrown(() => host.table(name))).toMatchObject({
      code: 'GRAFT_BAD_OPTION',
      message: expect.stringContaining(why),
    });
  await insert({ secret: 'a' });
  expect(await source.getRepository(View).find()).toEqual([{ id: 1, secret: 'a' }]);
});

describe('grafts', () => {
  let store: Store;
  let transactions: Transactions;
  let granted: CallableTree;

  beforeEach(async () => {
    await host.close();
    transactions = new Transactions({ clock: realClock });
    store = await openStore(source, { transactions, entities: null, maySynchronize: true });
    granted = store.callables('person', { read: 'all', write: 'all', insert: true, delete: true });
  });

  afterEach(() => store.close());

  test('write and read the same values, and what they wrote does no harm to TypeORM', async () => {
    const caller = callerOf(transactions.begin());
    const row = { secret: 'ab', tags: ['x', 'y'], extra: { a: [1, null] }, born_at: '2020-01-02T03:04:05.678Z' };
    now(call(granted, 'insert', caller, row) as never);
    expect(call(granted, 'find', caller)).toEqual([
      { id: 1, layers: null, fixed: null, kept: null, gone: null, ...row },
    ]);
    expect(
      call(granted, 'count', caller, { secret: 'ab', born_at: { op: '<', value: '2020-01-02T04:05+01:00' } }),
    ).toBe(1);
    expect(await commitTop({ participant: store }, caller.txn)).toBeNull();
    expect(await people().find()).toMatchObject([
      { secret: 'ab', extra: { a: [1, null] }, born: new Date(row.born_at) },
    ]);
  });

  test('are told of JSON with too many values before it crosses', async () => {
    const caller = callerOf(transactions.begin());
    const extra = Array.from({ length: 45_000 }, () => 1);
    for (let i = 0; i < 2; i++) call(granted, 'insert', caller, { extra });
    expect(thrown(() => call(granted, 'find', caller)).message).toMatch(/more than 90000 values/);
    caller.txn.abort();
  });
});
