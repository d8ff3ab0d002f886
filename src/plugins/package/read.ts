// Reading a plugin package, from a folder, an archive or memory, into what can be installed. Nothing of the plugin runs
// on the way.
//
// 1. The source yields entries, each bounded while it is read (folder.ts, archive.ts, or the object itself).
// 2. One check turns them into a map of files (files.ts): paths, names, contents.
// 3. package.json and the manifest are read from text in which every key stands once, or from plain data (json.ts,
//    manifest.ts).
// 4. The module is bundled from that map (bundle.ts), and the digest taken over all of it (digest.ts).

import { isProxy, isUint8Array } from 'node:util/types';
import { GraftError } from '../errors.ts';
import { PLAIN_BOUNDS, type PlainBounds, plainFault } from '../plain.ts';
import { unpack } from './archive.ts';
import { PACKAGE_BOUNDS } from './bounds.ts';
import { bundle } from './bundle.ts';
import { digestOf, type Head } from './digest.ts';
import { addSize, checkFiles, type Entry, type Files, fileText } from './files.ts';
import { kindOf, readArchiveFile, readFolder } from './folder.ts';
import { parseUniqueJson } from './json.ts';
import { checkManifest, checkName, checkVersion, type Manifest } from './manifest.ts';
import { printable, shown } from './path.ts';
import { findEntry, namedEntry } from './resolve.ts';

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
  readonly manifest: Manifest;
  /** One script in strict mode; its completion value is the module's exports. */
  readonly code: string;
  /** The map of `code` to the author's files, for originalPosition. */
  readonly sourceMap: string;
  /** SHA-256 over everything above and every file, 64 hexadecimal digits. */
  readonly digest: string;
}

type Json = Record<string, unknown>;

const badManifest = (why: string): GraftError => new GraftError('GRAFT_BAD_MANIFEST', printable(why));
const badPackage = (why: string): GraftError => new GraftError('GRAFT_BAD_PACKAGE', printable(why));

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

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

function refuseSignature(what: string, value: Json): void {
  const key = ['signature', 'signatures'].find((name) => Object.hasOwn(value, name));
  if (key !== undefined)
    throw new GraftError('GRAFT_PACKAGE_SIGNED', `${what}.${key}: this version verifies no signatures`);
}

/**
 * A package.json, or an object given in its place: plain data within bounds, and without a signature that nobody would
 * verify.
 */
function checkPlain(what: string, value: unknown): Json {
  const fault = plainFault(value, PLAIN_BOUNDS, isProxy);
  if (fault !== null) throw badManifest(`${what}${fault.path}: ${fault.why}`);
  if (!isObject(value)) throw badManifest(`${what}: must be an object`);
  refuseSignature(what, value);
  if (isObject(value.graftwork)) refuseSignature(`${what}.graftwork`, value.graftwork);
  return value;
}

function readPackageJson(files: Files): Json | null {
  const bytes = files.get('package.json');
  if (bytes === undefined) return null;
  if (bytes.length > PACKAGE_BOUNDS.manifest_bytes)
    throw badManifest(`package.json is larger than ${PACKAGE_BOUNDS.manifest_bytes} bytes`);
  const { value, fault } = parseUniqueJson(fileText('package.json', bytes), PACKAGE_BOUNDS.manifest_depth);
  if (fault !== null) throw badManifest(`package.json: ${fault}`);
  return checkPlain('package.json', value);
}

/** What a package says of itself: the fields beside the manifest, and the manifest, not yet checked. */
function splitManifest(json: Json, isGiven: boolean): { about: Json; manifest: unknown } {
  if (Object.hasOwn(json, 'graftwork')) return { about: json, manifest: json.graftwork };
  if (!isGiven) throw badManifest('package.json: the field graftwork is missing');
  const manifest = { ...json };
  const about: Json = {};
  for (const name of ['name', 'version', 'main']) {
    if (Object.hasOwn(json, name)) about[name] = json[name];
    delete manifest[name];
  }
  return { about, manifest };
}

