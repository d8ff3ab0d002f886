// What native code in a plugin's process can ask of the kernel: nothing but what is listed.

import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { buildSync } from 'esbuild';
import { childCommand } from '../../../../src/plugins/compartment/process/command.ts';
import { type Arch, NUMBERS } from '../../../../src/plugins/compartment/process/walls/numbers.ts';
import { type RawChild, startChild } from '../raw-child.ts';
import { ALLOWED } from './allowed.ts';

const { file, args, facts } = childCommand();
const whereFiltered = facts.walls.seccomp ? it : it.skip;
const whereConfined = facts.walls.landlock ? it : it.skip;
const onX64 = facts.walls.seccomp && process.arch === 'x64' ? it : it.skip;

const built = buildSync({
  entryPoints: [fileURLToPath(new URL('attacker.ts', import.meta.url))],
  bundle: true,
  write: false,
  format: 'cjs',
  platform: 'node',
  tsconfigRaw: '{}',
});
const script = built.outputFiles[0]?.text as string;

/** What the attacker tries to make. */
const MADE = '/tmp/graftwork-attack';

interface Attack {
  readonly found: unknown;
  readonly status: number | null;
  readonly signal: string | null;
}

/** The attacker as a plugin's process, with descriptors of the host's that nobody passed on purpose. */
const attack = (deed: string, words: readonly (string | number)[] = [], strays: readonly number[] = []): Attack => {
  const nothing = openSync('/dev/null', 'r');
  const own = fileURLToPath(import.meta.url);
  const stray = strays.map((number) => [number, openSync(own, 'r')] as const);
  const stdio: (number | 'ignore' | 'pipe')[] = ['ignore', 'ignore', 'ignore', nothing, 'pipe'];
  for (const [number, descriptor] of stray) {
    while (stdio.length < number) stdio.push('ignore');
    stdio.push(descriptor);
  }
  const command = [...args.with(args.indexOf('--eval') + 1, script), deed, ...words.map(String)];
  const { output, status, signal } = spawnSync(file, command, { env: {}, stdio });
  for (const descriptor of [nothing, ...stray.map(([, one]) => one)]) closeSync(descriptor);
  const text = output[4]?.toString() ?? '';
  return { found: text === '' ? undefined : JSON.parse(text), status, signal };
};

/**
 * x64's uretprobe and uprobe (Linux 6.11 and 6.18): the kernel lets its own probes past every filter, and answers
 * whoever else makes these calls with SIGILL or ENXIO.
 */
const OF_PROBES = [335, 336];

describe('of system calls', () => {
  whereFiltered('every number is refused, but for those listed', () => {
    const arch = process.arch as Arch;
    const listed = ALLOWED.flatMap((name) => NUMBERS[name][arch] ?? []);
    const { found, status } = attack('everyNumber', [...listed, ...OF_PROBES]);
    const numbers = Object.entries(found as Record<string, number>).map(([number, result]) => [Number(number), result]);
    const others = new Map<unknown, number>([
      [NUMBERS.clone3[arch], -38],
      [NUMBERS.fsync[arch], -22],
      [NUMBERS.fdatasync[arch], -22],
    ]);
    expect(numbers).toEqual(numbers.map(([number]) => [number, others.get(number) ?? -1]));
    expect([numbers.length, status]).toEqual([600 - listed.length - OF_PROBES.length, 7]);
  });

  onX64.each(OF_PROBES)("the kernel's own probes' number %d gives nothing", (number) => {
    const { found, signal } = attack('oneNumber', [number]);
    expect([
      [-1, null],
      [-6, null],
      [undefined, 'SIGILL'],
    ]).toContainEqual([found, signal]);
  });

  onX64('what an attacker would want is refused', () => {
    rmSync(MADE, { force: true });
    const { found } = attack('wanted');
    expect(found).toEqual(Object.fromEntries(Object.keys(found as object).map((what) => [what, -1])));
    expect(Object.keys(found as object).length).toBeGreaterThan(60);
    expect(existsSync(MADE)).toBe(false);
  });

  onX64.each([0, 2, 39, 59, 520])("x32's number %d ends the process", (number) => {
    expect(attack('x32', [number])).toEqual({ found: undefined, status: null, signal: 'SIGSYS' });
  });

  onX64('one asked for as another architecture does ends the process', () => {
    const { found, signal } = attack('otherArchitecture');
    // SIGSEGV where the kernel knows no such programs.
    expect([found, ['SIGSYS', 'SIGSEGV'].includes(signal ?? '')]).toEqual([undefined, true]);
  });

  whereFiltered('what an engine lives on is allowed', () => {
    expect(attack('compute').found).toEqual({
      mapped: true,
      executable: 0,
      returned: 0,
      sum: expect.any(Number),
      made: 2,
      random: true,
    });
  });
});

whereConfined('privileges go, and Landlock lets the files through that it is told of and no other', () => {
  expect(attack('filesAlone', [process.execPath]).found).toEqual({
    stands: true,
    mayBeLookedInto: 0,
    gainsNoPrivileges: 1,
    through: [true],
    other: -13,
    folder: -13,
    made: -13,
  });
});

whereFiltered('descriptors that nobody passed on purpose are closed', () => {
  const EBADF = -9;
  expect(attack('descriptors', [3, 16, 40, 300], [16, 40, 300]).found).toEqual([0, EBADF, EBADF, EBADF]);
});

whereFiltered('nothing can be loaded behind the walls, and the process ends as it says', () => {
  expect(attack('loading')).toEqual({ found: { dlopen: 'undefined' }, status: 7, signal: null });
});

describe("a plugin's process, seen from outside", () => {
  let child: RawChild;
  beforeEach(async () => {
    child = await startChild();
  });
  afterEach(() => child.kill());

  const said = (of: string): Record<string, string> =>
    Object.fromEntries(
      readFileSync(of, 'utf8')
        .split('\n')
        .map((line) => line.split(/:\s*/) as [string, string]),
    );

  whereFiltered('has the filter before all its threads, and no privileges', async () => {
    await child.load(1, '({ graft: () => 1 })');
    expect((await child.call(1, null)).json).toBe(1);
    const tasks = `/proc/${child.process.pid}/task`;
    const threads = readdirSync(tasks).map((thread) => said(`${tasks}/${thread}/status`));
    expect(threads.length).toBeGreaterThan(3);
    for (const thread of threads) expect(thread).toMatchObject({ NoNewPrivs: '1', Seccomp: '2' });
    expect(said(`/proc/${child.process.pid}/status`)).toMatchObject({ CapEff: '0000000000000000' });
  });

  whereFiltered('may write no core, no byte to a file, and open nothing', async () => {
    const limits = readFileSync(`/proc/${child.process.pid}/limits`, 'utf8');
    for (const what of ['Max core file size', 'Max file size', 'Max open files'])
      expect(limits).toMatch(new RegExp(`^${what} +0 +0 `, 'm'));
  });
});
