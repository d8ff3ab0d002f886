// What only PostgreSQL has: transactions beside each other, waits for rows and for connections, an end of a session in
// the middle of a call, and a DataSource whose own connections the host leaves alone.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { createHost, type Host } from '../../../src/host/index.ts';
import { openPostgres, type Store } from '../../../src/host/store/index.ts';
import { acquire, Lock, Ticket, type Transaction, Transactions, WRITE } from '../../../src/txn/index.ts';
import { POSTGRES } from '../../support/databases.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { Fixture, OwnerOfAny, patiently, realClock, settled } from './fixture.ts';

const suite = POSTGRES.isThere ? describe : describe.skip;

suite(POSTGRES.name, () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await POSTGRES.make();
  });

  afterEach(() => database.remove());

  /** Somebody who is not of the host. */
  const stranger = async <T>(run: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    return run(client).finally(() => client.end());
  };

  describe('waits', () => {
    let fixture: Fixture<Store>;

    const prepare = async (lock_timeout_ms = 60_000): Promise<void> => {
      fixture = await Fixture.at(database.url, { lock_timeout_ms });
      for (const name of ['ann', 'bob'])
        await fixture.transact((txn) => fixture.store.table('owner').insert(txn, { name, age: 1 }));
    };

    const set = (txn: Transaction, name: string, age: number): Promise<number> =>
      patiently(() => fixture.store.table('owner').update(txn, { name }, { age }));

    const ages = async (): Promise<unknown[]> => {
      const rows = await patiently(() => fixture.store.table('owner').find(null, { orderBy: [{ column: 'id' }] }));
      return rows.map(({ age }) => age);
    };

    const reason = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'done',
        (error: { reason?: string }) => error.reason ?? String(error),
      );

    afterEach(() => fixture.store.close());

    test('a circle through a row and a lock of the host is found, and its youngest ends', async () => {
      await prepare();
      const lock = new Lock({ name: 'door', timeout_ms: 60_000 });
      const [first, second] = [fixture.begin(), fixture.begin()];
      await set(first, 'ann', 2);
      expect(acquire(second, lock, WRITE)).toBeNull();
      const ticket = acquire(first, lock, WRITE) as Ticket;
      expect(await reason(set(second, 'ann', 3))).toBe('deadlock');
      second.abort();
      await settled(ticket);
      expect(ticket.state).toBe('granted');
      expect(await fixture.committed(first)).toBeNull();
      expect(await ages()).toEqual([2, 1]);
    });

    test('so is one through rows alone', async () => {
      await prepare();
      const [first, second] = [fixture.begin(), fixture.begin()];
      await set(first, 'ann', 2);
      await set(second, 'bob', 3);
      const ends = [set(first, 'bob', 2), set(second, 'ann', 3)].map(reason);
      expect(await ends[1]).toBe('deadlock');
      second.abort();
      expect(await ends[0]).toBe('done');
      expect(await fixture.committed(first)).toBeNull();
      expect(await ages()).toEqual([2, 2]);
    });

    test('who keeps a row while another waits is aborted at the time-out', async () => {
      await prepare(200);
      const [holder, waiter] = [fixture.begin(), fixture.begin()];
      await set(holder, 'ann', 2);
      expect(await set(waiter, 'ann', 3)).toBe(1);
      expect(holder.doomed?.reason).toBe('lock-timeout');
      expect(await fixture.committed(waiter)).toBeNull();
      expect(await ages()).toEqual([3, 1]);
    });

    test('a row that a stranger keeps ends the wait, and nobody is to blame', async () => {
      await prepare();
      await stranger(async (client) => {
        await client.query('BEGIN; UPDATE owner SET age = 9');
        const txn = fixture.begin();
        expect(await reason(set(txn, 'ann', 2))).toBe('store-conflict');
        txn.abort();
        await client.query('COMMIT');
      });
      expect(await ages()).toEqual([9, 9]);
    });

    test('what read rows that others have changed since ends as a conflict, which is made again', async () => {
      await prepare();
      const [first, second] = [fixture.begin(), fixture.begin()];
      for (const txn of [first, second]) await patiently(() => fixture.store.table('owner').find(txn));
      await set(first, 'ann', 2);
      expect(await fixture.committed(first)).toBeNull();
      const end = await reason(set(second, 'ann', 3));
      expect([end, fixture.store.repeats?.(second.doomed as never, 0)]).toEqual(['store-conflict', true]);
      second.abort();
      expect(fixture.transactions.active).toBe(0);
    });

    test('more transactions than connections wait for one, each in its turn', async () => {
      const transactions = new Transactions({ clock: realClock });
      fixture = await Fixture.at(database.url);
      await fixture.store.close();
      const store = await openPostgres(database.url, { transactions, entities: [OwnerOfAny], connections: 2 });
      const owners = store.table('owner');
      const begun = Array.from({ length: 6 }, () => transactions.begin());
      const add = async (txn: Transaction, i: number): Promise<void> => {
        await patiently(() => owners.insert(txn, { name: `n${i}` }));
        txn.prepare();
        await store.commit(txn);
        txn.commit();
      };
      await Promise.all(begun.map(add));
      expect(await patiently(() => owners.count(null))).toBe(6);
      const [one, two, three] = Array.from({ length: 3 }, () => transactions.begin()) as [
        Transaction,
        Transaction,
        Transaction,
      ];
      await patiently(() => owners.count(one));
      await patiently(() => owners.count(two));
      const ticket = owners.count(three) as Ticket;
      expect(ticket).toBeInstanceOf(Ticket);
      two.abort();
      await settled(ticket);
      expect(await patiently(() => owners.count(three))).toBe(6);
      for (const txn of [one, three]) txn.abort();
      await store.close();
    });
  });

  test('a session that is ended in the middle of a call blames no graft', async () => {
    const reports: unknown[] = [];
    const host = await createHost({
      store: database.url,
      entities: [OwnerOfAny],
      report: (event) => reports.push(event),
    });
    const cut = (): Promise<null> =>
      stranger(async (client) => {
        const mine = "datname = current_database() AND state = 'idle in transaction'";
        await client.query(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE ${mine}`);
        return null;
      });
    const point = host.graftPoint<string, unknown>({
      name: 'shop/work',
      kind: 'function',
      default: () => 'nobody',
      callable: {
        owner: host.table('owner').callables({ read: 'all', write: 'all', insert: true }),
        cut: { waits: true, run: cut },
      },
    });
    const code = `export const work = (how, api) => {
      api.owner.insert({ name: how });
      if (how === 'cut') api.cut();
      try { api.owner.count(); } catch {}
      return 'done';
    };`;
    const graftwork = { api: 1, grafts: [{ point: 'shop/work', export: 'work' }], needs: ['owner', 'cut'] };
    await host.install({ manifest: { name: 'shop', graftwork }, files: { 'index.js': code } });
    const outcome = await point.invoke('cut');
    expect(outcome).toMatchObject({ status: 'default', grafts: [{ status: 'aborted', reason: 'host-fault' }] });
    expect(await point.call('well')).toBe('done');
    expect(host.plugins()[0]?.grafts[0]).toMatchObject({ state: 'installed', aborts: 0 });
    expect(await host.table('owner').read({ columns: ['name'] })).toEqual([{ name: 'well' }]);
    await host.close();
  });

  test('what is not serialisable is made again, by calls and by the host’s own code', async () => {
    const host = await createHost({ store: database.url, entities: [OwnerOfAny], report: () => {} });
    const owners = host.table('owner');
    await host.transaction((txn) => owners.in(txn).insert({ name: 'ann', age: 0 }));
    let runs = 0;
    await Promise.all(
      Array.from({ length: 6 }, () =>
        host.transaction(async (txn) => {
          runs++;
          const [row] = await owners.in(txn).find({ where: { name: 'ann' } });
          await owners.in(txn).update({ name: 'ann' }, { age: (row?.age as number) + 1 });
        }),
      ),
    );
    expect(await owners.read({ columns: ['age'] })).toEqual([{ age: 6 }]);
    expect(runs).toBeGreaterThanOrEqual(6);
    expect(() => owners.find()).toThrow(expect.objectContaining({ code: 'GRAFT_MUST_WAIT' }));
    await host.close();
  });

  describe('a DataSource of the application’s', () => {
    let source: DataSource;
    let host: Host;

    beforeEach(async () => {
      source = new DataSource({ type: 'postgres', url: database.url, entities: [OwnerOfAny], synchronize: true });
    });

    afterEach(() => source.destroy());

    test('is refused where it changes schemas, and serves as it is otherwise', async () => {
      await expect(createHost({ store: source })).rejects.toMatchObject({ code: 'GRAFT_BAD_OPTION' });
      host = await createHost({ store: source, maySynchronize: true, report: () => {} });
      await source.getRepository(OwnerOfAny).insert({ name: 'ann' });
      await host.transaction(async (txn) => {
        const ann = await txn.entities.findOneByOrFail(OwnerOfAny, { name: 'ann' });
        await txn.entities.save(OwnerOfAny, { ...ann, age: 7 });
        expect(await source.getRepository(OwnerOfAny).findOneBy({ name: 'ann' })).toMatchObject({ age: null });
      });
      await host.close();
      expect(await source.getRepository(OwnerOfAny).findOneBy({ name: 'ann' })).toMatchObject({ age: 7 });
    });
  });

  test('a database of a later release is refused and left as it is', async () => {
    await (await createHost({ store: database.url })).close();
    await stranger((client) => client.query('UPDATE graftwork.version SET version = 99'));
    await expect(createHost({ store: database.url })).rejects.toMatchObject({ code: 'GRAFT_STORE_RELEASE' });
    const { rows } = await stranger((client) => client.query('SELECT version FROM graftwork.version'));
    expect(rows).toEqual([{ version: 99 }]);
  });

  test('a host whose claim another one has taken commits nothing more', async () => {
    const host = await createHost({ store: database.url, entities: [OwnerOfAny], report: () => {} });
    await stranger(async (client) => {
      await client.query("UPDATE graftwork.host SET key = 'another'");
      const others = 'datname = current_database() AND pid <> pg_backend_pid()';
      await client.query(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE ${others}`);
    });
    const written = host.transaction((txn) => host.table('owner').in(txn).insert({ name: 'late' }));
    await expect(written).rejects.toMatchObject({ code: expect.stringMatching(/^GRAFT_(STORE|ABORTED)$/) });
    await host.close();
    const { rows } = await stranger((client) => client.query('SELECT * FROM owner'));
    expect(rows).toEqual([]);
  });
});
