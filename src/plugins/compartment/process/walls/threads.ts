// Other threads of the process, and waiting until Node's platform thread waits for work.
//
// It begins to wait by asking an io_uring, which the walls refuse, and libuv ends the process where that is refused. So
// the walls are raised when a thread sleeps in epoll: no other one of Node's does while a script runs. Where the system
// does not tell what threads do (no /proc), nothing is waited for.

import { type Arch, type CallName, NUMBERS, numberOf } from './numbers.ts';
import type { Calls } from './system.ts';

const SLEEPS: readonly CallName[] = ['epoll_pwait', 'epoll_wait'];

const LOOKS_MAX = 200;
const BETWEEN_LOOKS_NS = 500_000;

const TASKS = '/proc/self/task';
const AT_FDCWD = -100;
const O_CLOEXEC = 0x80000;
const READ_BYTES = 4096;

/** What `call` reads from the file or folder at `path`; null where it cannot be read. */
export const bytesOf = (system: Calls, arch: Arch, call: 'read' | 'getdents64', path: string): Buffer | null => {
  const name = Buffer.from(`${path}\0`);
  const file = system.call(numberOf('openat', arch), AT_FDCWD, system.address(name), O_CLOEXEC);
  if (file < 0) return null;
  const bytes = Buffer.alloc(READ_BYTES);
  const count = system.call(numberOf(call, arch), file, system.address(bytes), bytes.length);
  system.call(numberOf('close', arch), file);
  return count < 0 ? null : bytes.subarray(0, count);
};

/** The names in what getdents64 read: records of their length at 16, and a name from 19 up to a NUL. */
const namesIn = (records: Buffer): string[] => {
  const names: string[] = [];
  for (let at = 0; at < records.length; at += records.readUInt16LE(at + 16))
    names.push(records.toString('latin1', at + 19, records.indexOf(0, at + 19)));
  return names;
};

/** Whether a thread is in one of the system calls `sleeps`; null where the system does not tell. */
const oneSleeps = (system: Calls, arch: Arch, sleeps: readonly string[]): boolean | null => {
  const records = bytesOf(system, arch, 'getdents64', TASKS);
  if (records === null) return null;
  return namesIn(records).some((thread) => {
    // The number of the system call that it is in and more, or `running`.
    const state = bytesOf(system, arch, 'read', `${TASKS}/${thread}/syscall`);
    return state !== null && sleeps.includes(state.toString('latin1').split(' ')[0] as string);
  });
};

/** Waits until the platform thread sleeps, for a tenth of a second at most. */
export function settle(system: Calls, arch: Arch): void {
  const sleeps = SLEEPS.map((name) => `${NUMBERS[name][arch]}`);
  const pause = Buffer.alloc(16);
  pause.writeBigUInt64LE(BigInt(BETWEEN_LOOKS_NS), 8);
  for (let look = 0; look < LOOKS_MAX && oneSleeps(system, arch, sleeps) === false; look++)
    system.call(numberOf('nanosleep', arch), system.address(pause), 0);
}
