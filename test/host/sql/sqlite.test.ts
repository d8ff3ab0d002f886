// Statements of grafts over SQLite: they answer as SQLite itself, and what runs away or dies is ended and replaced.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHost } from '../../../src/host/index.ts';
import type { SqlEnd } from '../../../src/host/sql/engine.ts';
import { startProcesses } from '../../../src/host/sql/sqlite/command.ts';
import { IsolateMaker } from '../../../src/plugins/compartment/index.ts';
import { wallsAddon } from '../../../src/plugins/compartment/process/index.ts';
import { DATABASES } from '../../support/databases.ts';
import { CANARY, GRANTS, ITEMS, Item, type SqlPlugin, SqlWorld, VISIBLE } from './fixture.ts';

const [sqlite] = DATABASES as [(typeof DATABASES)[0]];
let world: SqlWorld;
let plugin: SqlPlugin;

beforeAll(async () => {
  world = await SqlWorld.open(sqlite);
  plugin = await world.plugin();
});
afterAll(() => world.close());

/** A database in which the granted columns and rows are all there is. */
const direct = (): DatabaseSync => {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE item (id integer primary key, name text, price double precision, made text, facts text)');
  const insert = database.prepare('INSERT INTO item VALUES (?, ?, ?, ?, ?)');
  for (const row of ITEMS) if (row.owner === 'ann') insert.run(...VISIBLE.map((name) => row[name]));
  return database;
};

const HONEST: readonly (readonly [string, unknown[]?])[] = [
  ['SELECT * FROM item ORDER BY id'],
  ['SELECT count(*), count(price), sum(price), avg(price), min(name), max(made) FROM item'],
  ['SELECT a.id, b.name FROM item a JOIN item b ON b.id = a.id + 2 WHERE a.price > ? ORDER BY 1', [3]],
  ['SELECT id FROM item LEFT JOIN (SELECT id AS other FROM item WHERE price IS NULL) ON other = id ORDER BY id'],
  ['SELECT id, row_number() OVER (ORDER BY price DESC, id) AS place, lag(name) OVER (ORDER BY id) FROM item'],
  ['SELECT substr(made, 1, 7) AS month, count(*) FROM item GROUP BY 1 HAVING count(*) > 1 ORDER BY 1'],
  ['WITH cheap AS (SELECT * FROM item WHERE price < ?) SELECT name FROM cheap ORDER BY name, id', [20.5]],
  ['WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT i, i * i FROM n'],
  ["SELECT date(made, '+1 month'), strftime('%Y', made), julianday(made) FROM item ORDER BY id"],
  ["SELECT id, facts ->> 'color', json_array_length(facts, '$.sizes') FROM item WHERE facts IS NOT NULL ORDER BY id"],
  ['SELECT item.id, size.value FROM item, json_each(item.facts, ?) AS size ORDER BY 1, 2', ['$.sizes']],
  ["SELECT x'00ff10' AS bytes, NULL AS missing, 'ü✓😀' AS text, 7 / 2, 7 / 2.0, 9007199254740993 AS large"],
  ["SELECT upper(name), replace(name, 'ë', 'e'), length(name), instr(name, '✓') FROM item ORDER BY id;"],
  ['SELECT ?1, ?2, ?1, typeof(?3), typeof(?4), ?5', [1, 'a', 2, 2.5, null]],
  ['SELECT hex(?)', [{ base64: 'AP8Q' }]],
  ['SELECT name FROM item WHERE name LIKE ? UNION SELECT made FROM item EXCEPT SELECT name FROM item', ['%✓%']],
  [
    'SELECT CASE WHEN price > 10 THEN ? ELSE ? END AS kind, group_concat(id) FROM item GROUP BY kind',
    ['dear', 'cheap'],
  ],
  ['SELECT id FROM item WHERE name = (SELECT name FROM item WHERE id = ?) ORDER BY id -- ; no more', [3]],
  ['SELECT \'main.x\', "name" FROM "item" AS [it] WHERE `it`.id IN (1, 3, 5) ORDER BY id'],
  ['VALUES (1, 2), (3, 4)'],
  ['SELECT count(*) FILTER (WHERE price > 5), total(price), round(stdev, 2) FROM item, (SELECT 1.234 AS stdev)'],
  ['SELECT id FROM item WHERE id < 0'],
];

const asCrossing = (value: unknown): unknown => {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value;
};

const boundAs = (value: unknown): null | number | bigint | string | Uint8Array => {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value === 'object' && value !== null) return Buffer.from((value as { base64: string }).base64, 'base64');
  return value as null | string;
};

