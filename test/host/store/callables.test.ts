import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { NodeSqlite } from '../../../src/host/store/index.ts';
import { type CallableTree, type Caller, unknownName } from '../../../src/plugins/index.ts';
import { Ticket } from '../../../src/txn/index.ts';
import { call, callerOf, Fixture, folder, now, thrown } from './fixture.ts';

let place: ReturnType<typeof folder>;
let fixture: Fixture;
let owners: CallableTree;
let caller: Caller;

const ALL = { read: 'all', write: 'all', insert: true, delete: true } as const;

beforeEach(async () => {
  place = folder();
  fixture = await Fixture.open(`${place.path}/app.db`);
  owners = fixture.store.callables('owner', ALL);
  await fixture.transact((txn) => {
    const table = fixture.store.table('owner');
    now(table.insert(txn, { name: 'ann', age: 30, score: 1.5, secret: 's' }));
    now(table.insert(txn, { name: 'bob', age: 40, active: false }));
    return table.insert(txn, { name: 'cid' });
  });
  caller = callerOf(fixture.begin());
});

afterEach(async () => {
  await fixture.store.close();
  place.remove();
});

const names = (where?: unknown): unknown =>
  (call(owners, 'find', caller, { where, columns: ['name'], orderBy: [{ column: 'id' }] }) as { name: string }[]).map(
    (row) => row.name,
  );

const refused = (name: string, ...args: unknown[]): string => {
  const error = thrown(() => call(owners, name, caller, ...args));
  expect(error.code).toBe('GRAFT_BAD_ARGUMENT');
  return error.message;
};

const unknown = (what: string, kind: string, name: string, names: readonly string[]): string =>
  `${what}: ${unknownName(kind, name, names)}`;
const COLUMNS = ['active', 'age', 'id', 'name', 'score'];
const LIKE = 'where.name: like: expected at most 100 characters, 4 of them % or _, got ';
const IN = 'where.age: in: expected a list of at most 500 values, got ';
const OPERATORS = ['!=', '<', '<=', '>', '>=', 'in', 'like'];
const noColumn = (what: string, name: string): string => unknown(what, 'column', name, COLUMNS);

