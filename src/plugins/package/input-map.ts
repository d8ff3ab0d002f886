// The source map that a compiled script names, for esbuild to follow: the one in its comment, or a file of the package.
// esbuild never sees the comment itself, which could name any file of the machine; it gets the map in a comment of our
// own, and of that only what counts: the names of its sources, made harmless, and the mappings.

import { PACKAGE_BOUNDS } from './bounds.ts';
import { isObject } from './exports-map.ts';
import { folderOf, inFolder, joinPath, printable } from './path.ts';
import { mappedSource } from './source-name.ts';
import type { Files } from './tree.ts';

const COMMENT = 'sourceMappingURL=';
/** How a name begins that does not go on from where its map lies. */
const ABSOLUTE = /^(?:[a-z][a-z\d+.-]*:(?:\/\/[^/]*)?)?\/|^[a-z][a-z\d+.-]+:/i;
const INLINE = /^data:application\/json(?:;charset=[\w-]+)?(;base64)?,/i;
/** What the last comment of a script names. */
function namedIn(script: string): string | null {
  const at = script.lastIndexOf(COMMENT);
  if (at === -1 || !/\/[/*][#@][ \t]+$/.test(script.slice(Math.max(0, at - 16), at))) return null;
  const end = script.slice(at).search(/[\s'"`*\\]|$/);
  return script.slice(at + COMMENT.length, at + end);
}

const decoded = (text: string): string | null => {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
};

/** The text of a map in a URL. */
function inline(url: string): string | null {
  const [head, isBase64] = INLINE.exec(url) ?? [];
  if (head === undefined) return null;
  const data = url.slice(head.length);
  return isBase64 === undefined ? decoded(data) : Buffer.from(data, 'base64').toString();
}

/** The text of a map in a file of the package. One that cannot be read is none: a plugin runs without. */
function inPackage(files: Files, folder: string, url: string): { path: string; text: string } | null {
  const relative = /^[a-z][a-z\d+.-]*:|^\//i.test(url) ? null : decoded(url);
  const path = relative === null ? null : joinPath(folder, relative);
  try {
    const found = path === null ? null : files.find(path);
    const text = found === null ? undefined : files.text(found);
    return found === null || text === undefined ? null : { path: found, text };
  } catch {
    return null;
  }
}

/** The name of a source as a path of the package, wherever its author had it. Nothing is ever read by it. */
function sourceName(folder: string, root: string, source: string): string {
  const whole = root === '' || ABSOLUTE.test(source) ? source : `${root.replace(/\/$/, '')}/${source}`;
  const start = ABSOLUTE.exec(whole)?.[0] ?? '';
  // What bundlers name so has an identifier of theirs behind it.
  const path = start.includes(':') ? whole.slice(start.length).replace(/\?.*$/s, '') : whole.slice(start.length);
  const segments: string[] = [];
  for (const segment of inFolder(start === '' ? folder : '', path).split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return printable(segments.join('/').slice(-PACKAGE_BOUNDS.path_bytes));
}

/** A map with no more in it than esbuild needs; null where it is none of the one kind that is followed. */
function harmless(text: string, folder: string, script: string): string | null {
  let map: unknown;
  try {
    map = JSON.parse(text.replace(/^\)\]\}'[^\n]*\n/, ''));
  } catch {
    return null;
  }
  if (!isObject(map) || map.version !== 3 || typeof map.mappings !== 'string' || !Array.isArray(map.sources))
    return null;
  const root = typeof map.sourceRoot === 'string' ? map.sourceRoot : '';
  const sources = map.sources.map((source: unknown) => {
    const name = typeof source === 'string' ? sourceName(folder, root, source) : '';
    return mappedSource(name === '' ? script : name);
  });
  const names = Array.isArray(map.names) && map.names.every((name) => typeof name === 'string') ? map.names : [];
  return JSON.stringify({ version: 3, sources, names, mappings: map.mappings });
}

/** The maps of one bundle, bounded together. */
export class InputMaps {
  readonly #files: Files;
  readonly #made = new Map<string, string>();
  #left = PACKAGE_BOUNDS.input_map_bytes;

  constructor(files: Files) {
    this.#files = files;
  }

  /** A comment that holds the map which the script `path` names; nothing where it names none that is followed. */
  commentFor(path: string, script: string): string {
    const comment = this.#made.get(path) ?? this.#make(path, script);
    this.#made.set(path, comment);
    return comment;
  }

  #make(path: string, script: string): string {
    const url = namedIn(script);
    if (url === null || url.length > this.#left) return '';
    const inside = inline(url);
    const map = inside === null ? inPackage(this.#files, folderOf(path), url) : { path, text: inside };
    if (map === null || map.text.length > this.#left) return '';
    this.#left -= map.text.length;
    const text = harmless(map.text, folderOf(map.path), path);
    return text === null ? '' : `\n//# ${COMMENT}data:application/json;base64,${Buffer.from(text).toString('base64')}`;
  }
}
