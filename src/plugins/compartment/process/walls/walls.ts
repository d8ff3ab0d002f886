// Walls around this very process: what it may ask of the kernel from now on, whatever runs in it. A plugin's process
// raises them before any code of a plugin is there.
//
// The order is that of what needs what: 1. the runtime's own threads have started; 2. privileges go, as Landlock and
// seccomp demand; 3. descriptors that nobody passed on purpose are closed; 4. Landlock, which needs a descriptor; 5.
// limits, by which there is no further one; 6. seccomp, after which none of this can be asked for. What the kernel does
// not know is left out, and the answer says so.

import { closeStrays } from './descriptors.ts';
import { filterOf } from './filter.ts';
import { restrictFiles } from './landlock.ts';
import { limitToNothing } from './limits.ts';
import type { Arch } from './numbers.ts';
import { computing } from './policy.ts';
import { dropPrivileges } from './privileges.ts';
import { filterCalls } from './seccomp.ts';
import type { Standing } from './standing.ts';
import type { Calls } from './system.ts';
import { settle } from './threads.ts';

/** The last descriptor that a plugin's process is given: /dev/null three times, and its two pipes. */
export const LAST_GIVEN = 4;

/**
 * Raises the walls of a process that only computes and has the descriptors up to `last`. Gives which of them stand.
 */
export function raiseWalls(system: Calls, arch: Arch, last: number = LAST_GIVEN): Standing {
  settle(system, arch);
  dropPrivileges(system, arch);
  closeStrays(system, arch, last);
  const landlock = restrictFiles(system, arch, []);
  limitToNothing(system, arch);
  const seccomp = filterCalls(system, arch, filterOf(computing(process.pid), arch));
  return { landlock, seccomp };
}
