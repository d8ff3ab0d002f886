// Limits of the kernel's that a walled process needs nothing of: no core, no byte to a file, no further descriptor.
// Memory and time are limited elsewhere: RLIMIT_NPROC would keep V8 from its threads, RLIMIT_DATA from its heap.

import { type Arch, numberOf } from './numbers.ts';
import type { Calls } from './system.ts';
import { bytesOf } from './threads.ts';

const RLIMIT_FSIZE = 1;
const RLIMIT_CORE = 4;
const RLIMIT_NOFILE = 7;
const RLIMIT_AS = 9;
/** struct rlimit64: soft and hard. */
const RLIMIT_BYTES = 16;

const limit = (system: Calls, arch: Arch, resource: number, to: number): void => {
  const both = Buffer.alloc(RLIMIT_BYTES);
  both.writeBigUInt64LE(BigInt(to), 0);
  both.writeBigUInt64LE(BigInt(to), 8);
  system.call(numberOf('prlimit64', arch), 0, resource, system.address(both), 0);
};

export function limitToNothing(system: Calls, arch: Arch): void {
  for (const resource of [RLIMIT_CORE, RLIMIT_FSIZE, RLIMIT_NOFILE]) limit(system, arch, resource, 0);
}

/** For a program that opens descriptors of its own, all of them below `files`: no core and no byte to a file either. */
export function limitFiles(system: Calls, arch: Arch, files: number): void {
  limit(system, arch, RLIMIT_CORE, 0);
  limit(system, arch, RLIMIT_FSIZE, 0);
  limit(system, arch, RLIMIT_NOFILE, files);
}

/**
 * So many bytes of addresses, used or not. RLIMIT_DATA is no bound: the kernel does not count what is laid over
 * addresses that were reserved before.
 */
export function limitAddresses(system: Calls, arch: Arch, bytes: number): void {
  limit(system, arch, RLIMIT_AS, bytes);
}

/** The addresses that this process has taken, in bytes; null where the system does not tell. */
export function addressesTaken(system: Calls, arch: Arch): number | null {
  const status = bytesOf(system, arch, 'read', '/proc/self/status')?.toString('latin1') ?? '';
  const taken_kb = /^VmSize:\s*(\d+) kB$/m.exec(status)?.[1];
  return taken_kb === undefined ? null : Number(taken_kb) * 1024;
}
