// The filter as data: what it says of every call, on both architectures, and what else the walls are made of.

import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { wallsAddon } from '../../../../src/plugins/compartment/process/walls/addon.ts';
import { filterOf, lengthOf } from '../../../../src/plugins/compartment/process/walls/filter.ts';
import { everything } from '../../../../src/plugins/compartment/process/walls/landlock.ts';
import {
  ARCHES,
  type Arch,
  type CallName,
  NUMBERS,
  numberOf,
} from '../../../../src/plugins/compartment/process/walls/numbers.ts';
import { computing } from '../../../../src/plugins/compartment/process/walls/policy.ts';
import { verdictOf } from '../../../support/bpf.ts';
import { ALLOWED } from './allowed.ts';

const PID = 4711;
const AUDIT: Record<Arch, number> = { x64: 0xc000003e, arm64: 0xc00000b7 };
const AUDIT_I386 = 0x40000003;
const AUDIT_ARM = 0x40000028;
const X32 = 0x40000000;
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const refused = (error: number): number => 0x50000 + error;
const NUMBERS_MAX = 1024;

const programs = { x64: filterOf(computing(PID), 'x64'), arm64: filterOf(computing(PID), 'arm64') };
const verdict = (arch: Arch, number: number, ...args: number[]): number =>
  verdictOf(programs[arch], { arch: AUDIT[arch], number, args });
const verdictByName = (arch: Arch, name: CallName, ...args: number[]): number =>
  verdict(arch, numberOf(name, arch), ...args);

describe.each(ARCHES)('on %s', (arch) => {
  const numbers = new Set<number | null>(ALLOWED.map((name) => NUMBERS[name][arch]));

  it('what is listed is allowed, and nothing else is', () => {
    const allowed = Array.from({ length: NUMBERS_MAX }, (_, number) => number).filter(
      // Arguments with which every rule is content.
      (number) => [[0, 0, 0, 0x22], [0x3d0f00], [PID]].some((args) => verdict(arch, number, ...args) === ALLOW),
    );
    expect(allowed).toEqual([...numbers].filter((number) => number !== null).sort((a, b) => a - b));
  });

  it('anything else is refused, with EPERM but for three', () => {
    const others = new Map<number, number>([
      [numberOf('clone3', arch), refused(38)],
      [numberOf('fsync', arch), refused(22)],
      [numberOf('fdatasync', arch), refused(22)],
    ]);
    for (let number = 0; number < NUMBERS_MAX; number++)
      if (!numbers.has(number))
        expect([number, verdict(arch, number)]).toEqual([number, others.get(number) ?? refused(1)]);
  });

  it('a call of another architecture ends the process', () => {
    for (const other of [AUDIT_I386, AUDIT_ARM, 0, ...Object.values(AUDIT)].filter((one) => one !== AUDIT[arch]))
      expect(verdictOf(programs[arch], { arch: other, number: numberOf('read', arch) })).toBe(KILL);
  });

  it('memory is mapped where no file is', () => {
    expect(verdictByName(arch, 'mmap', 0, 4096, 3, 0x22)).toBe(ALLOW);
    expect(verdictByName(arch, 'mmap', 0, 4096, 3, 0x02)).toBe(refused(1));
    expect(verdictByName(arch, 'mmap', 0, 4096, 3, 0x01)).toBe(refused(1));
  });

  it('threads are started, as glibc and musl do, and processes are not', () => {
    for (const flags of [0x3d0f00, 0x7d0f00]) expect(verdictByName(arch, 'clone', flags)).toBe(ALLOW);
    // SIGCHLD alone: fork; and a thread in a namespace of its own.
    for (const flags of [17, 0x4111, 0x3d0f00 | 0x20000, 0x3d0f00 | 0x10000000, 0])
      expect(verdictByName(arch, 'clone', flags)).toBe(refused(1));
  });

  it('a signal is sent to the process itself', () => {
    expect(verdictByName(arch, 'tgkill', PID, PID, 6)).toBe(ALLOW);
    expect(verdictByName(arch, 'tgkill', 1, 1, 6)).toBe(refused(1));
  });

  it('the program is no longer than the kernel takes', () => {
    expect(lengthOf(programs[arch])).toBeLessThan(4096);
  });
});

it("x32's numbers end the process", () => {
  for (let number = 0; number < NUMBERS_MAX; number++) expect(verdict('x64', X32 + number)).toBe(KILL);
  expect(verdict('x64', 0xffffffff)).toBe(KILL);
});

describe('the table of numbers', () => {
  it.each(ARCHES)('has each number of %s once', (arch) => {
    const numbers = Object.values(NUMBERS).flatMap((call) => call[arch] ?? []);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('has both numbers of every call but of three that arm64 never had', () => {
    const lacking = Object.entries(NUMBERS).filter(([, { arm64 }]) => arm64 === null);
    expect(lacking.map(([name]) => name)).toEqual(['arch_prctl', 'time', 'epoll_wait']);
  });
});

describe('Landlock', () => {
  it.each([
    [1, [0x1fffn]],
    [2, [0x3fffn]],
    [3, [0x7fffn]],
    [4, [0x7fffn, 3n]],
    [5, [0xffffn, 3n]],
    [6, [0xffffn, 3n, 3n]],
    [9, [0xffffn, 3n, 3n]],
  ])('of version %d refuses all that it knows', (version, words) => {
    const bytes = everything(version);
    expect(Array.from({ length: bytes.length / 8 }, (_, index) => bytes.readBigUInt64LE(8 * index))).toEqual(words);
  });
});

describe('the addon', () => {
  it.each([
    ['darwin', 'arm64'],
    ['win32', 'x64'],
    ['linux', 'riscv64'],
    ['linux', 'ia32'],
  ])('is none on %s %s', (platform, arch) => {
    expect(wallsAddon(platform, arch)).toBeNull();
  });

  it('is a file where there is one for this machine', () => {
    const addon = wallsAddon();
    expect(addon === null || existsSync(addon)).toBe(true);
  });
});
