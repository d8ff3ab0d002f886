// src/txn is bundled for a browser as it is, and runs where there is neither process nor require.

import { createContext, runInContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';

const SCRIPT = `
  const clock = { now: () => 0, after: () => ({ cancel() {} }) };
  const transactions = new txn.Transactions({ clock });
  const map = new txn.StateMap({ name: 'map', lock_timeout_ms: 1 }, [['a', 1]]);
  const committed = transactions.begin();
  map.set(committed, 'b', 2);
  committed.commit();
  const aborted = transactions.begin();
  map.delete(aborted, 'a');
  aborted.abort();
  JSON.stringify({ entries: [...map.peekEntries()], process: typeof process, require: typeof require });
`;

test('one transaction in a bare context', async () => {
  const entry = new URL('../../src/txn/index.ts', import.meta.url).pathname;
  const { outputFiles, warnings } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    globalName: 'txn',
    logLevel: 'silent',
  });
  expect(warnings).toEqual([]);
  const answer: unknown = runInContext(`${outputFiles[0]?.text}\n${SCRIPT}`, createContext({}));
  expect(JSON.parse(String(answer))).toEqual({
    entries: [
      ['a', 1],
      ['b', 2],
    ],
    process: 'undefined',
    require: 'undefined',
  });
});
