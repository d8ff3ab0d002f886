// The connection to PostgreSQL is cut at every step of a commit, before a COMMIT arrives, and before its answer does:
// nothing is half done, memory and rows agree, and every message that was committed is sent.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CommitStep, OutgoingChannel, Store, StoredMap } from '../../../src/host/store/index.ts';
import { StateMap } from '../../../src/txn/index.ts';
import { CuttingProxy } from '../../support/cutting-proxy.ts';
import { POSTGRES } from '../../support/databases.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { Random } from '../../support/random.ts';
import { Fixture, patiently } from './fixture.ts';

const suite = POSTGRES.isThere ? describe : describe.skip;

suite(`a connection that is cut, ${POSTGRES.name}`, () => {
  let database: TestDatabase;
  let proxy: CuttingProxy;
  let fixture: Fixture<Store>;
  let onStep: (step: CommitStep) => void;
  let stored: StoredMap;
  let map: StateMap<string, unknown>;
  let channel: OutgoingChannel;
  let sent: number[];

  const open = async (): Promise<void> => {
    onStep = () => {};
    fixture = await Fixture.at(proxy.url, { onStep: (step) => onStep(step) });
    stored = fixture.store.storedMap('numbers');
    map = new StateMap<string, unknown>({ name: 'numbers', lock_timeout_ms: 1000 }, stored.initial);
    stored.attach(map);
    channel = fixture.store.channel('numbers', (_id, payload) => void sent.push(payload as number));
    await fixture.store.resume();
  };

  beforeEach(async () => {
    sent = [];
    database = await POSTGRES.make();
    proxy = await CuttingProxy.before(database.url);
    await open();
  });

  afterEach(async () => {
    await fixture.store.close();
    await proxy.close();
    await database.remove();
  });

  /** Adds a row, an entry and a message; false: it was undone. */
  const add = async (number: number): Promise<boolean> => {
    const txn = fixture.begin();
    const owners = fixture.store.table('owner');
    try {
      await patiently(() => owners.insert(txn, { name: `n${number}`, age: number }));
      await patiently(() => stored.touch(txn));
      await patiently(() => map.set(txn, `n${number}`, number));
      await patiently(() => channel.send(txn, number));
      return (await fixture.committed(txn)) === null;
    } catch {
      txn.abort();
      return false;
    }
  };
  const rows = async (): Promise<number[]> => {
    const found = await patiently(() => fixture.store.table('owner').find(null, { orderBy: [{ column: 'age' }] }));
    return found.map(({ age }) => age as number);
  };

  /** Rows, memory and messages are those of `numbers`, now and after a restart. */
  const expectAll = async (numbers: readonly number[]): Promise<void> => {
    const entries = (): unknown[] => [...map.peekEntries()].map(([, value]) => value);
    expect([await rows(), entries()]).toEqual([numbers, numbers]);
    await fixture.store.resume();
    expect([...new Set(sent)]).toEqual(numbers);
    await fixture.store.close();
    await open();
    expect([await rows(), entries()]).toEqual([numbers, numbers]);
    expect(fixture.transactions.active).toBe(0);
  };

  test.each(['before', 'after'] as const)('%s a COMMIT', async (cut) => {
    expect(await add(1)).toBe(true);
    onStep = (step) => {
      if (step === 'transaction-id') proxy.next = cut;
    };
    expect(await add(2)).toBe(cut === 'after');
    expect(proxy.cuts).toBe(1);
    onStep = () => {};
    expect(await add(3)).toBe(true);
    await expectAll(cut === 'after' ? [1, 2, 3] : [1, 3]);
  });

  test.each([
    'checked',
    'committing',
    'outbox',
    'stored-state',
    'transaction-id',
    'database-commit',
    'memory-commit',
    'released',
    'sending',
    'sent',
  ] as const)('every one at once, at %s', async (at) => {
    expect(await add(1)).toBe(true);
    await fixture.store.resume();
    onStep = (step) => {
      if (step !== at) return;
      onStep = () => {};
      proxy.cutAll();
    };
    const two = await add(2);
    while (!(await add(3)));
    await expectAll(two ? [1, 2, 3] : [1, 3]);
  });

  test.each([1, 2])('at any instant, with others at work, seed %i', async (seed) => {
    const random = new Random(seed);
    const kept: number[] = [];
    let last = 0;
    const client = async (): Promise<void> => {
      for (let i = 0; i < 12; i++) {
        const number = ++last;
        if (random.chance(0.15)) proxy.cutAll();
        if (await add(number)) kept.push(number);
      }
    };
    await Promise.all([client(), client(), client(), client()]);
    kept.sort((a, b) => a - b);
    expect(await rows()).toEqual(kept);
    await fixture.store.resume();
    expect([...new Set(sent)].sort((a, b) => a - b)).toEqual(kept);
    expect([...map.peekEntries()].map(([, value]) => value as number).sort((a, b) => a - b)).toEqual(kept);
  });
});