test('honest statements answer as SQLite itself', async () => {
  const database = direct();
  const expected = HONEST.map(([text, parameters = []]) => {
    const statement = database.prepare(text);
    statement.setReturnArrays(true);
    statement.setReadBigInts(true);
    const rows = statement.all(...parameters.map(boundAs)) as unknown as unknown[][];
    const columns = statement.columns().map(({ name }) => name);
    return { columns, rows: rows.map((row) => row.map(asCrossing)), changes: 0 };
  });
  expect(expected.filter(({ rows }) => rows.length > 0).length).toBe(HONEST.length - 1);
  const answers = await plugin.ask(...HONEST);
  HONEST.forEach(([text], i) => {
    expect([text, answers[i]]).toEqual([text, expected[i]]);
  });
  // The same again: what was checked is kept.
  expect(await plugin.ask(...HONEST)).toEqual(answers);
});

const REFUSED: readonly string[] = [
  'SELECT 1; SELECT 2',
  'SELECT * FROM users',
  'SELECT owner FROM item',
  'SELECT secret FROM item',
  'SELECT rowid FROM users',
  'SELECT * FROM main.item',
  "SELECT * FROM 'main' /* x */ . item",
  'WITH item AS (SELECT * FROM main.item) SELECT * FROM item',
  'SELECT 1) UNION SELECT password FROM (SELECT * FROM users',
  'EXPLAIN SELECT * FROM item',
  'DELETE FROM item',
  'PRAGMA table_info(item)',
  'SELECT * FROM sqlite_master',
  'SELECT * FROM dbstat',
  "SELECT * FROM pragma_table_info('users')",
  "SELECT load_extension('x')",
  "SELECT fts3_tokenizer('x')",
  'SELECT abs(-9223372036854775808 - 0 * id) FROM item',
  'SELECT nothing FROM item',
  'SELECT',
  'SELECT hex(zeroblob(500000000))',
  'SELECT 9e999',
  'SELECT char(0) AS c',
];

test('a statement that may not run, or fails, is GRAFT_SQL, and no name of the host is in it', async () => {
  const answers = await plugin.ask(...REFUSED.map((text) => [text] as const));
  for (const [i, answer] of answers.entries()) {
    expect([REFUSED[i], String(answer).slice(0, 11)]).toEqual([REFUSED[i], 'GRAFT_SQL: ']);
    expect(answer).not.toMatch(/graft_[0-9a-f]/);
  }
  expect(await plugin.end('SELECT * FROM users')).toMatch(/^failed thrown .*no such table: users/);
});

test('no condition of a graft is tried on a row that the filter keeps away', async () => {
  const leaking =
    "SELECT count(*) FROM item WHERE CASE WHEN name LIKE 'CAN%' THEN abs(-9223372036854775807 - 1) ELSE 1 END";
  const [answer] = await plugin.ask([leaking]);
  expect(answer).toEqual({ columns: ['count(*)'], rows: [[20]], changes: 0 });
  const open = await world.plugin({ grants: { item: { read: ['name'] } } });
  expect(await open.ask([leaking])).toEqual(['GRAFT_SQL: integer overflow']);
});

test('rows of whom a call is made for, and of a column that is not granted', async () => {
  const own = await world.plugin({
    grants: { item: { read: ['id'], where: ({ principal }) => ({ owner: principal }) } },
  });
  const ids = async (principal: string): Promise<unknown> => {
    const outcome = await own.point.invoke(
      { statements: [['SELECT id FROM item ORDER BY id']], caught: false },
      { principal },
    );
    return (outcome.value as { rows: unknown }[])[0]?.rows;
  };
  const of = (owner: string) => ITEMS.filter((row) => row.owner === owner).map(({ id }) => [id]);
  expect(await ids('ann')).toEqual(of('ann'));
  expect(await ids('bob')).toEqual(of('bob'));
  expect(await ids("x' OR '1'='1")).toEqual([]);
  expect(await ids('ann')).toEqual(of('ann'));
});

test('it reads what is committed, also in tables that have changed since, and nothing else', async () => {
  const count = ['SELECT count(*) FROM item'] as const;
  const rows = async (): Promise<unknown> => ((await plugin.ask(count))[0] as { rows: unknown[][] }).rows[0]?.[0];
  const before = (await rows()) as number;
  await world.host.transaction(async (txn) => {
    await txn.entities.insert(Item, { id: 1001, name: 'new', owner: 'ann', secret: CANARY });
    await txn.entities.query('CREATE INDEX item_price ON item (price)');
    expect(await rows()).toBe(before);
  });
  expect(await rows()).toBe(before + 1);
  await world.host.transaction((txn) => txn.entities.query('DELETE FROM item WHERE id = 1001'));
  expect(await rows()).toBe(before);
});

