// Statements of grafts over PostgreSQL: they answer as PostgreSQL itself, by a role that may read nothing else.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { createHost } from '../../../src/host/index.ts';
import { POSTGRES } from '../../support/databases.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { CANARY, ITEMS, Item, type SqlPlugin, SqlWorld, VISIBLE } from './fixture.ts';

const HONEST: readonly (readonly [string, unknown[]?])[] = [
  ['SELECT * FROM item ORDER BY id'],
  ['SELECT count(*), count(price), sum(id), avg(price), min(name), max(made) FROM item'],
  ['SELECT a.id, b.name FROM item a JOIN item b ON b.id = a.id + 2 WHERE a.price > $1 ORDER BY 1', [3]],
  ['SELECT id, row_number() OVER (ORDER BY price DESC, id) AS place, lag(name) OVER (ORDER BY id) FROM item'],
  ['SELECT left(made, 7) AS month, count(*) FROM item GROUP BY 1 HAVING count(*) > 1 ORDER BY 1'],
  ['WITH cheap AS (SELECT * FROM item WHERE price < $1::numeric) SELECT name FROM cheap ORDER BY name, id', [20.5]],
  ['WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT i, i * i FROM n'],
  ["SELECT made::date + interval '1 month', extract(year FROM made::date), to_char(made::date, 'DD') FROM item"],
  ["SELECT id, facts::jsonb ->> 'color', facts::jsonb -> 'sizes' FROM item WHERE facts IS NOT NULL ORDER BY id"],
  ['SELECT item.id, s.value FROM item, jsonb_array_elements(facts::jsonb -> $1) AS s(value) ORDER BY 1, 2', ['sizes']],
  ["SELECT '\\x00ff10'::bytea AS bytes, NULL AS none, 'ü✓😀' AS text, 7 / 2, 7 / 2.0, 9007199254740993 AS big, true"],
  ["SELECT upper(name), replace(name, 'ë', 'e'), length(name), position('✓' IN name) FROM item ORDER BY id;"],
  ['SELECT $1::int, $2::text, $3::bytea, $4::float8, $5::bool', [1, 'a', { base64: 'AP8Q' }, 2.5, null]],
  ['SELECT name FROM item WHERE name LIKE $1 UNION SELECT made FROM item ORDER BY 1', ['%✓%']],
  ['SELECT CASE WHEN price > 10 THEN $1 ELSE $2 END AS kind, count(*) FROM item GROUP BY kind ORDER BY 1', ['a', 'b']],
  ['SELECT array_agg(id ORDER BY id), string_agg(name, $1 ORDER BY id) FILTER (WHERE id < 9) FROM item', [', ']],
  ['SELECT id FROM item WHERE (id, name) IN (SELECT id, name FROM item) AND id = ANY(ARRAY[1, 3]) ORDER BY id'],
  ['SELECT grouping(made), made, sum(id) FROM item GROUP BY ROLLUP (made) ORDER BY 1, 2'],
  ['VALUES (1, 2), (3, 4)'],
  ['SELECT id FROM item WHERE id < 0'],
];

const REFUSED: readonly string[] = [
  'SELECT 1; SELECT 2',
  'SELECT * FROM users',
  'SELECT owner FROM item',
  'SELECT * FROM public.item',
  'WITH users AS (SELECT 1) SELECT * FROM (SELECT 1) AS x, public.users',
  'EXPLAIN SELECT * FROM item',
  'SELECT * FROM item FOR UPDATE',
  'SELECT * INTO evil FROM item',
  'DELETE FROM item',
  'COPY item TO STDOUT',
  'SET ROLE tester',
  'RESET ROLE',
  "SELECT set_config('role', 'tester', false)",
  "SELECT current_setting('x')",
  'SELECT current_user',
  'SELECT pg_sleep(10)',
  "SELECT pg_read_file('/etc/passwd')",
  "SELECT query_to_xml('SELECT * FROM users', true, true, '')",
  "SELECT 'users'::regclass",
  'SELECT * FROM pg_class',
  'SELECT * FROM pg_catalog.pg_roles',
  'SELECT * FROM information_schema.tables',
  'SELECT 1 OPERATOR(public.+) 1',
  'SELECT 1 / 0',
  'SELECT nothing FROM item',
  "SELECT 'NaN'::float8",
  'SELECT $1',
];

