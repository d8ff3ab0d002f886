// The files of a package as its bundler sees them: a tree that is looked into where an import leads, whatever it was
// read from. What nobody asks for is neither read nor counted.
//
// 1. `find` walks a path from the top, name by name, and follows links that stay in the package: its answer is the real
//    path, so that a file which two links lead to is one file. 2. `get` gives the bytes of a real path, checked the
//    first time (files.ts). 3. `reached` is all that was asked for.

import { GraftError } from '../errors.ts';
import { PACKAGE_BOUNDS } from './bounds.ts';
import { Checks, fileText } from './files.ts';
import { folderOf, inFolder, shown } from './path.ts';

export type FileKind = 'file' | 'folder' | 'link';

/** What lies in a folder, by its names. Nothing else than these kinds is ever listed. */
export type Listing = ReadonlyMap<string, FileKind>;

export interface FilePlace {
  readonly path: string;
  readonly kind: 'file' | 'folder';
}

/** What a tree is read from. Every path given to it is real, and was listed by it or is ''. */
export interface FileSource {
  list(folder: string): Listing;
  read(file: string): Uint8Array;
  /** Where a link leads; null where that is nothing. Throws GRAFT_PACKAGE_ENTRY where it leaves the package. */
  follow(link: string): FilePlace | null;
}

const TOP: FilePlace = { path: '', kind: 'folder' };
const BEYOND_ASCII = /[\u0080-\uffff]/;

export class Files {
  readonly #source: FileSource;
  readonly #checks: Checks;
  readonly #folders = new Map<string, Listing>();
  /** Names of a folder by their composed form (NFC), of folders where somebody asked for a name beyond ASCII. */
  readonly #composed = new Map<string, ReadonlyMap<string, string>>();
  readonly #places = new Map<string, FilePlace>();
  readonly #reached = new Map<string, Uint8Array>();

  constructor(source: FileSource, checks = new Checks()) {
    this.#source = source;
    this.#checks = checks;
  }

  /** The real path of the file at `path`; null where there is none. */
  find(path: string): string | null {
    const place = path.length > PACKAGE_BOUNDS.path_bytes ? null : this.#place(path);
    return place?.kind === 'file' ? place.path : null;
  }

  /** The bytes of the file whose real path this is. Throws a GraftError where they are refused. */
  get(path: string): Uint8Array | undefined {
    const known = this.#reached.get(path);
    if (known !== undefined || this.find(path) !== path) return known;
    const bytes = this.#source.read(path);
    this.#checks.reach(path, bytes);
    this.#reached.set(path, bytes);
    return bytes;
  }

  /** As `get`, as text without a byte order mark. */
  text(path: string): string | undefined {
    const bytes = this.get(path);
    return bytes === undefined ? undefined : fileText(path, bytes);
  }

  /** The names of the files at the top. */
  get topFiles(): string[] {
    return [...this.#list('')].flatMap(([name, kind]) => (kind === 'folder' ? [] : [name]));
  }

  /** The paths of all files. Only of those in memory: a folder on a disk may hold anything. */
  get all(): string[] {
    const below = (folder: string): string[] =>
      [...this.#list(folder)].flatMap(([name, kind]) => {
        const path = inFolder(folder, name);
        return kind === 'folder' ? below(path) : path;
      });
    return below('');
  }

  /** All that was asked for, by real paths. */
  get reached(): ReadonlyMap<string, Uint8Array> {
    return this.#reached;
  }

  #list(folder: string): Listing {
    const listing = this.#folders.get(folder) ?? this.#source.list(folder);
    this.#folders.set(folder, listing);
    return listing;
  }

  #place(path: string): FilePlace | null {
    if (path === '') return TOP;
    const known = this.#places.get(path);
    if (known !== undefined) return known;
    const parent = this.#place(folderOf(path));
    const place = parent?.kind === 'folder' ? this.#placeIn(parent.path, path.slice(path.lastIndexOf('/') + 1)) : null;
    // What is missing is not kept: a package may ask for any number of such paths.
    if (place !== null) this.#places.set(path, place);
    return place;
  }

  #placeIn(folder: string, asked: string): FilePlace | null {
    const listing = this.#list(folder);
    const name = BEYOND_ASCII.test(asked) ? this.#composedNames(folder, listing).get(asked.normalize()) : asked;
    const kind = name === undefined ? undefined : listing.get(name);
    if (name === undefined || kind === undefined) return null;
    const path = inFolder(folder, name);
    return kind === 'link' ? this.#source.follow(path) : { path, kind };
  }

  #composedNames(folder: string, listing: Listing): ReadonlyMap<string, string> {
    const known = this.#composed.get(folder);
    if (known !== undefined) return known;
    const names = new Map<string, string>();
    for (const name of listing.keys()) {
      const other = names.get(name.normalize());
      if (other !== undefined)
        throw new GraftError('GRAFT_PACKAGE_PATH', `${shown(other)} and ${shown(name)} fold together`);
      names.set(name.normalize(), name);
    }
    this.#composed.set(folder, names);
    return names;
  }
}
