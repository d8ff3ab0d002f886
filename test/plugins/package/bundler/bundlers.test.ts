// Bundlers that are kept busy, broken, killed and closed: whoever asks next gets his package.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bundlers } from '../../../../src/plugins/package/bundler/bundlers.ts';
import { PackageReader, readPackage } from '../../../../src/plugins/package/index.ts';
import { expectRefusal } from '../archives.ts';
import { endOf, until } from './watched.ts';

const packageOf = (source: string, path = 'main.ts') => ({
  manifest: { name: 'x', main: path, graftwork: { api: 1, grafts: [] } },
  files: { [path]: source },
});
const HONEST = packageOf('export const a = 1;');
/** esbuild parses each parameter list once more for every one that it lies in. */
const BUSY = packageOf(`export const f = ${'a => '.repeat(20_000)}1`);
const ENDLESS_MS = 600_000;

/** Process ids of the bundler that is given the next package. */
const next = async (): Promise<readonly [number, number]> => {
  await readPackage(HONEST);
  return bundlers.pids[0] as [number, number];
};

const isBusy = (pids: readonly number[]): boolean => bundlers.busy.some((busy) => busy[0] === pids[0]);

let release = (): void => {};
beforeAll(() => {
  release = bundlers.hold();
});
afterAll(() => release());

describe('a package that breaks the bundler', () => {
  test('by keeping it busy is refused in time, and the next one is bundled', async () => {
    await expectRefusal('GRAFT_BUNDLE', 'gave up on this package: bundling took longer than 300 ms', () =>
      readPackage(BUSY, { wait_ms: 300 }),
    );
    expect((await readPackage(HONEST)).code).toContain('a = 1');
  });

  test.each([
    ['its stack', `export const f = ${'!'.repeat(1_000_000)}1`],
    [
      'its memory',
      `enum E { a0 = '0123456789abcdef', ${Array.from({ length: 40 }, (_, i) => `a${i + 1} = a${i} + a${i}`).join()} }
       export const f = () => E.a40;`,
    ],
  ])('by running out of %s is refused, and the next one is bundled', async (_, source) => {
    const ended = "gave up on this package: esbuild's process ended with status 2";
    await expectRefusal('GRAFT_BUNDLE', ended, () => readPackage(packageOf(source)));
    expect((await readPackage(HONEST)).code).toContain('a = 1');
  });

  test('delays no other: one that came later is there first', async () => {
    const reader = new PackageReader();
    const closed = expectRefusal('GRAFT_CLOSED', 'closed', () => reader.read(BUSY));
    await until(() => bundlers.busy.length === 1);
    expect((await readPackage(HONEST)).code).toContain('a = 1');
    expect(bundlers.busy).toHaveLength(1);
    reader.close();
    await closed;
  });

  test('with others like it delays no other, until all bundlers are theirs', async () => {
    const reader = new PackageReader();
    const closed = [1, 2, 3].map(() => expectRefusal('GRAFT_CLOSED', 'closed', () => reader.read(BUSY)));
    await until(() => bundlers.busy.length === 3);
    expect((await readPackage(HONEST)).code).toContain('a = 1');
    const last = expectRefusal('GRAFT_CLOSED', 'closed', () => reader.read(BUSY));
    await until(() => bundlers.busy.length === 4);
    const waiting = readPackage(HONEST);
    reader.close();
    expect((await waiting).code).toContain('a = 1');
    await Promise.all([...closed, last]);
  });
});

describe('a bundler that is killed from outside', () => {
  test.each([
    ['its process that reads packages', 0],
    ["esbuild's process", 1],
  ] as const)('over a package (%s) is not to blame: another makes it', async (_, which) => {
    const pids = await next();
    process.kill(pids[1], 'SIGSTOP');
    const made = readPackage(HONEST);
    await until(() => isBusy(pids));
    process.kill(pids[which], 'SIGKILL');
    expect((await made).code).toContain('a = 1');
    await Promise.all(pids.map(endOf));
  });

  test('twice over one package is reported', async () => {
    const made = expectRefusal('GRAFT_BUNDLE', 'ended with SIGKILL', () => readPackage(BUSY, { wait_ms: ENDLESS_MS }));
    const killed: number[] = [];
    for (const _ of [1, 2]) {
      await until(() => bundlers.busy.some(([reads]) => !killed.includes(reads as number)));
      const [reads] = bundlers.busy.find(([pid]) => !killed.includes(pid as number)) as [number, number];
      killed.push(reads);
      process.kill(reads, 'SIGKILL');
    }
    await made;
  });

  test.each([0, 1] as const)('with nothing to do (%d) is missed by nobody', async (which) => {
    const pids = await next();
    process.kill(pids[which], 'SIGKILL');
    expect((await readPackage(HONEST)).code).toContain('a = 1');
    await Promise.all(pids.map(endOf));
  });
});

describe('a reader that is closed', () => {
  test('takes no other, and gives up what waits as well as what is made', async () => {
    const reader = new PackageReader();
    reader.close();
    await expectRefusal('GRAFT_CLOSED', 'closed', () => reader.read(HONEST));
  });

  test('leaves the bundlers to those that are open', async () => {
    const reader = new PackageReader();
    await reader.read(HONEST);
    const before = bundlers.pids;
    reader.close();
    expect(bundlers.pids).toEqual(before);
  });

  test('last leaves none', async () => {
    await readPackage(HONEST);
    const pids = bundlers.pids.flat() as number[];
    release();
    expect(pids.length).toBeGreaterThan(0);
    await Promise.all(pids.map(endOf));
    await until(() => bundlers.pids.length === 0);
    release = bundlers.hold();
  });
});

describe('a process that reads packages', () => {
  const run = promisify(execFile);
  const source = new URL('../../../../src/plugins/package/index.ts', import.meta.url).href;
  const script = (then: string): string[] => [
    '--input-type=module',
    '--eval',
    `import { readPackage } from ${JSON.stringify(source)};
     import { readFileSync } from 'node:fs';
     await readPackage(${JSON.stringify(HONEST)});
     console.log(readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8'));
     ${then}`,
  ];
  const childrenIn = (stdout: string): number[] => stdout.trim().split(' ').map(Number);

  test('ends when it has nothing else to do, and its bundlers with it', async () => {
    const { stdout } = await run(process.execPath, script(''));
    const pids = childrenIn(stdout);
    expect(pids.length).toBeGreaterThanOrEqual(2);
    await Promise.all(pids.map(endOf));
  });

  test('takes its bundlers with it when it is killed', async () => {
    const ended = (await run(process.execPath, script("process.kill(process.pid, 'SIGKILL');")).catch(
      (error: unknown) => error,
    )) as { stdout: string; signal: string };
    expect(ended.signal).toBe('SIGKILL');
    await Promise.all(childrenIn(ended.stdout).map(endOf));
  });
});
