// The files of an archive or of an object, checked (files.ts), as what a tree is read from.

import { folderOf } from './path.ts';
import type { FileKind, FileSource } from './tree.ts';

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Files by their paths; no path is also the folder of another. */
export function memorySource(files: ReadonlyMap<string, Uint8Array>): FileSource {
  const folders = new Map<string, Map<string, FileKind>>([['', new Map()]]);
  const folder = (path: string): Map<string, FileKind> => {
    let names = folders.get(path);
    if (names === undefined) {
      names = new Map();
      folders.set(path, names);
      folder(folderOf(path)).set(nameOf(path), 'folder');
    }
    return names;
  };
  for (const path of files.keys()) folder(folderOf(path)).set(nameOf(path), 'file');
  return {
    list: (path) => folders.get(path) as Map<string, FileKind>,
    read: (path) => files.get(path) as Uint8Array,
    follow: () => null,
  };
}
