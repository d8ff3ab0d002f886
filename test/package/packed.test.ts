// The two packages as they are published: built, packed, unpacked into a folder outside the project, and used there by
// programs that have no more than what the packed manifest asks for.

import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { forgotten } from './forgotten.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MODULES = join(ROOT, 'node_modules');
const { resolve } = createRequire(import.meta.url);
const COMPILERS = {
  'TypeScript 7': join(MODULES, 'typescript', 'bin', 'tsc'),
  // The one that API Extractor has.
  'TypeScript 5.9': createRequire(resolve('@microsoft/api-extractor')).resolve('typescript/bin/tsc'),
};

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly types: string }>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const place = mkdtempSync(join(tmpdir(), 'graftwork-packed-'));
const build = join(place, 'build');
const project = join(place, 'project');
const installed = join(project, 'node_modules');
let manifest: Manifest;

const node = async (args: readonly string[], cwd = project): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, args, { cwd, maxBuffer: 2 ** 24 });

/** Makes a package of the project's be found from the outside. */
const link = (name: string): void => {
  const at = join(installed, name);
  mkdirSync(dirname(at), { recursive: true });
  if (existsSync(join(MODULES, name)) && !existsSync(at)) symlinkSync(join(MODULES, name), at);
};

const unpack = async (name: string): Promise<void> => {
  const archive = readdirSync(place).find((file) => new RegExp(`^${name}-\\d.*\\.tgz$`).test(file)) as string;
  mkdirSync(join(installed, name), { recursive: true });
  const args = ['-xzf', join(place, archive), '--strip-components=1', '-C', join(installed, name)];
  await promisify(execFile)('tar', args);
};

beforeAll(async () => {
  await node([COMPILERS['TypeScript 7'], '-p', 'tsconfig.build.json', '--outDir', build], ROOT);
  await node(['scripts/publish-manifest.ts', build], ROOT);
  await promisify(execFile)('npm', ['pack', '--silent', build, join(build, 'sdk')], { cwd: place });
  cpSync(fileURLToPath(new URL('project', import.meta.url)), project, { recursive: true });
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  await Promise.all(['graftwork', 'graftwork-sdk'].map(unpack));
  manifest = JSON.parse(readFileSync(join(installed, 'graftwork', 'package.json'), 'utf8')) as Manifest;
  const { dependencies, optionalDependencies, peerDependencies } = manifest;
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) link(name);
  symlinkSync(MODULES, join(build, 'node_modules'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe('the packed library', () => {
  test('exports each type that what it exports names, in every entry', () => {
    const entries = Object.entries(manifest.exports);
    expect(entries.length).toBeGreaterThanOrEqual(7);
    const found = forgotten(build, Object.fromEntries(entries.map(([name, { types }]) => [name, types])));
    expect(found).toEqual(Object.fromEntries(entries.map(([name]) => [name, []])));
  });

  test.each(Object.entries(COMPILERS))('is used by a strict program that %s takes', async (_name, compiler) => {
    // What whoever writes such a program installs beside it.
    for (const name of ['@types/node', '@types/express']) link(name);
    const compilerOptions = {
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      module: 'nodenext',
      types: ['node'],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
    };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.ts'] }));
    const { stdout } = await node([compiler, '-p', '.']).catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
  });

  test('does what that program asks of it', async () => {
    const { stdout } = await node(['typed.ts']);
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
    const { stdout } = await node([file]);
    expect(JSON.parse(stdout)).toEqual({ names: Object.keys(manifest.exports).length + 2, empty: [], price: 4 });
  });

  test('has no source that Node would have to strip, and nothing to compile', () => {
    const files = readdirSync(join(installed, 'graftwork'), { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /(?<!\.d)\.ts$|\.node$|binding\.gyp$/.test(file))).toEqual([]);
    expect(JSON.stringify(manifest)).not.toMatch(/"(scripts|devDependencies|overrides)"/);
  });
});

describe('its commands', () => {
  const main = join('node_modules', 'graftwork', 'src', 'host', 'cli', 'main.js');

  test('demo runs an experiment, and draws plots as text where there is no Vega', async () => {
    const { stdout } = await node([main, 'demo', 'locks', '--small', '--report', 'demo.html']);
    expect(stdout).toContain('hash ');
    expect(existsSync(join(installed, 'vega'))).toBe(false);
    expect(readFileSync(join(project, 'demo.html'), 'utf8')).toContain('<pre>');
  });

  test('bench measures a graft, beside the floor of its kind', async () => {
    mkdirSync(join(project, 'half'), { recursive: true });
    const graftwork = { api: 1, grafts: [{ point: 'shop/price', export: 'price' }] };
    const own = { name: 'half', version: '1.0.0', main: 'index.js', graftwork };
    writeFileSync(join(project, 'half', 'package.json'), JSON.stringify(own));
    writeFileSync(join(project, 'half', 'index.js'), 'exports.price = (list) => list / 2;');
    const args = ['half', '--input', '8', '--seconds', '0.05', '--kinds', 'process,metered', '--json'];
    const { stdout } = await node([main, 'bench', ...args]);
    const { samples } = JSON.parse(stdout) as { samples: { found: { why: null; answer: string; each: unknown[] } }[] };
    expect(samples.map(({ found: { why, answer, each } }) => [why, answer, each.length])).toEqual([
      [null, '4', 2],
      [null, '4', 2],
    ]);
  });

  test('hostile runs the hostile plugins', async () => {
    const cases = join('node_modules', 'graftwork', 'test', 'hostile', 'cases.jsonl');
    const [first = ''] = readFileSync(join(project, cases), 'utf8').split('\n');
    const { id } = JSON.parse(first) as { id: string };
    const { stdout } = await node([main, 'hostile', '--only', id, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ total: 1, passed: 1 });
  });
});

test('the repository itself is not packed, and says what is', async () => {
  const packed = promisify(execFile)('npm', ['pack', '--dry-run'], { cwd: ROOT });
  await expect(packed).rejects.toMatchObject({ stderr: expect.stringContaining('npm run build && npm pack ./dist') });
});
