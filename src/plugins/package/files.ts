// The file list of a package: one shape, a map from path to bytes, and one check, whatever it was read from.
//
// 1. A source (archive.ts, read.ts) yields entries in any order, duplicates included; it bounds what it
//    holds while reading.
// 2. `checkFiles` checks all paths and names, bounds what is the package's own, and looks at the first bytes of each of
//    those files. What lies in node_modules folders, and all of a folder on a disk, is bounded and looked at when an
//    import reaches it (tree.ts): `Checks.reach`.
// So nothing that a bundle is made of has a path that leaves the package, is a native binary, an archive, or source
// that is not UTF-8.

import { isUtf8 } from 'node:buffer';
import { GraftError } from '../errors.ts';
import { PACKAGE_BOUNDS } from './bounds.ts';
import { linkThatLeaves } from './links.ts';
import { checkPath, folderOf, foldPath, joinPath, shown } from './path.ts';

/** A file; or a folder, or a link to somewhere in the package, where `bytes` is null. */
export interface Entry {
  readonly path: string;
  readonly bytes: Uint8Array | null;
  /** What a link says: a path from its folder. */
  readonly link?: string;
}

const TEXT_FILE = /\.([cm]?[jt]s|[jt]sx|json|txt)$/i;
const SIGNATURE_FILE = /^(signature|signature\.json|[^/]+\.(sig|asc|p7s|minisig|sigstore))$/;

/** First bytes in hexadecimal. Mach-O stands in both byte orders and both widths, and as a universal binary. */
const NATIVE = /^(7f454c46|0061736d|feedfac[ef]|c[ef]faedfe|cafebab[ef]|b[ef]bafeca)/;
/** gzip, zip, xz, bzip2, zstd, 7z, rar. */
const ARCHIVE =
  /^(1f8b08|504b030[46]|504b0506|fd377a585a00|425a683[1-9]314159265359|28b52ffd|377abcaf271c|526172211a07)/;

/** A Windows executable begins with MZ, as a text may; a text has no NUL soon after it. */
const isPortableExecutable = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x4d && bytes[1] === 0x5a && bytes.subarray(0, PORTABLE_HEADER_BYTES).includes(0);
const PORTABLE_HEADER_BYTES = 1_024;

const isTar = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(257, 262)).toString('latin1') === 'ustar';

function checkContent(path: string, bytes: Uint8Array): void {
  const magic = Buffer.from(bytes.subarray(0, 16)).toString('hex');
  if (foldPath(path).endsWith('.node') || NATIVE.test(magic) || isPortableExecutable(bytes)) {
    throw new GraftError('GRAFT_PACKAGE_NATIVE', `${shown(path)} is a native binary`);
  }
  if (ARCHIVE.test(magic) || isTar(bytes))
    throw new GraftError('GRAFT_PACKAGE_ENTRY', `${shown(path)} is an archive in the package`);
  if (TEXT_FILE.test(path) && !isUtf8(bytes))
    throw new GraftError('GRAFT_BAD_PACKAGE', `${shown(path)} is not valid UTF-8`);
}

/** The names met so far by their folded form, each the spelling and kind first seen. */
type Names = Map<string, { path: string; isFile: boolean }>;

function claimName(names: Names, path: string, isFile: boolean): void {
  const key = foldPath(path);
  const known = names.get(key);
  if (known === undefined) names.set(key, { path, isFile });
  else if (known.path !== path)
    throw new GraftError('GRAFT_PACKAGE_PATH', `${shown(known.path)} and ${shown(path)} fold together`);
  else if (isFile && known.isFile)
    throw new GraftError('GRAFT_PACKAGE_PATH', `${shown(path)} stands in the package twice`);
  else if (isFile || known.isFile)
    throw new GraftError('GRAFT_PACKAGE_PATH', `${shown(path)} is both a file and a folder`);
}

/**
 * Throws GRAFT_PACKAGE_LIMIT where a file alone, or with all before it (`total`), is too large. Gives the new total.
 */
export function addSize(total: number, path: string, size: number): number {
  if (size > PACKAGE_BOUNDS.entry_bytes) {
    throw new GraftError(
      'GRAFT_PACKAGE_LIMIT',
      `${shown(path)} is larger than ${PACKAGE_BOUNDS.entry_bytes} bytes: ${size}`,
    );
  }
  if (total + size > PACKAGE_BOUNDS.unpacked_bytes) {
    throw new GraftError(
      'GRAFT_PACKAGE_LIMIT',
      `the files are larger than ${PACKAGE_BOUNDS.unpacked_bytes} bytes together: ${total + size} with ${shown(path)}`,
    );
  }
  return total + size;
}

