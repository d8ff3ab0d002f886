// Walls around this very process: what it may ask of the kernel from now on, whatever runs in it. A plugin's process
// raises them before any code of a plugin is there.
//
// The order is that of what needs what: 1. no privileges through exec, which Landlock and seccomp demand, nothing of
// the process to be read by others, no capabilities; 2. descriptors that nobody passed on purpose are closed; 3.
// Landlock, which needs a descriptor; 4. limits: no core, no byte to a file, no further descriptor; 5. seccomp, for all
// threads, after which none of this can be asked for. What the kernel does not know is left out, and the answer says
// so. Memory and time are limited elsewhere; RLIMIT_NPROC would keep V8 from its threads, RLIMIT_DATA from its heap.

import { closeStrays } from './descriptors.ts';
import { filterOf, lengthOf } from './filter.ts';
import { restrictFiles } from './landlock.ts';
import { type Arch, numberOf } from './numbers.ts';
import { computing } from './policy.ts';
import type { Standing } from './standing.ts';
import type { Calls } from './system.ts';

const PR_SET_DUMPABLE = 4;
const PR_SET_NO_NEW_PRIVS = 38;

const RLIMIT_FSIZE = 1;
const RLIMIT_CORE = 4;
const RLIMIT_NOFILE = 7;
const RLIMIT_BYTES = 16;

const CAPABILITIES_VERSION = 0x20080522;
const CAPABILITIES_BYTES = 24;

const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_ALL_THREADS = 1;
const PROGRAM_BYTES = 16;

/** The last descriptor that a process is given: /dev/null three times, and its two pipes. */
const LAST_GIVEN = 4;

const dropPrivileges = (system: Calls, arch: Arch): void => {
  const control = numberOf('prctl', arch);
  system.call(control, PR_SET_NO_NEW_PRIVS, 1);
  system.call(control, PR_SET_DUMPABLE, 0);
  // struct __user_cap_header_struct for this thread, and two of struct __user_cap_data_struct, all empty.
  const header = Buffer.alloc(8);
  header.writeUInt32LE(CAPABILITIES_VERSION);
  const none = Buffer.alloc(CAPABILITIES_BYTES);
  system.call(numberOf('capset', arch), system.address(header), system.address(none));
};

const limit = (system: Calls, arch: Arch): void => {
  const zero = Buffer.alloc(RLIMIT_BYTES);
  for (const resource of [RLIMIT_CORE, RLIMIT_FSIZE, RLIMIT_NOFILE])
    system.call(numberOf('prlimit64', arch), 0, resource, system.address(zero), 0);
};

const filterCalls = (system: Calls, arch: Arch): boolean => {
  const program = filterOf(computing(process.pid), arch);
  // struct sock_fprog: how many instructions, and where they lie.
  const header = Buffer.alloc(PROGRAM_BYTES);
  header.writeUInt16LE(lengthOf(program));
  header.writeBigUInt64LE(system.address(program), 8);
  const filter = [SECCOMP_SET_MODE_FILTER, SECCOMP_ALL_THREADS, system.address(header)];
  return system.call(numberOf('seccomp', arch), ...filter) === 0;
};

/** Raises the walls. Gives which of them stand. */
export function raiseWalls(system: Calls, arch: Arch): Standing {
  dropPrivileges(system, arch);
  closeStrays(system, arch, LAST_GIVEN);
  const landlock = restrictFiles(system, arch, []);
  limit(system, arch);
  return { landlock, seccomp: filterCalls(system, arch) };
}
