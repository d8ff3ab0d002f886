// Data folders of earlier releases, as SQL text (releases/VERSION): each opens with all that is in it. What is of no
// release, or of a later one, is refused and left as it is.

import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { EntitySchema } from 'typeorm';
import { createHost, type Host } from '../../../src/host/index.ts';
import { NodeSqlite } from '../../../src/host/store/index.ts';
import { folder } from './fixture.ts';

const RELEASES = readdirSync(new URL('./releases/', import.meta.url));

/** The application's table in each of the folders. */
const Item = new EntitySchema<{ id: number }>({
  name: 'item',
  tableName: 'item',
  columns: {
    id: { type: 'integer', primary: true, generated: 'increment' },
    name: { type: 'text', unique: true },
    price: { type: 'real', nullable: true },
  } as never,
  indices: [{ name: 'item_price', columns: ['price'] as never }],
  checks: [{ name: 'item_positive', expression: '"price" >= 0' }],
});

let place: ReturnType<typeof folder>;

beforeEach(() => {
  place = folder();
});

afterEach(() => place.remove());

const fill = (release: string): void => {
  for (const name of ['application', 'graftwork']) {
    const database = new NodeSqlite(`${place.path}/${name}.db`);
    database.pragma('journal_mode = WAL');
    database.exec(readFileSync(new URL(`./releases/${release}/${name}.sql`, import.meta.url), 'utf8'));
    database.close();
  }
};

const open = (entity = Item): Promise<Host> =>
  createHost({
    store: `sqlite:${place.path}/application.db`,
    registry: `${place.path}/graftwork.db`,
    entities: [entity],
    report: () => {},
  });

test.each(RELEASES)('a data folder of %s opens, twice', async (release) => {
  fill(release);
  for (const list of [10, 20]) {
    const host = await open();
    const stock = host.map('stock', { stored: true });
    const sent: unknown[] = [];
    host.channel('mail', (_id, payload) => void sent.push(payload));
    const price = host.graftPoint<{ list: number }, number>({
      name: 'shop/price',
      kind: 'function',
      default: (input) => input.list,
      callable: { stock: stock.writable() },
    });
    const guard = host.graftPoint({ name: 'shop/guard', kind: 'function', onFault: 'deny', default: () => true });
    await host.restore();
    expect(host.table('item').find()).toEqual([{ id: 1, name: 'cup', price: 3 }]);
    expect(stock.entries()).toEqual([
      ['sold', 1],
      ['cup', { n: 7 }],
    ]);
    expect(sent).toEqual(list === 10 ? [{ to: 'ada' }] : []);
    expect(host.plugins().find(({ name }) => name === 'half')).toMatchObject({ version: '1.0.0', installer: 'ada' });
    expect(await price.call({ list })).toBe(list / 2);
    expect((await guard.invoke(null)).status).toBe('denied');
    expect((await host.aborts()).at(-1)).toMatchObject({ graft: 'guard#ok', reason: 'thrown', source: 'i.js:1:33' });
    await host.close();
  }
});

/** All rows and the schema of a file. */
const contents = (name: string): unknown => {
  const database = new NodeSqlite(`${place.path}/${name}.db`, { readonly: true });
  const schema = database.prepare('SELECT name, sql FROM sqlite_master ORDER BY name').all() as { name: string }[];
  const rows = schema.map((one) =>
    ((one as { sql?: string }).sql ?? '').startsWith('CREATE TABLE')
      ? database.prepare(`SELECT * FROM "${one.name}"`).all()
      : [],
  );
  database.close();
  return { schema, rows };
};

test.each([
  [
    'application',
    'of a newer release',
    'CREATE TABLE graftwork_version (one, version); INSERT INTO graftwork_version VALUES (1, 99)',
  ],
  [
    'graftwork',
    'of a newer release',
    'CREATE TABLE graftwork_version (one, version); INSERT INTO graftwork_version VALUES (1, 99)',
  ],
  ['application', 'with a column of no release', 'ALTER TABLE graftwork_outbox ADD COLUMN priority integer'],
  ['graftwork', 'without a column', 'ALTER TABLE abort DROP COLUMN undone'],
])('%s.db %s is refused and left as it is', async (name, _, change) => {
  fill('0.1.0');
  const database = new NodeSqlite(`${place.path}/${name}.db`);
  database.exec(change);
  database.close();
  const before = contents(name);
  await expect(open()).rejects.toMatchObject({
    code: 'GRAFT_STORE_RELEASE',
    message: expect.stringContaining(`${name}.db`),
  });
  expect(contents(name)).toEqual(before);
});

test('a table that is not what its entity says is refused and left as it is, whatever differs', async () => {
  fill('0.1.0');
  const before = contents('application');
  const { columns, indices = [], checks = [] } = Item.options;
  const changed = (options: object): EntitySchema<{ id: number }> =>
    new EntitySchema({ ...Item.options, ...options } as typeof Item.options);
  const text = { type: 'text', nullable: true };
  for (const [entity, says] of [
    [
      changed({ columns: { ...columns, price: { ...text, name: 'cost' } }, indices: [], checks: [] }),
      /lacks "cost" text/,
    ],
    [changed({ columns: { ...columns, price: text } }), /has "price" real and lacks "price" text/],
    [changed({ columns: { ...columns, colour: text } }), /lacks "colour" text\./],
    [changed({ checks: [] }), /has CHECK \("price" >= 0\)\./],
    [changed({ checks: [...checks, { expression: "name <> ','" }] }), /lacks CHECK \(name <> ','\)/],
    [changed({ indices: [...indices, { name: 'item_name', columns: ['name'] }] }), /lacks the index item_name/],
  ] as const)
    await expect(open(entity)).rejects.toMatchObject({ code: 'GRAFT_SCHEMA', message: expect.stringMatching(says) });
  expect(contents('application')).toEqual(before);
  await (await open()).close();
});
