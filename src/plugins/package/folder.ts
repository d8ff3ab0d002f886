// A folder, or an archive in a file, as bytes in memory. The top may be reached through a link; below it every link is
// refused, at any level, also one that takes a folder's place while the folder is read.
//
// 1. A folder is opened, without following a link, and listed by its handle. 2. What lies in it is opened the same way,
//    from that handle: on Linux through /proc/self/fd, which leads to the open folder whatever its path leads to by
//    now. Elsewhere the path is used, and afterwards every folder on it must still be the one that was opened.
// 3. A file is checked and read by its own handle.
// Reading stops at the first file or folder beyond a bound. Only `.git` is skipped.

import { constants, existsSync, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GraftError } from '../errors.ts';
import { addSize, checkCarried, checkPacked, type Entry } from './files.ts';
import { checkPath, shown } from './path.ts';

// A file system without these flags (Windows) has the check of the folder's own entry.
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Where a system shows a process its open descriptors as paths. */
const DESCRIPTORS = '/proc/self/fd';
const hasDescriptors = existsSync(DESCRIPTORS);

/** A folder that is being read. */
interface OpenFolder {
  readonly handle: FileHandle;
  /** The path by which what lies in it is listed and opened. */
  readonly at: string;
  /** Its path in the package; the top is ''. */
  readonly path: string;
  /** Its path on this machine. */
  readonly real: string;
  readonly parent: OpenFolder | null;
}

/** What has been read so far. */
interface Found {
  readonly entries: Entry[];
  total: number;
}

const special = (path: string): GraftError =>
  new GraftError('GRAFT_PACKAGE_ENTRY', `${shown(path)} is neither a file nor a folder`);

const changed = (path: string): GraftError =>
  new GraftError('GRAFT_BAD_PACKAGE', `${shown(path)} changed while it was read`);

function fileSystemError(path: string, error: unknown): GraftError {
  if (error instanceof GraftError) return error;
  const code = String((error as NodeJS.ErrnoException).code);
  return code === 'ELOOP'
    ? special(path)
    : new GraftError('GRAFT_BAD_PACKAGE', `${shown(path)} cannot be read: ${code}`, { cause: error });
}

const isSame = (one: Stats, other: Stats): boolean => one.dev === other.dev && one.ino === other.ino;

/** Whether every folder from `folder` up to the top still lies where it was opened. */
async function isInPlace(folder: OpenFolder): Promise<boolean> {
  for (let at = folder; at.parent !== null; at = at.parent)
    if (!isSame(await lstat(at.real), await at.handle.stat())) return false;
  return true;
}

/** Opens what lies in `folder` by its name. The caller closes the handle. */
async function openIn(folder: OpenFolder, name: string): Promise<FileHandle> {
  const handle = await open(`${folder.at}/${name}`, OPEN_FLAGS);
  if (hasDescriptors) return handle;
  try {
    if (await isInPlace(folder)) return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  throw changed(folder.path);
}

/** Reads exactly `size` bytes; a file that is shorter or longer by now was changed meanwhile. */
async function readWhole(handle: FileHandle, path: string, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length < bytes.length; length += read) {
    read = (await handle.read(bytes, length, bytes.length - length)).bytesRead;
  }
  if (length !== size) throw changed(path);
  return bytes.subarray(0, size);
}

async function readFile(handle: FileHandle, path: string, found: Found): Promise<void> {
  const stats = await handle.stat();
  if (!stats.isFile()) throw special(path);
  const total = addSize(found.total, path, stats.size);
  found.entries.push({ path, bytes: await readWhole(handle, path, stats.size) });
  found.total = total;
}

/** Names in a folder: those of its folders, and those of its files. */
async function listFolder(
  folder: OpenFolder,
  known: number,
): Promise<readonly { readonly name: string; readonly isFolder: boolean }[]> {
  const names: { name: string; isFolder: boolean }[] = [];
  for await (const entry of await opendir(folder.at)) {
    if (entry.name === '.git') continue;
    if (!entry.isFile() && !entry.isDirectory()) throw special(inFolder(folder, entry.name));
    checkCarried(known + names.push({ name: entry.name, isFolder: entry.isDirectory() }));
  }
  return names;
}

const inFolder = ({ path }: OpenFolder, name: string): string => (path === '' ? name : `${path}/${name}`);

async function readOne(folder: OpenFolder, name: string, isFolder: boolean, found: Found): Promise<void> {
  const path = inFolder(folder, name);
  if (isFolder) {
    // As many handles are open as the path has segments.
    checkPath(path);
    found.entries.push({ path, bytes: null });
  }
  try {
    const handle = await openIn(folder, name);
    try {
      if (!isFolder) return await readFile(handle, path, found);
      if (!(await handle.stat()).isDirectory()) throw special(path);
      await readInto(openFolder(handle, join(folder.real, name), path, folder), found);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileSystemError(path, error);
  }
}

async function readInto(folder: OpenFolder, found: Found): Promise<void> {
  for (const { name, isFolder } of await listFolder(folder, found.entries.length))
    await readOne(folder, name, isFolder, found);
}

const openFolder = (handle: FileHandle, real: string, path: string, parent: OpenFolder | null): OpenFolder => ({
  handle,
  at: hasDescriptors ? `${DESCRIPTORS}/${handle.fd}` : real,
  path,
  real,
  parent,
});

/**
 * The entries of a folder, not yet checked as paths. Throws GRAFT_PACKAGE_ENTRY for a link or another special file,
 * GRAFT_PACKAGE_LIMIT beyond a bound, GRAFT_BAD_PACKAGE where the system cannot read a file.
 */
export async function readFolder(root: string): Promise<readonly Entry[]> {
  const found: Found = { entries: [], total: 0 };
  try {
    const handle = await open(root, constants.O_RDONLY);
    try {
      await readInto(openFolder(handle, root, '', null), found);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileSystemError(root, error);
  }
  return found.entries;
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
      checkPacked(size);
      return await readWhole(handle, path, size);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileSystemError(path, error);
  }
}
