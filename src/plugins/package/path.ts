// The paths of a package: relative, POSIX, and the same file on every system that could ever unpack them.
//
// `checkPath` looks at one path, as it stands and in its compatibility form (NFKC), in which a full-width solidus is a
// solidus. `foldPath` maps paths to one key when some file system takes them for the same file. `shown` makes text of a
// package fit for a message.

import { GraftError } from '../errors.ts';
import { PACKAGE_BOUNDS } from './bounds.ts';

/** Device names of Windows: with any extension they open the device, in any folder. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9]) *(\.|$)/i;
/**
 * Control, format, surrogate and private characters, line separators, and what a decoder leaves in place of broken
 * UTF-8.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\ufffd]/u;

/** Text from a package with its control and format characters escaped, so that it cannot forge lines of a log. */
export const printable = (text: string): string =>
  text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);

/** Text from a package, quoted, printable and cut at 100 characters. */
export const shown = (text: string): string =>
  printable(JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text));

function segmentFault(segment: string): string | null {
  if (segment === '') return 'an empty segment';
  if (segment === '.' || segment === '..') return `the segment ${segment}`;
  if (/[. ]$/.test(segment)) return 'a segment that ends with a dot or a space';
  return DEVICE.test(segment) ? 'the name of a Windows device' : null;
}

function pathFault(path: string): string | null {
  if (path === '') return 'no name';
  if (path.startsWith('/')) return 'an absolute path';
  if (/[\\:]/.test(path)) return 'a backslash or a colon';
  if (UNPRINTABLE.test(path)) return 'a control character, or bytes that are not UTF-8';
  for (const segment of path.split('/')) {
    const fault = segmentFault(segment);
    if (fault !== null) return fault;
  }
  return null;
}

/**
 * Throws GRAFT_PACKAGE_PATH for a path that could leave the package or mean two things, GRAFT_PACKAGE_LIMIT for one too
 * long or deep.
 */
export function checkPath(path: string): void {
  // First, so that nothing else looks at a text of any length.
  if (Buffer.byteLength(path) > PACKAGE_BOUNDS.path_bytes) {
    throw new GraftError(
      'GRAFT_PACKAGE_LIMIT',
      `the path ${shown(path)} is longer than ${PACKAGE_BOUNDS.path_bytes} bytes`,
    );
  }
  const fault = pathFault(path) ?? pathFault(path.normalize('NFKC'));
  if (fault !== null) throw new GraftError('GRAFT_PACKAGE_PATH', `the path ${shown(path)} has ${fault}`);
  if (path.split('/').length > PACKAGE_BOUNDS.depth) {
    throw new GraftError(
      'GRAFT_PACKAGE_LIMIT',
      `the path ${shown(path)} is deeper than ${PACKAGE_BOUNDS.depth} segments`,
    );
  }
}

/**
 * One key for all spellings of a path that some file system holds for equal: upper case first, since ß has no other way
 * to meet ss.
 */
export const foldPath = (path: string): string => path.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');

/** Joins a folder ('' is the top) and a relative path; null where the result leaves the package. */
export function joinPath(folder: string, relative: string): string | null {
  const segments = folder === '' ? [] : folder.split('/');
  for (const segment of relative.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) return null;
  }
  return segments.join('/');
}

/** The folder that a path lies in; '' is the top. */
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** The path of `name` in a folder. */
export const inFolder = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);
