// The file system against a map of paths, over random operations with remounts, and where a disk or an inode is full.

import { describe, expect, it } from '@jest/globals';
import { BufferCache, FileError, FileSystem, type Inode } from '../../../src/kernel-model/fs/index.ts';
import { BLOCK_BYTES, EXTENTS_PER_INODE } from '../../../src/kernel-model/limits.ts';
import { Random } from '../../support/random.ts';
import { Blocks } from './blocks.ts';

interface Mounted {
  readonly device: Blocks;
  readonly fs: FileSystem;
}

const format = (blocks: number): Mounted => {
  const device = new Blocks();
  return { device, fs: device.finish(FileSystem.format(new BufferCache(device, 8), blocks)) };
};

/** After a sync: another machine, the same disk. */
const remount = ({ device, fs }: Mounted): Mounted => {
  device.finish(fs.sync());
  const other = new Blocks(device.blocks);
  return { device: other, fs: other.finish(FileSystem.mount(new BufferCache(other, 8))) };
};

const faultOf = (run: () => unknown): string => {
  try {
    const value = run();
    return value instanceof FileError ? value.fault : 'none';
  } catch (error) {
    return error instanceof FileError ? error.fault : String(error);
  }
};

const contents = ({ device, fs }: Mounted, path: string): Uint8Array => {
  const inode = device.finish(fs.lookup(path));
  const into = new Uint8Array(inode.size);
  device.finish(fs.read(inode, 0, into));
  return into;
};

/** Finishes, or throws what it threw. */
const run = <Value>({ device }: Mounted, steps: Parameters<Blocks['together']>[0][number]): Value => {
  const [value] = device.together([steps]);
  if (value instanceof Error) throw value;
  return value as Value;
};

const NAMES = ['a', 'b', 'd/x', 'd/y', 'd/e/z'];

const step = (mounted: Mounted, random: Random, files: Map<string, Uint8Array>, free: number): void => {
  const name = random.pick(NAMES);
  const before = files.get(name);
  if (before === undefined) {
    const size = random.below(3 * BLOCK_BYTES);
    const fault = faultOf(() => run(mounted, mounted.fs.create(name, 'file', size)));
    if (fault === 'no-space') return void expect(mounted.fs.free_blocks).toBe(free);
    expect(fault).toBe('none');
    files.set(name, new Uint8Array(size));
    return;
  }
  expect(faultOf(() => run(mounted, mounted.fs.create(name, 'file')))).toBe('exists');
  const offset = random.below(4 * BLOCK_BYTES);
  const bytes = Uint8Array.from({ length: random.below(2 * BLOCK_BYTES) }, () => random.below(256));
  const inode = run<Inode>(mounted, mounted.fs.lookup(name));
  const fault = faultOf(() => run(mounted, mounted.fs.write(inode, offset, bytes)));
  if (fault === 'no-space') return void expect([mounted.fs.free_blocks, inode.size]).toEqual([free, before.length]);
  const after = new Uint8Array(Math.max(before.length, offset + bytes.length));
  after.set(before);
  after.set(bytes, offset);
  files.set(name, after);
};

describe('FileSystem', () => {
  it('keeps what a map keeps, also when it is mounted again, on disks of all sizes', () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(seed);
      let mounted = format(random.pick([8, 12, 20, 60]));
      const files = new Map<string, Uint8Array>();
      const made = faultOf(() => [
        run(mounted, mounted.fs.create('d', 'directory')),
        run(mounted, mounted.fs.create('d/e', 'directory')),
      ]);
      if (made === 'no-space') continue;
      for (let at = 0; at < 60; at++) {
        if (random.chance(0.1)) mounted = remount(mounted);
        step(mounted, random, files, mounted.fs.free_blocks);
      }
      for (const one of [mounted, remount(mounted)])
        for (const [name, bytes] of files)
          expect([name, Buffer.compare(contents(one, name), bytes)]).toEqual([name, 0]);
    }
  });

  it('gives back what it had taken when a file could not be made', () => {
    const mounted = format(8);
    const free = mounted.fs.free_blocks;
    for (let i = 0; i < 200; i++)
      expect(faultOf(() => run(mounted, mounted.fs.create('big', 'file', 2 ** 30)))).toBe('no-space');
    run(mounted, mounted.fs.create('all', 'file', (free - 1) * BLOCK_BYTES));
    expect([mounted.fs.free_blocks, faultOf(() => run(mounted, mounted.fs.create('one more', 'file', 1)))]).toEqual([
      0,
      'no-space',
    ]);
    expect(run<unknown[]>(mounted, mounted.fs.list(run<Inode>(mounted, mounted.fs.lookup(''))))).toHaveLength(1);
  });

  it('has room for twelve extents in an inode, and lets the last one grow', () => {
    const mounted = format(100);
    const [a, b] = [
      run<Inode>(mounted, mounted.fs.create('a', 'file')),
      run<Inode>(mounted, mounted.fs.create('b', 'file')),
    ];
    // In turn, so that neither can go on where it ended.
    for (let blocks = 1; blocks <= EXTENTS_PER_INODE; blocks++)
      for (const inode of [a, b]) run(mounted, mounted.fs.grow(inode, blocks * BLOCK_BYTES));
    expect([a.extents.length, b.extents.length]).toEqual([EXTENTS_PER_INODE, EXTENTS_PER_INODE]);
    const free = mounted.fs.free_blocks;
    expect(faultOf(() => run(mounted, mounted.fs.grow(a, 13 * BLOCK_BYTES)))).toBe('no-space');
    expect([mounted.fs.free_blocks, a.size]).toEqual([free, 12 * BLOCK_BYTES]);
    run(mounted, mounted.fs.grow(b, 20 * BLOCK_BYTES));
    expect([b.extents.length, b.size]).toEqual([EXTENTS_PER_INODE, 20 * BLOCK_BYTES]);
  });

  it('makes files one after the other: each has its own inode and its entry, and one name is made once', () => {
    for (let seed = 0; seed < 20; seed++) {
      const mounted = format(200);
      const names = Array.from({ length: 12 }, (_, i) => `f${(i + seed) % 10}`);
      const made = mounted.device.together(names.map((name) => mounted.fs.create(name, 'file', 10)));
      const inodes = made.filter((one) => !(one instanceof Error)) as Inode[];
      expect(made.filter((one) => one instanceof FileError && one.fault === 'exists')).toHaveLength(2);
      expect(new Set(inodes.map(({ number }) => number)).size).toBe(10);
      const listed = run<{ name: string }[]>(mounted, mounted.fs.list(run<Inode>(mounted, mounted.fs.lookup(''))));
      expect(listed.map(({ name }) => name).sort()).toEqual([...new Set(names)].sort());
    }
  });

  it('refuses names that it cannot keep', () => {
    const mounted = format(40);
    for (const name of ['', '/', 'x'.repeat(55), 'ü'.repeat(28), '\ud800'])
      expect([name, faultOf(() => run(mounted, mounted.fs.create(name, 'file')))]).toEqual([name, 'bad-name']);
    run(mounted, mounted.fs.create('x'.repeat(54), 'file'));
    expect(faultOf(() => run(mounted, mounted.fs.lookup(`${'x'.repeat(54)}/y`)))).toBe('not-a-directory');
    expect(
      faultOf(() => run(mounted, mounted.fs.write(run<Inode>(mounted, mounted.fs.lookup('')), 0, new Uint8Array(1)))),
    ).toBe('is-a-directory');
  });
});
