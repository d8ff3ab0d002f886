import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Handler } from '../../../src/host/store/index.ts';
import { Session } from '../../../src/host/store/session.ts';
import { Aborted, Ticket } from '../../../src/txn/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { callerOf, Fixture, folder, now, thrown } from './fixture.ts';

let place: ReturnType<typeof folder>;

beforeEach(() => {
  place = folder();
});

afterEach(() => place.remove());

const open = (clock?: ManualClock): Promise<Fixture> =>
  Fixture.open(`${place.path}/app.db`, clock === undefined ? {} : { clock });

/** A handler that keeps what it got; `until` resolves at the n-th call, and `fail` says which calls throw. */
const collector = (fail: (payload: unknown, call: number) => boolean = () => false) => {
  const ids: string[] = [];
  const payloads: unknown[] = [];
  const waiting: { readonly calls: number; readonly done: () => void }[] = [];
  let calls = 0;
  const handler: Handler = (id, payload) => {
    calls++;
    for (const one of waiting) if (one.calls === calls) one.done();
    if (fail(payload, calls)) throw new Error('cannot be reached');
    ids.push(id);
    payloads.push(payload);
  };
  const until = (count: number): Promise<void> =>
    new Promise((done) => {
      if (calls >= count) done();
      else waiting.push({ calls: count, done });
    });
  return { handler, ids, payloads, until, calls: () => calls };
};

