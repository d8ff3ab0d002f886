// Reading a plugin package, from a folder, an archive or memory, into what can be installed. Nothing of the plugin runs
// on the way, and this process looks at nothing in it.
//
// 1. The source yields bytes, each bounded while they are read: an archive as it is, or the entries of an object. A
//    folder (folder.ts) yields what step 2 asks for.
// 2. A bundler (bundler/), which can open no file, unpacks them (archive.ts), checks paths, names and contents
//    (files.ts, tree.ts), reads package.json and the manifest (head.ts, manifest.ts), bundles the module (bundle.ts)
//    and takes the digest over what it reached (digest.ts).
// 3. What it says is checked, as if a plugin had said it (bundler/check.ts).

import { isProxy, isUint8Array } from 'node:util/types';
import type { Walls } from '../compartment/process/process.ts';
import { ALL_WALLS, NO_WALLS } from '../compartment/process/walls/standing.ts';
import { GraftError } from '../errors.ts';
import { PLAIN_BOUNDS, type PlainBounds, plainFault } from '../plain.ts';
import { shown as told } from '../shown.ts';
import { PACKAGE_BOUNDS } from './bounds.ts';
import { bundlers } from './bundler/bundlers.ts';
import { packageOf } from './bundler/check.ts';
import type { RawPackage } from './bundler/messages.ts';
import { isObject } from './exports-map.ts';
import { addSize, checkCarried, checkPacked, type Entry } from './files.ts';
import { kindOf, PackageFolder, readArchiveFile } from './folder.ts';
import type { Manifest } from './manifest.ts';
import type { MissingGlobal } from './missing.ts';
import { badManifest, checkPackageJson } from './package-json.ts';
import { checkPath, printable, shown } from './path.ts';

/**
 * Where a plugin is read from: the path of a folder or of a .tgz, the bytes of a .tgz, or an object. There `files` maps
 * relative paths to text, and `manifest` is a package.json (it has the key `graftwork`) or the manifest alone, with
 * name, version and main beside if need be.
 */
export type PluginSource = string | Uint8Array | { manifest: unknown; files: Record<string, string> };

/** A plugin, read, checked and bundled. */
export interface PluginPackage {
  readonly name: string;
  readonly version: string;
  /** What its package.json says it is, at most 300 characters. Absent: an earlier release kept it. */
  readonly description?: string;
  readonly manifest: Manifest;
  /** One script in strict mode; its completion value is the module's exports. */
  readonly code: string;
  /** The map of `code` to the author's files, for originalPosition. */
  readonly sourceMap: string;
  /** SHA-256 over everything above and every file, 64 hexadecimal digits. */
  readonly digest: string;
  /** Globals that it names and a realm does not have. Absent: an earlier release kept it, and did not look. */
  readonly missing?: readonly MissingGlobal[];
}

const badPackage = (why: string): GraftError => new GraftError('GRAFT_BAD_PACKAGE', printable(why));

/**
 * An object in memory is as large as it is already: this only asks that it is plain. Its sizes are bounded as those of
 * files.
 */
const IN_MEMORY: PlainBounds = {
  bytes: Infinity,
  depth: PLAIN_BOUNDS.depth + 1,
  nodes: Infinity,
  keys: Infinity,
  string: Infinity,
};

/** Entries of an object's `files`, copied before anything else runs. */
function entriesOf(files: unknown): Entry[] {
  if (!isObject(files)) throw badPackage(`files: must be an object of paths and texts, not ${told(files)}`);
  const texts = Object.entries(files);
  checkCarried(texts.length);
  let total = 0;
  return texts.map(([path, text]) => {
    if (typeof text !== 'string') throw badPackage(`files[${shown(path)}]: must be text, not ${told(text)}`);
    checkPath(path);
    addSize(total, path, text.length);
    const bytes = Buffer.from(text);
    total = addSize(total, path, bytes.length);
    return { path, bytes };
  });
}