/** Throws GRAFT_PACKAGE_LIMIT where an archive of `bytes` bytes is too large. */
export function checkPacked(bytes: number): void {
  if (bytes <= PACKAGE_BOUNDS.archive_bytes) return;
  throw new GraftError(
    'GRAFT_PACKAGE_LIMIT',
    `the archive is larger than ${PACKAGE_BOUNDS.archive_bytes} bytes: ${bytes}`,
  );
}

/** Throws GRAFT_PACKAGE_LIMIT where `count` files and folders that count are too many. */
export function checkCount(count: number): void {
  if (count <= PACKAGE_BOUNDS.entries) return;
  throw new GraftError('GRAFT_PACKAGE_LIMIT', `the package has more than ${PACKAGE_BOUNDS.entries} files and folders`);
}

/** Throws GRAFT_PACKAGE_LIMIT where `count` files and folders are too many to carry, dependencies' included. */
export function checkCarried(count: number): void {
  const { carried_entries } = PACKAGE_BOUNDS;
  if (count <= carried_entries) return;
  throw new GraftError(
    'GRAFT_PACKAGE_LIMIT',
    `the package carries more than ${carried_entries} files and folders, with those of its dependencies`,
  );
}

/** Whether a path is the package's own, and no dependency's. */
export const isOwn = (path: string): boolean => !/(^|\/)node_modules(\/|$)/.test(path);

/** Throws GRAFT_PACKAGE_SIGNED where one of the names at the top is that of a signature. */
export function refuseSignatures(names: Iterable<string>): void {
  for (const name of names)
    if (SIGNATURE_FILE.test(foldPath(name)))
      throw new GraftError('GRAFT_PACKAGE_SIGNED', `${shown(name)} is a signature`);
}

/** What of a package was checked so far, and how much of it counts. */
export class Checks {
  readonly #names: Names = new Map();
  readonly #counted = new Set<string>();
  #total = 0;
  #count = 0;

  /** Checks path and name of an entry: no other one may be, or be taken for, the same. */
  name({ path, bytes, link }: Entry): void {
    checkPath(path);
    for (let i = path.indexOf('/'); i !== -1; i = path.indexOf('/', i + 1))
      claimName(this.#names, path.slice(0, i), false);
    claimName(this.#names, path, bytes !== null || link !== undefined);
  }

  /** Counts an entry, and checks its content. */
  count({ path, bytes }: Entry): void {
    checkCount(++this.#count);
    if (bytes === null) return;
    this.#total = addSize(this.#total, path, bytes.length);
    checkContent(path, bytes);
    this.#counted.add(path);
  }

  /** A file is reached: it counts from now on, where it did not before. */
  reach(path: string, bytes: Uint8Array): void {
    if (this.#counted.has(path)) return;
    if (this.#names.get(foldPath(path))?.path !== path) this.name({ path, bytes });
    this.count({ path, bytes });
  }
}

/** Throws GRAFT_PACKAGE_ENTRY for a link that leaves the package by what it says. */
function checkLink({ path, link }: Entry): void {
  if (link === undefined) return;
  const isPlain = link.length <= PACKAGE_BOUNDS.path_bytes && !/^\/|[\\:\0]/.test(link);
  if (!isPlain || joinPath(folderOf(path), link) === null) throw linkThatLeaves(path);
}

/**
 * The entries of a package as a map, or a GraftError: GRAFT_PACKAGE_LIMIT, GRAFT_PACKAGE_PATH, GRAFT_PACKAGE_NATIVE,
 * GRAFT_PACKAGE_ENTRY (an archive inside), GRAFT_PACKAGE_SIGNED, GRAFT_BAD_PACKAGE (source text that is not UTF-8).
 */
export function checkFiles(entries: readonly Entry[], checks = new Checks()): ReadonlyMap<string, Uint8Array> {
  checkCarried(entries.length);
  checkCount(entries.reduce((count, { path }) => count + Number(isOwn(path)), 0));
  for (const entry of entries) {
    checks.name(entry);
    checkLink(entry);
  }
  for (const entry of entries) if (isOwn(entry.path)) checks.count(entry);
  const files = new Map<string, Uint8Array>();
  for (const { path, bytes } of entries) if (bytes !== null) files.set(path, bytes);
  refuseSignatures(files.keys());
  return files;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The text of a file, without a byte order mark. Throws GRAFT_BAD_PACKAGE where it is not valid UTF-8. */
export function fileText(path: string, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new GraftError('GRAFT_BAD_PACKAGE', `${shown(path)} is not valid UTF-8`, { cause });
  }
}