const namesModule = (json: Json | null): json is Json =>
  json !== null && ['exports', 'module', 'main'].some((name) => Object.hasOwn(json, name));

/**
 * The path of the module: what `about`, else the package's own package.json names; else the only file; else index or
 * main.
 */
function findMain(files: Files, about: Json, inside: Json | null, isGiven: boolean): string {
  const naming = [about, inside].find(namesModule);
  if (naming !== undefined) {
    const named = namedEntry(naming, 'import');
    const found = named === null ? null : findEntry(files, named);
    if (found === null)
      throw badManifest(`the module that package.json names is not in the package: ${shown(named ?? 'no text')}`);
    return found;
  }
  const [only, second] = [...files.keys()].filter((path) => path !== 'package.json');
  const found = isGiven && only !== undefined && second === undefined ? only : findEntry(files, null);
  if (found === null)
    throw badPackage('the package has no module: name one as main, or add index.ts, index.js, main.ts or main.js');
  return found;
}

function readHead(files: Files, given: Json | null): Head {
  const inside = readPackageJson(files);
  const json = given ?? inside;
  if (json === null) throw badManifest('package.json is missing at the top of the package');
  const { about, manifest } = splitManifest(json, given !== null);
  return {
    name: checkName(about.name ?? inside?.name),
    version: checkVersion(about.version ?? inside?.version ?? (given === null ? undefined : '0.0.0')),
    main: findMain(files, about, inside, given !== null),
    manifest: checkManifest(manifest),
  };
}

/** Entries of an object's `files`, copied before anything else runs. */
function entriesOf(files: unknown): Entry[] {
  if (!isObject(files)) throw badPackage('files: must be an object of paths and texts');
  let total = 0;
  return Object.entries(files).map(([path, text]) => {
    if (typeof text !== 'string') throw badPackage(`files[${shown(path)}]: must be text`);
    total = addSize(total, path, text.length);
    return { path, bytes: Buffer.from(text) };
  });
}

function readObject(source: unknown): { entries: readonly Entry[]; given: Json } {
  const fault = plainFault(source, IN_MEMORY, isProxy);
  if (fault?.path.startsWith('.manifest')) throw badManifest(`${fault.path.slice(1)}: ${fault.why}`);
  if (fault !== null) throw badPackage(`the source${fault.path}: ${fault.why}`);
  if (!isObject(source)) throw badPackage('the source must be a path, the bytes of an archive, or { manifest, files }');
  const unknown = Object.keys(source).find((key) => key !== 'manifest' && key !== 'files');
  if (unknown !== undefined) throw badPackage(`the source has the unknown key ${shown(unknown)}`);
  // A copy, since the caller may change its object while the package is being bundled.
  return { entries: entriesOf(source.files), given: structuredClone(checkPlain('manifest', source.manifest)) };
}

async function readSource(source: PluginSource): Promise<{ entries: readonly Entry[]; given: Json | null }> {
  if (isUint8Array(source)) return { entries: await unpack(source), given: null };
  if (typeof source !== 'string') return readObject(source);
  const isFolder = (await kindOf(source)) === 'folder';
  return { entries: isFolder ? await readFolder(source) : await unpack(await readArchiveFile(source)), given: null };
}

/**
 * Reads, checks and bundles a plugin. Throws a GraftError: GRAFT_BAD_PACKAGE, GRAFT_PACKAGE_LIMIT, GRAFT_PACKAGE_PATH,
 * GRAFT_PACKAGE_ENTRY, GRAFT_PACKAGE_NATIVE, GRAFT_PACKAGE_SIGNED, GRAFT_BAD_MANIFEST or GRAFT_BUNDLE. Nothing is
 * written, nothing of the plugin runs.
 */
export async function readPackage(source: PluginSource): Promise<PluginPackage> {
  const { entries, given } = await readSource(source);
  const files = checkFiles(entries);
  const head = readHead(files, given);
  const { code, sourceMap } = await bundle(files, head.main);
  const { name, version, manifest } = head;
  return Object.freeze({ name, version, manifest, code, sourceMap, digest: digestOf(head, files) });
}
