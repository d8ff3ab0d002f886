// The lockdown of the calling realm (SES): every intrinsic is frozen, and no way leads from any object to code of the
// realm's own. The kinds `ses` and `metered` need it. A kernel's process, a worker or a browser does it at its start. A
// server's process never does, nor a test's own realm: it cannot be undone, and every library there would live with it.
//
//   await lockdownRealm();          // before a plugin is loaded; the second time it does nothing
//
// Built-ins that can run long are bounded first (in-realm/meter/built-ins.ts), so that a metered graft finds no others.

import { GraftError } from '../errors.ts';
import { boundBuiltIns } from './in-realm/meter/built-ins.ts';

let locked: Promise<void> | null = null;
let done = false;

const lock = async (): Promise<void> => {
  boundBuiltIns(true);
  await import('ses');
  boundBuiltIns(false);
  lockdown({
    // The meter has taken the locales away itself (in-realm/meter/locales.ts).
    localeTaming: 'unsafe',
    // People read stacks to find faults. A graft that reads one finds names of files, which are of no use to it.
    errorTaming: 'unsafe',
    stackFiltering: 'verbose',
    // The other settings turn methods of Array.prototype into accessors, and spreads and loops over arrays become
    // fifteen times slower.
    overrideTaming: 'min',
    consoleTaming: 'unsafe',
    domainTaming: 'unsafe',
    errorTrapping: 'none',
    unhandledRejectionTrapping: 'none',
    reporting: 'none',
  });
  // Columns are views of shared memory, which SES does not know. These are in reach from a column.
  harden(SharedArrayBuffer);
  done = true;
};

/** Locks the calling realm down; once, however often it is called. */
export const lockdownRealm = (): Promise<void> => {
  locked ??= lock();
  return locked;
};

/** Whether the calling realm is locked down. */
export const isLockedDown = (): boolean => done;

/** Throws GRAFT_INSTALL_FAILED unless the realm is locked down. */
export const checkLocked = (kind: string): void => {
  if (!done)
    throw new GraftError(
      'GRAFT_INSTALL_FAILED',
      `a ${kind} compartment needs a realm that is locked down, which a host's cannot be: choose process or isolate`,
    );
};
