// What a walled process may ask of the kernel: memory of its own, threads of its own, clocks, random numbers, the
// descriptors that it has, its end. What is not listed is refused with EPERM.

import type { CallName } from './numbers.ts';

/**
 * What becomes of a call. An argument is looked at as its lower 32 bits, which is all that the kernel takes of these.
 */
export type Rule =
  | { readonly is: 'allowed' }
  | { readonly is: 'refused'; readonly error: number }
  | { readonly is: 'allowed where equal'; readonly argument: number; readonly values: readonly number[] }
  | { readonly is: 'allowed where set'; readonly argument: number; readonly bit: number }
  | { readonly is: 'allowed where either'; readonly either: readonly Condition[] };

/** A rule that looks at one argument. */
export type Condition = Extract<Rule, { readonly is: 'allowed where equal' | 'allowed where set' }>;

export type Policy = Readonly<Partial<Record<CallName, Rule>>>;

export const EPERM = 1;
export const EINVAL = 22;
export const ENOSYS = 38;

/** Of mmap: memory that no file lies behind. */
export const ANONYMOUS: Condition = { is: 'allowed where set', argument: 3, bit: 0x20 };

/**
 * The flags with which glibc, and with CLONE_DETACHED (0x400000) musl, start a thread: CLONE_VM, FS, FILES, SIGHAND,
 * THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID.
 */
const THREAD = 0x3d0f00;
const THREAD_OF_MUSL = 0x7d0f00;

const allowed: Rule = { is: 'allowed' };

/** What a process of id `pid` may do that runs JavaScript and blocks on its two pipes. */
export const computing = (pid: number): Policy => ({
  // What is called most stands first: a kernel before 5.11 goes through the list.
  read: allowed,
  write: allowed,
  futex: allowed,
  madvise: allowed,
  mprotect: allowed,
  munmap: allowed,
  mmap: ANONYMOUS,
  getrusage: allowed,
  clock_gettime: allowed,
  // Memory. Protection keys are V8's, where the processor has them.
  brk: allowed,
  mremap: allowed,
  pkey_mprotect: allowed,
  // Threads: isolated-vm and V8 start some later. glibc asks clone3 first, and clone where there is none.
  clone: { is: 'allowed where equal', argument: 0, values: [THREAD, THREAD_OF_MUSL] },
  clone3: { is: 'refused', error: ENOSYS },
  set_robust_list: allowed,
  rseq: allowed,
  sched_yield: allowed,
  sched_getaffinity: allowed,
  sched_getparam: allowed,
  sched_getscheduler: allowed,
  gettid: allowed,
  getpid: allowed,
  getcpu: allowed,
  exit: allowed,
  // Signals of its own. A process that gives itself up sends one to itself.
  rt_sigaction: allowed,
  rt_sigprocmask: allowed,
  rt_sigreturn: allowed,
  sigaltstack: allowed,
  restart_syscall: allowed,
  tgkill: { is: 'allowed where equal', argument: 0, values: [pid] },
  // Clocks. A thread of Node's sleeps in epoll until V8 has something for later.
  clock_getres: allowed,
  clock_nanosleep: allowed,
  nanosleep: allowed,
  gettimeofday: allowed,
  time: allowed,
  epoll_wait: allowed,
  epoll_pwait: allowed,
  getrandom: allowed,
  exit_group: allowed,
  // koffi's own clean-up repeats an fsync for ever where that is refused with EPERM.
  fsync: { is: 'refused', error: EINVAL },
  fdatasync: { is: 'refused', error: EINVAL },
});
