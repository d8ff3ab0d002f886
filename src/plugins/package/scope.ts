// The packages in a package: each folder that has a package.json, and what is read from it. That of the whole may be
// given from outside (head.ts).

import { type ImportKind, isObject, type Json } from './exports-map.ts';
import { folderOf, inFolder } from './path.ts';
import type { Files } from './tree.ts';

/** A package.json in a package, and the folder that it speaks of. */
export class Scope {
  readonly folder: string;
  readonly json: Json;
  readonly #browser: ReadonlyMap<string, string | false>;

  constructor(folder: string, json: Json) {
    this.folder = folder;
    this.json = json;
    const pairs = isObject(json.browser) ? Object.entries(json.browser) : [];
    this.#browser = new Map(
      pairs.filter((pair): pair is [string, string | false] => typeof pair[1] === 'string' || pair[1] === false),
    );
  }

  /** What stands in a browser in the place of an import, by its name; false is nothing, undefined the same. */
  browserImport(name: string): string | false | undefined {
    return this.#browser.get(name) ?? this.#browser.get(name.replace(/^node:/, ''));
  }

  /** What stands in a browser in the place of one of its files. A key may leave out `./`, an extension and `/index`. */
  browserFile(path: string): string | false | undefined {
    if (this.#browser.size === 0) return undefined;
    const relative = path.slice(this.folder === '' ? 0 : this.folder.length + 1);
    const bare = relative.replace(/\.([cm]?[jt]s|[jt]sx|json)$/, '');
    const keys = [relative, bare, ...(bare.endsWith('/index') ? [bare.slice(0, -'/index'.length)] : [])];
    const key = keys.flatMap((one) => [`./${one}`, one]).find((one) => this.#browser.has(one));
    return key === undefined ? undefined : this.#browser.get(key);
  }

  /**
   * Whether its ES modules take the default of a CommonJS module as Node does: the whole of `module.exports`. They do,
   * but for what only bundlers would find (`module` without `exports`), and is written for them.
   */
  get isForNode(): boolean {
    return typeof this.json.module !== 'string' || Object.hasOwn(this.json, 'exports');
  }
}

/** What the package.json of a package names as its module, where it has no `exports`. */
export function mainOf(json: Json, kind: ImportKind): string | null {
  for (const name of kind === 'import' ? ['browser', 'module', 'main'] : ['browser', 'main'])
    if (typeof json[name] === 'string') return json[name];
  return null;
}

/** One that is not JSON counts as empty. */
function parseJson(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

export class Scopes {
  readonly #files: Files;
  readonly #top: Scope;
  readonly #known = new Map<string, Scope>();

  constructor(files: Files, top: Json) {
    this.#files = files;
    this.#top = new Scope('', top);
  }

  /** That of a folder which has a package.json; null where it has none. A dependency's manifest means nothing here. */
  at(folder: string): Scope | null {
    const path = this.#files.find(inFolder(folder, 'package.json'));
    if (folder === '' || path === 'package.json') return this.#top;
    if (path === null) return null;
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const scope = new Scope(folderOf(path), parseJson(this.#files.text(path) ?? ''));
    this.#known.set(path, scope);
    return scope;
  }

  /** That which a file belongs to. */
  of(file: string): Scope {
    for (let folder = folderOf(file); folder !== ''; folder = folderOf(folder)) {
      if (/(^|\/)node_modules$/.test(folder)) return new Scope(folder, {});
      const scope = this.at(folder);
      if (scope !== null) return scope;
    }
    return this.#top;
  }
}
