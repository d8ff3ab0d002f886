import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Connection, NodeSqlite, type SqliteResult, type SqlValue } from '../../../src/host/store/index.ts';
import { StateMap, Ticket } from '../../../src/txn/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { Fixture, folder, now, settled, thrown } from './fixture.ts';

let place: ReturnType<typeof folder>;
let fixture: Fixture;
let clock: ManualClock;

beforeEach(async () => {
  place = folder();
  clock = new ManualClock();
  fixture = await Fixture.open(`${place.path}/app.db`, { clock });
});

afterEach(async () => {
  await fixture.store.close();
  place.remove();
});

const names = (): unknown[] =>
  fixture.store
    .table('owner')
    .find(null, { orderBy: [{ column: 'id' }] })
    .map((row) => row.name);

describe('the writer’s session', () => {
  test('reads outside see committed rows only', () => {
    const owners = fixture.store.table('owner');
    const txn = fixture.begin();
    expect(now(owners.insert(txn, { name: 'ann' }))).toEqual({ id: 1 });
    expect(names()).toEqual([]);
    expect(now(owners.find(txn, { columns: ['name'] }))).toEqual([{ name: 'ann' }]);
    expect(fixture.commit(txn)).toBeNull();
    expect(names()).toEqual(['ann']);
  });

  test('an abort takes the rows back before the slot is free', async () => {
    const owners = fixture.store.table('owner');
    const [first, second] = [fixture.begin(), fixture.begin()];
    now(owners.insert(first, { name: 'ann' }));
    const ticket = owners.insert(second, { name: 'ann' }) as Ticket;
    expect(ticket).toBeInstanceOf(Ticket);
    const undone = first.abort();
    expect(undone.first).toEqual(['store.begin', 'owner.insert']);
    await settled(ticket);
    now(owners.insert(second, { name: 'ann' }));
    expect(fixture.commit(second)).toBeNull();
    expect(names()).toEqual(['ann']);
    expect(fixture.undoFailures).toEqual([]);
  });

  test('a nested abort takes back its own part only, and what it handed on earlier stays', () => {
    const owners = fixture.store.table('owner');
    const txn = fixture.begin();
    now(owners.insert(txn, { name: 'root' }));
    const kept = txn.begin();
    now(owners.insert(kept, { name: 'kept' }));
    kept.commit();
    const dropped = txn.begin();
    now(owners.insert(dropped, { name: 'dropped' }));
    const inner = dropped.begin();
    now(owners.insert(inner, { name: 'inner' }));
    inner.commit();
    now(owners.insert(dropped, { name: 'dropped too' }));
    dropped.abort();
    now(owners.insert(txn, { name: 'after' }));
    expect(fixture.commit(txn)).toBeNull();
    expect(names()).toEqual(['root', 'kept', 'after']);
  });

  test('a nested transaction that came first gives the slot back when it aborts', () => {
    const owners = fixture.store.table('owner');
    const txn = fixture.begin();
    const child = txn.begin();
    now(owners.insert(child, { name: 'child' }));
    child.abort();
    const other = fixture.begin();
    now(owners.insert(other, { name: 'other' }));
    expect(fixture.commit(other)).toBeNull();
    now(owners.insert(txn, { name: 'txn' }));
    expect(fixture.commit(txn)).toBeNull();
    expect(names()).toEqual(['other', 'txn']);
  });

  test('a transaction that only reads takes the slot too', () => {
    const owners = fixture.store.table('owner');
    const [first, second] = [fixture.begin(), fixture.begin()];
    expect(now(owners.find(first))).toEqual([]);
    expect(owners.find(second)).toBeInstanceOf(Ticket);
    second.abort();
    expect(fixture.commit(first)).toBeNull();
  });

  test('the slot’s time-out aborts who keeps it', async () => {
    const owners = fixture.store.table('owner');
    const [first, second] = [fixture.begin(), fixture.begin()];
    now(owners.insert(first, { name: 'first' }));
    const ticket = owners.insert(second, { name: 'second' }) as Ticket;
    clock.advance(1000);
    expect(first.state).toBe('aborted');
    expect(first.doomed?.reason).toBe('lock-timeout');
    expect(ticket.state).toBe('granted');
    now(owners.insert(second, { name: 'second' }));
    expect(fixture.commit(second)).toBeNull();
    expect(names()).toEqual(['second']);
  });

  test('a deadlock between the slot and a map’s lock is found at once', () => {
    const owners = fixture.store.table('owner');
    const map = new StateMap<string, number>({ name: 'stock', lock_timeout_ms: 1000 });
    const [first, second] = [fixture.begin(), fixture.begin()];
    now(owners.insert(first, { name: 'first' }));
    now(map.set(second, 'x', 2));
    expect(map.set(first, 'x', 1)).toBeInstanceOf(Ticket);
    expect(thrown(() => owners.insert(second, { name: 'second' })).reason).toBe('deadlock');
    second.abort();
    now(map.set(first, 'x', 1));
    expect(fixture.commit(first)).toBeNull();
    expect(names()).toEqual(['first']);
    expect(map.peek('x')).toBe(1);
  });

  test('another process that has the file ends the transaction, not the host', () => {
    const other = new NodeSqlite(fixture.file);
    other.prepare('BEGIN IMMEDIATE').run();
    const txn = fixture.begin();
    expect(thrown(() => fixture.store.table('owner').insert(txn, { name: 'x' })).reason).toBe('store-conflict');
    txn.abort();
    other.close();
    const again = fixture.begin();
    now(fixture.store.table('owner').insert(again, { name: 'x' }));
    expect(fixture.commit(again)).toBeNull();
  });

  test('many nested transactions one after another leave few savepoints', async () => {
    const depths: number[] = [];
    class Watched extends Connection {
      override run(sql: string, ...values: SqlValue[]): SqliteResult {
        if (sql.startsWith('SAVEPOINT p')) depths.push(Number(sql.slice('SAVEPOINT p'.length)));
        return super.run(sql, ...values);
      }
    }
    const watched = await Fixture.open(`${place.path}/watched.db`, { connect: (database) => new Watched(database) });
    const owners = watched.store.table('owner');
    const txn = watched.begin();
    for (let i = 0; i < 300; i++) {
      const child = txn.begin();
      now(owners.insert(child, { name: `n${i}` }));
      if (i % 3 === 0) child.abort();
      else child.commit();
    }
    expect(watched.commit(txn)).toBeNull();
    expect(owners.count(null)).toBe(200);
    expect(depths).toHaveLength(298);
    expect(Math.max(...depths)).toBe(1);
    await watched.store.close();
  });
});

