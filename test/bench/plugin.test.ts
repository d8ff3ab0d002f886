// `graftwork bench PLUGIN`: a graft of a user's own, measured in the kinds that ship. What is asserted is what was
// found, not how long it took.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { functionsNeeded, offered } from '../../bench/plugin/callables.ts';
import type { Measured } from '../../bench/plugin/page.ts';

const MAIN = fileURLToPath(new URL('../../bench/plugin/main.ts', import.meta.url));

const place = mkdtempSync(join(tmpdir(), 'graftwork-bench-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const bench = (...args: readonly string[]): Promise<Ran> =>
  promisify(execFile)(process.execPath, [MAIN, ...args], { cwd: place, maxBuffer: 2 ** 24 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: Ran) => error,
  );

const SOURCE = `import { refuse } from 'graftwork-sdk';
export const price = ({ list }, api) => {
  if (list < 0) refuse('negative', 'no such price');
  api.seen.add(1);
  return list * api.stock.get('x');
};
export const other = () => 0;
`;

const plugin = join(place, 'fair-price');
beforeAll(() => {
  mkdirSync(plugin);
  const grafts = ['price', 'other'].map((name) => ({ point: `shop/${name}`, export: name }));
  const graftwork = { api: 1, grafts, needs: ['stock.get', 'seen'] };
  writeFileSync(
    join(plugin, 'package.json'),
    JSON.stringify({ name: 'fair-price', version: '1.0.0', main: 'main.js', graftwork }),
  );
  writeFileSync(join(plugin, 'main.js'), SOURCE);
  writeFileSync(join(place, 'now.mjs'), 'export const stock = { get: () => 3 };');
  writeFileSync(join(place, 'later.mjs'), 'export const stock = { get: async () => 3 };');
});

const PRICE = ['--export', 'price', '--input', '{"list":10}', '--seconds', '0.05', '--json'] as const;

const samplesOf = ({ stdout }: Ran): Measured[] => (JSON.parse(stdout) as { samples: Measured[] }).samples;

describe('a graft of a user', () => {
  test('runs in each kind, with the callables of a module, and says what answered null', async () => {
    const ran = await bench(plugin, ...PRICE, '--callable', 'now.mjs', '--report', 'report');
    const samples = samplesOf(ran);
    expect(samples.map(({ kind }) => kind)).toEqual(['process', 'isolate', 'metered', 'ses', 'direct']);
    for (const { kind, found, idle } of samples) {
      expect({ kind, ...found }).toMatchObject({ kind, why: null, answer: '30', nulls: ['seen.add'] });
      expect(idle?.installed).toBeGreaterThan(0);
    }
    const page = readFileSync(join(place, 'report', 'report.html'), 'utf8');
    for (const title of ['Which kind to take', 'Figures', 'What each kind keeps out']) expect(page).toContain(title);
  });

  test('is measured beside the floor of its kind', async () => {
    const samples = samplesOf(await bench(plugin, ...PRICE, '--callable', 'now.mjs', '--kinds', 'isolate,direct'));
    const names = samples.map(({ found }) => (found.why === null ? found.each.map(({ name }) => name) : found.why));
    expect(names).toEqual([
      ['isolated-vm applySync (floor)', 'isolate'],
      ['plain call of the function (floor)', 'direct'],
    ]);
  });

  test('does not run where it would have to wait, and the kind says why', async () => {
    const samples = samplesOf(await bench(plugin, ...PRICE, '--callable', 'later.mjs', '--kinds', 'process,direct'));
    expect(samples.map(({ kind, found }) => [kind, found.why?.split(':')[0] ?? null])).toEqual([
      ['process', null],
      ['direct', 'GRAFT_MUST_WAIT'],
    ]);
  });

  test('that refuses the input is not measured, in no kind', async () => {
    const args = ['--export', 'price', '--input', '{"list":-1}', '--json', '--kinds', 'isolate,direct'];
    const ran = await bench(plugin, ...args);
    expect(ran.code).toBe(1);
    for (const { found } of samplesOf(ran)) expect(found.why).toContain('negative');
  });
});

describe('bad use', () => {
  test.each([
    [[], 'name one plugin'],
    [['fair-price', '--input', '1'], '--export other'],
    [['fair-price', '--export', 'price'], '--input'],
    [['fair-price', '--export', 'price', '--input', '{'], 'the input'],
    [['fair-price', '--export', 'price', '--input', '1', '--kinds', 'vm'], 'unknown kind vm'],
    [['fair-price', '--export', 'price', '--input', '1', '--seconds', '0'], '--seconds'],
    [['fair-price', '--strange'], '--strange'],
  ])('%j says what is wrong', async (args, said) => {
    const { code, stderr } = await bench(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
  });
});

describe('the callables of a graft', () => {
  test('a need is a group where the code calls something of it', () => {
    const code = 'api.stock.get("x"); api.log("y"); const { seen } = api; seen?.add(1);';
    expect(functionsNeeded(['stock', 'log', 'seen'], code)).toEqual(['stock.get', 'log', 'seen.add']);
  });

  test('are those that are needed, and no others', async () => {
    const asked: string[] = [];
    const { functions } = await offered(['stock', 'log'], 'api.log()', join(place, 'now.mjs'), (name) =>
      asked.push(name),
    );
    expect(Object.keys(functions)).toEqual(['stock.get', 'log']);
    expect([functions['stock.get']?.(), functions.log?.('x'), asked]).toEqual([3, null, ['log']]);
  });
});
