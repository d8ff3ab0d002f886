// The walls of a process whose command line names koffi's addon, where the system has it: the one call that a child's
// script makes, after it has loaded what it needs and before it runs what it does not trust.

import type { Arch } from './numbers.ts';
import { NO_WALLS, type Standing } from './standing.ts';
import { openSystem } from './system.ts';
import { type Exceptions, LAST_GIVEN, raiseWalls } from './walls.ts';

export interface Guarded {
  readonly standing: Standing;
  /** Ends the process. Behind walls `process.exit` cannot: what it cleans up is refused. */
  readonly exit: (status: number) => never;
}

/**
 * What the engine asks the system for once, when it first needs it, it is made to ask now: the time zone, which is
 * read from files.
 */
const askBefore = (): void => void new Date().getTimezoneOffset();

/**
 * Raises the walls with the addon at `addon`; without one there are none. Nothing can be loaded afterwards. The process
 * keeps its descriptors up to `last`, and may what `exceptions` say.
 */
export function guard(
  addon: string | undefined,
  last: number = LAST_GIVEN,
  exceptions: Exceptions | null = null,
): Guarded {
  if (addon === undefined) {
    exceptions?.opens();
    return { standing: NO_WALLS, exit: (status) => process.exit(status) };
  }
  askBefore();
  const { exit, ...system } = openSystem(addon);
  const standing = raiseWalls(system, process.arch as Arch, last, exceptions);
  // An addon that is loaded already opens once more, whatever the walls say.
  Reflect.deleteProperty(process, 'dlopen');
  return { standing, exit };
}
