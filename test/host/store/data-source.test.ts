// A host on the application's own DataSource: what the application writes and what the host and its grafts write take
// turns, nothing is lost, and nobody sees what is not committed.

import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import type { Host } from '../../../src/host/index.ts';
import { NodeSqlite, openStore, type SqliteDatabase, type Store } from '../../../src/host/store/index.ts';
import { Transactions } from '../../../src/txn/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { Random } from '../../support/random.ts';
import { now } from './fixture.ts';
import { shopPlace } from './shop-place.ts';
import { Account, add, Entry, LIBRARIES, Note, shopSource } from './shop-source.ts';

const place = shopPlace();
const { open } = place;

describe.each(LIBRARIES)('a DataSource over %s', (_, library) => {
  let source: DataSource;
  let host: Host;

  beforeEach(async () => {
    source = shopSource(place.file, library);
    host = await open(source);
    await source.manager.save(Account, { name: 'ada', balance: 10 });
  });

  afterEach(async () => {
    await host.close();
    await source.destroy();
  });

  const balance = async (): Promise<number | undefined> =>
    (await source.manager.findOneBy(Account, { id: 1 }))?.balance;

  test.each([1, 2])('transactions of both sides at the same time are serialisable, seed %i', async (seed) => {
    const random = new Random(seed);
    let expected = 10;
    let entries = 0;
    const client = async (): Promise<void> => {
      for (let i = 0; i < 6; i++) {
        const amount = 1 + random.below(9);
        const fails = random.chance(0.3);
        const isHosts = random.chance(0.5);
        const work = async (entities: EntityManager): Promise<void> => {
          await add(entities, amount);
          if (fails) throw new Error('on purpose');
        };
        const ended = isHosts ? host.transaction((txn) => work(txn.entities)) : source.transaction(work);
        const failure = await ended.then(
          () => null,
          (error: Error) => error.message,
        );
        expect({ seed, failure }).toEqual({ seed, failure: fails ? 'on purpose' : null });
        if (!fails) {
          expected += amount;
          entries++;
        }
        if (random.chance(0.3)) await source.manager.save(Note, { text: `note ${i}` });
      }
    };
    await Promise.all([client(), client(), client(), client()]);
    expect(await balance()).toBe(expected);
    expect(await source.manager.count(Entry)).toBe(entries);
    expect(host.table('account').find({ where: { id: 1 }, columns: ['balance'] })).toEqual([{ balance: expected }]);
    expect(host.inUse()).toEqual({ transactions: 0, units: 0, locks: 0, handles: 0, timers: 0 });
  });

  test('nobody outside sees what is not committed', async () => {
    await host.transaction(async (txn) => {
      await add(txn.entities, 5);
      expect(await txn.entities.findOneBy(Account, { id: 1 })).toMatchObject({ balance: 15 });
      expect(
        await host
          .table('account')
          .in(txn)
          .find({ columns: ['balance'] }),
      ).toEqual([{ balance: 15 }]);
      expect(await balance()).toBe(10);
      expect(await source.query('WITH a AS (SELECT balance FROM account) SELECT * FROM a')).toEqual([{ balance: 10 }]);
    });
    expect(await balance()).toBe(15);
    await source.transaction(async (entities) => {
      await add(entities, 5);
      expect(await balance()).toBe(15);
      expect(host.table('account').find({ columns: ['balance'] })).toEqual([{ balance: 15 }]);
    });
    expect(await balance()).toBe(20);
  });

  test('TypeORM’s nested transactions are nested ones of the host', async () => {
    const stock = host.map<number>('stock');
    for (const run of [
      (work: (entities: EntityManager) => Promise<void>) => source.transaction(work),
      (work: (entities: EntityManager) => Promise<void>) => host.transaction((txn) => work(txn.entities)),
    ])
      await run(async (entities) => {
        await add(entities, 1);
        await expect(
          entities.transaction(async (inner) => {
            await add(inner, 100);
            throw new Error('taken back');
          }),
        ).rejects.toThrow('taken back');
        await entities.transaction((inner) => add(inner, 2));
      });
    expect(await balance()).toBe(16);
    await host.transaction(async (txn) => {
      await txn.entities
        .transaction(async () => {
          await stock.in(txn).set('a', 1);
          throw new Error('taken back');
        })
        .catch(() => {});
      await stock.in(txn).set('b', 1);
    });
    expect(stock.entries()).toEqual([['b', 1]]);
  });

  test('a nested transaction that cannot commit takes itself back alone', async () => {
    await host.transaction((txn) =>
      txn.entities.transaction(async (outer) => {
        await outer.save(Note, { text: 'before' });
        const inner = outer.transaction(async (entities) => {
          await entities.save(Note, { text: 'inside' });
          txn.current.doom('cancelled', 'on purpose');
        });
        await expect(inner).rejects.toMatchObject({ driverError: { code: 'GRAFT_ABORTED' } });
        await outer.save(Note, { text: 'after' });
      }),
    );
    expect(await source.manager.find(Note, { order: { id: 1 } })).toMatchObject([
      { text: 'before' },
      { text: 'after' },
    ]);
  });

  test('statements of the application’s own, one by one', async () => {
    const rows = await source.query('INSERT INTO account (name) VALUES (?) RETURNING name', ['bob']);
    expect(rows).toEqual([{ name: 'bob' }]);
    await source.createQueryBuilder().update(Account).set({ balance: 3 }).where({ name: 'bob' }).execute();
    expect(await source.query('SELECT balance FROM account ORDER BY id')).toEqual([{ balance: 10 }, { balance: 3 }]);
    expect(await source.query('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 1 }]);
    await expect(source.query('INSERT INTO nowhere VALUES (1)')).rejects.toThrow('no such table');
    await expect(source.manager.insert(Entry, { account: 99, amount: 1 })).rejects.toThrow('FOREIGN KEY');
    await source.manager.delete(Account, { name: 'bob' });
    for (const sql of [
      'BEGIN',
      'begin immediate',
      'COMMIT',
      'ROLLBACK',
      'SAVEPOINT a',
      'RELEASE a',
      'END',
      '/* */ COMMIT',
      '-- -\n ;END',
    ])
      await expect(source.query(sql)).rejects.toMatchObject({ driverError: { code: 'GRAFT_TXN_MISUSE' } });
    expect(await source.manager.count(Account)).toBe(1);
    expect(host.inUse().transactions).toBe(0);
  });

  test('a runner left with its transaction open is undone; one of before the host is of no use', async () => {
    const runner = source.createQueryRunner();
    await runner.startTransaction();
    await add(runner.manager, 1);
    await runner.release();
    expect(await balance()).toBe(10);
    await host.close();
    const early: QueryRunner = source.createQueryRunner();
    host = await open(source);
    await expect(early.query('DELETE FROM account')).rejects.toThrow(/released/);
    expect(await balance()).toBe(10);
  });

  test('a call that is undone takes what its default and its caller saved with it', async () => {
    const point = host.graftPoint<number, string>({
      name: 'shop/pay',
      kind: 'function',
      default: async (amount, txn) => {
        await add(txn.entities, amount);
        // Not awaited: it is done before the answer counts.
        void host.table('account').in(txn).insert({ name: 'late' });
        return 'paid';
      },
    });
    expect(await point.call(5)).toBe('paid');
    expect([await balance(), await source.manager.count(Account)]).toEqual([15, 2]);
    await expect(
      host.transaction(async (txn) => {
        await point.call(5, { txn });
        expect(await txn.entities.findOneBy(Account, { id: 1 })).toMatchObject({ balance: 20 });
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect([await balance(), await source.manager.count(Account)]).toEqual([15, 2]);
  });

  test('a COMMIT that is refused tells why, and nothing stays', async () => {
    const failure = await host
      .transaction(async (txn) => {
        await add(txn.entities, 1);
        await host.table('entry').in(txn).insert({ account: 99, amount: 1 });
      })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'GRAFT_ABORTED', message: expect.stringContaining('FOREIGN KEY') });
    const runner = source.createQueryRunner();
    await runner.startTransaction();
    await runner.query('INSERT INTO entry (account, amount) VALUES (99, 1)');
    await expect(runner.commitTransaction()).rejects.toThrow('FOREIGN KEY');
    await runner.rollbackTransaction();
    await runner.startTransaction();
    await runner.commitTransaction();
    await runner.release();
    expect(await balance()).toBe(10);
  });

  test('when the host has closed, the DataSource is as before', async () => {
    const open = source.transaction(async (entities) => {
      await add(entities, 1);
      await host.close();
      await add(entities, 1);
    });
    await expect(open).rejects.toThrow(/cancelled|closed/);
    expect(await balance()).toBe(10);
    await source.transaction((entities) => add(entities, 1));
    expect(await balance()).toBe(11);
    expect(await source.query('PRAGMA busy_timeout')).toEqual([{ timeout: 5000 }]);
  });
});

test('what prepares the application’s connection prepares the others, which read', async () => {
  const prepareDatabase = (database: SqliteDatabase) => database.function('twice', (n) => 2 * Number(n));
  const source = shopSource(place.file, { driver: NodeSqlite, prepareDatabase });
  const host = await open(source);
  expect(await source.query('SELECT twice(2) AS four')).toEqual([{ four: 4 }]);
  await host.transaction(async (txn) => {
    expect(await txn.entities.query('SELECT twice(3) AS six')).toEqual([{ six: 6 }]);
  });
  await host.close();
  await source.destroy();
});

test.each(LIBRARIES)('a DataSource that is closed before its host, over %s', async (_, library) => {
  const source = shopSource(place.file, library);
  const host = await open(source);
  await source.destroy();
  const late = host.transaction((txn) => host.table('account').in(txn).insert({ name: 'ann' }));
  await expect(late).rejects.toMatchObject({ code: 'GRAFT_CLOSED' });
  await host.close();
});

test('a DataSource of another copy of TypeORM serves as well', async () => {
  jest.resetModules();
  const other = createRequire(import.meta.url)('typeorm') as typeof import('typeorm');
  const { Tables1700000000000 } = await import('./shop-source.ts');
  const Item = new other.EntitySchema<{ id: number; name: string }>({
    name: 'account',
    columns: { id: { type: 'integer', primary: true, generated: 'increment' }, name: { type: 'text' } },
  });
  const source = new other.DataSource({
    type: 'better-sqlite3',
    database: place.file,
    entities: [Item],
    migrations: [Tables1700000000000],
    migrationsRun: true,
  });
  expect(source.constructor).not.toBe(shopSource(place.file).constructor);
  const host = await open(source as never);
  await host.transaction(async (txn) => {
    await txn.entities.save('account', { name: 'ada' });
  });
  await source.manager.save('account', { name: 'bob' });
  expect(host.table('account').find({ columns: ['name'] })).toEqual([{ name: 'ada' }, { name: 'bob' }]);
  await host.close();
  await source.destroy();
});

describe('the lock table', () => {
  let source: DataSource;
  let store: Store;
  let clock: ManualClock;
  let transactions: Transactions;

  beforeEach(async () => {
    source = shopSource(place.file);
    clock = new ManualClock();
    transactions = new Transactions({ clock });
    store = await openStore(source, { transactions, entities: null });
  });

  afterEach(async () => {
    await store.close();
    await source.destroy();
  });

  test('the application’s transaction that keeps others waiting is aborted at the time-out, and told', async () => {
    const runner = source.createQueryRunner();
    await runner.startTransaction();
    await runner.manager.save(Account, { name: 'ada' });
    const txn = transactions.begin();
    const ticket = store.table('account').insert(txn, { name: 'bob' });
    expect(ticket).toMatchObject({ state: 'waiting' });
    clock.advance(1000);
    expect(ticket).toMatchObject({ state: 'granted' });
    now(store.table('account').insert(txn, { name: 'bob' }));
    await expect(runner.manager.save(Account, { name: 'cid' })).rejects.toMatchObject({
      driverError: { code: 'GRAFT_ABORTED', message: expect.stringContaining('lock-timeout') },
    });
    await expect(runner.commitTransaction()).rejects.toMatchObject({ driverError: { code: 'GRAFT_ABORTED' } });
    txn.abort();
    expect(await source.manager.count(Account)).toBe(0);
    expect(transactions.active).toBe(0);
  });

  test('a store that closes leaves no transaction open on a connection that is not its own', async () => {
    const txn = transactions.begin();
    now(store.table('account').insert(txn, { name: 'bob' }));
    await store.close();
    txn.abort();
    await source.manager.save(Account, { name: 'ada' });
    expect(await source.manager.find(Account)).toMatchObject([{ name: 'ada' }]);
  });

  test('a write that waits is let in when the holder ends', async () => {
    const txn = transactions.begin();
    now(store.table('account').insert(txn, { name: 'bob' }));
    const saved = source.manager.save(Account, { name: 'ada' });
    await new Promise(setImmediate);
    expect(await source.manager.count(Account)).toBe(0);
    txn.abort();
    await saved;
    expect(await source.manager.find(Account)).toMatchObject([{ name: 'ada' }]);
  });
});
