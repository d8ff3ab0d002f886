export { type BlockDevice, BufferCache } from './buffer-cache.ts';
export { FileError, type FileFault, FileSystem, type Inode } from './file-system.ts';
export { blockOf, type Extent } from './layout.ts';
export { extentRoom, OpenFile } from './open-file.ts';
