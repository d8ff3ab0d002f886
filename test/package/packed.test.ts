// The two packages as they are published: built, packed, unpacked into a folder outside the project, and used there by
// programs that have no more than what the packed manifest asks for.

import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { BUILD, installPacked, link, manifestOf, type Needs, node, project, ROOT, TSC } from '../support/packed.ts';
import { forgotten } from './forgotten.ts';

const { resolve } = createRequire(import.meta.url);
const COMPILERS = {
  'TypeScript 7': TSC,
  // The one that API Extractor has.
  'TypeScript 5.9': createRequire(resolve('@microsoft/api-extractor')).resolve('typescript/bin/tsc'),
};

let folder = '';
let manifest: Needs;

beforeAll(() => {
  folder = project('project');
  cpSync(fileURLToPath(new URL('project', import.meta.url)), folder, { recursive: true });
  installPacked(folder);
  manifest = manifestOf(folder, 'graftwork');
}, 300_000);

describe('the packed library', () => {
  test('exports each type that what it exports names, in every entry', () => {
    const entries = Object.entries(manifest.exports);
    expect(entries.length).toBeGreaterThanOrEqual(7);
    const found = forgotten(BUILD, Object.fromEntries(entries.map(([name, { types }]) => [name, types])));
    expect(found).toEqual(Object.fromEntries(entries.map(([name]) => [name, []])));
  });

  test.each(Object.entries(COMPILERS))('is used by a strict program that %s takes', async (_name, compiler) => {
    // What whoever writes such a program installs beside it.
    link(folder, ['@types/node', '@types/express']);
    const compilerOptions = {
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      module: 'nodenext',
      types: ['node'],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.ts'] }));
    const { stdout } = await node([compiler, '-p', '.'], folder).catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
  });

  test('does what that program asks of it', async () => {
    const { stdout } = await node(['typed.ts'], folder);
    const host = ['committed', 7, 'GRAFT_REFUSED', 'fair-price'];
    expect(JSON.parse(stdout)).toEqual({
      isolate: host,
      process: host,
      map: [['a', 1]],
      kernel: true,
      drive: true,
      sdk: [2, 1, 'CODE'],
      codes: true,
    });
  });

  test.each(['plain.mjs', 'plain.cjs'])('is used by %s', async (file) => {
    const { stdout } = await node([file], folder);
    expect(JSON.parse(stdout)).toEqual({ names: Object.keys(manifest.exports).length + 2, empty: [], price: 4 });
  });

  test('has no source that Node would have to strip, and nothing to compile', () => {
    const files = readdirSync(join(folder, 'node_modules', 'graftwork'), { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /(?<!\.d)\.ts$|\.node$|binding\.gyp$/.test(file))).toEqual([]);
    expect(JSON.stringify(manifest)).not.toMatch(/"(scripts|devDependencies|overrides)"/);
  });
});

describe('its commands', () => {
  const main = join('node_modules', 'graftwork', 'src', 'host', 'cli', 'main.js');

  test('demo runs an experiment, and draws plots as text where there is no Vega', async () => {
    const { stdout } = await node([main, 'demo', 'locks', '--small', '--report', 'demo.html'], folder);
    expect(stdout).toContain('hash ');
    expect(existsSync(join(folder, 'node_modules', 'vega'))).toBe(false);
    expect(readFileSync(join(folder, 'demo.html'), 'utf8')).toContain('<pre>');
  });

  test('bench measures a graft, beside the floor of its kind', async () => {
    mkdirSync(join(folder, 'half'), { recursive: true });
    const graftwork = { api: 1, grafts: [{ point: 'shop/price', export: 'price' }] };
    const own = { name: 'half', version: '1.0.0', main: 'index.js', graftwork };
    writeFileSync(join(folder, 'half', 'package.json'), JSON.stringify(own));
    writeFileSync(join(folder, 'half', 'index.js'), 'exports.price = (list) => list / 2;');
    const args = ['half', '--input', '8', '--seconds', '0.05', '--kinds', 'process,metered', '--json'];
    const { stdout } = await node([main, 'bench', ...args], folder);
    const { samples } = JSON.parse(stdout) as { samples: { found: { why: null; answer: string; each: unknown[] } }[] };
    expect(samples.map(({ found: { why, answer, each } }) => [why, answer, each.length])).toEqual([
      [null, '4', 2],
      [null, '4', 2],
    ]);
  });

  test('hostile runs the hostile plugins', async () => {
    const cases = join('node_modules', 'graftwork', 'test', 'hostile', 'cases.jsonl');
    const [first = ''] = readFileSync(join(folder, cases), 'utf8').split('\n');
    const { id } = JSON.parse(first) as { id: string };
    const { stdout } = await node([main, 'hostile', '--only', id, '--json'], folder);
    expect(JSON.parse(stdout)).toMatchObject({ total: 1, passed: 1 });
  });
});

test('the repository itself is not packed, and says what is', async () => {
  const packed = promisify(execFile)('npm', ['pack', '--dry-run'], { cwd: ROOT });
  await expect(packed).rejects.toMatchObject({ stderr: expect.stringContaining('npm run build && npm pack ./dist') });
});
