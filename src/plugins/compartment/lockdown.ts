// The one place where the calling realm is locked down (SES): every intrinsic frozen, no way from any object to code of
// the realm's own. Compartments `ses` and `metered` need it. A kernel's process, a worker or a browser does it at its
// start; a server's process never, nor a test's own realm, since there it cannot be undone and every library lives with
// it.
//
//   await lockdownRealm();          // before anything of a plugin is loaded; again: nothing happens
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
    // Authors and the host's own people read stacks; what a graft finds there is where files lie, and nothing it could
    // use.
    errorTaming: 'unsafe',
    stackFiltering: 'verbose',
    // The others turn methods of Array.prototype into accessors, and spreads and loops over arrays become fifteen times
    // slower.
    overrideTaming: 'min',
    consoleTaming: 'unsafe',
    domainTaming: 'unsafe',
    errorTrapping: 'none',
    unhandledRejectionTrapping: 'none',
    reporting: 'none',
  });
  // Columns are views of shared memory, which SES does not know: from a column one gets to these.
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

/** Throws GRAFT_INSTALL_FAILED where the realm is not locked down. */
export const checkLocked = (kind: string): void => {
  if (!done)
    throw new GraftError(
      'GRAFT_INSTALL_FAILED',
      `a ${kind} compartment needs a realm that is locked down (lockdownRealm)`,
    );
};
