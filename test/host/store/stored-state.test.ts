import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { StoredMap } from '../../../src/host/store/index.ts';
import { StateMap, type Ticket, type Transaction } from '../../../src/txn/index.ts';
import { Random } from '../../support/random.ts';
import { Fixture, folder, now, patiently, thrown } from './fixture.ts';

let place: ReturnType<typeof folder>;
let fixture: Fixture;

beforeEach(async () => {
  place = folder();
  fixture = await Fixture.open(`${place.path}/app.db`);
});

afterEach(async () => {
  await fixture.store.close();
  place.remove();
});

const restart = async (): Promise<void> => {
  await fixture.store.close();
  fixture = await Fixture.open(`${place.path}/app.db`);
};

class Kept {
  readonly map: StateMap<string, unknown>;
  readonly #stored: StoredMap;

  constructor(name = 'stock') {
    this.#stored = fixture.store.storedMap(name);
    this.map = new StateMap({ name, lock_timeout_ms: 1000 }, this.#stored.initial);
    this.#stored.attach(this.map);
  }

  set(txn: Transaction, key: string, value: unknown): undefined | Ticket {
    return this.#stored.touch(txn) ?? this.map.set(txn, key, value);
  }

  delete(txn: Transaction, key: string): boolean | Ticket {
    return this.#stored.touch(txn) ?? this.map.delete(txn, key);
  }

  get entries(): [string, unknown][] {
    return [...this.map.peekEntries()];
  }
}

test('what a commit changed is there after a restart, in the order of the map', async () => {
  const kept = new Kept();
  const txn = fixture.begin();
  now(kept.map.get(txn, 'z'));
  for (const key of ['c', 'a', 'z', 'b']) now(kept.set(txn, key, { key }));
  now(kept.set(txn, 'a', [1, null, 'ä']));
  now(kept.delete(txn, 'c'));
  expect(fixture.commit(txn)).toBeNull();
  await fixture.transact((next) => kept.set(next, 'b', 2));
  const { entries } = kept;
  expect(entries.map(([key]) => key)).toEqual(['a', 'z', 'b']);
  await restart();
  expect(new Kept().entries).toEqual(entries);
  expect(new Kept('other').entries).toEqual([]);
});

test('what was undone is not there', async () => {
  const kept = new Kept();
  await fixture.transact((txn) => kept.set(txn, 'a', 1));
  const gone = fixture.begin();
  now(kept.set(gone, 'a', 2));
  gone.abort();
  const txn = fixture.begin();
  const child = txn.begin();
  now(kept.set(child, 'a', 3));
  now(kept.set(child, 'b', 3));
  child.abort();
  now(kept.set(txn, 'c', 4));
  expect(fixture.commit(txn)).toBeNull();
  const failed = fixture.begin();
  now(kept.set(failed, 'd', 5));
  now(fixture.store.table('purchase').insert(failed, { owner: 999 }));
  expect(fixture.commit(failed)?.reason).toBe('store-conflict');
  await restart();
  expect(new Kept().entries).toEqual([
    ['a', 1],
    ['c', 4],
  ]);
});

test('a change without touch cannot be committed', () => {
  const kept = new Kept();
  const txn = fixture.begin();
  now(kept.map.set(txn, 'a', 1));
  expect(fixture.commit(txn)?.detail).toBe('a stored map was changed without its touch');
  expect(kept.entries).toEqual([]);
  const reading = fixture.begin();
  now(kept.map.get(reading, 'a'));
  expect(fixture.commit(reading)).toBeNull();
});

test('a name is used once', () => {
  fixture.store.storedMap('stock');
  expect(thrown(() => fixture.store.storedMap('stock')).code).toBe('GRAFT_BAD_OPTION');
});

test.each([1, 2, 3, 4, 5, 6])(
  'random programs, seed %i: memory and database are the same after a restart',
  async (seed) => {
    const random = new Random(seed);
    for (let life = 0; life < 3; life++) {
      const kept = new Kept();
      const program = async (): Promise<void> => {
        for (let i = 0; i < 15; i++) {
          const txn = fixture.begin();
          try {
            await steps(kept, txn, random, 2);
            if (random.chance(0.7)) fixture.commit(txn);
          } catch {
            // A deadlock, or undone for somebody else: the next one.
          }
          txn.abort();
        }
      };
      await Promise.all([program(), program(), program()]);
      const { entries } = kept;
      await restart();
      const loaded = fixture.store.storedMap('stock').initial;
      expect({ seed, life, entries: loaded }).toEqual({ seed, life, entries });
      await restart();
    }
  },
);

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

const steps = async (kept: Kept, txn: Transaction, random: Random, depth: number): Promise<void> => {
  for (let i = random.below(6); i > 0; i--) {
    const key = random.pick(KEYS);
    const action = random.below(depth > 0 ? 5 : 4);
    if (action === 0) await patiently(() => kept.delete(txn, key));
    else if (action === 1) await patiently(() => kept.map.get(txn, key));
    else if (action < 4) await patiently(() => kept.set(txn, key, random.below(1000)));
    else {
      const child = txn.begin();
      await steps(kept, child, random, depth - 1);
      if (random.chance(0.5)) child.commit();
      else child.abort();
    }
  }
};
