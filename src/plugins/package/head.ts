// The head of a package: its name, its version, its manifest and the path of its module, from its package.json or from
// an object given in its place.

import { GraftError } from '../errors.ts';
import type { Files } from './files.ts';
import { checkManifest, checkName, checkVersion, type Manifest } from './manifest.ts';
import { badManifest, isObject, type Json, readPackageJson } from './package-json.ts';
import { shown } from './path.ts';
import { findEntry, namedEntry } from './resolve.ts';

/**
 * What the digest covers beside the files. `main` is the path of the module: the same files with another one are
 * another plugin.
 */
export interface Head {
  readonly name: string;
  readonly version: string;
  readonly main: string;
  readonly manifest: Manifest;
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
    throw new GraftError(
      'GRAFT_BAD_PACKAGE',
      'the package has no module: name one as main, or add index.ts, index.js, main.ts or main.js',
    );
  return found;
}

/**
 * The head of the package `files`; `given` stands in for its package.json where that is not null. Throws
 * GRAFT_BAD_MANIFEST, GRAFT_PACKAGE_SIGNED, or GRAFT_BAD_PACKAGE where there is no module.
 */
export function readHead(files: Files, given: unknown): Head {
  const inside = readPackageJson(files);
  const json = isObject(given) ? given : inside;
  if (json === null) throw badManifest('package.json is missing at the top of the package');
  const isGiven = json === given;
  const { about, manifest } = splitManifest(json, isGiven);
  return {
    name: checkName(about.name ?? inside?.name),
    version: checkVersion(about.version ?? inside?.version ?? (isGiven ? '0.0.0' : undefined)),
    main: findMain(files, about, inside, isGiven),
    manifest: checkManifest(manifest),
  };
}
