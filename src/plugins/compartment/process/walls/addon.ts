// Where koffi's addon lies, which a process raises its walls with: an optional package for each system that the walls
// are known for.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ARCHES, type Arch } from './numbers.ts';

const isKnown = (arch: string): arch is Arch => (ARCHES as readonly string[]).includes(arch);

/** Null where there are no walls: another system, another processor, or the package is not installed. */
export const wallsAddon = (platform: string = process.platform, arch: string = process.arch): string | null => {
  if (platform !== 'linux' || !isKnown(arch)) return null;
  // As isolated-vm finds the C library that Node was built for.
  const library = existsSync('/etc/alpine-release') ? 'musl' : 'linux';
  try {
    const manifest = createRequire(import.meta.url).resolve(`@koromix/koffi-linux-${arch}/package.json`);
    return join(dirname(manifest), `${library}_${arch}`, 'koffi.node');
  } catch {
    return null;
  }
};
