// How a process becomes esbuild behind walls: it raises them around itself, says which of them stand, and executes
// esbuild in its place.
//
// The kernel keeps all of it across exec: no privileges, no file but esbuild's own (Landlock), no system call but those
// that it needs (program.ts), and the limits.

import { writeSync } from 'node:fs';
import { closeStrays } from '../../compartment/process/walls/descriptors.ts';
import { filterOf } from '../../compartment/process/walls/filter.ts';
import { restrictFiles } from '../../compartment/process/walls/landlock.ts';
import { limitAddresses, limitFiles } from '../../compartment/process/walls/limits.ts';
import { type Arch, numberOf } from '../../compartment/process/walls/numbers.ts';
import { dropPrivileges } from '../../compartment/process/walls/privileges.ts';
import { filterCalls } from '../../compartment/process/walls/seccomp.ts';
import { type Standing, toByte } from '../../compartment/process/walls/standing.ts';
import { type Calls, openSystem } from '../../compartment/process/walls/system.ts';
import { settle } from '../../compartment/process/walls/threads.ts';
import { PACKAGE_BOUNDS } from '../bounds.ts';
import { bundling } from './program.ts';

const WRITES = 1;
const F_SETFD = 2;
/** Standard input, output and error. */
const LAST_GIVEN = 2;
/** Go opens two, to wait with. */
const FILES = 16;
/**
 * Addresses that Go reserves when it starts, and hardly touches, beside its first 64 MB of heap. The heap grows by as
 * much at a time, so with its own tables it uses nearly all of what is left.
 */
const RESERVED_BYTES = 1_176 * 1_048_576;
const POINTER_BYTES = 8;
/** As a shell says that a command could not be executed. */
const EXIT_NOT_EXECUTED = 126;

const raise = (system: Calls, arch: Arch, program: string): Standing => {
  settle(system, arch);
  dropPrivileges(system, arch);
  closeStrays(system, arch, LAST_GIVEN);
  const landlock = restrictFiles(system, arch, [program]);
  limitFiles(system, arch, FILES);
  return { landlock, seccomp: filterCalls(system, arch, filterOf(bundling(process.pid), arch)) };
};

/** Texts as the kernel takes them: an array of pointers with a null at its end. The texts come along to be kept. */
const pointersTo = (system: Calls, texts: readonly string[]): { array: Buffer; texts: Buffer[] } => {
  const kept = texts.map((text) => Buffer.from(`${text}\0`));
  const array = Buffer.alloc((kept.length + 1) * POINTER_BYTES);
  for (const [index, text] of kept.entries()) array.writeBigUInt64LE(system.address(text), index * POINTER_BYTES);
  return { array, texts: kept };
};

/** Becomes `command`, whose first word is the path of a program, with this process's environment. */
export function launch(addon: string, command: readonly string[]): never {
  const arch = process.arch as Arch;
  const { exit, ...system } = openSystem(addon);
  const words = pointersTo(system, command);
  const environment = pointersTo(
    system,
    Object.entries(process.env).map(([name, value]) => `${name}=${value}`),
  );
  const execute = numberOf('execve', arch);
  // Node closes what it was given as these when it executes anything.
  for (let given = 0; given <= LAST_GIVEN; given++) system.call(numberOf('fcntl', arch), given, F_SETFD, 0);
  const pointers = [words.texts[0] as Buffer, words.array, environment.array].map((bytes) => system.address(bytes));
  writeSync(WRITES, Uint8Array.of(toByte(raise(system, arch, command[0] as string))));
  // Last: Node reserves more than that.
  limitAddresses(system, arch, RESERVED_BYTES + PACKAGE_BOUNDS.esbuild_bytes);
  system.call(execute, ...pointers);
  return exit(EXIT_NOT_EXECUTED);
}