describe('limits', () => {
  const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
  const numbers = (count: number): string =>
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;

  test('endless statements end the call with `limit`, are ended themselves, and delay no other plugin', async () => {
    const runaway = await world.plugin({ ms: 300 });
    const beside = await world.plugin();
    await beside.ask(['SELECT 1']);
    const bombs = [
      ENDLESS,
      `${numbers(3000)} SELECT count(*) FROM n a, n b, n c`,
      `${numbers(100000)} SELECT count(*) FROM n WHERE printf('%.*c', 100000 + i, 'a') LIKE '%a%a%a%a%a%a%b'`,
    ];
    for (const bomb of bombs) {
      const ended = runaway.end(bomb);
      expect(await beside.ask(['SELECT 1 AS one'])).toEqual([{ columns: ['one'], rows: [[1]], changes: 0 }]);
      expect(await ended).toBe('failed limit sql time');
    }
    expect(await runaway.ask(['SELECT 1 AS one'])).toEqual([{ columns: ['one'], rows: [[1]], changes: 0 }]);
  });

  test('what takes too much memory ends the call with `limit`', async () => {
    const bombs = [
      `${numbers(400)} SELECT count(*) FROM (SELECT i, hex(zeroblob(900000)) AS h FROM n ORDER BY h, i DESC LIMIT 390)`,
      `SELECT ${new Array(90).fill('a').join(', ')} FROM (SELECT printf('%.*c', 1900000, 'x') AS a)`,
    ];
    const greedy = await world.plugin({ ms: 20_000 });
    for (const bomb of bombs) expect(await greedy.end(bomb)).toBe('failed limit sql memory');
    expect(await greedy.ask(['SELECT 1 AS one'])).toEqual([{ columns: ['one'], rows: [[1]], changes: 0 }]);
  });

  test('an answer is bounded: rows, values, bytes, columns', async () => {
    const many = await world.plugin({ ms: 20_000 });
    const tooMuch = (what: string): string =>
      `GRAFT_SQL: the answer has more than ${what}: ask for fewer rows or columns`;
    const [rows, ...others] = await many.ask(
      [`${numbers(10_000)} SELECT i FROM n`],
      [`${numbers(10_001)} SELECT i FROM n`],
      [`${numbers(10_000)} SELECT i, i, i, i, i, i, i, i, i, i FROM n`],
      [`${numbers(10)} SELECT printf('%.*c', 100000, 'a') FROM n`],
      [`SELECT ${new Array(101).fill('1').join(', ')}`],
    );
    expect((rows as { rows: unknown[] }).rows).toHaveLength(10_000);
    expect(others).toEqual(['10000 rows', '90000 values', '900000 bytes', '100 columns'].map(tooMuch));
    const few = await world.plugin({ rows_max: 2 });
    expect(await few.ask([`${numbers(3)} SELECT i FROM n`])).toEqual([tooMuch('2 rows')]);
  });

  test('who ends the call ends its statement, and nobody is blamed', async () => {
    const slow = await world.plugin({ ms: 60_000 });
    await slow.ask(['SELECT 1']);
    const before = new Set(world.host.pids());
    const abort = new AbortController();
    const outcome = slow.point.invoke({ statements: [[ENDLESS]], caught: true }, { signal: abort.signal });
    const isBusy = (): boolean => world.host.inUse().transactions > 0;
    while (!isBusy()) await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    expect((await outcome).status).toBe('aborted');
    expect(world.host.inUse().transactions).toBe(0);
    expect(await slow.ask(['SELECT 1 AS one'])).toEqual([{ columns: ['one'], rows: [[1]], changes: 0 }]);
    expect(before.size).toBeGreaterThan(0);
  });
});

