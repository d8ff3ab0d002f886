// Where a link leads, walked name by name, so that no step of it can lead out of the package: the system never follows
// one. Whoever walks answers what stands at each name, from a disk (folder.ts) or from memory (memory.ts).

import { GraftError } from '../errors.ts';
import { inFolder, shown } from './path.ts';
import type { FilePlace } from './tree.ts';

/** A name in a folder, whose path is real. */
export interface LinkStep {
  readonly folder: string;
  readonly name: string;
}

/** What stands there: nothing, a file, a folder, or a link, with the names that it says. */
export type LinkMet = FilePlace['kind'] | { readonly names: readonly string[]; readonly isFromTop: boolean } | null;

/** Links that one may lead through, as Linux has it; and names, since each link may say thousands. */
const LINKS_MAX = 40;
const NAMES_MAX = 1_000;

export const linkThatLeaves = (path: string): GraftError =>
  new GraftError('GRAFT_PACKAGE_ENTRY', `${shown(path)} is a link that leaves the package`);

const tooLong = (path: string): GraftError =>
  new GraftError('GRAFT_PACKAGE_ENTRY', `${shown(path)} is a link through more than ${LINKS_MAX} links`);

/**
 * Walks a path from the top through all links in it. Ends with the real path, or null where there is nothing. Throws
 * GRAFT_PACKAGE_ENTRY where it leaves the package or goes in circles.
 */
export function* walkLinks(path: string): Generator<LinkStep, FilePlace | null, LinkMet> {
  /** The next one stands last. */
  const ahead = path.split('/').reverse();
  let behind = '';
  let kind: FilePlace['kind'] = 'folder';
  let links = 0;
  for (let names = 0; ahead.length > 0; names++) {
    const name = ahead.pop() as string;
    if (names > NAMES_MAX) throw tooLong(path);
    if (name === '' || name === '.') continue;
    if (kind === 'file') return null;
    if (name === '..') {
      if (behind === '') throw linkThatLeaves(path);
      behind = behind.slice(0, Math.max(0, behind.lastIndexOf('/')));
      continue;
    }
    const met: LinkMet = yield { folder: behind, name };
    if (met === null) return null;
    if (typeof met === 'string') {
      kind = met;
      behind = inFolder(behind, name);
      continue;
    }
    if (++links > LINKS_MAX) throw tooLong(path);
    if (met.isFromTop) behind = '';
    for (const next of met.names.toReversed()) ahead.push(next);
  }
  return { path: behind, kind };
}