describe('find', () => {
  test('answers plain rows of what may be read', () => {
    expect(call(owners, 'find', caller, { where: { name: 'ann' } })).toEqual([
      { id: 1, name: 'ann', age: 30, score: 1.5, active: true },
    ]);
    expect(call(owners, 'count', caller)).toBe(3);
    expect(call(owners, 'count', caller, { active: true })).toBe(2);
  });

  test.each([
    [{ age: null }, ['cid']],
    [{ active: false }, ['bob']],
    [{ age: { op: '<', value: 40 } }, ['ann']],
    [{ age: { op: '<=', value: 40 } }, ['ann', 'bob']],
    [{ age: { op: '>', value: 30 } }, ['bob']],
    [{ age: { op: '>=', value: 30 } }, ['ann', 'bob']],
    [{ age: { op: '!=', value: 30 } }, ['bob', 'cid']],
    [{ age: { op: '!=', value: null } }, ['ann', 'bob']],
    [{ name: { op: 'in', value: ['ann', 'cid', 'zoe'] } }, ['ann', 'cid']],
    [{ id: { op: 'in', value: [2, 3] }, active: true }, ['cid']],
    [{ name: { op: 'in', value: [] } }, []],
    [{ name: { op: 'like', value: '%n_' } }, ['ann']],
    [{ name: { op: 'like', value: 'n%' } }, []],
    [{ name: { op: 'like', value: '_n%' } }, ['ann']],
  ])('where %j', (where, expected) => {
    expect(names(where)).toEqual(expected);
  });

  test('order, limit and offset', () => {
    const descending = {
      columns: ['name'],
      orderBy: [{ column: 'active' }, { column: 'name', descending: true }],
      limit: 2,
      offset: 1,
    };
    expect(call(owners, 'find', caller, descending)).toEqual([{ name: 'cid' }, { name: 'ann' }]);
  });

  test.each([
    [{ unknown: 1 }, unknown('options', 'key', 'unknown', ['columns', 'limit', 'offset', 'orderBy', 'where'])],
    ['owner', 'options: expected an object, got "owner"'],
    [null, 'options: expected an object, got null'],
    [{ where: { nothing: 1 } }, noColumn('where', 'nothing')],
    [{ where: { secret: 's' } }, noColumn('where', 'secret')],
    [{ where: { 'id" OR 1=1 --': 1 } }, noColumn('where', 'id" OR 1=1 --')],
    [{ where: { age: 'x' } }, 'column age: expected an integer, got "x"'],
    [{ where: { age: 1.5 } }, 'column age: expected an integer, got 1.5'],
    [{ where: { name: 7 } }, 'column name: expected a text, got 7'],
    [{ where: { active: 1 } }, 'column active: expected true or false, got 1'],
    [{ where: { name: ['ann'] } }, 'where.name: expected an object, got a list of 1'],
    [{ where: { age: { op: 'glob', value: 1 } } }, unknown('where.age', 'operator', 'glob', OPERATORS)],
    [{ where: { age: { op: 'toString', value: 1 } } }, unknown('where.age', 'operator', 'toString', OPERATORS)],
    [{ where: { age: { op: '<' } } }, 'where.age: a value is missing'],
    [{ where: { age: { op: '<', value: null } } }, 'where.age: < takes no null'],
    [{ where: { age: { op: '<', value: 1, not: 2 } } }, unknown('where.age', 'key', 'not', ['op', 'value'])],
    [{ where: { age: { op: 'in', value: 1 } } }, `${IN}1`],
    [{ where: { age: { op: 'in', value: new Array(501).fill(1) } } }, `${IN}a list of 501`],
    [{ where: { age: { op: 'in', value: [null] } } }, 'where.age: in takes no null'],
    [{ where: { age: { op: 'in', value: ['x'] } } }, 'column age: expected an integer, got "x"'],
    [{ where: { age: { op: 'like', value: '1%' } } }, 'where.age: like is for text'],
    [{ where: { name: { op: 'like', value: '%a%b%c%d%' } } }, `${LIKE}"%a%b%c%d%"`],
    [{ where: { name: { op: 'like', value: 'a'.repeat(101) } } }, `${LIKE}"${'a'.repeat(50)}"…`],
    [{ columns: [] }, 'columns: expected a list of names, got a list of 0'],
    [{ columns: ['id', 'id'] }, 'columns: a name twice'],
    [{ columns: ['photo'] }, noColumn('columns', 'photo')],
    [{ columns: [['id']] }, `columns: unknown column a list of 1; there is ${COLUMNS.join(', ')}`],
    [{ orderBy: [] }, 'orderBy: expected a list of 1 to 8 columns, got a list of 0'],
    [{ orderBy: ['id'] }, 'orderBy: expected an object, got "id"'],
    [{ orderBy: [{ column: 'secret' }] }, noColumn('orderBy', 'secret')],
    [{ orderBy: [{ column: 'id', descending: 'DESC' }] }, 'orderBy: descending: expected true or false, got "DESC"'],
    [{ limit: -1 }, 'limit: expected a whole number, not negative, got -1'],
    [{ limit: 1.5 }, 'limit: expected a whole number, not negative, got 1.5'],
    [{ limit: 1001 }, 'limit: expected at most 1000 rows, got 1001'],
    [{ offset: '1' }, 'offset: expected a whole number, not negative, got "1"'],
  ])('refuses %j', (options, message) => {
    expect(refused('find', options)).toBe(message);
  });

  test('refuses a second argument', () => {
    refused('find', {}, {});
    refused('count', {}, {});
  });

  test('answers with too many rows are refused, not cut', () => {
    const two = fixture.store.callables('owner', { read: ['id'], rows_max: 2 });
    expect(thrown(() => call(two, 'find', caller)).message).toBe(
      'the answer has more than 2 rows: ask for fewer rows or columns',
    );
    expect(call(two, 'find', caller, { limit: 2 })).toEqual([{ id: 1 }, { id: 2 }]);
    expect(Object.keys(two)).toEqual(['find', 'count']);
  });

  test('so are answers with too many bytes, measured as the JSON that crosses', () => {
    const insert = (name: string): unknown => fixture.store.table('owner').insert(caller.txn, { name });
    insert('x'.repeat(899_000));
    const long = { columns: ['name'], where: { name: { op: 'like', value: 'x%' } } };
    expect(call(owners, 'find', caller, long)).toHaveLength(1);
    insert(`x${'y'.repeat(2_000)}`);
    expect(refused('find', long)).toMatch(/more than 900000 bytes/);
    insert('\u0001'.repeat(200_000));
    expect(refused('find', { columns: ['name'], where: { name: { op: '<', value: 'a' } } })).toMatch(
      /more than 900000 bytes/,
    );
    insert('é'.repeat(460_000));
    expect(refused('find', { columns: ['name'], where: { name: { op: '>', value: 'z' } } })).toMatch(
      /more than 900000 bytes/,
    );
  });

  test('no text goes in that could not be found again, with as much in every other column of text', () => {
    const long = 'x'.repeat(445_001);
    expect(thrown(() => call(owners, 'insert', caller, { name: long })).message).toBe(
      'column name: a text of more than 445000 bytes could not be found again',
    );
    call(owners, 'insert', caller, { name: long.slice(3) });
    const update = (name: string): unknown => call(owners, 'update', caller, { id: 1 }, { name });
    expect(thrown(() => update('\u0001'.repeat(80_000))).message).toMatch(/could not be found again/);
    expect(caller.txn.doomed).toBeNull();
  });

  test.each([
    ['count', [{ name: { op: 'like', value: `%${'a'.repeat(97)}b` } }]],
    ['find', [{ where: { name: { op: 'like', value: `%${'a'.repeat(97)}b` } } }]],
    ['find', [{ columns: ['id'], orderBy: [{ column: 'name' }] }]],
    ['update', [{ name: { op: 'like', value: `%${'a'.repeat(97)}b` } }, { age: 1 }]],
  ] as const)('%s %j over more text than it may look at ends with limit', (name, args) => {
    for (let i = 0; i < 12; i++)
      fixture.store.table('owner').insert(caller.txn, { name: `${'a'.repeat(500_000)}${i}` });
    expect(call(owners, 'count', caller, { name: { op: 'like', value: 'a%b' } })).toBe(0);
    expect(thrown(() => call(owners, name, caller, ...args)).message).toBe('limit: scan of owner');
    expect(caller.txn.doomed).not.toBeNull();
  });

  test('and with too many values', async () => {
    const many = fixture.store.callables('owner', { read: ['id'], rows_max: 100_000 });
    const filler = new NodeSqlite(fixture.file);
    caller.txn.abort();
    filler.exec(
      'WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) ' +
        "INSERT INTO owner (name) SELECT 'n' || i FROM n",
    );
    filler.close();
    caller = callerOf(fixture.begin());
    expect(thrown(() => call(many, 'find', caller)).message).toMatch(/more than 90000 values/);
    expect(call(many, 'find', caller, { limit: 45_000 })).toHaveLength(45_000);
  });

  test('a number that would be rounded is refused, and so is what is not plain', () => {
    caller.txn.abort();
    const raw = new NodeSqlite(fixture.file);
    raw.exec(
      'INSERT INTO owner (id, name, age) VALUES ' +
        "(10, 'big', 9007199254740993), (11, 'inf', 9e999), (12, 'nul' || char(0), 1)",
    );
    raw.exec("INSERT INTO owner (id, name) VALUES (13, x'ff')");
    raw.close();
    caller = callerOf(fixture.begin());
    for (const id of [10, 11])
      expect(refused('find', { where: { id } })).toMatch(/a number that cannot be told exactly$/);
    expect(refused('find', { where: { id: 12 } })).toBe('column name holds a value that is not plain data');
    expect(refused('find', { where: { id: 13 } })).toBe('column name holds a value that is not plain data');
    expect(names({ id: 1 })).toEqual(['ann']);
  });
});

