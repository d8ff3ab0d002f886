// The files of an archive or of an object, checked (files.ts), as what a tree is read from.

import type { Entry } from './files.ts';
import { type LinkMet, type LinkStep, walkLinks } from './links.ts';
import { folderOf, inFolder } from './path.ts';
import type { FileKind, FileSource } from './tree.ts';

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Files and links by their paths; no path is also the folder of another. */
export function memorySource(files: ReadonlyMap<string, Uint8Array>, links = new Map<string, string>()): FileSource {
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
  for (const path of links.keys()) folder(folderOf(path)).set(nameOf(path), 'link');
  const met = ({ folder: path, name }: LinkStep): LinkMet => {
    const kind = folders.get(path)?.get(name) ?? null;
    return kind === 'link' ? { names: (links.get(inFolder(path, name)) ?? '').split('/'), isFromTop: false } : kind;
  };
  return {
    list: (path) => folders.get(path) as Map<string, FileKind>,
    read: (path) => files.get(path) as Uint8Array,
    follow: (path) => {
      const walk = walkLinks(path);
      let step = walk.next();
      while (step.done !== true) step = walk.next(met(step.value));
      return step.value;
    },
  };
}

/** What the links among entries say, by their paths. */
export const linksOf = (entries: readonly Entry[]): Map<string, string> =>
  new Map(entries.flatMap(({ path, link }) => (link === undefined ? [] : [[path, link]])));
