// The layout of the disk, in blocks of 4 KB:
//
//   0 superblock · 1… bitmap of blocks · inode table, 32 inodes a block · data, directories among it
//
// An inode has up to twelve extents, so a file is at most twelve stretches of blocks. A directory is a file of 64-byte
// entries.

import { BLOCK_BYTES, EXTENTS_PER_INODE, NAME_BYTES_MAX } from '../limits.ts';

export const MAGIC = 0x56494e4f; // "VINO"
const INODE_BYTES = 128;
export const INODES_PER_BLOCK = BLOCK_BYTES / INODE_BYTES;
const ENTRY_BYTES = 64;
const ENTRIES_PER_BLOCK = BLOCK_BYTES / ENTRY_BYTES;
const BITS_PER_BLOCK = BLOCK_BYTES * 8;

/** Number of the root directory's inode; 0 means none. */
export const ROOT = 1;

export interface FileSystemLayout {
  readonly blocks: number;
  readonly bitmap: number;
  readonly bitmap_blocks: number;
  readonly inodes: number;
  readonly inode_blocks: number;
  readonly data: number;
}

/** The layout of a file system of `blocks` blocks: an inode for every 16 blocks of data, at least 64. */
export const layoutFor = (blocks: number): FileSystemLayout => {
  const bitmap_blocks = Math.ceil(blocks / BITS_PER_BLOCK);
  const inode_blocks = Math.max(2, Math.ceil(blocks / 16 / INODES_PER_BLOCK));
  const inodes = 1 + bitmap_blocks;
  return { blocks, bitmap: 1, bitmap_blocks, inodes, inode_blocks, data: inodes + inode_blocks };
};

export interface Extent {
  readonly start: number;
  readonly count: number;
}

export type InodeKind = 'free' | 'file' | 'directory';
const KINDS: readonly InodeKind[] = ['free', 'file', 'directory'];

export interface InodeRecord {
  readonly kind: InodeKind;
  readonly size: number;
  readonly extents: readonly Extent[];
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Writes an inode into its block; `index` counts within the block. */
export const putInode = (block: Uint8Array, index: number, inode: InodeRecord): void => {
  const view = viewOf(block);
  const at = index * INODE_BYTES;
  block.fill(0, at, at + INODE_BYTES);
  view.setUint32(at, KINDS.indexOf(inode.kind));
  view.setFloat64(at + 8, inode.size);
  for (const [i, { start, count }] of inode.extents.entries()) {
    view.setUint32(at + 16 + 8 * i, start);
    view.setUint32(at + 20 + 8 * i, count);
  }
};

export const getInode = (block: Uint8Array, index: number): InodeRecord => {
  const view = viewOf(block);
  const at = index * INODE_BYTES;
  const extents: Extent[] = [];
  for (let i = 0; i < EXTENTS_PER_INODE; i++) {
    const count = view.getUint32(at + 20 + 8 * i);
    if (count > 0) extents.push({ start: view.getUint32(at + 16 + 8 * i), count });
  }
  return { kind: KINDS[view.getUint32(at)] ?? 'free', size: view.getFloat64(at + 8), extents };
};

export interface DirectoryEntry {
  readonly name: string;
  readonly inode: number;
}

export const putEntry = (block: Uint8Array, index: number, { name, inode }: DirectoryEntry): void => {
  const at = index * ENTRY_BYTES;
  const text = new TextEncoder().encode(name);
  if (text.length > NAME_BYTES_MAX) throw new RangeError(`a name longer than ${NAME_BYTES_MAX} bytes`);
  block.fill(0, at, at + ENTRY_BYTES);
  viewOf(block).setUint32(at, inode);
  block[at + 4] = text.length;
  block.set(text, at + 5);
};

/** The entries of a block, free places as null. */
export const getEntries = (block: Uint8Array): (DirectoryEntry | null)[] =>
  Array.from({ length: ENTRIES_PER_BLOCK }, (_, i) => {
    const at = i * ENTRY_BYTES;
    const inode = viewOf(block).getUint32(at);
    const length = block[at + 4] as number;
    return inode === 0 ? null : { inode, name: new TextDecoder().decode(block.subarray(at + 5, at + 5 + length)) };
  });

export const putSuperblock = (block: Uint8Array, layout: FileSystemLayout): void => {
  const view = viewOf(block);
  view.setUint32(0, MAGIC);
  view.setUint32(4, layout.blocks);
};

/** The layout in a superblock; throws if the block is none. */
export const getSuperblock = (block: Uint8Array): FileSystemLayout => {
  const view = viewOf(block);
  if (view.getUint32(0) !== MAGIC) throw new Error('no file system lies here');
  return layoutFor(view.getUint32(4));
};

/** The disk block of a file's block number `index`, or -1. */
export const blockOf = (extents: readonly Extent[], index: number): number => {
  let left = index;
  for (const { start, count } of extents) {
    if (left < count) return start + left;
    left -= count;
  }
  return -1;
};
