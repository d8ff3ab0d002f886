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
import { addressesTaken, limitAddresses, limitToNothing } from './limits.ts';
import type { Arch } from './numbers.ts';
import { computing, type Policy } from './policy.ts';
import { dropPrivileges } from './privileges.ts';
import { filterCalls } from './seccomp.ts';
import type { Standing } from './standing.ts';
import type { Calls } from './system.ts';
import { settle } from './threads.ts';

/** The last descriptor that a plugin's process is given: /dev/null three times, and its two pipes. */
export const LAST_GIVEN = 4;

/** What a process may that does more than compute. */
export interface Exceptions {
  /** Opens what it reads from then on: no stray is open any more, and nothing can be opened afterwards. */
  readonly opens: () => void;
  readonly policy: (pid: number) => Policy;
  /** How much memory it may take beyond what it has taken. */
  readonly more_bytes: number;
}

/**
 * Raises the walls of a process that has the descriptors up to `last`, and only computes, but for `exceptions`. Gives
 * which of them stand.
 */
export function raiseWalls(
  system: Calls,
  arch: Arch,
  last: number = LAST_GIVEN,
  exceptions: Exceptions | null = null,
): Standing {
  settle(system, arch);
  dropPrivileges(system, arch);
  closeStrays(system, arch, last);
  exceptions?.opens();
  const taken = exceptions === null ? null : addressesTaken(system, arch);
  const landlock = restrictFiles(system, arch, []);
  if (exceptions !== null && taken !== null) limitAddresses(system, arch, taken + exceptions.more_bytes);
  limitToNothing(system, arch);
  const policy = exceptions?.policy ?? computing;
  const seccomp = filterCalls(system, arch, filterOf(policy(process.pid), arch));
  return { landlock, seccomp };
}
