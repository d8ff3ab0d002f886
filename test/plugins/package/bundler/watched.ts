// BundlerTurn for what other processes do, without a clock: asked again and again, until the test's own time is up.

import { setImmediate } from 'node:timers/promises';

/** Waits until `holds`. */
export const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await setImmediate();
};

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Waits until the process of this id has ended. */
export const endOf = (pid: number): Promise<void> => until(() => !isThere(pid));
