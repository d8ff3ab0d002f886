// kill -9 of a host at every step of a commit, and at any instant: after the next start either everything of a
// transaction is there, or nothing.

import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CommitStep } from '../../../src/host/store/index.ts';
import { DATABASES, type DatabaseKind } from '../../support/databases.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { Random } from '../../support/random.ts';
import { Fixture, folder, patiently } from './fixture.ts';

let place: ReturnType<typeof folder>;
let database: TestDatabase;

const prepare = async (kind: DatabaseKind): Promise<void> => {
  place = folder();
  database = await kind.make();
  writeFileSync(`${place.path}/out`, '');
};

/** Runs the host until it dies; `heard` is told of its output and may kill it. The number it said last. */
const run = (step: CommitStep | 'none', heard: (last: number, kill: () => void) => void = () => {}): Promise<number> =>
  new Promise((resolve, reject) => {
    const script = fileURLToPath(new URL('./killed-host.ts', import.meta.url));
    const host = spawn(process.execPath, [script, database.url, `${place.path}/out`, step], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    let last = 0;
    host.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      last = Number(output.trimEnd().split('\n').at(-1));
      heard(last, () => host.kill('SIGKILL'));
    });
    host.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    host.on('close', (code, signal) =>
      signal === 'SIGKILL' ? resolve(last) : reject(new Error(`the host ended with ${code}: ${errors}`)),
    );
  });

/** Starts the host anew in this process, lets it send what is left, and reads everything. */
const restarted = async (): Promise<{ rows: number[]; entries: number[]; lines: string[] }> => {
  const fixture = await Fixture.at(database.url);
  const rows = await patiently(() => fixture.store.table('owner').find(null, { orderBy: [{ column: 'id' }] }));
  const { initial } = fixture.store.storedMap('numbers');
  const late: string[] = [];
  fixture.store.channel('numbers', (id, payload) => {
    late.push(`${id} ${payload}`);
  });
  await fixture.store.resume();
  await fixture.store.close();
  const early = readFileSync(`${place.path}/out`, 'utf8').trimEnd().split('\n').filter(Boolean);
  writeFileSync(`${place.path}/out`, [...early, ...late, ''].join('\n'));
  return {
    rows: rows.map((row) => row.age as number),
    entries: initial.map(([, value]) => value as number),
    lines: [...early, ...late],
  };
};

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

/** Every message at least once, in order, each number by one id. */
const expectSent = (lines: readonly string[], count: number): void => {
  const once = [...new Set(lines)].map((line) => line.split(' '));
  expect(once.map(([, number]) => Number(number))).toEqual(upTo(count));
  expect(new Set(once.map(([id]) => id)).size).toBe(count);
};

const STEPS: [CommitStep, number][] = [
  ['checked', 2],
  ['committing', 2],
  ['outbox', 2],
  ['stored-state', 2],
  ['transaction-id', 2],
  ['database-commit', 3],
  ['memory-commit', 3],
  ['released', 3],
  ['sending', 3],
  ['sent', 3],
];

describe.each(DATABASES)('$name', (kind) => {
  const each = kind.isThere ? test : test.skip;

  beforeEach(() => prepare(kind));

  afterEach(async () => {
    await database.remove();
    place.remove();
  });

  each.each(STEPS)('killed at %s: %i transactions are there, whole', async (step, count) => {
    await run(step);
    const { rows, entries, lines } = await restarted();
    expect([rows, entries]).toEqual([upTo(count), upTo(count)]);
    expectSent(lines, count);
  });

  each.each([1, 2, 3])('killed at any instant, seed %i', async (seed) => {
    const random = new Random(seed);
    let least = 0;
    for (let life = 0; life < 3; life++) {
      const until = least + 1 + random.below(40);
      const said = await run('none', (last, kill) => {
        if (last >= until) kill();
      });
      const { rows, entries, lines } = await restarted();
      expect({ seed, life, rows, entries }).toEqual({
        seed,
        life,
        rows: upTo(rows.length),
        entries: upTo(rows.length),
      });
      expect(rows.length).toBeGreaterThanOrEqual(said);
      expectSent(lines, rows.length);
      least = rows.length;
    }
  });
});
