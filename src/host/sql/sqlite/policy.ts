// What a process of statements may ask of the kernel beside what one may that only computes: to read and lock files
// that it has open, and to see the notes of SQLite's write-ahead log as memory, without writing there.

import { ANONYMOUS, computing, type Policy } from '../../../plugins/compartment/process/inside.ts';

const PROT_READ = 1;
/** F_GETLK, F_SETLK. */
const LOCKS = [5, 6];
/** Of newfstatat: of what is open, not of a path. */
const AT_EMPTY_PATH = 0x1000;

export const reading = (pid: number): Policy => ({
  ...computing(pid),
  mmap: {
    is: 'allowed where either',
    either: [ANONYMOUS, { is: 'allowed where equal', argument: 2, values: [PROT_READ] }],
  },
  pread64: { is: 'allowed' },
  lseek: { is: 'allowed' },
  fstat: { is: 'allowed' },
  newfstatat: { is: 'allowed where equal', argument: 3, values: [AT_EMPTY_PATH] },
  fcntl: { is: 'allowed where equal', argument: 1, values: LOCKS },
});
