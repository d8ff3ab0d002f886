// The system calls, by name. Each is kernel code on behalf of its thread. A failure is the call's answer, `{ error }`,
// never an exception in the kernel.

import { Aborted, TransactionError } from '../../txn/index.ts';
import { FileError } from '../fs/index.ts';
import type { Thread } from '../sched/index.ts';
import type { KernelSteps } from '../wait.ts';
import { BadArgument } from './calls/arguments.ts';
import { FILE_CALLS } from './calls/files.ts';
import { THREAD_CALLS } from './calls/threads.ts';
import { TRANSACTION_CALLS } from './calls/transactions.ts';
import type { Kernel } from './kernel.ts';

/** Why a system call failed. */
export interface CallError {
  readonly error: string;
}

const TABLES = [FILE_CALLS, THREAD_CALLS, TRANSACTION_CALLS];
const AT_ONCE = new Map(TABLES.flatMap(({ atOnce }) => Object.entries(atOnce)));
const WAITING = new Map(TABLES.flatMap(({ waiting }) => Object.entries(waiting)));

/** Names of all system calls. */
export const SYSTEM_CALLS: readonly string[] = [...AT_ONCE.keys(), ...WAITING.keys()];

/** Carries a system call out. */
export function* systemCall(
  kernel: Kernel,
  thread: Thread,
  name: string,
  args: readonly unknown[],
): KernelSteps<unknown> {
  try {
    const atOnce = AT_ONCE.get(name);
    if (atOnce !== undefined) return atOnce(kernel, thread, args);
    const waiting = WAITING.get(name);
    return waiting === undefined ? { error: `no system call ${name}` } : yield* waiting(kernel, thread, args);
  } catch (error) {
    return failed(thread, error);
  }
}

const failed = (thread: Thread, error: unknown): CallError => {
  if (error instanceof FileError) return { error: error.fault };
  if (error instanceof BadArgument) return { error: error.message };
  if (error instanceof Aborted || error instanceof TransactionError) {
    if (thread.txn !== null && (thread.txn.state !== 'active' || thread.txn.doomed !== null)) {
      thread.txn.abort();
      thread.txn = null;
    }
    return { error: error instanceof Aborted ? error.reason : error.code };
  }
  throw error;
};