test('a process that somebody else kills is the fault of the host, and the next one serves', async () => {
  const { url, remove } = await sqlite.make();
  const file = url.slice('sqlite:'.length);
  const writer = new DatabaseSync(file);
  writer.exec('PRAGMA journal_mode = WAL; CREATE TABLE item (id); INSERT INTO item VALUES (1)');
  const processes = startProcesses(file);
  const ask = (text: string): Promise<SqlEnd> =>
    processes.run('one', {
      grant: JSON.stringify({ views: [{ table: 'item', columns: ['id'], filtered: [], filter: '' }] }),
      request: JSON.stringify({ text, parameters: [], rows_max: 1 }),
      ms: 60_000,
      signal: new AbortController().signal,
    });
  const answered = { is: 'answered', answer: { columns: ['id'], rows: [[1]], changes: 0 } };
  try {
    expect(await ask('SELECT id FROM item')).toEqual(answered);
    const [own, spare] = processes.all.map(({ pid }) => pid) as [number, number];
    const ended = ask('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n');
    setImmediate(() => process.kill(own, 'SIGKILL'));
    expect(await ended).toMatchObject({ is: 'failed' });
    expect(await ask('SELECT id FROM item')).toEqual(answered);
    expect(processes.all[0]?.pid).toBe(spare);
  } finally {
    processes.close();
    writer.close();
    await remove();
  }
});

test('its process has no file but those of the database, which it cannot write, and can open none', async () => {
  const walls = wallsAddon() === null ? 'none' : 'all';
  await plugin.ask(['SELECT 1']);
  const statements = world.host.pids().filter((pid) => descriptors(pid).some((path) => path.endsWith('.db')));
  expect(statements.length).toBeGreaterThan(0);
  for (const pid of walls === 'all' ? statements : []) {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    expect(status).toMatch(/^Seccomp:\t2$/m);
    const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
    expect(limits).toMatch(/^Max file size +0 /m);
    expect(limits).toMatch(/^Max open files +0 /m);
    expect(limits).toMatch(/^Max address space +\d/m);
    // Its pipes have no name any more.
    const strange = descriptors(pid).filter(
      (path) => path.startsWith('/') && !/^\/dev\/null$| \(deleted\)$/.test(path),
    );
    expect(strange.filter((path) => !/\.db(-wal|-shm)?$/.test(path))).toEqual([]);
  }
});

/** What a process has open; nothing where that is not told. */
const descriptors = (pid: number): string[] => {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((name) => readlinkSync(`/proc/${pid}/fd/${name}`));
  } catch {
    return [];
  }
};

test('arguments are bounded and plain', async () => {
  const wrong = await plugin.ask(
    ['SELECT ?', [{ toString: 'x' }]],
    ['SELECT ?', [[1]]],
    ['SELECT ?', [{ base64: 'no base64!' }]],
    [`SELECT '${'x'.repeat(20_000)}'`],
    ['SELECT ?', new Array(501).fill(1)],
  );
  for (const one of wrong) expect(String(one)).toMatch(/^GRAFT_BAD_ARGUMENT: sql: /);
  expect(String((await plugin.ask(['SELECT ?', [1, 2]]))[0])).toMatch(/^GRAFT_SQL: /);
});

test('grants are checked', () => {
  const { host } = world;
  const bad: [unknown, string][] = [
    [{}, 'GRAFT_BAD_OPTION'],
    [{ grants: {} }, 'GRAFT_BAD_OPTION'],
    [{ grants: { item: {} } }, 'GRAFT_BAD_OPTION'],
    [{ grants: { item: { read: ['nothing'] } } }, 'GRAFT_BAD_OPTION'],
    [{ grants: { item: { read: 'all', where: { nothing: 1 } } } }, 'GRAFT_BAD_OPTION'],
    [{ grants: { item: { read: 'all', write: 'all' } } }, 'GRAFT_BAD_OPTION'],
    [{ grants: GRANTS, rows_max: 0 }, 'GRAFT_BAD_OPTION'],
    [{ grants: { sqlite_master: { read: 'all' } } }, 'GRAFT_UNKNOWN_TABLE'],
  ];
  for (const [options, code] of bad)
    expect(() => host.sql(options as never)).toThrow(expect.objectContaining({ code }));
});

test('a compartment that cannot wait has no sql: the install is refused', async () => {
  const { url, remove } = await sqlite.make();
  const host = await createHost({ store: url, entities: [Item], compartment: new IsolateMaker() });
  try {
    const callable = { sql: host.sql({ grants: { item: { read: 'all' } } }) };
    host.graftPoint({ name: 'p', kind: 'function', default: () => null, callable });
    const graftwork = { api: 1, grafts: [{ point: 'p', export: 'f' }], needs: ['sql'] };
    const files = { 'index.js': 'export const f = (input, api) => api.sql("SELECT 1");' };
    await expect(host.install({ manifest: { name: 'one', graftwork }, files })).rejects.toMatchObject({
      code: 'GRAFT_MUST_WAIT',
    });
  } finally {
    await host.close();
    await remove();
  }
});
