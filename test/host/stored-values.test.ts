// What the host puts into stored state is the same after a restart, or refused when it is put.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHost } from '../../src/host/index.ts';
import { directMaker } from '../../src/plugins/compartment/index.ts';

const VALUES: readonly unknown[] = [
  ...fc.sample(fc.anything({ withDate: true, withMap: true, withSet: true, withBigInt: true, withTypedArray: true }), {
    numRuns: 300,
    seed: 1,
  }),
  ...fc.sample(fc.jsonValue(), { numRuns: 100, seed: 2 }),
  undefined,
  Number.NaN,
  -0,
  [-0],
  '\ud800',
  'nul\0',
  new Array(2),
  { a: undefined },
  JSON.parse('{"__proto__":{}}'),
];

test('values of every kind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'graftwork-values-'));
  const open = () => createHost({ store: `sqlite:${join(folder, 'a.db')}`, compartment: directMaker(new Map()) });
  const host = await open();
  const map = host.map('values', { stored: true });
  let kept = 0;
  for (const [index, value] of VALUES.entries()) {
    const put = await map.set(`k${index}`, value).then(
      () => 'put',
      (error: { code?: string }) => error.code,
    );
    expect([index, put]).toEqual([index, put === 'put' ? 'put' : 'GRAFT_BAD_ARGUMENT']);
    if (put === 'put') kept++;
  }
  expect(kept).toBeGreaterThan(100);
  expect(kept).toBeLessThan(VALUES.length - 100);
  await expect(map.set('\ud800', 1)).rejects.toMatchObject({ code: 'GRAFT_BAD_ARGUMENT' });
  const before = map.entries();
  expect(before).toHaveLength(kept);
  await host.close();
  const again = await open();
  const after = again.map('values', { stored: true }).entries();
  for (const [i, entry] of after.entries()) expect(entry).toStrictEqual(before[i]);
  expect(after).toHaveLength(kept);
  await again.close();
  rmSync(folder, { recursive: true });
});
