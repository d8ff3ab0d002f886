// Which file of a package an import means. It knows the files of the package and nothing else: no folder of the
// machine, no built-in modules.
//
// It goes as Node does (its documentation, "Modules: Packages"), for a web runtime, and more leniently. Relative
// imports: the file, the file with an extension, `.js` for a `.ts`, the folder's entry. A bare import: the importer's
// own package by its name, then the node_modules folders upwards, and there by `exports`, else `browser`, `module`,
// `main`; `#name` by the `imports` of the importer's package. What `browser` says of a file or an import stands in its
// place. An import that leaves the package is simply not found.

import { isBuiltin } from 'node:module';
import { exportsTarget, type ImportKind, importsTarget, type Json } from './exports-map.ts';
import { isOwn } from './files.ts';
import { folderOf, inFolder, joinPath, shown } from './path.ts';
import { mainOf, type Scope, Scopes } from './scope.ts';
import type { Files } from './tree.ts';

const EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts', '.js', '.json', '.mjs', '.cjs', '.jsx'] as const;
/** What is published beside its sources means what was made of them. */
const EXTENSIONS_OF_DEPENDENCY = ['.js', '.json', '.mjs', '.cjs', '.jsx', '.ts', '.tsx', '.mts', '.cts'] as const;
const SOURCE_OF: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx'],
  '.jsx': ['.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
};

/** What an import means: a file, nothing (for a browser), or why there is nothing that it could mean. */
export type ImportTarget = { readonly path: string } | 'empty' | { readonly missing: string };

/** A path that can only mean a folder. */
const isFolderPath = (specifier: string): boolean => /(^|\/)\.{0,2}$/.test(specifier);

/** The folders in whose node_modules a file's imports are looked for, the nearest first; the top is ''. */
function* upwards(file: string): Generator<string> {
  for (let at = folderOf(file); at !== ''; at = folderOf(at)) if (!/(^|\/)node_modules$/.test(at)) yield at;
  yield '';
}

export class Resolver {
  readonly #files: Files;
  readonly #scopes: Scopes;

  /** `top`: what counts as the package.json of the whole. */
  constructor(files: Files, top: Json) {
    this.#files = files;
    this.#scopes = new Scopes(files, top);
  }

  /** The package that a file belongs to. */
  scopeOf(file: string): Scope {
    return this.#scopes.of(file);
  }

  /** The path of the module that the whole package names; null where it names none, or one that is not there. */
  entry(): string | null {
    const { json } = this.#scopes.of('');
    const named = Object.hasOwn(json, 'exports') ? exportsTarget(json.exports, '.', 'import') : mainOf(json, 'import');
    return named === null ? null : this.#inFolder('', named);
  }

  /** The first of index and main at the top. */
  entryByName(): string | null {
    return this.#withExtension('index') ?? this.#withExtension('main');
  }

  /** What `specifier` means in the file `importer`. */
  find(specifier: string, importer: string, kind: ImportKind): ImportTarget {
    const found = this.#look(specifier, importer, kind, false);
    if (found !== null) return found;
    if (isBuiltin(specifier))
      return { missing: `the import ${shown(specifier)} is a built-in module of Node: there is none here` };
    const { dependencies } = this.#scopes.of(importer).json;
    const name = nameIn(specifier)?.name ?? '';
    const isMeant = typeof dependencies === 'object' && dependencies !== null && Object.hasOwn(dependencies, name);
    const how = isMeant ? ', but a dependency of it: pack it too (bundleDependencies)' : '';
    return { missing: `the import ${shown(specifier)} is not in the package${how}` };
  }

