// An archive (.tgz) as entries of a package, in memory: no byte of it is ever written to a disk.
//
// 1. The gzip stream is inflated piece by piece, and given up at the first piece beyond a bound (bounds.ts).
// 2. The tar stream is read entry by entry (tar.ts): regular files and folders, each within its bound.
// 3. The folder that npm packs everything into (`package/`) is taken away. Names and contents are checked later, by
//    checkFiles.

import { createGunzip } from 'node:zlib';
import { GraftError } from '../errors.ts';
import { PACKAGE_BOUNDS } from './bounds.ts';
import type { Entry } from './files.ts';
import { printable } from './path.ts';
import { readTar } from './tar.ts';

const bad = (why: string, cause?: unknown): GraftError => new GraftError('GRAFT_BAD_PACKAGE', why, { cause });

function checkInflated(total: number, compressed: number): void {
  if (total > PACKAGE_BOUNDS.unpacked_bytes) {
    throw new GraftError(
      'GRAFT_PACKAGE_LIMIT',
      `the archive unpacks to more than ${PACKAGE_BOUNDS.unpacked_bytes} bytes`,
    );
  }
  if (total > PACKAGE_BOUNDS.ratio_floor_bytes && total > compressed * PACKAGE_BOUNDS.ratio) {
    throw new GraftError(
      'GRAFT_PACKAGE_LIMIT',
      `the archive unpacks to more than ${PACKAGE_BOUNDS.ratio} times its size`,
    );
  }
}

async function inflate(bytes: Uint8Array): Promise<Buffer> {
  const gunzip = createGunzip({ chunkSize: 65_536 });
  const pieces: Buffer[] = [];
  let total = 0;
  gunzip.end(bytes);
  try {
    for await (const piece of gunzip as AsyncIterable<Buffer>) {
      total += piece.length;
      checkInflated(total, bytes.length);
      pieces.push(piece);
    }
  } catch (error) {
    throw error instanceof GraftError
      ? error
      : bad(`the archive is not a whole gzip stream: ${printable((error as Error).message)}`, error);
  }
  // zlib stops reading at a zero byte behind the stream's end, and says nothing.
  if (gunzip.bytesWritten !== bytes.length) throw bad('the archive has bytes behind the end of its gzip stream');
  return Buffer.concat(pieces, total);
}

/** Takes away the one folder that everything lies in, unless a package.json stands beside it. */
function stripFirstFolder(entries: readonly Entry[]): readonly Entry[] {
  const first = entries[0]?.path.split('/', 1)[0] ?? '';
  const isCommon = entries.every(
    ({ path, bytes }) => path.startsWith(`${first}/`) || (path === first && bytes === null),
  );
  if (!isCommon || first === '' || first === '.' || first === '..') return entries;
  return entries.flatMap(({ path, bytes }) => (path === first ? [] : [{ path: path.slice(first.length + 1), bytes }]));
}

/**
 * The entries of a .tgz, not yet checked as paths. Throws GRAFT_PACKAGE_LIMIT beyond a bound, GRAFT_PACKAGE_ENTRY for
 * anything that is neither a file nor a folder, GRAFT_BAD_PACKAGE for a damaged or ambiguous archive.
 */
export async function unpack(bytes: Uint8Array): Promise<readonly Entry[]> {
  if (bytes.length > PACKAGE_BOUNDS.archive_bytes) {
    throw new GraftError('GRAFT_PACKAGE_LIMIT', `the archive is larger than ${PACKAGE_BOUNDS.archive_bytes} bytes`);
  }
  // A copy, since the caller may change its bytes meanwhile.
  return stripFirstFolder(readTar(await inflate(Uint8Array.from(bytes))));
}
