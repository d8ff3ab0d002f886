// What a store promises, whichever database it lies in: one transaction over rows, maps and messages, nested ones in
// it, and the same after a restart.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHost, type Host, type HostTransaction } from '../../../src/host/index.ts';
import type { CellValue, Store, TableAccess, Where } from '../../../src/host/store/index.ts';
import type { Aborted } from '../../../src/txn/index.ts';
import { DATABASES, type DatabaseKind } from '../../support/databases.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { call, callerOf, Fixture, OwnerOfAny, patiently } from './fixture.ts';

let database: TestDatabase;

const names = async (host: Host): Promise<CellValue[]> => {
  const rows = await host.table('owner').read({ columns: ['name'], orderBy: [{ column: 'id' }] });
  return rows.map((row) => row.name as CellValue);
};

const suites = (what: string, define: (each: typeof test) => void): void => {
  describe.each(DATABASES)(`${what}, $name`, (kind: DatabaseKind) => {
    if (kind.isThere) {
      beforeEach(async () => {
        database = await kind.make();
      });
      afterEach(() => database.remove());
    }
    define(kind.isThere ? test : (test.skip as typeof test));
  });
};

const open = (): Promise<Host> => createHost({ store: database.url, entities: [OwnerOfAny], report: () => {} });

const add = (txn: HostTransaction, name: string): Promise<unknown> =>
  txn.entities.getRepository(OwnerOfAny).insert({ name });

