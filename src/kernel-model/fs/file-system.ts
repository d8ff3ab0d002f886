// A simple extent file system: inodes, directories, a bitmap of blocks. Metadata goes through the buffer cache and is
// on the disk after `sync`. Every operation that may touch the disk is a generator that yields what it waits for.

import { BLOCK_BYTES, EXTENTS_PER_INODE, NAME_BYTES_MAX } from '../limits.ts';
import { Completion, type KernelSteps } from '../wait.ts';
import { Bitmap } from './bitmap.ts';
import type { Buffer, BufferCache } from './buffer-cache.ts';
import {
  blockOf,
  type DirectoryEntry,
  type Extent,
  type FileSystemLayout,
  getEntries,
  getInode,
  getSuperblock,
  INODES_PER_BLOCK,
  type InodeKind,
  layoutFor,
  putEntry,
  putInode,
  putSuperblock,
  ROOT,
} from './layout.ts';

/** The fault of a call on files, which is the call's answer to the program. */
export type FileFault =
  | 'not-found'
  | 'exists'
  | 'not-a-directory'
  | 'is-a-directory'
  | 'no-space'
  | 'bad-name'
  | 'not-mounted';

export class FileError extends Error {
  readonly fault: FileFault;

  constructor(fault: FileFault, what: string) {
    super(`${what}: ${fault}`);
    this.fault = fault;
  }
}

export interface Inode {
  readonly number: number;
  readonly kind: InodeKind;
  size: number;
  extents: Extent[];
}

const isName = (name: string): boolean =>
  name !== '' && name.isWellFormed() && new TextEncoder().encode(name).length <= NAME_BYTES_MAX;

export class FileSystem {
  readonly cache: BufferCache;
  readonly #layout: FileSystemLayout;
  readonly #bitmap: Bitmap;
  readonly #inodes = new Map<number, Inode>();
  /** Set while a directory is being changed, which takes several steps: one at a time. */
  #creating: Completion | null = null;

  private constructor(cache: BufferCache, layout: FileSystemLayout, bitmap: Bitmap) {
    this.cache = cache;
    this.#layout = layout;
    this.#bitmap = bitmap;
  }

  /** Makes an empty file system of `blocks` blocks. */
  static *format(cache: BufferCache, blocks: number): KernelSteps<FileSystem> {
    const layout = layoutFor(blocks);
    putSuperblock((yield* cache.fresh(0)).bytes, layout);
    for (let i = 0; i < layout.inode_blocks; i++) yield* cache.fresh(layout.inodes + i);
    const bitmap = new Bitmap(blocks);
    bitmap.mark(0, layout.data);
    const fs = new FileSystem(cache, layout, bitmap);
    yield* fs.#put({ number: ROOT, kind: 'directory', size: 0, extents: [] });
    yield* fs.sync();
    return fs;
  }

  /** Finds the file system that lies on the disk. */
  static *mount(cache: BufferCache): KernelSteps<FileSystem> {
    const layout = getSuperblock((yield* cache.get(0)).bytes);
    const bitmap = new Bitmap(layout.blocks);
    for (let i = 0; i < layout.bitmap_blocks; i++) bitmap.load(i, (yield* cache.get(layout.bitmap + i)).bytes);
    return new FileSystem(cache, layout, bitmap);
  }

  /** Writes all dirty buffers, the bitmap included. */
  *sync(): KernelSteps {
    for (let i = 0; i < this.#layout.bitmap_blocks; i++)
      this.#bitmap.store(i, (yield* this.cache.fresh(this.#layout.bitmap + i)).bytes);
    yield* this.cache.flush();
  }

  get free_blocks(): number {
    return this.#bitmap.free;
  }

  *#inodeBlock(number: number): KernelSteps<Buffer> {
    return yield* this.cache.get(this.#layout.inodes + Math.floor(number / INODES_PER_BLOCK));
  }

  *#put(inode: Inode): KernelSteps {
    const buffer = yield* this.#inodeBlock(inode.number);
    putInode(buffer.bytes, inode.number % INODES_PER_BLOCK, inode);
    buffer.dirty = true;
    this.#inodes.set(inode.number, inode);
  }

  *inode(number: number): KernelSteps<Inode> {
    const known = this.#inodes.get(number);
    if (known !== undefined) return known;
    const record = getInode((yield* this.#inodeBlock(number)).bytes, number % INODES_PER_BLOCK);
    const inode: Inode = this.#inodes.get(number) ?? {
      number,
      kind: record.kind,
      size: record.size,
      extents: [...record.extents],
    };
    this.#inodes.set(number, inode);
    return inode;
  }

  *#newInode(kind: InodeKind): KernelSteps<Inode> {
    const last = this.#layout.inode_blocks * INODES_PER_BLOCK;
    for (let number = ROOT + 1; number < last; number++) {
      if ((yield* this.inode(number)).kind !== 'free') continue;
      const inode: Inode = { number, kind, size: 0, extents: [] };
      yield* this.#put(inode);
      return inode;
    }
    throw new FileError('no-space', 'inodes');
  }

  /** Finds a file or directory by its path, `a/b/c`; the empty path is the root. */
  *lookup(path: string): KernelSteps<Inode> {
    let inode = yield* this.inode(ROOT);
    for (const name of path.split('/').filter(Boolean)) {
      const entry = (yield* this.list(inode)).find((one) => one.name === name);
      if (entry === undefined) throw new FileError('not-found', path);
      inode = yield* this.inode(entry.inode);
    }
    return inode;
  }

