// What the tsconfig.json of a package says of how its source is taken: decorators, class fields, JSX, which imports
// stay. It is the one nearest to the package's module, upwards. Nothing in it leads anywhere: paths, roots and plugins
// mean nothing here.

import { PACKAGE_BOUNDS } from './bounds.ts';
import { isObject, type Json } from './exports-map.ts';
import type { Sources } from './package-source.ts';
import { folderOf, inFolder } from './path.ts';
import type { Resolver } from './resolve.ts';
import type { Files } from './tree.ts';

const FLAGS = ['experimentalDecorators', 'useDefineForClassFields', 'verbatimModuleSyntax', 'preserveValueImports'];
const TEXTS = ['target', 'jsx', 'jsxFactory', 'jsxFragmentFactory', 'jsxImportSource', 'importsNotUsedAsValues'];
const TEXT_CHARACTERS = 100;
/** Files that extend one another; `extends` may be a list. */
const EXTENDED_MAX = 16;

/** JSON as TypeScript takes it: with comments, and with commas behind the last of a list. */
function parseLenient(text: string): Json {
  const bare = text.replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, '$1');
  try {
    const value: unknown = JSON.parse(bare.replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, '$1'));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function takeOptions(options: unknown, into: Json): void {
  if (!isObject(options)) return;
  for (const name of FLAGS) if (typeof options[name] === 'boolean') into[name] = options[name];
  for (const name of TEXTS) {
    const value = options[name];
    if (typeof value === 'string' && value.length <= TEXT_CHARACTERS) into[name] = value;
  }
}

/** Reads the file `path` and what it extends, which comes first. One that is not there, or not JSON, says nothing. */
function readInto(into: Json, path: string, files: Files, resolver: Resolver, seen: Set<string>): void {
  if (seen.size >= EXTENDED_MAX || seen.has(path)) return;
  seen.add(path);
  const text = files.text(path) ?? '';
  if (text.length > PACKAGE_BOUNDS.manifest_bytes) return;
  const { extends: bases, compilerOptions } = parseLenient(text);
  for (const base of Array.isArray(bases) ? bases : [bases]) {
    const found = typeof base === 'string' ? resolver.find(base, path, 'require') : null;
    if (found !== null && typeof found === 'object' && 'path' in found)
      readInto(into, found.path, files, resolver, seen);
  }
  takeOptions(compilerOptions, into);
}

/** Where the nearest tsconfig.json lies. */
function nearest(files: Files, folder: string): string | null {
  const path = files.find(inFolder(folder, 'tsconfig.json'));
  return path !== null || folder === '' ? path : nearest(files, folderOf(folder));
}

/** The part of a tsconfig.json that esbuild is given, as JSON. */
export function tsconfigOf({ files, resolver, main }: Sources): string {
  const compilerOptions: Json = {};
  const path = nearest(files, folderOf(main));
  if (path !== null) readInto(compilerOptions, path, files, resolver, new Set());
  return JSON.stringify({ compilerOptions });
}
