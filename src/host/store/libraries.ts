// Two SQLite libraries in one process that have the same file open cancel each other's locks, since POSIX locks belong
// to the process: when one of them closes a descriptor of the file, the other's locks are gone, and a row that was
// committed can be lost. So a host that finds a second one does not start.
//
// A library has one descriptor of FILE-shm for all its connections to a file with a write-ahead log; one that has not
// read yet has none, but may be known by its name.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { GraftError } from '../../plugins/index.ts';

const DESCRIPTORS = '/proc/self/fd';
const MAPS = '/proc/self/maps';
const ADDON = /\/\S*\.node\b/g;
/** An addon that brings an SQLite of its own, by the package that it is of. */
const hasSqlite = (path: string): boolean => /sqlite|libsql/i.test(path.split('/node_modules/').at(-1) as string);

/** How many descriptors of this process are open on a file; 0 where the system does not tell. */
export const openOn = (path: string): number => {
  let names: string[];
  try {
    names = readdirSync(DESCRIPTORS);
  } catch {
    return 0;
  }
  return names.filter((name) => {
    try {
      return readlinkSync(`${DESCRIPTORS}/${name}`) === path;
    } catch {
      return false;
    }
  }).length;
};

/** Paths of the addons with an SQLite of their own that this process has loaded. */
export const loadedAddons = (): string[] => {
  try {
    return [...new Set(readFileSync(MAPS, 'latin1').match(ADDON))].filter(hasSqlite);
  } catch {
    return [];
  }
};

const twoLibraries = (path: string): GraftError => {
  const addons = loadedAddons();
  const names = ['node:sqlite', ...addons].join(' and ');
  return new GraftError(
    'GRAFT_TWO_LIBRARIES',
    `${path} is open in this process through two SQLite libraries (${names}), which cancel each other's locks: give ` +
      'the DataSource that has it to createHost as its store, or close it there',
  );
};

/** Before the host opens a file with node:sqlite. Throws GRAFT_TWO_LIBRARIES. */
export const checkBeforeOpen = (path: string): void => {
  if (openOn(path) > 0 && loadedAddons().length > 0) throw twoLibraries(path);
};

/** While the host has a file open, and has read it. Throws GRAFT_TWO_LIBRARIES. */
export const checkWhileOpen = (path: string): void => {
  if (openOn(`${path}-shm`) > 1) throw twoLibraries(path);
};
