// What the system tells of a thread's time (Linux: /proc/PID/task/TID/schedstat). Systems without it tell nothing, and
// then the wall clock counts.

import { readFileSync } from 'node:fs';

export interface ThreadTimes {
  /** Processor time, in ms. */
  readonly ran_ms: number;
  /** How long it was ready to run and waited for a processor, in ms. */
  readonly queued_ms: number;
}

const NS_PER_MS = 1e6;

/** The times in a text of schedstat; null where it has none: a kernel built without them says 0. */
export const timesIn = (text: string): ThreadTimes | null => {
  const [ran_ns, queued_ns] = text.split(' ').map(Number) as [number, number];
  return ran_ns > 0 ? { ran_ms: ran_ns / NS_PER_MS, queued_ms: queued_ns / NS_PER_MS } : null;
};

/** The file of a thread's times, `thread` as in /proc: `self`, `thread-self`, or a number. */
export const timesFile = (thread: string): string => `/proc/${thread}/schedstat`;

const timesOf = (thread: string): ThreadTimes | null => {
  try {
    return timesIn(readFileSync(timesFile(thread), 'latin1'));
  } catch {
    return null;
  }
};

/** Times of the main thread of a process; null where the system does not say. */
export const timesOfProcess = (pid: number | undefined): ThreadTimes | null => timesOf(`${pid}/task/${pid}`);

/** Times of the calling thread; null where the system does not say. */
export const ownTimes = (): ThreadTimes | null => timesOf('thread-self');
