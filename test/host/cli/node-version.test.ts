// The check that comes before everything else: which versions pass, what is said of others, and that nothing else is
// loaded before it.

import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isOlder, NEEDED, versionFault, versionsHere } from '../../../src/host/cli/node-version.ts';

const CLI = fileURLToPath(new URL('../../../src/host/cli/', import.meta.url));

describe('a version', () => {
  test.each(['7.0.1', '7.0.2', '7.1.0', '8.0.0', '10.0.0', '7.0.10', '7.0.2-beta.1', '7.0.1+build'])(
    '%s is not older than 7.0.1',
    (version) => {
      expect(isOlder(version, '7.0.1')).toBe(false);
    },
  );

  test.each(['7.0.0', '6.9.9', '6.1.2', '0.0.0', '7.0.1-beta.1', 'v8.0.0', '8', ''])(
    '"%s" is older than 7.0.1',
    (version) => {
      expect(isOlder(version, '7.0.1')).toBe(true);
    },
  );
});

describe('the fault', () => {
  test('is none with the versions that run this test', () => {
    expect(versionFault(versionsHere())).toBeNull();
  });

  test('is none with the least versions', () => {
    expect(versionFault(NEEDED)).toBeNull();
  });

  test.each([
    [
      'an older Node',
      { node: '22.22.0', isolatedVm: '7.0.1' },
      /^GRAFT_NODE_TOO_OLD: this is Node 22\.22\.0, .* 24\.0\.0 or later.*nodejs\.org/,
    ],
    [
      'an older isolated-vm',
      { node: '24.1.0', isolatedVm: '6.0.2' },
      /^GRAFT_NODE_TOO_OLD: isolated-vm 6\.0\.2 .* 7\.0\.1 or later.*npm install/,
    ],
    [
      'no isolated-vm',
      { node: '24.1.0', isolatedVm: null },
      /^GRAFT_NODE_TOO_OLD: isolated-vm is not installed\. Run `npm install`/,
    ],
  ])('names %s and says what to do', (_what, versions, message) => {
    expect(versionFault(versions)).toMatch(message);
  });
});

/** Another Node of this machine, which is too old; null: there is none on the PATH. */
const oldNode = (): string | null => {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(folder, 'node');
    if (!existsSync(node)) continue;
    const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
    if (isOlder(stdout.trim().slice(1), NEEDED.node)) return node;
  }
  return null;
};

describe('the executable', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'graftwork-'));
    for (const file of ['main.ts', 'node-version.ts']) await cp(join(CLI, file), join(folder, file));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** Runs these two files alone: anything else they load is not there. */
  const run = (): Promise<{ code: unknown; stderr: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [join(folder, 'main.ts')], (error, _stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stderr }),
      );
    });

  const install = async (version: string): Promise<void> => {
    await mkdir(join(folder, 'node_modules/isolated-vm'), { recursive: true });
    await writeFile(
      join(folder, 'node_modules/isolated-vm/package.json'),
      JSON.stringify({ name: 'isolated-vm', version }),
    );
  };

  test('stops at an isolated-vm that is too old, before it loads anything', async () => {
    await install('6.0.2');
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^GRAFT_NODE_TOO_OLD: isolated-vm 6\.0\.2 [^\n]*\n$/)]);
  });

  test('stops where there is none', async () => {
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^GRAFT_NODE_TOO_OLD: isolated-vm is not installed[^\n]*\n$/),
    ]);
  });

  const old = oldNode();
  test(`stops at a Node that is too old${old === null ? ': skipped, there is none here' : ''}`, async () => {
    if (old === null) return;
    // As it is published: without types.
    for (const name of ['main', 'node-version']) {
      const code = stripTypeScriptTypes(await readFile(join(folder, `${name}.ts`), 'utf8'));
      await writeFile(join(folder, `${name}.js`), code.replaceAll(".ts'", ".js'"));
    }
    const { status, stdout, stderr } = spawnSync(old, [join(folder, 'main.js'), 'points'], { encoding: 'utf8' });
    expect([status, stdout, stderr]).toEqual([
      1,
      '',
      expect.stringMatching(/^GRAFT_NODE_TOO_OLD: this is Node [\d.]+, and Graftwork needs 24[^\n]*\n$/),
    ]);
  });

  test('goes on to the program where all is well', async () => {
    await install('7.0.1');
    expect((await run()).stderr).toMatch(/Cannot find module .*program\.ts/);
  });
});
