// The bundler's second wall without the first: its processes can open no file and reach nobody, whatever they are made
// to do. esbuild stands in for an attacker itself, since its command line reads, writes and serves what it is told.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { buildSync } from 'esbuild';
import { childCommand } from '../../../../src/plugins/compartment/process/command.ts';
import { ALL_WALLS, NO_WALLS, toByte } from '../../../../src/plugins/compartment/process/walls/standing.ts';
import { Bundler, type BundlerReply } from '../../../../src/plugins/package/bundler/bundler.ts';
import { bundlerCommands } from '../../../../src/plugins/package/bundler/command.ts';
import { PackageReader } from '../../../../src/plugins/package/index.ts';

const { walls } = childCommand().facts;
const whereWalled = toByte(walls) === toByte(ALL_WALLS) ? describe : describe.skip;

const { reads, bundles } = bundlerCommands(true);
const bare = bundlerCommands(false);

const folder = mkdtempSync(join(tmpdir(), 'walls-'));
const secret = join(folder, 'secret.txt');
writeFileSync(secret, 'HOST-SECRET');
afterAll(() => rmSync(folder, { recursive: true }));

const TIMEOUT_MS = 10_000;

/** esbuild with other words than `--service`, as a bundler starts it. */
const esbuild = ({ file, args, env }: typeof bundles, words: readonly string[], input = '') => {
  const all = [...args.slice(0, -1), ...words];
  const { status, stdout, stderr } = spawnSync(file, all, { env, cwd: '/', input, timeout: TIMEOUT_MS });
  return { status, said: `${stdout}${stderr}` };
};

/** What esbuild says until it names an address, or ends. */
const firstWords = async ({ file, args, env }: typeof bundles, words: readonly string[]): Promise<string> => {
  const child = spawn(file, [...args.slice(0, -1), ...words], { env, cwd: '/' });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes) => {
      said += bytes;
      if (said.includes('http://')) child.kill('SIGKILL');
    });
  await once(child, 'close');
  return said;
};

whereWalled('esbuild behind its walls', () => {
  it('bundles what it is given, and says which walls stand', () => {
    const { status, said } = esbuild(bundles, ['--bundle'], 'export const a = 1;');
    expect([status, said.charCodeAt(0)]).toEqual([0, toByte(ALL_WALLS)]);
    expect(said).toContain('a = 1');
  });

  it('reads no file', () => {
    expect(esbuild(bare.bundles, [secret, '--loader:.txt=text']).said).toContain('HOST-SECRET');
    const walled = esbuild(bundles, [secret, '--loader:.txt=text']);
    expect(walled.status).not.toBe(0);
    expect(walled.said).not.toContain('HOST-SECRET');
  });

  it.each(['import', 'require'])('finds no file by a pattern (%s)', (how) => {
    const source = `export const f = (n) => ${how}('.${folder}/secret' + n);`;
    const words = ['--bundle', '--format=esm', '--loader:.txt=text'];
    expect(esbuild(bare.bundles, words, source).said).toContain('HOST-SECRET');
    expect(esbuild(bundles, words, source).said).not.toContain('HOST-SECRET');
  });

  it('writes no file', () => {
    const [free, walled] = [join(folder, 'free.js'), join(folder, 'walled.js')];
    esbuild(bare.bundles, ['--bundle', `--outfile=${free}`], 'a');
    expect(esbuild(bundles, ['--bundle', `--outfile=${walled}`], 'a').status).not.toBe(0);
    expect([existsSync(free), existsSync(walled)]).toEqual([true, false]);
  });

  it('serves nobody', async () => {
    const words = ['--serve=127.0.0.1:0', `--servedir=${folder}`];
    expect(await firstWords(bare.bundles, words)).toContain('http://127.0.0.1:');
    expect(await firstWords(bundles, words)).not.toContain('http://127.0.0.1:');
  });

  it('is no other program, since that would need files', () => {
    const [program, ...args] = ['/bin/cat', secret];
    const at = bundles.args.indexOf(bare.bundles.args.at(-2) as string);
    const { status, stdout } = spawnSync(bundles.file, [...bundles.args.slice(0, at), program as string, ...args]);
    // A program that needs a loader would have to read that first.
    expect(status).not.toBe(0);
    expect(stdout.toString()).not.toContain('HOST-SECRET');
  });
});

whereWalled('the process that reads packages, behind its walls', () => {
  it('opens nothing, starts nothing and reaches nobody', () => {
    const built = buildSync({
      entryPoints: [fileURLToPath(new URL('attacker.ts', import.meta.url))],
      bundle: true,
      write: false,
      format: 'cjs',
      platform: 'node',
      tsconfigRaw: '{}',
    });
    const at = reads.args.indexOf('--eval') + 1;
    const args = reads.args.with(at, built.outputFiles[0]?.text as string);
    const nothing = openSync('/dev/null', 'r');
    const stdio = ['ignore', 'ignore', 'ignore', nothing, 'pipe', nothing, nothing] as const;
    const { output, status } = spawnSync(reads.file, args, { env: {}, cwd: '/', stdio: [...stdio] });
    const found = JSON.parse(String(output[4])) as Record<string, string>;
    expect(Object.keys(found).length).toBeGreaterThan(8);
    expect(Object.entries(found).filter(([, what]) => what !== '')).toEqual([]);
    expect(status).toBe(0);
  });
});

/** What is made of one honest package by a bundler of its own. */
const madeBy = async (commands: typeof bare, named: boolean): Promise<{ reply: BundlerReply; byte: number }> => {
  const bundler = await new Promise<Bundler>((ready) => {
    new Bundler(commands, { ready, ended: () => {} }, named);
  });
  const given = JSON.stringify({ name: 'x', graftwork: { api: 1, grafts: [] } });
  const entries = [{ path: 'main.ts', bytes: Buffer.from(`export const a = '${'a'.repeat(1_000_000)}';`) }];
  const reply = await bundler.make({ entries, given }, TIMEOUT_MS);
  bundler.dismiss();
  return { reply, byte: toByte(bundler.walls) };
};

describe('a bundler', () => {
  it.each([
    ['walls and named pipes', true, true],
    ['walls, without named pipes', true, false],
    ['named pipes, without walls', false, true],
    ['neither', false, false],
  ])('makes the same with %s', async (_, walled, named) => {
    const { reply, byte } = await madeBy(bundlerCommands(walled), named);
    expect(reply).toMatchObject({ is: 'made', head: { name: 'x' } });
    expect(byte).toBe(toByte(walled ? walls : NO_WALLS));
  });

  it('is none where walls are required and do not stand', async () => {
    const reader = new PackageReader('required');
    const read = reader.read({ manifest: { api: 1, grafts: [], name: 'x' }, files: { 'main.ts': '' } });
    if (toByte(walls) === toByte(ALL_WALLS)) expect((await read).name).toBe('x');
    else await expect(read).rejects.toMatchObject({ code: 'GRAFT_NO_WALLS' });
    reader.close();
  });
});