  *list(directory: Inode): KernelSteps<DirectoryEntry[]> {
    if (directory.kind !== 'directory') throw new FileError('not-a-directory', String(directory.number));
    const entries: DirectoryEntry[] = [];
    for (let i = 0; i * BLOCK_BYTES < directory.size; i++) {
      const buffer = yield* this.cache.get(blockOf(directory.extents, i));
      for (const entry of getEntries(buffer.bytes)) if (entry !== null) entries.push(entry);
    }
    return entries;
  }

  /**
   * Makes a file of `bytes` bytes, in as few extents as the disk allows. Its bytes are what lay there before, or zeros
   * on a new disk.
   */
  *create(path: string, kind: 'file' | 'directory', bytes = 0): KernelSteps<Inode> {
    const steps = path.split('/').filter(Boolean);
    const name = steps.pop() ?? '';
    if (!isName(name)) throw new FileError('bad-name', path);
    while (this.#creating !== null) yield this.#creating;
    const creating = new Completion();
    this.#creating = creating;
    try {
      const parent = yield* this.lookup(steps.join('/'));
      return yield* this.#create(parent, name, kind, bytes);
    } finally {
      this.#creating = null;
      creating.settle();
    }
  }

  *#create(parent: Inode, name: string, kind: 'file' | 'directory', bytes: number): KernelSteps<Inode> {
    if ((yield* this.list(parent)).some((entry) => entry.name === name)) throw new FileError('exists', name);
    const inode = yield* this.#newInode(kind);
    try {
      yield* this.grow(inode, bytes);
      yield* this.#enter(parent, { name, inode: inode.number });
    } catch (error) {
      for (const extent of inode.extents) this.#bitmap.release(extent);
      yield* this.#put({ number: inode.number, kind: 'free', size: 0, extents: [] });
      throw error;
    }
    return inode;
  }

  *#enter(parent: Inode, entry: DirectoryEntry): KernelSteps {
    for (let i = 0; ; i++) {
      const isNew = i * BLOCK_BYTES >= parent.size;
      if (isNew) yield* this.grow(parent, parent.size + BLOCK_BYTES);
      const block = blockOf(parent.extents, i);
      const buffer = isNew ? yield* this.cache.fresh(block) : yield* this.cache.get(block);
      const free = getEntries(buffer.bytes).indexOf(null);
      if (free < 0) continue;
      putEntry(buffer.bytes, free, entry);
      buffer.dirty = true;
      return;
    }
  }

  /** Makes a file at least `bytes` long. If there is no room for that, the file stays as it is. */
  *grow(inode: Inode, bytes: number): KernelSteps {
    const has = inode.extents.reduce((sum, { count }) => sum + count, 0);
    const wanted = Math.ceil(bytes / BLOCK_BYTES) - has;
    if (wanted > 0) inode.extents = this.#extended(inode, wanted);
    inode.size = Math.max(inode.size, bytes);
    yield* this.#put(inode);
  }

  /** The extents of a file with so many blocks more. */
  #extended(inode: Inode, blocks: number): Extent[] {
    if (blocks > this.#bitmap.free) throw new FileError('no-space', `inode ${inode.number}`);
    const extents = [...inode.extents];
    const taken: Extent[] = [];
    for (let wanted = blocks; wanted > 0; ) {
      const last = extents.at(-1);
      const end = last === undefined ? 0 : last.start + last.count;
      const extent = this.#bitmap.allocate(wanted, end) as Extent;
      taken.push(extent);
      if (last !== undefined && end === extent.start)
        extents[extents.length - 1] = { start: last.start, count: last.count + extent.count };
      else extents.push(extent);
      wanted -= extent.count;
    }
    if (extents.length <= EXTENTS_PER_INODE) return extents;
    for (const extent of taken) this.#bitmap.release(extent);
    throw new FileError('no-space', `inode ${inode.number}: more than ${EXTENTS_PER_INODE} extents`);
  }

  /** Reads from a file into `into`; gives how many bytes there were. */
  *read(inode: Inode, offset: number, into: Uint8Array): KernelSteps<number> {
    const end = Math.min(inode.size, offset + into.length);
    for (let at = offset; at < end; ) {
      const within = at % BLOCK_BYTES;
      const length = Math.min(BLOCK_BYTES - within, end - at);
      const buffer = yield* this.cache.get(blockOf(inode.extents, Math.floor(at / BLOCK_BYTES)));
      into.set(buffer.bytes.subarray(within, within + length), at - offset);
      at += length;
    }
    return Math.max(0, end - offset);
  }

  /** Writes bytes to a file, which grows as needed. */
  *write(inode: Inode, offset: number, bytes: Uint8Array): KernelSteps<number> {
    if (inode.kind === 'directory') throw new FileError('is-a-directory', String(inode.number));
    yield* this.grow(inode, offset + bytes.length);
    for (let at = offset; at < offset + bytes.length; ) {
      const within = at % BLOCK_BYTES;
      const length = Math.min(BLOCK_BYTES - within, offset + bytes.length - at);
      const block = blockOf(inode.extents, Math.floor(at / BLOCK_BYTES));
      const buffer = length === BLOCK_BYTES ? yield* this.cache.fresh(block) : yield* this.cache.get(block);
      buffer.bytes.set(bytes.subarray(at - offset, at - offset + length), within);
      buffer.dirty = true;
      at += length;
    }
    return bytes.length;
  }
}
