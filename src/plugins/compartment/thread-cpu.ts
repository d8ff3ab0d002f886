// What the system tells of a thread's processor time (Linux: /proc/PID/task/TID/schedstat). Systems without it tell
// nothing, and then the wall clock counts.

import { readFileSync } from 'node:fs';

const NS_PER_MS = 1e6;

/** The processor time in a text of schedstat, in ms; null where it has none: a kernel built without says 0. */
export const cpuIn = (text: string): number | null => {
  const ran_ns = Number(text.split(' ')[0]);
  return ran_ns > 0 ? ran_ns / NS_PER_MS : null;
};

/** The file of a thread's processor time, `thread` as in /proc: `self`, `thread-self`, or a number. */
export const cpuFile = (thread: string): string => `/proc/${thread}/schedstat`;

const cpuOf = (thread: string): number | null => {
  try {
    return cpuIn(readFileSync(cpuFile(thread), 'latin1'));
  } catch {
    return null;
  }
};

/** Processor time of the main thread of a process, in ms; null where the system does not say. */
export const cpuOfProcess = (pid: number | undefined): number | null => cpuOf(`${pid}/task/${pid}`);

/** Processor time of the calling thread, in ms; null where the system does not say. */
export const ownCpu = (): number | null => cpuOf('thread-self');
