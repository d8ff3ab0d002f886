// What esbuild's program may ask of the kernel behind its walls: what the runtime of Go needs that computes, reads and
// writes what it has open, and waits. It opens nothing: what Go looks for while it starts (the size of huge pages, its
// control group) it can do without, and so can esbuild without the root folder.
//
// Source: Go 1.25, runtime/sys_linux_amd64.s, runtime/netpoll_epoll.go, runtime/os_linux.go.

import { ANONYMOUS, type Policy, type Rule } from '../../compartment/process/walls/policy.ts';

/**
 * The flags with which Go starts a thread: CLONE_VM, FS, FILES, SIGHAND, SYSVSEM, THREAD, and on x64 CLONE_SETTLS.
 */
const THREAD = 0x50f00;
const THREAD_WITH_STORAGE = 0xd0f00;

/** F_GETFD, F_SETFD, F_GETFL, F_SETFL. */
const FLAGS_OF_DESCRIPTOR = [1, 2, 3, 4];

const allowed: Rule = { is: 'allowed' };

/**
 * What the process of id `pid` may do once it is esbuild. It may execute, since it is not yet: which file, Landlock
 * says.
 */
export const bundling = (pid: number): Policy => ({
  // What is called most stands first: a kernel before 5.11 goes through the list.
  nanosleep: allowed,
  futex: allowed,
  write: allowed,
  read: allowed,
  madvise: allowed,
  epoll_pwait: allowed,
  sched_yield: allowed,
  mmap: ANONYMOUS,
  munmap: allowed,
  mprotect: allowed,
  brk: allowed,
  clone: { is: 'allowed where equal', argument: 0, values: [THREAD, THREAD_WITH_STORAGE] },
  gettid: allowed,
  getpid: allowed,
  sched_getaffinity: allowed,
  arch_prctl: allowed,
  // Go stops a thread that does not stop by itself with a signal.
  tgkill: { is: 'allowed where equal', argument: 0, values: [pid] },
  rt_sigaction: allowed,
  rt_sigprocmask: allowed,
  rt_sigreturn: allowed,
  sigaltstack: allowed,
  restart_syscall: allowed,
  clock_gettime: allowed,
  getrandom: allowed,
  // What Go waits for timers with.
  epoll_create1: allowed,
  epoll_ctl: allowed,
  eventfd2: allowed,
  fcntl: { is: 'allowed where equal', argument: 1, values: FLAGS_OF_DESCRIPTOR },
  close: allowed,
  execve: allowed,
  // Its own limits: it may ask for them, and take more away.
  prlimit64: { is: 'allowed where equal', argument: 0, values: [0] },
  exit: allowed,
  exit_group: allowed,
});