describe('writes', () => {
  test('insert, update and delete, and what they are charged', () => {
    expect(
      call(owners, 'insert', caller, { name: 'dan', age: 9_007_199_254_740_991, score: -0.5, active: false }),
    ).toEqual({ id: 4 });
    expect(call(owners, 'update', caller, { age: { op: '!=', value: null } }, { score: 2 })).toBe(3);
    expect(call(owners, 'delete', caller, { name: { op: 'in', value: ['ann', 'zoe'] } })).toBe(1);
    expect(caller.txn.account?.spent[1]).toBe(5);
    expect(fixture.commit(caller.txn)).toBeNull();
    expect(fixture.store.table('owner').find(null, { columns: ['name', 'age', 'score', 'secret'] })).toEqual([
      { name: 'bob', age: 40, score: 2, secret: null },
      { name: 'cid', age: null, score: null, secret: null },
      { name: 'dan', age: 9_007_199_254_740_991, score: 2, secret: null },
    ]);
  });

  test('what the database or TypeORM makes by itself', () => {
    const purchases = fixture.store.callables('purchase', ALL);
    const { id } = call(purchases, 'insert', caller, { owner: 1 }) as { id: string };
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(call(purchases, 'update', caller, { id }, { owner: 2 })).toBe(1);
    const [row] = call(purchases, 'find', caller) as Record<string, unknown>[];
    expect(row).toEqual({
      id,
      owner: 2,
      version: 2,
      changed: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
    });
    expect(call(owners, 'insert', caller, { name: 'dan' })).toEqual({ id: 4 });
    expect(call(owners, 'find', caller, { where: { id: 4 }, columns: ['active'] })).toEqual([{ active: true }]);
  });

  test('a write that the account cannot pay does not happen', () => {
    const poor = callerOf(caller.txn, { writes: 2 });
    expect(thrown(() => call(owners, 'update', poor, { id: { op: '>', value: 0 } }, { age: 1 })).reason).toBe('limit');
    expect(poor.txn.doomed?.detail).toBe('writes');
    expect(poor.txn.account?.spent[1]).toBe(0);
    poor.txn.abort();
    expect(fixture.store.table('owner').find(null, { where: { age: 1 } })).toEqual([]);
  });

  test.each([
    ['insert', [{ name: 'ann' }], 'UNIQUE constraint failed: owner.name'],
    ['insert', [{ id: 1, name: 'x' }], 'UNIQUE constraint failed: owner.id'],
    ['insert', [{}], 'NOT NULL constraint failed: owner.name'],
    ['insert', [{ name: null }], 'NOT NULL constraint failed: owner.name'],
    ['update', [{ id: 1 }, { age: -1 }], 'CHECK constraint failed: owner_age'],
    ['insert', [], 'number of arguments: expected 1, got 0'],
    ['insert', [{ name: 'x' }, 1], 'number of arguments: expected 1, got 2'],
    ['insert', [{ nothing: 1 }], noColumn('row', 'nothing')],
    ['insert', [{ photo: 'x' }], noColumn('row', 'photo')],
    ['insert', [['x']], 'row: expected an object, got a list of 1'],
    ['insert', [{ name: { a: 1 } }], 'column name: expected a text, got an object'],
    ['insert', [{ name: 'a\0b' }], 'column name: expected a text, got "a\ufffdb"'],
    ['insert', [{ name: 'x', age: 2 ** 53 }], 'column age: expected an integer, got 9007199254740992'],
    ['update', [{ id: 1 }], 'number of arguments: expected 2, got 1'],
    ['update', [{}, { age: 1 }], 'update takes conditions: which rows'],
    ['update', [{ id: 1 }, {}], 'changes must name a column'],
    ['update', [{ id: 1 }, { nothing: 1 }], noColumn('changes', 'nothing')],
    ['delete', [{}], 'delete takes conditions: which rows'],
    ['delete', [], 'number of arguments: expected 1, got 0'],
    ['delete', [undefined], 'delete takes conditions: which rows'],
  ])('%s refuses %j', (name, args, message) => {
    expect(refused(name, ...args)).toBe(message);
    expect(names()).toEqual(['ann', 'bob', 'cid']);
    expect(fixture.commit(caller.txn)).toBeNull();
  });

  test('a grant opens no more than it says', () => {
    const narrow = fixture.store.callables('owner', { read: ['id', 'name'], write: ['age'] });
    expect(Object.keys(narrow)).toEqual(['find', 'count', 'update']);
    expect(call(narrow, 'find', caller, { limit: 1 })).toEqual([{ id: 1, name: 'ann' }]);
    expect(thrown(() => call(narrow, 'find', caller, { where: { age: 1 } })).message).toBe(
      unknown('where', 'column', 'age', ['id', 'name']),
    );
    expect(thrown(() => call(narrow, 'update', caller, { age: 30 }, { age: 1 })).message).toBe(
      unknown('where', 'column', 'age', ['id', 'name']),
    );
    expect(thrown(() => call(narrow, 'update', caller, { id: 1 }, { name: 'x' })).message).toBe(
      unknown('changes', 'column', 'name', ['age']),
    );
    expect(Object.keys(fixture.store.callables('owner', { write: ['name'], update: false, insert: true }))).toEqual([
      'insert',
    ]);
    expect(fixture.store.callables('owner', {})).toEqual({});
    expect(call(fixture.store.callables('owner', { read: ['secret'] }), 'find', caller, { limit: 1 })).toEqual([
      { secret: 's' },
    ]);
  });

  test.each([
    [{ read: ['nothing'] }, 'GRAFT_BAD_OPTION'],
    [{ read: ['photo'] }, 'GRAFT_BAD_OPTION'],
    [{ reads: 'all' }, 'GRAFT_BAD_OPTION'],
    [{ read: 'all', rows_max: 0 }, 'GRAFT_BAD_OPTION'],
  ])('the grant %j cannot be made', (grant, code) => {
    expect(thrown(() => fixture.store.callables('owner', grant as never)).code).toBe(code);
  });

  test('unknown tables, the store’s own among them', () => {
    for (const name of ['nothing', 'graftwork_outbox', 'sqlite_master', 'Owner'])
      expect(thrown(() => fixture.store.callables(name, ALL)).code).toBe('GRAFT_UNKNOWN_TABLE');
  });

  test('any other failure of the database tells nothing of it', () => {
    caller.txn.abort();
    const raw = new NodeSqlite(fixture.file);
    raw.exec('ALTER TABLE owner RENAME TO gone');
    raw.close();
    caller = callerOf(fixture.begin());
    const error = thrown(() => call(owners, 'find', caller));
    expect([error.code, error.message]).toEqual(['GRAFT_STORE', 'the database failed: SQLITE_ERROR']);
  });
});

