// Stands in for a flaw of V8: native code in a plugin's process. It raises the very walls that such a process has and
// keeps its system calls, then does what its last argument names and writes what it came to, as JSON, to descriptor 4.
// Run as Node runs the child's script (attack.test.ts).

import { writeSync } from 'node:fs';
import { guard } from '../../../../src/plugins/compartment/process/walls/guard.ts';
import { restrictFiles } from '../../../../src/plugins/compartment/process/walls/landlock.ts';
import { type Arch, type CallName, numberOf } from '../../../../src/plugins/compartment/process/walls/numbers.ts';
import { dropPrivileges } from '../../../../src/plugins/compartment/process/walls/privileges.ts';
import { openSystem } from '../../../../src/plugins/compartment/process/walls/system.ts';

const WRITES = 4;
/** Above the last number there is (467 in Linux 6.18), and x32's old range. */
const NUMBERS_MAX = 600;

const arch = process.arch as Arch;
const [, , addon, deed = '', ...words] = process.argv as [string, string, string, ...string[]];
const system = openSystem(addon);
const { call, address } = system;

const tell = (found: unknown): void => {
  const bytes = Buffer.from(JSON.stringify(found));
  for (let sent = 0; sent < bytes.length; ) sent += writeSync(WRITES, bytes, sent);
};

const text = (value: string): bigint => hold(Buffer.from(`${value}\0`));
const held: Buffer[] = [];
/** The address of bytes that stay where they are. */
const hold = (bytes: Buffer): bigint => {
  held.push(bytes);
  return address(bytes);
};

const AT_FDCWD = -100;
const parent = process.ppid;

/** An IPv4 address of this machine (struct sockaddr_in: family, port, address). */
const loopback = hold(Buffer.from([2, 0, 0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]));
const scratch = hold(Buffer.alloc(4096));
const paths = { file: text('/etc/passwd'), made: text('/tmp/graftwork-attack'), program: text('/bin/true') };

type Attempt = readonly [what: string, x64: number, ...args: (number | bigint)[]];

/** What an attacker would want, with arguments that would do, by x64's numbers. */
const WANTED: readonly Attempt[] = [
  ['open', 2, paths.file, 0],
  ['openat', 257, AT_FDCWD, paths.file, 0],
  ['openat2', 437, AT_FDCWD, paths.file, scratch, 24],
  ['creat', 85, paths.made, 0o600],
  ['stat', 4, paths.file, scratch],
  ['readlink', 89, text('/proc/self/exe'), scratch, 100],
  ['unlink', 87, paths.made],
  ['mkdir', 83, paths.made, 0o700],
  ['chmod', 90, paths.file, 0o600],
  ['mount', 165, text('none'), text('/tmp'), text('tmpfs'), 0, 0],
  ['socket, IPv4', 41, 2, 1, 0],
  ['socket, unix', 41, 1, 1, 0],
  ['socketpair', 53, 1, 1, 0, scratch],
  ['connect', 42, 3, loopback, 16],
  ['bind', 49, 3, loopback, 16],
  ['sendto', 44, 4, scratch, 1, 0, loopback, 16],
  ['sendmsg, with a descriptor', 46, 4, scratch, 0],
  ['fork', 57],
  ['vfork', 58],
  ['clone, a process', 56, 17, 0, 0, 0, 0],
  ['clone, a namespace', 56, 0x3d0f00 | 0x20000, 0, 0, 0, 0],
  ['execve', 59, paths.program, 0, 0],
  ['execveat', 322, AT_FDCWD, paths.program, 0, 0, 0],
  ['ptrace the host', 101, 16, parent, 0, 0],
  ['read the host', 310, parent, scratch, 1, scratch, 1, 0],
  ['write the host', 311, parent, scratch, 1, scratch, 1, 0],
  ['kill the host', 62, parent, 0],
  ['tgkill the host', 234, parent, parent, 0],
  ['tkill the host', 200, parent, 0],
  ['queue a signal to the host', 129, parent, 10, scratch],
  ['pidfd_open', 434, parent, 0],
  ['pidfd_getfd', 438, 3, 0, 0],
  ['io_uring_setup', 425, 8, scratch],
  ['io_uring_enter', 426, 6, 1, 1, 1, 0, 0],
  ['memfd_create', 319, text('x'), 0],
  ['eventfd2', 290, 0, 0],
  ['pipe2', 293, scratch, 0],
  ['dup', 32, 4],
  ['fcntl', 72, 4, 0, 100],
  ['ioctl', 16, 4, 0x5401, scratch],
  ['sendfile', 40, 4, 3, 0, 10],
  ['splice', 275, 3, 0, 4, 0, 10, 0],
  ['read at a place', 17, 3, scratch, 1, 0],
  ['prctl, dumpable', 157, 4, 1],
  ['prctl, seccomp', 157, 22, 2, scratch],
  ['seccomp', 317, 1, 0, scratch],
  ['prlimit64, more descriptors', 302, 0, 7, hold(Buffer.alloc(16, 1)), 0],
  ['prlimit64, of the host', 302, parent, 1, hold(Buffer.alloc(16)), 0],
  ['setuid', 105, 0],
  ['capset', 126, scratch, scratch],
  ['unshare', 272, 0x10000000],
  ['setns', 308, 3, 0],
  ['chroot', 161, text('/')],
  ['bpf', 321, 0, scratch, 48],
  ['perf_event_open', 298, scratch, 0, -1, -1, 0],
  ['userfaultfd', 323, 1],
  ['keyctl', 250, 0, -2, 1],
  ['shmget', 29, 0, 4096, 0o1600],
  ['msgget', 68, 0, 0o1600],
  ['personality', 135, 0x0040000],
  ['modify_ldt', 154, 0, scratch, 16],
  ['syslog', 103, 3, scratch, 100],
  ['uname', 63, scratch],
  ['sysinfo', 99, scratch],
  ['setpriority', 141, 0, 0, 19],
  ['sched_setaffinity', 203, 0, 8, scratch],
  ['timer_create', 222, 0, 0, scratch],
  ['mlockall', 151, 2],
  ['map a file', 9, 0, 4096, 1, 2, 3, 0],
  ['map the pipe, shared', 9, 0, 4096, 3, 1, 4, 0],
  ['remap_file_pages', 216, 0, 4096, 0, 0, 0],
  ['process_madvise', 440, 3, scratch, 1, 4, 0],
];

