// The process list: the first 64 live threads, as columns for scheduling grafts, under a lock of its own.

import { Lock } from '../../txn/index.ts';
import { LOCK_TIMEOUT_MS, PROCESS_LIST } from '../limits.ts';
import type { Thread } from './thread.ts';

export const RUNNABLE = 1;
export const WAITING = 2;

const LIST_LOCKS = { name: 'process list', timeout_ms: LOCK_TIMEOUT_MS.processList } as const;

export class ProcessList {
  readonly lock = new Lock(LIST_LOCKS);
  /** Thread numbers; 0: no thread. */
  readonly ids = new Int32Array(PROCESS_LIST);
  readonly states = new Int32Array(PROCESS_LIST);

  add(thread: Thread): void {
    const place = this.ids.indexOf(0);
    if (place < 0) return;
    thread.listed = place;
    this.ids[place] = thread.id;
    this.set(thread, RUNNABLE);
  }

  set(thread: Thread, state: number): void {
    if (thread.listed >= 0) this.states[thread.listed] = state;
  }

  remove(thread: Thread): void {
    if (thread.listed < 0) return;
    this.ids[thread.listed] = 0;
    this.states[thread.listed] = 0;
    thread.listed = -1;
  }
}
