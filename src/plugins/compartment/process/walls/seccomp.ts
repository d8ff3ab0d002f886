// seccomp: the kernel runs a program (filter.ts) before every system call of every thread, from now on and for ever.

import { lengthOf } from './filter.ts';
import { type Arch, numberOf } from './numbers.ts';
import type { Calls } from './system.ts';

const SET_MODE_FILTER = 1;
const ALL_THREADS = 1;
/** struct sock_fprog: how many instructions, and where they lie. */
const PROGRAM_BYTES = 16;
const POINTER_AT = 8;

/** Needs PR_SET_NO_NEW_PRIVS. Gives whether the filter stands: false where the kernel has no seccomp. */
export function filterCalls(system: Calls, arch: Arch, filter: Uint8Array): boolean {
  const program = Buffer.alloc(PROGRAM_BYTES);
  program.writeUInt16LE(lengthOf(filter));
  program.writeBigUInt64LE(system.address(filter), POINTER_AT);
  return system.call(numberOf('seccomp', arch), SET_MODE_FILTER, ALL_THREADS, system.address(program)) === 0;
}