suites('host.transaction', (each) => {
  let host: Host;

  each('is kept as a whole or not at all: rows, TypeORM, maps, messages', async () => {
    host = await open();
    const map = host.map<number>('map', { stored: true });
    const sent: unknown[] = [];
    const mail = host.channel('mail', (_id, what) => void sent.push(what));
    await host.restore();
    const work = async (txn: HostTransaction, name: string): Promise<void> => {
      await host.table('owner').in(txn).insert({ name });
      await add(txn, `${name}-too`);
      await map.in(txn).set(name, 1);
      await mail.send(txn, name);
    };
    await host.transaction((txn) => work(txn, 'ann'));
    const failed = host.transaction(async (txn) => {
      await work(txn, 'bob');
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect([await names(host), map.entries()]).toEqual([['ann', 'ann-too'], [['ann', 1]]]);
    await host.close();
    expect(sent).toEqual(['ann']);
    host = await open();
    expect([await names(host), host.map('map', { stored: true }).entries()]).toEqual([
      ['ann', 'ann-too'],
      [['ann', 1]],
    ]);
    await host.close();
  });

  each('a nested transaction of TypeORM is undone alone, and what comes after it is kept', async () => {
    host = await open();
    await host.transaction(async (txn) => {
      await add(txn, 'ann');
      const nested = txn.entities.transaction(async (entities) => {
        await entities.insert(OwnerOfAny, { name: 'bob' });
        await entities.transaction((inner) => inner.insert(OwnerOfAny, { name: 'cid' }));
        throw new Error('no');
      });
      await expect(nested).rejects.toThrow('no');
      await txn.entities.transaction((entities) => entities.insert(OwnerOfAny, { name: 'dan' }));
      await add(txn, 'eve');
    });
    expect(await names(host)).toEqual(['ann', 'dan', 'eve']);
    await host.close();
  });

  each('a rule that does not hold is told, and the transaction goes on', async () => {
    host = await open();
    const owners = host.table('owner');
    await host.transaction(async (txn) => {
      await owners.in(txn).insert({ name: 'ann' });
      await expect(owners.in(txn).insert({ name: 'ann' })).rejects.toMatchObject({ code: 'GRAFT_BAD_ARGUMENT' });
      await expect(owners.in(txn).update({ name: 'ann' }, { age: -1 })).rejects.toThrow(/CHECK constraint/);
      await owners.in(txn).insert({ name: 'bob' });
      await expect(add(txn, 'bob')).rejects.toThrow();
      await owners.in(txn).insert({ name: 'cid' });
    });
    expect(await names(host)).toEqual(['ann', 'bob', 'cid']);
    await host.close();
  });

  each('the first statement may fail as well', async () => {
    host = await open();
    const owners = host.table('owner');
    await host.transaction((txn) => owners.in(txn).insert({ name: 'ann' }));
    await host.transaction(async (txn) => {
      await expect(owners.in(txn).insert({ name: 'ann' })).rejects.toMatchObject({ code: 'GRAFT_BAD_ARGUMENT' });
      await owners.in(txn).insert({ name: 'bob' });
    });
    expect(await names(host)).toEqual(['ann', 'bob']);
    await host.close();
  });
});

suites('a table', (each) => {
  let fixture: Fixture<Store>;

  const prepare = async (): Promise<void> => {
    fixture = await Fixture.at(database.url);
    const owners = fixture.store.table('owner');
    for (const row of [
      { name: 'ann', age: 30, born: '1990-02-03', extra: { a: [1, null] } },
      { name: 'bob', age: 40, active: false },
      { name: 'cid' },
    ])
      await fixture.transact((txn) => owners.insert(txn, row));
  };

  const WHERE: [Where, string[]][] = [
    [{ age: null }, ['cid']],
    [{ active: false }, ['bob']],
    [{ age: { op: '<', value: 40 } }, ['ann']],
    [{ age: { op: '>=', value: 30 } }, ['ann', 'bob']],
    [{ age: { op: '!=', value: 30 } }, ['bob', 'cid']],
    [{ age: { op: '!=', value: null } }, ['ann', 'bob']],
    [{ name: { op: 'in', value: ['ann', 'cid', 'zoe'] } }, ['ann', 'cid']],
    [{ id: { op: 'in', value: [2, 3] }, active: true }, ['cid']],
    [{ name: { op: 'in', value: [] } }, []],
    [{ name: { op: 'like', value: '%N_' } }, ['ann']],
    [{ name: { op: 'like', value: '\\%' } }, []],
    [{ born: '1990-02-03' }, ['ann']],
    [{ version: 1 }, ['ann', 'bob', 'cid']],
  ];

  each('conditions, order, limits, values', async () => {
    await prepare();
    const all = fixture.store.callables('owner', { read: 'all', write: 'all', insert: true, delete: true });
    const txn = fixture.begin();
    const caller = callerOf(txn);
    const ask = (name: string, ...args: unknown[]): Promise<unknown> =>
      patiently(() => call(all, name, caller, ...args) as Promise<unknown>);
    for (const [where, expected] of WHERE) {
      const rows = (await ask('find', { where, columns: ['name'], orderBy: [{ column: 'id' }] })) as { name: string }[];
      expect([where, rows.map(({ name }) => name)]).toEqual([where, expected]);
      expect([where, await ask('count', where)]).toEqual([where, expected.length]);
    }
    const byAge = (descending: boolean) => ask('find', { columns: ['age'], orderBy: [{ column: 'age', descending }] });
    expect(await byAge(false)).toEqual([{ age: null }, { age: 30 }, { age: 40 }]);
    expect(await byAge(true)).toEqual([{ age: 40 }, { age: 30 }, { age: null }]);
    expect(await ask('find', { where: { name: 'ann' } })).toEqual([
      { id: 1, name: 'ann', age: 30, active: true, born: '1990-02-03', extra: { a: [1, null] }, version: 1 },
    ]);
    expect(await ask('update', { age: { op: '>', value: 0 } }, { active: true })).toBe(2);
    expect(
      await ask('find', { where: { version: 2 }, columns: ['id'], orderBy: [{ column: 'id' }], offset: 1 }),
    ).toEqual([{ id: 2 }]);
    expect(await ask('delete', { name: 'cid' })).toBe(1);
    expect(await ask('insert', { name: 'dan' })).toEqual({ id: 4 });
    txn.abort();
    expect(await patiently(() => fixture.store.table('owner').count(null))).toBe(3);
    await fixture.store.close();
  });

  each('answers that are too much are refused, and writes that cannot be paid are undone', async () => {
    await prepare();
    const two = fixture.store.callables('owner', { read: ['id'], write: ['age'], rows_max: 2 });
    const txn = fixture.begin();
    const caller = callerOf(txn, { writes: 2 });
    const ask = (name: string, ...args: unknown[]): Promise<unknown> =>
      patiently(() => call(two, name, caller, ...args) as Promise<unknown>);
    await expect(ask('find')).rejects.toThrow('the answer has more than 2 rows');
    expect(await ask('find', { limit: 2 })).toHaveLength(2);
    const all = ask('update', { id: { op: '>', value: 0 } }, { age: 1 });
    await expect(all).rejects.toMatchObject({ reason: 'limit', detail: 'writes' } satisfies Partial<Aborted>);
    txn.abort();
    const rows = await patiently(() => fixture.store.table('owner').find(null, { where: { age: 1 } }));
    expect(rows).toEqual([]);
    await fixture.store.close();
  });

  each('nobody sees what is not committed', async () => {
    await prepare();
    const owners = fixture.store.table('owner') as TableAccess;
    const txn = fixture.begin();
    await patiently(() => owners.insert(txn, { name: 'dan' }));
    expect(await patiently(() => owners.count(null))).toBe(3);
    expect(await patiently(() => owners.count(txn))).toBe(4);
    expect(await fixture.committed(txn)).toBeNull();
    expect(await patiently(() => owners.count(null))).toBe(4);
    await fixture.store.close();
  });
});

const PLUGIN = `export const work = ({ name, ends }, api) => {
  api.owner.insert({ name });
  try { api.owner.insert({ name }); } catch (error) { api.storage.set('seen', error.code); }
  api.map.set('last', name);
  api.mail(name);
  if (ends === 'thrown') throw new Error('on purpose');
  return ends === 'invalid-answer' ? 7 : api.storage.get('seen');
};`;

suites('a graft', (each) => {
  each('does all or nothing, is removed for it, and all that is kept comes back', async () => {
    const declare = (host: Host, sent: unknown[]) => {
      const map = host.map<string>('map', { stored: true });
      const mail = host.channel('mail', (_id, what) => void sent.push(what));
      const point = host.graftPoint<{ name: string; ends?: string }, unknown>({
        name: 'shop/work',
        kind: 'function',
        default: () => 'nobody',
        check: (answer) => typeof answer === 'string',
        callable: {
          owner: host.table('owner').callables({ read: 'all', write: 'all', insert: true }),
          map: map.writable(),
          mail: mail.callable,
          storage: host.storage,
        },
      });
      return { map, point };
    };
    const registry = { ...(database.url.startsWith('sqlite') && { registry: `${database.url.slice(7)}-plugins` }) };
    const start = () => createHost({ store: database.url, entities: [OwnerOfAny], report: () => {}, ...registry });
    const sent: unknown[] = [];
    let host = await start();
    let { map, point } = declare(host, sent);
    await host.restore();
    const graftwork = {
      api: 1,
      grafts: [{ point: 'shop/work', export: 'work' }],
      needs: ['owner', 'map', 'mail', 'storage'],
    };
    const source = { manifest: { name: 'shop', graftwork }, files: { 'index.js': PLUGIN } };
    await host.install(source);
    expect(await point.call({ name: 'ann' })).toBe('GRAFT_BAD_ARGUMENT');
    const failed = await point.invoke({ name: 'bob', ends: 'thrown' });
    expect(failed).toMatchObject({ status: 'default', value: 'nobody', grafts: [{ reason: 'thrown', removed: true }] });
    expect([await names(host), map.get('last'), host.plugins()[0]?.grafts[0]?.state]).toEqual([
      ['ann'],
      'ann',
      'removed',
    ]);
    await host.close();

    host = await start();
    ({ map, point } = declare(host, sent));
    await host.restore();
    expect([map.get('last'), await point.call({ name: 'bob' })]).toEqual(['ann', 'nobody']);
    expect(host.removedPlugins()).toMatchObject([{ name: 'shop', state: 'removed' }]);
    expect(await host.aborts()).toMatchObject([{ reason: 'thrown', graft: 'shop#work', removed: true }]);
    await host.enable('shop');
    const lied = await point.invoke({ name: 'bob', ends: 'invalid-answer' });
    expect(lied).toMatchObject({ status: 'default', grafts: [{ reason: 'invalid-answer', removed: true }] });
    await host.enable('shop');
    expect(await point.call({ name: 'bob' })).toBe('GRAFT_BAD_ARGUMENT');
    await host.remove('shop', { forget: true });
    await host.close();
    expect(sent).toEqual(['ann', 'bob']);

    host = await start();
    expect([await names(host), host.plugins(), host.kept()]).toEqual([['ann', 'bob'], [], []]);
    expect(host.removedPlugins()).toMatchObject([{ name: 'shop', state: 'removed' }]);
    expect((await host.aborts()).map(({ reason }) => reason)).toEqual(['invalid-answer', 'thrown']);
    await host.close();
  });
});

suites('one host, one database', (each) => {
  each('a second host is refused, and let in when the first has ended', async () => {
    const host = await open();
    await expect(open()).rejects.toMatchObject({ code: 'GRAFT_IN_USE' });
    await host.close();
    await (await open()).close();
  });

  each('a table that is not what its entity says is refused, and nothing is changed', async () => {
    await (await open()).close();
    const { EntitySchema } = await import('typeorm');
    const Other = new EntitySchema<{ id: number }>({
      name: 'Owner',
      tableName: 'owner',
      columns: { id: { type: 'integer', primary: true, generated: 'increment' }, colour: { type: 'text' } } as never,
    });
    const other = createHost({ store: database.url, entities: [Other] });
    await expect(other).rejects.toMatchObject({ code: 'GRAFT_SCHEMA' });
    const host = await open();
    await host.transaction((txn) => add(txn, 'ann'));
    expect(await names(host)).toEqual(['ann']);
    await host.close();
  });
});