(POSTGRES.isThere ? describe : describe.skip)(POSTGRES.name, () => {
  let world: SqlWorld;
  let plugin: SqlPlugin;
  let visible: TestDatabase;

  beforeAll(async () => {
    world = await SqlWorld.open(POSTGRES);
    plugin = await world.plugin();
    visible = await POSTGRES.make();
  });
  afterAll(async () => {
    await world.close();
    await visible.remove();
  });

  /** What PostgreSQL answers where the granted columns and rows are all there is, in the form in which it crosses. */
  const direct = async (): Promise<unknown[]> => {
    const client = new pg.Client(visible.url);
    await client.connect();
    await client.query(
      'CREATE TABLE item (id int primary key, name text, price double precision, made text, facts text)',
    );
    for (const row of ITEMS)
      if (row.owner === 'ann')
        await client.query(
          'INSERT INTO item VALUES ($1, $2, $3, $4, $5)',
          VISIBLE.map((name) => row[name]),
        );
    const types = { getTypeParser: (oid: number) => (text: string) => crossing(oid, text) };
    const answers: unknown[] = [];
    for (const [text, parameters = []] of HONEST) {
      const values = parameters.map((one) =>
        typeof one === 'object' && one !== null ? Buffer.from((one as { base64: string }).base64, 'base64') : one,
      );
      const { fields, rows } = await client.query({ text, values, rowMode: 'array', types: types as never });
      answers.push({ columns: fields.map(({ name }) => name), rows, changes: 0 });
    }
    await client.end();
    return answers;
  };

  const crossing = (oid: number, text: string): unknown => {
    if (oid === pg.types.builtins.BOOL) return text === 't';
    if (oid === pg.types.builtins.BYTEA) return { base64: Buffer.from(text.slice(2), 'hex').toString('base64') };
    const isNumber = [20, 21, 23, 700, 701].includes(oid);
    return isNumber && Math.abs(Number(text)) <= Number.MAX_SAFE_INTEGER ? Number(text) : text;
  };

  test('honest statements answer as PostgreSQL itself', async () => {
    const expected = await direct();
    const answers = await plugin.ask(...HONEST);
    HONEST.forEach(([text], i) => {
      expect([text, answers[i]]).toEqual([text, expected[i]]);
    });
  });

  test('a statement that may not run, or fails, is GRAFT_SQL, and no name of the host is in it', async () => {
    const answers = await plugin.ask(...REFUSED.map((text) => [text] as const));
    for (const [i, answer] of answers.entries()) {
      expect([REFUSED[i], String(answer).slice(0, 11)]).toEqual([REFUSED[i], 'GRAFT_SQL: ']);
      expect(answer).not.toMatch(/graftwork_sql/);
    }
  });

  test('the role of statements may read its views, and nothing else, whatever its statement says', async () => {
    const admin = new DataSource({ type: 'postgres', url: world.url });
    await admin.initialize();
    const [{ name }] = await admin.query("SELECT rolname AS name FROM pg_roles WHERE rolname LIKE 'graftwork_sql_%'");
    const runner = admin.createQueryRunner();
    await runner.query(`SET ROLE "${name}"`);
    for (const text of [
      'SELECT * FROM public.users',
      'SELECT name FROM public.item',
      'DELETE FROM public.item',
      'CREATE TABLE public.evil (x int)',
      "SELECT pg_read_file('/etc/passwd')",
      "COPY public.item TO PROGRAM 'cat'",
    ])
      await expect(runner.query(text)).rejects.toMatchObject({ code: '42501' });
    await runner.release();
    await admin.destroy();
  });

  test('no condition of a graft is tried on a row that the filter keeps away', async () => {
    const leaking = "SELECT count(*) FROM item WHERE CASE WHEN name LIKE 'CAN%' THEN 1 / (id - id) = 1 ELSE true END";
    expect(await plugin.ask([leaking])).toEqual([{ columns: ['count'], rows: [[20]], changes: 0 }]);
    const open = await world.plugin({ grants: { item: { read: ['id', 'name'] } } });
    expect(await open.ask([leaking])).toEqual(['GRAFT_SQL: division by zero']);
  });

  test('rows of whom a call is made for, and lists in a filter', async () => {
    const own = await world.plugin({
      grants: {
        item: { read: ['id'], where: ({ principal }) => ({ owner: { op: 'in', value: [principal, '"\\'] } }) },
      },
    });
    const ids = async (principal: string): Promise<unknown> => {
      const statements = [['SELECT id FROM item ORDER BY id']] as const;
      const outcome = await own.point.invoke({ statements, caught: false }, { principal });
      return (outcome.value as { rows: unknown }[])[0]?.rows;
    };
    const of = (owner: string) => ITEMS.filter((row) => row.owner === owner).map(({ id }) => [id]);
    expect(await ids('ann')).toEqual(of('ann'));
    expect(await ids('bob')).toEqual(of('bob'));
    expect(await ids("x' OR '1'='1")).toEqual([]);
  });

  test('what runs away, or answers too much, is ended and replaced', async () => {
    const runaway = await world.plugin({ ms: 50 });
    const numbers = (count: number): string => `FROM generate_series(1, ${count}) AS n(i)`;
    expect(await runaway.end(`SELECT count(*) ${numbers(100_000)}, generate_series(1, 100000) AS m`)).toBe(
      'failed limit sql time',
    );
    const many = await world.plugin({ ms: 5000 });
    const tooMuch = (what: string): string =>
      `GRAFT_SQL: the answer has more than ${what}: ask for fewer rows or columns`;
    expect(
      await many.ask(
        [`SELECT i ${numbers(10_001)}`],
        [`SELECT i, i, i, i, i, i, i, i, i, i ${numbers(10_000)}`],
        [`SELECT string_agg(md5(i::text), '') ${numbers(1_000_000)}`],
        [`SELECT ${new Array(101).fill('1').join(', ')}`],
        ['SELECT 1 AS one'],
      ),
    ).toEqual([
      ...['10000 rows', '90000 values', '900000 bytes', '100 columns'].map(tooMuch),
      { columns: ['one'], rows: [[1]], changes: 0 },
    ]);
  });

  test('it reads what is committed, and not what its own call has written', async () => {
    const rows = async (): Promise<unknown> =>
      ((await plugin.ask(['SELECT count(*) FROM item']))[0] as { rows: unknown[][] }).rows[0]?.[0];
    await world.host.transaction(async (txn) => {
      await txn.entities.insert(Item, { id: 1001, name: 'new', owner: 'ann', secret: CANARY });
      expect(await rows()).toBe(20);
    });
    expect(await rows()).toBe(21);
    await world.host.transaction((txn) => txn.entities.delete(Item, { id: 1001 }));
  });

  test('a host whose role may make no other is told what to run; one that closes leaves no schema', async () => {
    const { url, remove } = await POSTGRES.make();
    const admin = new pg.Client(url);
    await admin.connect();
    const name = `plain_${process.pid}`;
    await admin.query(`CREATE ROLE ${name} LOGIN`);
    await admin.query(`GRANT ALL ON DATABASE ${new URL(url).pathname.slice(1)} TO ${name}`);
    await admin.query(`GRANT ALL ON SCHEMA public TO ${name}`);
    const plain = new URL(url);
    plain.username = name;
    const options = { grants: { item: { read: 'all' } } } as const;
    const refused = await createHost({ store: plain.href, entities: [Item] });
    expect(() => refused.sql(options)).toThrow(expect.objectContaining({ code: 'GRAFT_STORE_UNSUPPORTED' }));
    expect(() => refused.sql(options)).toThrow(`ALTER ROLE "${name}" CREATEROLE`);
    await refused.close();
    await admin.query(`ALTER ROLE ${name} CREATEROLE`);
    const host = await createHost({ store: plain.href, entities: [Item] });
    const point = host.graftPoint<null, unknown>({
      name: 'p',
      kind: 'function',
      default: () => null,
      onFault: 'fail',
      limits: { total_ms: 20_000 },
      callable: { sql: host.sql(options) },
    });
    const graftwork = { api: 1, grafts: [{ point: 'p', export: 'f' }], needs: ['sql'] };
    const files = { 'index.js': "export const f = (input, api) => api.sql('SELECT count(*) FROM item').rows;" };
    await host.install({ manifest: { name: 'one', graftwork }, files });
    expect(await point.call(null)).toEqual([[0]]);
    await host.close();
    const { rows } = await admin.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'graftwork_sql%'");
    expect(rows).toEqual([]);
    await admin.query(`DROP OWNED BY ${name} CASCADE`);
    await admin.end();
    await remove();
  });
});
