// A folder on this machine as a package, looked into where a bundler asks; and an archive in a file. The folder itself
// may be reached through a link. Below it a link is followed where it stays in the folder, and nothing that takes
// another's place meanwhile leads out.
//
// 1. A folder is opened by its real path, name by name from the top, without following a link, and listed by its
//    handle. What lies in it is opened the same way, from that handle: on Linux through /proc/self/fd, which leads to
//    the open folder whatever its path leads to by now. Elsewhere the path is used, and afterwards every folder on it
//    must still be the one that was opened.
// 2. A file is checked and read by its own handle.
// 3. A link is read, and what it says is walked name by name as in 1: it is never the system that follows it. Its
//    answer is a real path, which is walked again when it is asked for.
// `.git`, and `.bin` in node_modules, are passed over, and so is all that is no file, folder or link. One question is
// answered after the other, and the folders of the last one stay open for the next.

import { constants, existsSync, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, opendir, readlink, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { GraftError } from '../errors.ts';
import { addSize, checkCarried, checkCount, checkPacked } from './files.ts';
import { type LinkMet, type LinkStep, linkThatLeaves, walkLinks } from './links.ts';
import { checkPath, inFolder, shown } from './path.ts';
import type { FileKind, FilePlace } from './tree.ts';

// A file system without these flags (Windows) has the check of the folder's own entry.
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Where a system shows a process its open descriptors as paths. */
const DESCRIPTORS = '/proc/self/fd';
const hasDescriptors = existsSync(DESCRIPTORS);

/** A folder that is open. */
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

/** Throws where a folder from `folder` up to the top does not lie any more where it was opened. */
async function checkInPlace(folder: OpenFolder): Promise<void> {
  if (hasDescriptors) return;
  for (let at = folder; at.parent !== null; at = at.parent)
    if (!isSame(await lstat(at.real), await at.handle.stat())) throw changed(folder.path);
}

/** Opens what lies in `folder` by its name. The caller closes the handle. */
async function openIn(folder: OpenFolder, name: string): Promise<FileHandle> {
  const handle = await open(`${folder.at}/${name}`, OPEN_FLAGS);
  try {
    await checkInPlace(folder);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
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

const openFolder = (handle: FileHandle, real: string, path: string, parent: OpenFolder | null): OpenFolder => ({
  handle,
  at: hasDescriptors ? `${DESCRIPTORS}/${handle.fd}` : real,
  path,
  real,
  parent,
});

const isPassedOver = (folder: string, name: string): boolean =>
  name === '.git' || (name === '.bin' && /(^|\/)node_modules$/.test(folder));

/** What of an entry's kind counts; null for a device, a fifo and the like. */
const kindIn = (entry: Pick<Stats, 'isFile' | 'isDirectory' | 'isSymbolicLink'>): FileKind | null => {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  return entry.isSymbolicLink() ? 'link' : null;
};

export class PackageFolder {
  /** The folders that are open, each in the one before it. The first is the top. */
  readonly #open: [OpenFolder, ...OpenFolder[]];
  readonly #files = new Set<string>();
  readonly #links = new Map<string, string>();
  /** What counts since `begin`: questions, names that were listed, bytes that were read. */
  #questions = 0;
  #names = 0;
  #bytes = 0;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(top: OpenFolder) {
    this.#open = [top];
  }

  /** Opens a folder. Throws GRAFT_BAD_PACKAGE where there is none. */
  static async at(path: string): Promise<PackageFolder> {
    try {
      const real = await realpath(path);
      return new PackageFolder(openFolder(await open(real, OPEN_FLAGS), real, '', null));
    } catch (error) {
      throw fileSystemError(path, error);
    }
  }

  /** Counts anew: another bundler asks. */
  begin(): void {
    this.#questions = this.#names = this.#bytes = 0;
    this.#files.clear();
    this.#links.clear();
  }

  /** Real paths of all files that were read. */
  get read(): Iterable<string> {
    return this.#files;
  }

  /** What all links say that were followed, each from its folder, by their real paths. */
  get links(): ReadonlyMap<string, string> {
    return this.#links;
  }

  /**
   * What lies in a folder. This and the others take real paths, and throw GRAFT_PACKAGE_ENTRY for a link or another
   * special file in such a path, GRAFT_PACKAGE_PATH or GRAFT_PACKAGE_LIMIT for one that no file of a package has,
   * GRAFT_PACKAGE_LIMIT beyond a bound, GRAFT_BAD_PACKAGE where the system cannot read it.
   */
  list(path: string): Promise<readonly (readonly [name: string, kind: FileKind])[]> {
    return this.#inTurn(path, async () => {
      const names: [string, FileKind][] = [];
      for await (const entry of await opendir((await this.#enter(path)).at)) {
        checkCarried(++this.#names);
        const kind = isPassedOver(path, entry.name) ? null : kindIn(entry);
        if (kind !== null) names.push([entry.name, kind]);
      }
      return names;
    });
  }

  /** The bytes of a file. */
  file(path: string): Promise<Buffer> {
    return this.#inTurn(path, async () => {
      const folder = await this.#enter(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
      const handle = await openIn(folder, path.slice(path.lastIndexOf('/') + 1));
      try {
        const stats = await handle.stat();
        if (!stats.isFile()) throw special(path);
        this.#count(path, stats.size);
        return await readWhole(handle, path, stats.size);
      } finally {
        await handle.close();
      }
    });
  }

  #count(path: string, size: number): void {
    this.#bytes = addSize(this.#bytes, path, size);
    checkCount(this.#files.add(path).size);
  }

  /** Where a link leads in the end: a file or a folder by its real path, or null where that is nothing. */
  follow(path: string): Promise<FilePlace | null> {
    return this.#inTurn(path, async () => {
      const walk = walkLinks(path);
      let step = walk.next();
      while (step.done !== true) step = walk.next(await this.#met(step.value));
      return step.value;
    });
  }

  async #met({ folder: path, name }: LinkStep): Promise<LinkMet> {
    if (isPassedOver(path, name)) return null;
    const folder = await this.#enter(path);
    try {
      const kind = kindIn(await lstat(`${folder.at}/${name}`));
      return kind === 'link' ? this.#target(await readlink(`${folder.at}/${name}`), inFolder(path, name)) : kind;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    } finally {
      await checkInPlace(folder);
    }
  }

  /** What a link says: names to go on with, from its folder or from the top. */
  #target(target: string, link: string): LinkMet {
    const isFromTop = isAbsolute(target);
    const path = isFromTop ? relative(this.#open[0].real, target) : target;
    if (isAbsolute(path)) throw linkThatLeaves(link);
    const names = path.split(sep);
    const up = isFromTop
      ? link
          .split('/')
          .slice(1)
          .map(() => '..')
      : [];
    this.#links.set(link, [...up, ...names].join('/'));
    return { names, isFromTop };
  }

  /** The folder of a path, opened from the top. Those that are open and not on the way are closed. */
  async #enter(path: string): Promise<OpenFolder> {
    const names = path === '' ? [] : path.split('/');
    let depth = 0;
    while (depth < names.length && this.#open[depth + 1]?.path === names.slice(0, depth + 1).join('/')) depth++;
    await this.#leave(depth);
    for (const name of names.slice(depth)) {
      const parent = this.#open.at(-1) as OpenFolder;
      const at = inFolder(parent.path, name);
      if (isPassedOver(parent.path, name)) throw special(at);
      const handle = await openIn(parent, name);
      this.#open.push(openFolder(handle, join(parent.real, name), at, parent));
      if (!(await handle.stat()).isDirectory()) throw special(at);
    }
    return this.#open.at(-1) as OpenFolder;
  }

  async #leave(depth: number): Promise<void> {
    for (const { handle } of this.#open.splice(depth + 1).reverse()) await handle.close();
  }

  #inTurn<T>(path: string, answer: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      try {
        checkCarried(++this.#questions);
        if (path !== '') checkPath(path);
        return await answer();
      } catch (error) {
        // A folder that was not one is not gone on from.
        await this.#leave(0);
        throw fileSystemError(path, error);
      }
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Closes it, when the last question has been answered. */
  async close(): Promise<void> {
    await this.#last;
    await this.#leave(-1);
  }
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
