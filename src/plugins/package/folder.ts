// A folder, or an archive in a file, as bytes in memory. The top may be reached through a link; below it every link is
// refused.
//
// Each file is opened without following links and checked by its handle, so a file that is swapped while the folder is
// read cannot lead elsewhere. Reading stops at the first file or folder beyond a bound. Only `.git` is skipped.

import { constants } from 'node:fs';
import { type FileHandle, open, opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GraftError } from '../errors.ts';
import { PACKAGE_BOUNDS } from './bounds.ts';
import { addSize, checkCount, type Entry } from './files.ts';
import { shown } from './path.ts';

// A file system without these flags (Windows) has the check of the folder's own entry.
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

const special = (path: string): GraftError =>
  new GraftError('GRAFT_PACKAGE_ENTRY', `${shown(path)} is neither a file nor a folder`);

function fileSystemError(path: string, error: unknown): GraftError {
  if (error instanceof GraftError) return error;
  const code = String((error as NodeJS.ErrnoException).code);
  return code === 'ELOOP'
    ? special(path)
    : new GraftError('GRAFT_BAD_PACKAGE', `${shown(path)} cannot be read: ${code}`, { cause: error });
}

/** Reads exactly `size` bytes; a file that is shorter or longer by now was changed meanwhile. */
async function readWhole(handle: FileHandle, path: string, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length < bytes.length; length += read) {
    read = (await handle.read(bytes, length, bytes.length - length)).bytesRead;
  }
  if (length !== size) throw new GraftError('GRAFT_BAD_PACKAGE', `${shown(path)} changed while it was read`);
  return bytes.subarray(0, size);
}

async function readFile(root: string, path: string, total: number): Promise<Buffer> {
  const handle = await open(join(root, path), OPEN_FLAGS);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw special(path);
    addSize(total, path, stats.size);
    return await readWhole(handle, path, stats.size);
  } finally {
    await handle.close();
  }
}

async function listFolder(root: string, folder: string, known: number): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of await opendir(join(root, folder))) {
    if (entry.name === '.git') continue;
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (!entry.isFile() && !entry.isDirectory()) throw special(path);
    entries.push({ path, bytes: entry.isFile() ? new Uint8Array() : null });
    checkCount(known + entries.length);
  }
  return entries;
}

/**
 * The entries of a folder, not yet checked as paths. Throws GRAFT_PACKAGE_ENTRY for a link or another special file,
 * GRAFT_PACKAGE_LIMIT beyond a bound, GRAFT_BAD_PACKAGE where the system cannot read a file.
 */
export async function readFolder(root: string): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  const folders = [''];
  let total = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    let at = folder;
    try {
      for (const { path, bytes } of await listFolder(root, folder, entries.length)) {
        at = path;
        if (bytes === null) folders.push(path);
        const content = bytes && (await readFile(root, path, total));
        total += content?.length ?? 0;
        entries.push({ path, bytes: content });
      }
    } catch (error) {
      throw fileSystemError(at, error);
    }
  }
  return entries;
}

/** What stands at a path on this machine. Throws GRAFT_BAD_PACKAGE where that is neither a folder nor a file. */
export async function kindOf(path: string): Promise<'folder' | 'file'> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) return 'folder';
    if (stats.isFile()) return 'file';
  } catch (error) {
    throw fileSystemError(path, error);
  }
  throw new GraftError('GRAFT_BAD_PACKAGE', `${shown(path)} is neither a folder nor an archive`);
}

/** The bytes of an archive in a file. Throws GRAFT_PACKAGE_LIMIT before it reads one that is too large. */
export async function readArchiveFile(path: string): Promise<Buffer> {
  try {
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const { size } = await handle.stat();
      if (size > PACKAGE_BOUNDS.archive_bytes) {
        throw new GraftError('GRAFT_PACKAGE_LIMIT', `the archive is larger than ${PACKAGE_BOUNDS.archive_bytes} bytes`);
      }
      return await readWhole(handle, path, size);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileSystemError(path, error);
  }
}