describe('the outbox', () => {
  test('messages leave after commit, in order, each with an id of its own', async () => {
    const fixture = await open();
    const mail = collector();
    const channel = fixture.store.channel('mail', mail.handler);
    await fixture.store.resume();
    const txn = fixture.begin();
    now(channel.send(txn, { to: 'ann' }));
    const child = txn.begin();
    now(channel.send(child, 'two'));
    child.commit();
    await Promise.resolve();
    expect(mail.payloads).toEqual([]);
    expect(fixture.commit(txn)).toBeNull();
    expect(mail.payloads).toEqual([]);
    await mail.until(2);
    expect(mail.payloads).toEqual([{ to: 'ann' }, 'two']);
    expect(mail.ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(new Set(mail.ids).size).toBe(2);
    await fixture.store.close();
  });

  test('none of an aborted transaction, nested or not, and none of a failed COMMIT', async () => {
    const fixture = await open();
    const mail = collector();
    const channel = fixture.store.channel('mail', mail.handler);
    await fixture.store.resume();
    const gone = fixture.begin();
    now(channel.send(gone, 'aborted'));
    gone.abort();
    const failed = fixture.begin();
    now(channel.send(failed, 'failed'));
    now(fixture.store.table('purchase').insert(failed, { owner: 999 }));
    expect(fixture.commit(failed)?.reason).toBe('store-conflict');
    const txn = fixture.begin();
    const child = txn.begin();
    now(channel.send(child, 'nested'));
    child.abort();
    now(channel.send(txn, 'kept'));
    expect(fixture.commit(txn)).toBeNull();
    await mail.until(1);
    await fixture.store.close();
    expect(mail.payloads).toEqual(['kept']);
  });

  test('what was sent is not sent again; what was not is, in the next life', async () => {
    const first = await open();
    const early = collector();
    const channel = first.store.channel('mail', early.handler);
    await first.store.resume();
    await first.transact((txn) => channel.send(txn, 'one'));
    await early.until(1);
    await first.store.close();
    expect(early.payloads).toEqual(['one']);

    const second = await open();
    const mute = second.store.channel('mail', early.handler);
    await second.transact((txn) => mute.send(txn, 'two'));
    await second.transact((txn) => mute.send(txn, 'three'));
    await second.store.close();
    expect(early.payloads).toEqual(['one']);

    const third = await open();
    const late = collector();
    const last = third.store.channel('mail', late.handler);
    await third.transact((txn) => last.send(txn, 'four'));
    await third.store.resume();
    await third.store.close();
    expect(late.payloads).toEqual(['two', 'three', 'four']);

    const fourth = await open();
    fourth.store.channel('mail', late.handler);
    await fourth.store.resume();
    await fourth.store.close();
    expect(late.calls()).toBe(3);
  });

  test('many messages, more than one page', async () => {
    const fixture = await open();
    const mail = collector();
    const channel = fixture.store.channel('mail', mail.handler);
    const txn = fixture.begin();
    for (let i = 0; i < 250; i++) now(channel.send(txn, i));
    expect(fixture.commit(txn)).toBeNull();
    await fixture.store.resume();
    expect(mail.payloads).toEqual(Array.from({ length: 250 }, (_, i) => i));
    await fixture.store.close();
  });

  test('a message that fails is tried again, and nothing overtakes it', async () => {
    const clock = new ManualClock();
    const fixture = await open(clock);
    const mail = collector((_, call) => call <= 2);
    const channel = fixture.store.channel('mail', mail.handler);
    const other = collector();
    const calm = fixture.store.channel('calm', other.handler);
    await fixture.transact((txn) => channel.send(txn, 'one'));
    await fixture.transact((txn) => channel.send(txn, 'two'));
    await fixture.transact((txn) => calm.send(txn, 'three'));
    await fixture.store.resume();
    expect([mail.calls(), other.payloads]).toEqual([1, ['three']]);
    clock.advance(100);
    await mail.until(2);
    await fixture.store.resume();
    clock.advance(199);
    expect(mail.calls()).toBe(2);
    clock.advance(1);
    await mail.until(4);
    expect(mail.payloads).toEqual(['one', 'two']);
    expect(fixture.reports.map((report) => report.message)).toEqual([
      expect.stringMatching(/^channel mail: message [0-9a-f]{32}, attempt 1 of 6 failed$/),
      expect.stringMatching(/attempt 2 of 6 failed$/),
    ]);
    await fixture.store.close();
    expect(clock.armed).toBe(0);
  });

  test('after a bounded number of attempts its channel stops until the next resume, or the next life', async () => {
    const clock = new ManualClock();
    const fixture = await open(clock);
    const mail = collector((_, call) => call <= 9);
    const channel = fixture.store.channel('mail', mail.handler);
    await fixture.transact((txn) => channel.send(txn, 'one'));
    await fixture.store.resume();
    for (let attempt = 2; attempt <= 6; attempt++) {
      clock.fireNext(Number.MAX_SAFE_INTEGER);
      await mail.until(attempt);
      await settle();
    }
    expect(clock.armed).toBe(0);
    await fixture.transact((txn) => channel.send(txn, 'two'));
    await settle();
    expect(mail.calls()).toBe(6);
    await fixture.store.resume();
    expect(mail.calls()).toBe(7);
    await fixture.store.close();
    expect([clock.armed, mail.calls()]).toEqual([0, 7]);
    const next = await open();
    const late = collector();
    next.store.channel('mail', late.handler);
    await next.store.resume();
    expect(late.payloads).toEqual(['one', 'two']);
    await next.store.close();
  });

  test('deletions of sent messages do not fall into somebody’s transaction, and make nobody wait for it', async () => {
    const clock = new ManualClock();
    const fixture = await open(clock);
    const mail = collector();
    const channel = fixture.store.channel('mail', mail.handler);
    await fixture.store.resume();
    await fixture.transact((txn) => channel.send(txn, 'one'));
    const long = fixture.begin();
    now(fixture.store.table('owner').insert(long, { name: 'ann' }));
    await mail.until(1);
    await settle();
    expect(clock.armed).toBe(0);
    clock.advance(60_000);
    expect(long.state).toBe('active');
    long.abort();
    await settle();
    await fixture.store.close();
    const next = await open();
    const late = collector();
    next.store.channel('mail', late.handler);
    await next.store.resume();
    expect(late.payloads).toEqual([]);
    await next.store.close();
  });

  test('only when many deletions wait do they queue for the slot', async () => {
    const clock = new ManualClock();
    const fixture = await open(clock);
    const mail = collector();
    const channel = fixture.store.channel('mail', mail.handler);
    await fixture.store.resume();
    const txn = fixture.begin();
    for (let i = 0; i < 64; i++) now(channel.send(txn, i));
    expect(fixture.commit(txn)).toBeNull();
    const long = fixture.begin();
    now(fixture.store.table('owner').insert(long, { name: 'ann' }));
    await mail.until(64);
    await settle();
    expect(clock.armed).toBe(1);
    clock.advance(1000);
    expect(long.doomed?.reason).toBe('lock-timeout');
    await settle();
    await fixture.store.close();
    expect([clock.armed, fixture.transactions.active, fixture.reports]).toEqual([0, 0, []]);
    const next = await open();
    const late = collector();
    next.store.channel('mail', late.handler);
    await next.store.resume();
    expect(late.payloads).toEqual([]);
    await next.store.close();
  });

  test('close waits for what is being sent, and sends nothing more', async () => {
    const fixture = await open();
    const begun = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const got: unknown[] = [];
    const channel = fixture.store.channel('mail', async (_, payload) => {
      got.push(payload);
      begun.resolve();
      await answer.promise;
    });
    const sending = fixture.store.resume();
    await fixture.transact((txn) => channel.send(txn, 'one'));
    await fixture.transact((txn) => channel.send(txn, 'two'));
    await begun.promise;
    let closed = false;
    const closing = fixture.store.close().then(() => {
      closed = true;
    });
    await settle();
    expect(closed).toBe(false);
    answer.resolve();
    await Promise.all([closing, sending]);
    expect(got).toEqual(['one']);
    const next = await open();
    const late = collector();
    next.store.channel('mail', late.handler);
    await next.store.resume();
    expect(late.payloads).toEqual(['two']);
    await next.store.close();
  });

  test.each(['lock-timeout', 'deadlock', 'store-conflict'] as const)(
    'a deletion of sent messages that loses its turn (%s) is done again, and is no failure',
    async (reason) => {
      const fixture = await open();
      const mail = collector();
      const channel = fixture.store.channel('mail', mail.handler);
      await fixture.store.resume();
      const entered = jest.spyOn(Session.prototype, 'entered').mockRejectedValueOnce(new Aborted(reason));
      await fixture.transact((txn) => channel.send(txn, 'one'));
      await mail.until(1);
      await settle();
      expect(entered).toHaveBeenCalled();
      await fixture.transact((txn) => channel.send(txn, 'two'));
      await mail.until(2);
      await settle();
      expect(fixture.reports).toEqual([]);
      entered.mockRestore();
      await fixture.store.close();
      const next = await open();
      const late = collector();
      next.store.channel('mail', late.handler);
      await next.store.resume();
      expect(late.payloads).toEqual([]);
      await next.store.close();
    },
  );

  test('for grafts: checked, charged, and the writer’s slot first', async () => {
    const fixture = await open();
    const channel = fixture.store.channel('mail', () => {});
    const [first, second] = [callerOf(fixture.begin(), { writes: 1 }), callerOf(fixture.begin())];
    expect(channel.callable.run(first, ['x'])).toBeNull();
    expect(channel.callable.run(second, ['x'])).toBeInstanceOf(Ticket);
    expect(thrown(() => channel.callable.run(first, [])).code).toBe('GRAFT_BAD_ARGUMENT');
    expect(thrown(() => channel.callable.run(first, ['x'])).reason).toBe('limit');
    first.txn.abort();
    expect(thrown(() => channel.send(second.txn, () => {})).code).toBe('GRAFT_BAD_ARGUMENT');
    second.txn.abort();
    expect(thrown(() => fixture.store.channel('mail', () => {})).code).toBe('GRAFT_BAD_OPTION');
    await fixture.store.close();
  });
});

/** Lets everything run that needs no timer of the clock. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};
