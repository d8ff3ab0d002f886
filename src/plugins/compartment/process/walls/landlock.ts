// Landlock: the thread, and all that it starts from now on, may open no file but those named, bind and connect no port,
// and reach nobody outside by a signal or an abstract socket, as far as the kernel knows these.
//
// Threads that run already are left out before version 8 of Landlock's interface (Linux 7.0); seccomp holds for all.
// Constants: linux/landlock.h; what came with which version: Documentation/userspace-api/landlock.rst.

import { type Arch, numberOf } from './numbers.ts';
import type { Calls } from './system.ts';

const ASK_VERSION = 1;
const RULE_PATH_BENEATH = 1;
const RESTRICT_ALL_THREADS = 1 << 3;
const ALL_THREADS_SINCE = 8;

/** Rights to files by the version that they came with: the highest bit that it knows. */
const FILE_RIGHTS = [12, 13, 14, 14, 15] as const;
/** BIND_TCP, CONNECT_TCP. */
const NETWORK_RIGHTS = 0b11n;
const NETWORK_SINCE = 4;
/** ABSTRACT_UNIX_SOCKET, SIGNAL. */
const SCOPES = 0b11n;
const SCOPES_SINCE = 6;
/** EXECUTE and READ_FILE. */
const EXECUTE_AND_READ = 0b101n;

const WORD_BYTES = 8;
const AT_FDCWD = -100;
const O_PATH_CLOEXEC = 0x280000;

/** struct landlock_ruleset_attr as version `version` has it: everything that there is to refuse. */
export const everything = (version: number): Buffer => {
  const highest = FILE_RIGHTS[Math.min(version, FILE_RIGHTS.length) - 1] as number;
  const words = [(1n << BigInt(highest + 1)) - 1n];
  if (version >= NETWORK_SINCE) words.push(NETWORK_RIGHTS);
  if (version >= SCOPES_SINCE) words.push(SCOPES);
  const bytes = Buffer.alloc(words.length * WORD_BYTES);
  for (const [index, word] of words.entries()) bytes.writeBigUInt64LE(word, index * WORD_BYTES);
  return bytes;
};

/** Gives whether the path could be let through. */
const letThrough = (system: Calls, arch: Arch, ruleset: number, path: string): boolean => {
  const name = Buffer.from(`${path}\0`);
  const file = system.call(numberOf('openat', arch), AT_FDCWD, system.address(name), O_PATH_CLOEXEC);
  if (file < 0) return false;
  // struct landlock_path_beneath_attr, packed.
  const rule = Buffer.alloc(12);
  rule.writeBigUInt64LE(EXECUTE_AND_READ, 0);
  rule.writeInt32LE(file, 8);
  const added = system.call(numberOf('landlock_add_rule', arch), ruleset, RULE_PATH_BENEATH, system.address(rule), 0);
  system.call(numberOf('close', arch), file);
  return added === 0;
};

/**
 * Restricts the calling thread to executing and reading the files at `paths`. Needs PR_SET_NO_NEW_PRIVS. Gives whether
 * that holds now: false where the kernel has no Landlock.
 */
export function restrictFiles(system: Calls, arch: Arch, paths: readonly string[]): boolean {
  const version = system.call(numberOf('landlock_create_ruleset', arch), 0, 0, ASK_VERSION);
  if (version < 1) return false;
  const attributes = everything(version);
  const create = numberOf('landlock_create_ruleset', arch);
  const ruleset = system.call(create, system.address(attributes), attributes.length, 0);
  if (ruleset < 0) return false;
  const through = paths.every((path) => letThrough(system, arch, ruleset, path));
  const flags = version >= ALL_THREADS_SINCE ? RESTRICT_ALL_THREADS : 0;
  const restricted = through ? system.call(numberOf('landlock_restrict_self', arch), ruleset, flags) : -1;
  system.call(numberOf('close', arch), ruleset);
  return restricted === 0;
}
