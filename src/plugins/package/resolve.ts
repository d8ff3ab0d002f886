// Which file of a package an import means. It knows the files of the package and nothing else: no folder of the
// machine, no built-in modules.
//
// Relative imports are taken as TypeScript and bundlers take them: the file, the file with an extension, `.js` for a
// `.ts`, the folder's entry. A bare import is looked for in the package's own node_modules folders, upwards, and there
// by `exports`, `module`, `main`; `#name` by the `imports` of the importer's package. An import that leaves the package
// is simply not found.

import type { Files } from './files.ts';
import { folderOf, joinPath } from './path.ts';

const EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts', '.js', '.mjs', '.cjs', '.jsx', '.json'] as const;
const SOURCE_OF: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx'],
  '.jsx': ['.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
};
/** Conditions within conditions in `exports`; real packages have three. */
const CONDITION_DEPTH = 8;

export type ImportKind = 'import' | 'require';
type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parsed = new WeakMap<Uint8Array, Json>();

/** One that is not JSON counts as empty. */
function parseJson(bytes: Uint8Array): Json {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** The package.json of a dependency, parsed once. Its manifest means nothing here. */
function packageJson(files: Files, folder: string): Json | null {
  const bytes = files.get(folder === '' ? 'package.json' : `${folder}/package.json`);
  if (bytes === undefined) return null;
  const json = parsed.get(bytes) ?? parseJson(bytes);
  parsed.set(bytes, json);
  return json;
}

/** The target of an entry of `exports` or `imports`: the first condition that holds, in the order of the file. */
function pickTarget(target: unknown, kind: ImportKind, depth = 0): string | null {
  if (typeof target === 'string') return target;
  if (depth > CONDITION_DEPTH || typeof target !== 'object' || target === null) return null;
  for (const [condition, inner] of Object.entries(target)) {
    if (!Array.isArray(target) && condition !== kind && condition !== 'module' && condition !== 'default') continue;
    const picked = pickTarget(inner, kind, depth + 1);
    if (picked !== null) return picked;
  }
  return null;
}

/** What the keys of a map say. */
interface MapKeys {
  /** Those that have a star. */
  readonly patterns: readonly string[];
  /** Whether any begins with a dot: then they are paths, else conditions. */
  readonly arePaths: boolean;
}

const keysOf = new WeakMap<Json, MapKeys>();

/** Looked for once: a hostile map has hundreds of thousands. */
function mapKeys(map: Json): MapKeys {
  let keys = keysOf.get(map);
  if (keys === undefined) {
    const all = Object.keys(map);
    keys = { patterns: all.filter((key) => key.includes('*')), arePaths: all.some((key) => key.startsWith('.')) };
    keysOf.set(map, keys);
  }
  return keys;
}

/**
 * Looks a key (`.`, `./sub`, `#name`) up in `exports` or `imports`: itself first, then the longest pattern with one
 * star.
 */
function mappedTarget(map: Json, key: string, kind: ImportKind): string | null {
  if (Object.hasOwn(map, key)) return pickTarget(map[key], kind);
  let best: { pattern: string; rest: string } | null = null;
  for (const pattern of mapKeys(map).patterns) {
    if (key.length < pattern.length) continue;
    const [head = '', tail = ''] = pattern.split('*', 2);
    if (!key.startsWith(head) || !key.endsWith(tail)) continue;
    if (best === null || pattern.length > best.pattern.length)
      best = { pattern, rest: key.slice(head.length, key.length - tail.length) };
  }
  const { pattern, rest } = best ?? { pattern: '', rest: '' };
  return best && (pickTarget(map[pattern], kind)?.replaceAll('*', () => rest) ?? null);
}

function exportsTarget(exports: unknown, key: string, kind: ImportKind): string | null {
  if (isObject(exports) && mapKeys(exports).arePaths) return mappedTarget(exports, key, kind);
  return key === '.' ? pickTarget(exports, kind) : null;
}

function withExtension(files: Files, path: string): string | null {
  if (files.has(path)) return path;
  for (const extension of EXTENSIONS) if (files.has(path + extension)) return path + extension;
  const extension = /\.[^./]+$/.exec(path)?.[0] ?? '';
  for (const source of (Object.hasOwn(SOURCE_OF, extension) && SOURCE_OF[extension]) || []) {
    const candidate = path.slice(0, -extension.length) + source;
    if (files.has(candidate)) return candidate;
  }
  return null;
}

const inFolder = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

function findFile(files: Files, folder: string, relative: string): string | null {
  const path = joinPath(folder, relative);
  if (path === null) return null;
  return withExtension(files, path) ?? withExtension(files, inFolder(path, 'index'));
}

/** What the package.json of a package names as its module, relative to its folder; null where it names nothing. */
export function namedEntry(json: Json, kind: ImportKind): string | null {
  if (Object.hasOwn(json, 'exports')) return exportsTarget(json.exports, '.', kind);
  for (const name of kind === 'import' ? ['module', 'main'] : ['main'])
    if (typeof json[name] === 'string') return json[name];
  return null;
}

/**
 * The module that `named` means at the top of a package, or, where nothing is named, the first of index and main that
 * exists.
 */
export function findEntry(files: Files, named: string | null): string | null {
  if (named !== null) return findFile(files, '', named);
  return withExtension(files, 'index') ?? withExtension(files, 'main');
}

function findInPackage(files: Files, folder: string, subpath: string, kind: ImportKind): string | null {
  const json = packageJson(files, folder) ?? {};
  if (!Object.hasOwn(json, 'exports')) return findFile(files, folder, subpath || (namedEntry(json, kind) ?? 'index'));
  const target = exportsTarget(json.exports, subpath === '' ? '.' : `./${subpath}`, kind);
  return target === null ? null : findFile(files, folder, target);
}

/** The folders from `folder` up to the top, which is ''. */
function* upwards(folder: string): Generator<string> {
  for (let at = folder; at !== ''; at = folderOf(at)) yield at;
  yield '';
}

function findBare(files: Files, specifier: string, importer: string, kind: ImportKind): string | null {
  const [, name, subpath = ''] = /^((?:@[^/]+\/)?[^@/.][^/]*)(?:\/(.*))?$/.exec(specifier) ?? [];
  if (name === undefined) return null;
  for (const folder of upwards(folderOf(importer))) {
    const found = findInPackage(files, inFolder(folder, `node_modules/${name}`), subpath, kind);
    if (found !== null) return found;
  }
  return null;
}

function findPrivate(files: Files, specifier: string, importer: string, kind: ImportKind): string | null {
  for (const folder of upwards(folderOf(importer))) {
    const json = packageJson(files, folder);
    if (json === null) continue;
    const target = isObject(json.imports) ? mappedTarget(json.imports, specifier, kind) : null;
    if (target === null) return null;
    return target.startsWith('./')
      ? findFile(files, folder, target)
      : findBare(files, target, inFolder(folder, 'package.json'), kind);
  }
  return null;
}

/** The path of the file that `specifier` means in the file `importer`, or null where the package has none. */
export function findImport(files: Files, specifier: string, importer: string, kind: ImportKind): string | null {
  if (/^\.\.?(\/|$)/.test(specifier)) return findFolderOrFile(files, folderOf(importer), specifier, kind);
  if (specifier.startsWith('/')) return null;
  return specifier.startsWith('#')
    ? findPrivate(files, specifier, importer, kind)
    : findBare(files, specifier, importer, kind);
}

/** A relative import of a folder with a package.json of its own means what that names. */
function findFolderOrFile(files: Files, folder: string, relative: string, kind: ImportKind): string | null {
  const path = joinPath(folder, relative);
  if (path === null) return null;
  const json = withExtension(files, path) === null ? packageJson(files, path) : null;
  const named = json === null ? null : namedEntry(json, kind);
  return named === null ? findFile(files, folder, relative) : findFile(files, path, named);
}