describe('a point that only reads', () => {
  const reader = (): Caller => callerOf(fixture.begin(), { readOnly: true });
  const count = (one: Caller): unknown => call(owners, 'count', one);
  const add = (name: string): Promise<unknown> =>
    fixture.transact((txn) => fixture.store.table('owner').insert(txn, { name }));

  test('writes are refused', () => {
    const one = reader();
    const writes: [string, unknown[]][] = [
      ['insert', [{ name: 'x' }]],
      ['update', [{ id: 1 }, { age: 1 }]],
      ['delete', [{ id: 1 }]],
    ];
    for (const [name, args] of writes)
      expect(thrown(() => call(owners, name, one, ...args)).message).toBe('this graft point only reads');
    const channel = fixture.store.channel('mail', () => {});
    expect(thrown(() => channel.callable.run(one, ['x'])).message).toBe('this graft point only reads');
  });

  test('all reads of a tree see one state, and no slot is needed', async () => {
    const one = reader();
    expect(count(one)).toBe(3);
    await add('dan');
    const child = callerOf(one.txn.begin(), { readOnly: true });
    expect(count(child)).toBe(3);
    child.txn.commit();
    expect(count(one)).toBe(3);
    const other = reader();
    expect(count(other)).toBe(4);
    now(fixture.store.table('owner').insert(caller.txn, { name: 'eve' }));
    expect(count(other)).toBe(4);
    one.txn.commit();
    other.txn.abort();
    expect(count(reader())).toBe(4);
  });

  test('when all snapshots are taken the next one waits', async () => {
    const four = [reader(), reader(), reader(), reader()];
    for (const one of four) expect(count(one)).toBe(3);
    const fifth = reader();
    const ticket = count(fifth) as Ticket;
    expect(ticket).toBeInstanceOf(Ticket);
    await add('dan');
    for (const one of four) one.txn.commit();
    expect(ticket.state).toBe('granted');
    expect(count(fifth)).toBe(4);
    fifth.txn.commit();
  });

  test('inside a transaction that has written it sees what was written', () => {
    now(fixture.store.table('owner').insert(caller.txn, { name: 'dan' }));
    const inside = callerOf(caller.txn.begin(), { readOnly: true });
    expect(count(inside)).toBe(4);
    inside.txn.commit();
    expect(fixture.commit(caller.txn)).toBeNull();
  });

  test('what was read in a snapshot that is no longer current is not the ground for a write', async () => {
    const one = reader();
    expect(count(one)).toBe(3);
    await add('dan');
    expect(thrown(() => fixture.store.table('owner').insert(one.txn, { name: 'five' })).reason).toBe('store-conflict');
    one.txn.abort();
    const current = reader();
    expect(count(current)).toBe(4);
    now(fixture.store.table('owner').insert(current.txn, { name: 'five' }));
    expect(fixture.commit(current.txn)).toBeNull();
    expect(count(reader())).toBe(5);
  });
});
