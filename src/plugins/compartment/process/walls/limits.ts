// Limits of the kernel's that a walled process needs nothing of: no core, no byte to a file, no further descriptor.
// Memory and time are limited elsewhere: RLIMIT_NPROC would keep V8 from its threads, RLIMIT_DATA from its heap.

import { type Arch, numberOf } from './numbers.ts';
import type { Calls } from './system.ts';

const RLIMIT_FSIZE = 1;
const RLIMIT_CORE = 4;
const RLIMIT_NOFILE = 7;
/** struct rlimit64: soft and hard. */
const RLIMIT_BYTES = 16;

export function limitToNothing(system: Calls, arch: Arch): void {
  const zero = Buffer.alloc(RLIMIT_BYTES);
  for (const resource of [RLIMIT_CORE, RLIMIT_FSIZE, RLIMIT_NOFILE])
    system.call(numberOf('prlimit64', arch), 0, resource, system.address(zero), 0);
}
