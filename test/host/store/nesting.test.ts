// Seeded random trees of TypeORM's nested transactions, the application's and the host's at the same time, against a
// model: what a transaction keeps is what it and its nested ones that committed have written.

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { DataSource, EntityManager } from 'typeorm';
import { createHost, type Host, type HostTransaction } from '../../../src/host/index.ts';
import { directMaker } from '../../../src/plugins/compartment/index.ts';
import { Random } from '../../support/random.ts';
import { folder } from './fixture.ts';
import { LIBRARIES, Note, shopSource } from './shop-source.ts';

let place: ReturnType<typeof folder>;
let source: DataSource;
let host: Host;

beforeEach(() => {
  place = folder();
});

afterEach(async () => {
  await host.close();
  await source.destroy();
  place.remove();
});

/** Of a failure on purpose nothing is kept; any other is one. */
const forgiven = (error: Error): string[] => {
  if (error.message.includes('on purpose')) return [];
  throw error;
};

/** Writes, nests and fails by chance; gives what is kept if the transaction commits. */
const program = async (
  entities: EntityManager,
  own: HostTransaction | null,
  random: Random,
  name: string,
  depth: number,
): Promise<string[]> => {
  const kept: string[] = [];
  for (let step = 0; step < 1 + random.below(4); step++) {
    const text = `${name}.${step}`;
    if (depth === 0 || random.chance(0.5)) {
      if (random.chance(0.5)) await entities.save(Note, { text });
      else await entities.query('INSERT INTO note (text) VALUES (?)', [text]);
      kept.push(text);
      continue;
    }
    const nested = entities.transaction((inner) => program(inner, own, random, text, depth - 1));
    kept.push(...(await nested.catch(forgiven)));
  }
  const there = (await entities.find(Note)).map(({ text }) => text).filter((text) => text.startsWith(`${name}.`));
  expect(there.toSorted()).toEqual(kept.toSorted());
  if (random.chance(0.2)) throw new Error('on purpose');
  // It cannot commit any more, and does not know.
  if (own !== null && random.chance(0.1)) own.current.doom('cancelled', 'on purpose');
  return kept;
};

test.each(LIBRARIES.flatMap(([name, library]) => [1, 2, 3].map((seed) => [name, seed, library] as const)))(
  'nested transactions over %s, seed %i',
  async (_, seed, library) => {
    const random = new Random(seed);
    source = shopSource(`${place.path}/a.db`, library);
    host = await createHost({ store: source, report: () => {}, compartment: directMaker(new Map()) });
    const expected: string[] = [];
    const client = async (name: string): Promise<void> => {
      for (let i = 0; i < 6; i++) {
        const run = `${name}${i}`;
        const ended = random.chance(0.5)
          ? source.transaction((entities) => program(entities, null, random, run, 3))
          : host.transaction((txn) => program(txn.entities, txn, random, run, 3));
        expected.push(...(await ended.catch(forgiven)));
      }
    };
    await Promise.all(['a', 'b', 'c'].map(client));
    const rows = (await source.manager.find(Note)).map(({ text }) => text);
    expect({ seed, rows: rows.toSorted() }).toEqual({ seed, rows: expected.toSorted() });
    expect(rows.length).toBeGreaterThan(10);
    expect(host.inUse().transactions).toBe(0);
  },
);
