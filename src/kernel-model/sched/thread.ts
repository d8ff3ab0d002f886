// A thread: a program, its kernel work, and its resources.

import type { GraftPoint } from '../../plugins/index.ts';
import { type Account, Lock, type Transaction } from '../../txn/index.ts';
import type { OpenFile } from '../fs/index.ts';
import { LOCK_TIMEOUT_MS, PRIORITY_DEFAULT } from '../limits.ts';
import type { Program } from '../machine/index.ts';
import type { AddressSpace } from '../vm/index.ts';
import type { KernelSteps } from '../wait.ts';

export type ThreadState = 'ready' | 'running' | 'waiting' | 'dead';

export interface ThreadOptions {
  readonly id: number;
  readonly name: string;
  readonly owner: string;
  readonly priority?: number;
  readonly space: AddressSpace | null;
  readonly program: Program;
  readonly account: Account;
}

const THREAD_LOCKS = { name: 'thread', timeout_ms: LOCK_TIMEOUT_MS.processList } as const;

export class Thread {
  readonly id: number;
  readonly name: string;
  /** The user whose consent a graft here needs. */
  readonly owner: string;
  readonly space: AddressSpace | null;
  readonly program: Program;
  /** Resources: the account starts at zero; the thread's maker transfers some. */
  readonly account: Account;
  /** Guards `priority`. */
  readonly lock = new Lock(THREAD_LOCKS);
  /** 0 is the most urgent. */
  priority: number;
  state: ThreadState = 'ready';
  /** Its work inside the kernel; null: it runs its program. */
  work: KernelSteps<unknown> | null = null;
  /** The answer of the last system call. */
  result: unknown = null;
  /** The transaction that it began by a system call. */
  txn: Transaction | null = null;
  /** The page that it faults at, while the fault is served. */
  faultPage = -1;
  faults = 0;
  readonly files = new Set<OpenFile>();
  /** The depth at which it is buried: it cannot go on before the threads on top of it return. 0: it is not buried. */
  buried = 0;
  /** Time that it has run, in microseconds. */
  ran_us = 0;
  /** Its place in the process list; -1: none. */
  listed = -1;
  delegatePoint: GraftPoint<number, number> | null = null;

  constructor(options: ThreadOptions) {
    this.id = options.id;
    this.name = options.name;
    this.owner = options.owner;
    this.space = options.space;
    this.program = options.program;
    this.account = options.account;
    this.priority = options.priority ?? PRIORITY_DEFAULT;
  }
}
