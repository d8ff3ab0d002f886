// What a process gives up of its privileges: it gains none by exec, which Landlock and seccomp demand first; nobody of
// its own user may look into it; and the calling thread, and what that starts, has no capabilities, root's or a user
// namespace's.

import { type Arch, numberOf } from './numbers.ts';
import type { Calls } from './system.ts';

const PR_SET_DUMPABLE = 4;
const PR_SET_NO_NEW_PRIVS = 38;

/** struct __user_cap_header_struct: version, thread (0: the calling one). Then two of struct __user_cap_data_struct. */
const CAPABILITIES_VERSION = 0x20080522;
const HEADER_BYTES = 8;
const CAPABILITIES_BYTES = 24;

export function dropPrivileges(system: Calls, arch: Arch): void {
  const control = numberOf('prctl', arch);
  system.call(control, PR_SET_NO_NEW_PRIVS, 1);
  system.call(control, PR_SET_DUMPABLE, 0);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(CAPABILITIES_VERSION);
  const none = Buffer.alloc(CAPABILITIES_BYTES);
  system.call(numberOf('capset', arch), system.address(header), system.address(none));
}
