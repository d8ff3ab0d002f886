// Descriptors that a process has by accident: files that its parent's parent left open. Node closes none of them.
//
// What a process needs it has as descriptors 0 to `last`, and as what Node made for itself while it started: event
// descriptors, which have no file type, and pipes whose both ends are here. Anything else is closed.

import { type Arch, numberOf } from './numbers.ts';
import type { Calls } from './system.ts';

/** Node's own are the lowest free ones while it starts: none is this high, unless nearly all below were taken. */
const BEYOND = 128;
const LAST = 0xffffffff;

const STAT_BYTES = 256;
/** Where struct stat has st_mode; st_ino lies at 8 in both. */
const MODE_AT: Record<Arch, number> = { x64: 24, arm64: 16 };
const INODE_AT = 8;
const S_IFMT = 0o170000;
const S_IFIFO = 0o010000;

interface Descriptor {
  readonly number: number;
  readonly type: number;
  readonly inode: bigint;
}

const describe = (system: Calls, arch: Arch, number: number): Descriptor | null => {
  const stat = Buffer.alloc(STAT_BYTES);
  if (system.call(numberOf('fstat', arch), number, system.address(stat)) < 0) return null;
  return { number, type: stat.readUInt32LE(MODE_AT[arch]) & S_IFMT, inode: stat.readBigUInt64LE(INODE_AT) };
};

/** Closes what is open beyond descriptor `last` and not Node's own. */
export function closeStrays(system: Calls, arch: Arch, last: number): void {
  system.call(numberOf('close_range', arch), BEYOND, LAST, 0);
  const open: Descriptor[] = [];
  for (let number = last + 1; number < BEYOND; number++) {
    const found = describe(system, arch, number);
    if (found !== null) open.push(found);
  }
  const isOwnPipe = ({ number, type, inode }: Descriptor): boolean =>
    type === S_IFIFO &&
    open.some((other) => other.number !== number && other.type === S_IFIFO && other.inode === inode);
  for (const one of open) if (one.type !== 0 && !isOwnPipe(one)) system.call(numberOf('close', arch), one.number);
}