describe('COMMIT', () => {
  test('one that fails takes back memory and rows', () => {
    const map = new StateMap<string, number>({ name: 'stock', lock_timeout_ms: 1000 });
    const txn = fixture.begin();
    now(map.set(txn, 'x', 1));
    now(fixture.store.table('owner').insert(txn, { name: 'ann' }));
    now(fixture.store.table('purchase').insert(txn, { owner: 999 }));
    const failure = fixture.commit(txn);
    expect(failure?.reason).toBe('store-conflict');
    expect(failure?.detail).toBe('FOREIGN KEY constraint failed');
    expect(map.peek('x')).toBeUndefined();
    expect(names()).toEqual([]);
    expect(fixture.transactions.active).toBe(0);
    expect(fixture.undoFailures).toEqual([]);
  });

  test.each([
    ['took place', true],
    ['did not take place', false],
  ])('whose answer is lost and that %s', async (_, takesPlace) => {
    class Deaf extends Connection {
      override commit(): void {
        this.run(takesPlace ? 'COMMIT' : 'ROLLBACK');
        throw new Error('the answer is lost');
      }
    }
    const deaf = await Fixture.open(`${place.path}/deaf.db`, {
      connect: (database, role) => (role === 'writer' ? new Deaf(database) : new Connection(database)),
    });
    const txn = deaf.begin();
    now(deaf.store.table('owner').insert(txn, { name: 'ann' }));
    const failure = deaf.commit(txn);
    expect(failure === null).toBe(takesPlace);
    expect(txn.state).toBe(takesPlace ? 'committed' : 'aborted');
    expect(deaf.store.table('owner').find(null)).toHaveLength(takesPlace ? 1 : 0);
    await deaf.store.close();
  });

  test('whose outcome nobody can learn stops the store', async () => {
    let blind = false;
    class Deaf extends Connection {
      override commit(): void {
        this.run('COMMIT');
        blind = true;
        throw new Error('the answer is lost');
      }
    }
    class Blind extends Connection {
      override get<Row>(sql: string): Row | undefined {
        if (blind) throw new Error('nothing can be read');
        return super.get(sql);
      }
    }
    const deaf = await Fixture.open(`${place.path}/deaf.db`, {
      connect: (database, role) => (role === 'writer' ? new Deaf(database) : new Blind(database)),
    });
    const txn = deaf.begin();
    now(deaf.store.table('owner').insert(txn, { name: 'ann' }));
    expect(deaf.commit(txn)).toMatchObject({ reason: 'host-fault', cause: { code: 'GRAFT_STORE' } });
    const next = deaf.begin();
    expect(thrown(() => deaf.store.table('owner').find(next)).code).toBe('GRAFT_STORE');
    next.abort();
    await deaf.store.close();
  });

  test('a nested part that could not be taken back is never committed, and the store is fenced off', async () => {
    class Stuck extends Connection {
      override run(sql: string, ...values: SqlValue[]): SqliteResult {
        if (sql.startsWith('ROLLBACK TO')) throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR' });
        return super.run(sql, ...values);
      }
    }
    const stuck = await Fixture.open(`${place.path}/stuck.db`, { connect: (database) => new Stuck(database) });
    const owners = stuck.store.table('owner');
    const txn = stuck.begin();
    now(owners.insert(txn, { name: 'root' }));
    const child = txn.begin();
    now(owners.insert(child, { name: 'child' }));
    child.abort();
    expect(stuck.undoFailures).toHaveLength(1);
    expect(stuck.commit(txn)?.reason).toBe('host-fault');
    expect(owners.find(null)).toEqual([]);
    const next = stuck.begin();
    expect(thrown(() => owners.insert(next, { name: 'next' })).code).toBe('GRAFT_FENCED');
    next.abort();
    await stuck.store.close();
  });

  test('a transaction that SQLite ended by itself writes nothing more', async () => {
    class Full extends Connection {
      override run(sql: string, ...values: SqlValue[]): SqliteResult {
        if (!sql.includes("'full'") && !values.includes('full')) return super.run(sql, ...values);
        super.run('ROLLBACK');
        throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
      }
    }
    const full = await Fixture.open(`${place.path}/full.db`, { connect: (database) => new Full(database) });
    const owners = full.store.table('owner');
    const txn = full.begin();
    now(owners.insert(txn, { name: 'before' }));
    const child = txn.begin();
    expect(thrown(() => owners.insert(child, { name: 'full' }))).toMatchObject({
      code: 'GRAFT_STORE',
      cause: { code: 'SQLITE_FULL' },
    });
    expect(child.doomed?.reason).toBe('host-fault');
    child.abort();
    expect(thrown(() => owners.insert(txn, { name: 'after' })).reason).toBe('host-fault');
    txn.abort();
    const quiet = full.begin();
    now(owners.insert(quiet, { name: 'before' }));
    const lost = quiet.begin();
    expect(thrown(() => owners.insert(lost, { name: 'full' })).code).toBe('GRAFT_STORE');
    lost.abort();
    expect(full.commit(quiet)?.reason).toBe('host-fault');
    expect(owners.find(null)).toEqual([]);
    await full.transact((next) => owners.insert(next, { name: 'next' }));
    expect(owners.find(null)).toHaveLength(1);
    await full.store.close();
  });
});