/** Every number, with arguments that are none, but for those that `words` lists. */
const everyNumber = (): Record<string, number> => {
  const listed = words.map(Number);
  const numbers = Array.from({ length: NUMBERS_MAX }, (_, number) => number).filter((one) => !listed.includes(one));
  return Object.fromEntries(numbers.map((number) => [number, call(number)]));
};

const MAP_PRIVATE_ANONYMOUS = 0x22;

/** What V8 lives on. */
const compute = (): unknown => {
  const place = call(numberOf('mmap', arch), 0, 8192, 3, MAP_PRIVATE_ANONYMOUS, -1, 0);
  const executable = call(numberOf('mprotect', arch), place, 4096, 5);
  const returned = call(numberOf('munmap', arch), place, 8192);
  let sum = 0;
  // Enough turns for every tier of the compiler.
  for (let turn = 0; turn < 3e6; turn++) sum = (sum * 31 + turn) | 0;
  const made = new Function('n', 'return n + 1') as (n: number) => number;
  return { mapped: place > 0, executable, returned, sum, made: made(1), random: Math.random() < 1 };
};

const opened = (path: string, flags: number): number =>
  call(numberOf('openat' satisfies CallName, arch), AT_FDCWD, text(path), flags, 0o600);

const O_WRONLY_CREAT = 0o101;

const PR_GET_DUMPABLE = 3;
const PR_GET_NO_NEW_PRIVS = 39;

/** No privileges, and Landlock with a file let through; no filter, so that it can be asked about. */
const filesAlone = (): unknown => {
  dropPrivileges(system, arch);
  const stands = restrictFiles(system, arch, words);
  return {
    stands,
    mayBeLookedInto: call(numberOf('prctl', arch), PR_GET_DUMPABLE),
    gainsNoPrivileges: call(numberOf('prctl', arch), PR_GET_NO_NEW_PRIVS),
    through: words.map((path) => opened(path, 0) >= 0),
    other: opened('/etc/passwd', 0),
    folder: opened('/etc', 0),
    made: opened('/tmp/graftwork-attack', O_WRONLY_CREAT),
  };
};

/** How reading each descriptor of `words` ends. */
const descriptors = (): number[] => words.map((word) => call(numberOf('read', arch), Number(word), scratch, 1));

/** `mov eax, 20; int 0x80; ret`: getpid, asked for as a program of 32 bits does. */
const OTHER_ARCHITECTURE = [0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3];

/** Runs machine code; needs koffi itself, so it is got ready before the walls. */
const readyMachineCode = (): (() => unknown) => {
  const module = { exports: {} as Record<string, (...args: unknown[]) => unknown> };
  process.dlopen(module, addon);
  const koffi = module.exports as Record<'proto' | 'array' | 'encode' | 'call', (...args: unknown[]) => unknown>;
  const proto = koffi.proto('int32', []);
  const bytes = koffi.array('uint8', OTHER_ARCHITECTURE.length);
  return () => {
    const place = BigInt(call(numberOf('mmap', arch), 0, 4096, 7, MAP_PRIVATE_ANONYMOUS, -1, 0));
    koffi.encode(place, bytes, OTHER_ARCHITECTURE);
    return koffi.call(place, proto);
  };
};

const DEEDS: Record<string, () => unknown> = {
  everyNumber,
  wanted: () => Object.fromEntries(WANTED.map(([what, number, ...args]) => [what, call(number, ...args)])),
  compute,
  descriptors,
  oneNumber: () => call(Number(words[0])),
  x32: () => call(0x40000000 + Number(words[0])),
  loading: () => ({ dlopen: typeof process.dlopen }),
};

if (deed === 'filesAlone') tell(filesAlone());
else {
  const machineCode = deed === 'otherArchitecture' ? readyMachineCode() : undefined;
  const { exit } = guard(addon);
  tell((machineCode ?? DEEDS[deed])?.());
  exit(7);
}
