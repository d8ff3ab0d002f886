// One entry of each class; `npm run hostile` runs them all. Entries of a corpus that lies beside the project are run
// too, and said so where there is none.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import type { Verdict } from './attack.ts';
import { type Entry, readCorpus } from './entry.ts';
import { runAll, runAlone } from './run.ts';

const OWN = fileURLToPath(new URL('cases.jsonl', import.meta.url));
const SHARED = fileURLToPath(new URL('../../../shared/hostile/corpus.jsonl', import.meta.url));
const JOBS = 3;

const firstOfEach = (entries: readonly Entry[]): Entry[] =>
  entries.filter((entry, index) => entries.findIndex((other) => other.class === entry.class) === index);

const run = (file: string): Promise<Verdict[]> =>
  runAll(
    firstOfEach(readCorpus(file)),
    JOBS,
    (entry) => runAlone(entry, 'process'),
    () => {},
  );

const wrong = (verdicts: readonly Verdict[]): Verdict[] =>
  verdicts.filter(({ status }) => status !== 'passed' && status !== 'skipped');

describe('the hostile corpus', () => {
  test('the project has cases of every class, each of a kind that is known', () => {
    const entries = readCorpus(OWN);
    expect(entries.length).toBeGreaterThanOrEqual(40);
    expect(new Set(entries.map((entry) => entry.class)).size).toBeGreaterThanOrEqual(19);
  });

  test("of the project's own cases, one of each class is contained", async () => {
    expect(wrong(await run(OWN))).toEqual([]);
  }, 300_000);

  const shared = existsSync(SHARED) ? test : test.skip;
  shared(
    'of the corpus beside the project (../shared/hostile), one of each class is contained',
    async () => {
      expect(wrong(await run(SHARED))).toEqual([]);
    },
    300_000,
  );
});