  #look(specifier: string, importer: string, kind: ImportKind, isReplacement: boolean): ImportTarget | null {
    if (/^\.\.?(\/|$)/.test(specifier)) {
      const path = joinPath(folderOf(importer), specifier);
      if (path === null) return null;
      return this.#forBrowser(this.#fileOrFolder(path, kind, isFolderPath(specifier)), kind);
    }
    if (specifier.startsWith('/')) return null;
    if (specifier.startsWith('#')) return this.#private(specifier, importer, kind);
    const instead = isReplacement ? undefined : this.#scopes.of(importer).browserImport(specifier);
    if (instead === undefined) return this.#bare(specifier, importer, kind);
    return this.#instead(instead, this.#scopes.of(importer), kind);
  }

  #bare(specifier: string, importer: string, kind: ImportKind): ImportTarget | null {
    const { name, subpath } = nameIn(specifier) ?? {};
    if (name === undefined || subpath === undefined) return null;
    const own = this.#scopes.of(importer);
    if (own.json.name === name && hasExports(own)) return this.#exported(own, subpath, kind);
    for (const folder of upwards(importer)) {
      const at = inFolder(folder, `node_modules/${name}`);
      const scope = this.#scopes.at(at);
      if (scope !== null && hasExports(scope)) return this.#exported(scope, subpath, kind);
      const path = joinPath(at, subpath);
      const found = path === null ? null : this.#fileOrFolder(path, kind, isFolderPath(specifier));
      if (found !== null) return this.#forBrowser(found, kind);
    }
    return null;
  }

  #exported(scope: Scope, subpath: string, kind: ImportKind): ImportTarget {
    const target = exportsTarget(scope.json.exports, subpath === '' ? '.' : `./${subpath}`, kind);
    const found = target === null ? null : this.#forBrowser(this.#inFolder(scope.folder, target), kind);
    const what = subpath === '' ? 'a module' : shown(subpath);
    return found ?? { missing: `the package ${shown(String(scope.json.name ?? scope.folder))} exports no ${what}` };
  }

  #private(specifier: string, importer: string, kind: ImportKind): ImportTarget | null {
    const scope = this.#scopes.of(importer);
    const target = importsTarget(scope.json.imports, specifier, kind);
    if (target === null) return null;
    if (!target.startsWith('./')) return this.find(target, inFolder(scope.folder, 'package.json'), kind);
    return this.#forBrowser(this.#inFolder(scope.folder, target), kind);
  }

  /** What stands in a browser in the place of a file of a package. */
  #forBrowser(path: string | null, kind: ImportKind): ImportTarget | null {
    if (path === null) return null;
    const scope = this.#scopes.of(path);
    const instead = scope.browserFile(path);
    return instead === undefined ? { path } : this.#instead(instead, scope, kind);
  }

  /** A replacement is not replaced again. */
  #instead(instead: string | false, scope: Scope, kind: ImportKind): ImportTarget | null {
    if (instead === false) return 'empty';
    const path = instead.startsWith('.') ? this.#inFolder(scope.folder, instead) : null;
    return path === null ? this.#look(instead, inFolder(scope.folder, 'package.json'), kind, true) : { path };
  }

  #inFolder(folder: string, relative: string): string | null {
    const path = joinPath(folder, relative);
    return path === null ? null : this.#fileOrIndex(path);
  }

  #fileOrIndex(path: string): string | null {
    return this.#withExtension(path) ?? this.#withExtension(inFolder(path, 'index'));
  }

  /** A file, or what a folder's package.json names, or its index. */
  #fileOrFolder(path: string, kind: ImportKind, isFolder: boolean): string | null {
    const file = isFolder ? null : this.#withExtension(path);
    if (file !== null) return file;
    const scope = this.#scopes.at(path);
    const main = scope === null ? null : mainOf(scope.json, kind);
    const named = main === null || scope === null ? null : this.#inFolder(scope.folder, main);
    return named ?? this.#withExtension(inFolder(path, 'index'));
  }

  #withExtension(path: string): string | null {
    const files = this.#files;
    const exact = files.find(path);
    if (exact !== null) return exact;
    for (const extension of isOwn(path) ? EXTENSIONS : EXTENSIONS_OF_DEPENDENCY) {
      const found = files.find(path + extension);
      if (found !== null) return found;
    }
    const extension = /\.[^./]+$/.exec(path)?.[0] ?? '';
    for (const source of (Object.hasOwn(SOURCE_OF, extension) && SOURCE_OF[extension]) || []) {
      const found = files.find(path.slice(0, -extension.length) + source);
      if (found !== null) return found;
    }
    return null;
  }
}

const hasExports = ({ json }: Scope): boolean => json.exports !== undefined && json.exports !== null;

/** The package that a bare import names, and the path there. */
function nameIn(specifier: string): { name: string; subpath: string } | null {
  const [, name, subpath = ''] = /^((?:@[^/]+\/)?[^@/.][^/]*)(?:\/(.*))?$/s.exec(specifier) ?? [];
  return name === undefined ? null : { name, subpath };
}
