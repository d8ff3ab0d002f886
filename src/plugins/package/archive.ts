// An archive (.tgz) as entries of a package, in memory: no byte of it is ever written to a disk.
//
// 1. The gzip stream is inflated, and given up at the first piece beyond a bound (bounds.ts).
// 2. The tar stream is read entry by entry (tar.ts): regular files, folders and links, each within its bound.
// 3. The folder that npm packs everything into (`package/`) is taken away. Names and contents are checked later, by
//    checkFiles.

import { gunzipSync } from 'node:zlib';
import { GraftError } from '../errors.ts';
import { PACKAGE_BOUNDS } from './bounds.ts';
import { checkPacked, type Entry } from './files.ts';
import { printable } from './path.ts';
import { readTar } from './tar.ts';

const bad = (why: string, cause?: unknown): GraftError => new GraftError('GRAFT_BAD_PACKAGE', why, { cause });

function inflate(bytes: Uint8Array): Buffer {
  const { unpacked_bytes, ratio, ratio_floor_bytes } = PACKAGE_BOUNDS;
  const byRatio = Math.max(ratio_floor_bytes, bytes.length * ratio);
  const options = { chunkSize: 65_536, maxOutputLength: Math.min(unpacked_bytes, byRatio), info: true };
  let inflated: { buffer: Buffer; engine: { bytesWritten: number } };
  try {
    inflated = gunzipSync(bytes, options) as unknown as typeof inflated;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE')
      throw bad(`the archive is not a whole gzip stream: ${printable((error as Error).message)}`, error);
    const bound = byRatio < unpacked_bytes ? `${ratio} times its size` : `${unpacked_bytes} bytes`;
    throw new GraftError('GRAFT_PACKAGE_LIMIT', `the archive unpacks to more than ${bound}`);
  }
  // zlib stops reading at a zero byte behind the stream's end, and says nothing.
  if (inflated.engine.bytesWritten !== bytes.length)
    throw bad('the archive has bytes behind the end of its gzip stream');
  return inflated.buffer;
}

/** Takes away the one folder that everything lies in, unless a package.json stands beside it. */
function stripFirstFolder(entries: readonly Entry[]): readonly Entry[] {
  const first = entries[0]?.path.split('/', 1)[0] ?? '';
  const isCommon = entries.every(
    ({ path, bytes, link }) => path.startsWith(`${first}/`) || (path === first && bytes === null && link === undefined),
  );
  if (!isCommon || first === '' || first === '.' || first === '..') return entries;
  return entries.flatMap((entry) =>
    entry.path === first ? [] : [{ ...entry, path: entry.path.slice(first.length + 1) }],
  );
}

/**
 * The entries of a .tgz, not yet checked as paths. Throws GRAFT_PACKAGE_LIMIT beyond a bound, GRAFT_PACKAGE_ENTRY for
 * anything that is neither a file, a folder nor a symbolic link, GRAFT_BAD_PACKAGE for a damaged or ambiguous archive.
 */
export function unpack(bytes: Uint8Array): readonly Entry[] {
  checkPacked(bytes.length);
  return stripFirstFolder(readTar(inflate(bytes)));
}
