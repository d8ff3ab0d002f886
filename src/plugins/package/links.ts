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

/** Links that one may lead through, as Linux has it. */
const LINKS_MAX = 40;

export const linkThatLeaves = (path: string): GraftError =>
  new GraftError('GRAFT_PACKAGE_ENTRY', `${shown(path)} is a link that leaves the package`);

/**
 * Walks a path from the top through all links in it. Ends with the real path, or null where there is nothing. Throws
 * GRAFT_PACKAGE_ENTRY where it leaves the package or goes in circles.
 */
export function* walkLinks(path: string): Generator<LinkStep, FilePlace | null, LinkMet> {
  let ahead: readonly string[] = path.split('/');
  let behind = '';
  let kind: FilePlace['kind'] = 'folder';
  for (let links = 0; ahead.length > 0; ) {
    const [name = '', ...rest] = ahead;
    ahead = rest;
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
    if (++links > LINKS_MAX)
      throw new GraftError('GRAFT_PACKAGE_ENTRY', `${shown(path)} is a link through more than ${LINKS_MAX} links`);
    if (met.isFromTop) behind = '';
    ahead = [...met.names, ...ahead];
  }
  return { path: behind, kind };
}
