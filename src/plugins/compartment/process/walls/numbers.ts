// Numbers of Linux's system calls, by architecture: those that the walls use, allow or answer in a way of their own.
//
// Source: Linux 6.18, arch/x86/entry/syscalls/syscall_64.tbl (x64) and scripts/syscall.tbl, columns `common` and `64`
// (arm64). Null: the architecture has no such call.

/** Architectures that the walls are known for, by Node's name of them. */
export const ARCHES = ['x64', 'arm64'] as const;
export type Arch = (typeof ARCHES)[number];

const call = (x64: number, arm64: number | null) => ({ x64, arm64 });

export const NUMBERS = {
  read: call(0, 63),
  write: call(1, 64),
  close: call(3, 57),
  fstat: call(5, 80),
  lseek: call(8, 62),
  mmap: call(9, 222),
  mprotect: call(10, 226),
  munmap: call(11, 215),
  brk: call(12, 214),
  rt_sigaction: call(13, 134),
  rt_sigprocmask: call(14, 135),
  rt_sigreturn: call(15, 139),
  pread64: call(17, 67),
  sched_yield: call(24, 124),
  mremap: call(25, 216),
  madvise: call(28, 233),
  nanosleep: call(35, 101),
  getpid: call(39, 172),
  clone: call(56, 220),
  execve: call(59, 221),
  exit: call(60, 93),
  fcntl: call(72, 25),
  fsync: call(74, 82),
  fdatasync: call(75, 83),
  gettimeofday: call(96, 169),
  getrusage: call(98, 165),
  capset: call(126, 91),
  sigaltstack: call(131, 132),
  sched_getparam: call(143, 121),
  sched_getscheduler: call(145, 120),
  prctl: call(157, 167),
  arch_prctl: call(158, null),
  gettid: call(186, 178),
  time: call(201, null),
  futex: call(202, 98),
  sched_getaffinity: call(204, 123),
  getdents64: call(217, 61),
  restart_syscall: call(219, 128),
  clock_gettime: call(228, 113),
  clock_getres: call(229, 114),
  clock_nanosleep: call(230, 115),
  exit_group: call(231, 94),
  epoll_wait: call(232, null),
  epoll_ctl: call(233, 21),
  tgkill: call(234, 131),
  openat: call(257, 56),
  newfstatat: call(262, 79),
  unshare: call(272, 97),
  set_robust_list: call(273, 99),
  epoll_pwait: call(281, 22),
  eventfd2: call(290, 19),
  epoll_create1: call(291, 20),
  prlimit64: call(302, 261),
  getcpu: call(309, 168),
  seccomp: call(317, 277),
  getrandom: call(318, 278),
  pkey_mprotect: call(329, 288),
  rseq: call(334, 293),
  clone3: call(435, 435),
  close_range: call(436, 436),
  landlock_create_ruleset: call(444, 444),
  landlock_add_rule: call(445, 445),
  landlock_restrict_self: call(446, 446),
} as const;

export type CallName = keyof typeof NUMBERS;

/** The number of a call that both architectures have. */
export const numberOf = (name: CallName, arch: Arch): number => {
  const number = NUMBERS[name][arch];
  if (number === null) throw new TypeError(`${arch} has no ${name}`);
  return number;
};