function readObject(source: unknown): RawPackage {
  const fault = plainFault(source, IN_MEMORY, isProxy);
  if (fault?.path.startsWith('.manifest')) throw badManifest(`${fault.path.slice(1)}: ${fault.why}`);
  if (fault !== null) throw badPackage(`the source${fault.path}: ${fault.why}`);
  if (!isObject(source))
    throw badPackage(`the source must be a path, the bytes of an archive, or { manifest, files }, not ${told(source)}`);
  const unknown = Object.keys(source).find((key) => key !== 'manifest' && key !== 'files');
  if (unknown !== undefined)
    throw badPackage(`the source has the unknown key ${shown(unknown)}; there is files, manifest`);
  return {
    entries: entriesOf(source.files),
    given: JSON.stringify(checkPackageJson('manifest', source.manifest)),
  };
}

async function readSource(source: PluginSource): Promise<RawPackage> {
  if (isUint8Array(source)) {
    checkPacked(source.length);
    // A copy, since the caller may change its bytes meanwhile.
    return { archive: Uint8Array.from(source) };
  }
  if (typeof source !== 'string') return readObject(source);
  const isFolder = (await kindOf(source)) === 'folder';
  return isFolder ? { folder: await PackageFolder.at(source) } : { archive: await readArchiveFile(source) };
}

interface ReadOptions {
  readonly walls?: Walls;
  readonly signal?: AbortSignal;
  readonly wait_ms?: number;
}

/**
 * Reads, checks and bundles a plugin. Throws a GraftError: GRAFT_BAD_PACKAGE, GRAFT_PACKAGE_LIMIT, GRAFT_PACKAGE_PATH,
 * GRAFT_PACKAGE_ENTRY, GRAFT_PACKAGE_NATIVE, GRAFT_PACKAGE_SIGNED, GRAFT_BAD_MANIFEST or GRAFT_BUNDLE. Nothing is
 * written, nothing of the plugin runs.
 */
export async function readPackage(source: PluginSource, options: ReadOptions = {}): Promise<PluginPackage> {
  const { walls, signal, wait_ms = PACKAGE_BOUNDS.bundle_ms } = options;
  const wanted = walls === 'required' ? ALL_WALLS : NO_WALLS;
  const raw = await readSource(source);
  try {
    return packageOf(await bundlers.make(raw, { wait_ms, signal, walls: wanted }));
  } finally {
    if ('folder' in raw) await raw.folder.close();
  }
}

/**
 * What of the folder at `path` its plugin is made of: the files that its module reaches, and the links on the way, in
 * order. Throws as readPackage.
 */
export async function reachedEntries(path: string): Promise<readonly Entry[]> {
  const folder = await PackageFolder.at(path);
  try {
    packageOf(await bundlers.make({ folder }, { wait_ms: PACKAGE_BOUNDS.bundle_ms, walls: NO_WALLS }));
    const entries: Entry[] = [...folder.links].map(([link, target]) => ({ path: link, bytes: null, link: target }));
    const files = [...folder.read];
    folder.begin();
    for (const file of files) entries.push({ path: file, bytes: await folder.file(file) });
    return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
  } finally {
    await folder.close();
  }
}

/** Reads packages for as long as it is open, and keeps bundlers warm for that. */
export class PackageReader {
  readonly #walls: Walls;
  readonly #release = bundlers.hold();
  readonly #closing = new AbortController();

  constructor(walls: Walls = 'wanted') {
    this.#walls = walls;
  }

  /**
   * As readPackage; GRAFT_CLOSED once it is closed, and GRAFT_NO_WALLS where walls are required around the bundler and
   * do not stand.
   */
  read(source: PluginSource): Promise<PluginPackage> {
    return readPackage(source, { walls: this.#walls, signal: this.#closing.signal });
  }

  /** Gives up what is being read. Where no other reader is open, no bundler is left. */
  close(): void {
    this.#closing.abort();
    this.#release();
  }
}
