// The head of a package: its name, its version, its manifest and the path of its module, from its package.json or from
// an object given in its place; and how its imports are resolved, which both say.

import { GraftError } from '../errors.ts';
import { isObject, type Json } from './exports-map.ts';
import { checkManifest, checkName, checkVersion, descriptionOf, type Manifest } from './manifest.ts';
import { badManifest, readPackageJson } from './package-json.ts';
import { shown } from './path.ts';
import { Resolver } from './resolve.ts';
import type { Files } from './tree.ts';

/**
 * What the digest covers beside the files. `main` is the path of the module: the same files with another one are
 * another plugin.
 */
export interface Head {
  readonly name: string;
  readonly version: string;
  /** What its package.json says it is; the digest does not cover it. */
  readonly description: string;
  readonly main: string;
  readonly manifest: Manifest;
  /** What its package.json says of imports, as JSON. */
  readonly imports: string;
}

/** What a package says of itself: the fields beside the manifest, and the manifest, not yet checked. */
function splitManifest(json: Json, isGiven: boolean): { about: Json; manifest: unknown } {
  if (Object.hasOwn(json, 'graftwork')) return { about: json, manifest: json.graftwork };
  if (!isGiven) throw badManifest('package.json: the field graftwork is missing');
  const manifest = { ...json };
  const about: Json = {};
  for (const name of ['name', 'version', 'description', 'main']) {
    if (Object.hasOwn(json, name)) about[name] = json[name];
    delete manifest[name];
  }
  return { about, manifest };
}

const IMPORTS = ['type', 'exports', 'imports', 'browser'] as const;
const MODULE = ['exports', 'browser', 'module', 'main'] as const;

/** Of `browser` a text names the module; an object speaks of files. */
const isNamedBy = (json: Json, name: string): boolean =>
  Object.hasOwn(json, name) && !(name === 'browser' && isObject(json.browser));
const namesModule = (json: Json): boolean => MODULE.some((name) => isNamedBy(json, name));

/** What counts as the package.json of the whole: what is given, then the package's own. */
function topOf(about: Json, inside: Json | null): Json {
  const top = { ...inside, ...about };
  // Fields that name the module come from one of the two.
  if (namesModule(about))
    for (const name of MODULE) if (!Object.hasOwn(about, name) && isNamedBy(top, name)) delete top[name];
  return top;
}

/**
 * The path of the module: what package.json names; else the only file of an object; else index or main.
 */
function findMain(files: Files, resolver: Resolver, top: Json, isGiven: boolean): string {
  if (namesModule(top)) {
    const found = resolver.entry();
    const named = MODULE.map((name) => top[name]).find((value) => typeof value === 'string');
    if (found === null)
      throw badManifest(
        `the module that package.json names is not in the package: ${shown(String(named ?? 'no text'))}`,
      );
    return found;
  }
  const [only, second] = isGiven ? files.all.filter((path) => path !== 'package.json') : [];
  const found = only !== undefined && second === undefined ? only : resolver.entryByName();
  if (found === null)
    throw new GraftError(
      'GRAFT_BAD_PACKAGE',
      'the package has no module: name one as main, or add index.ts, index.js, main.ts or main.js',
    );
  return found;
}

/**
 * The head of the package `files`, and what its imports mean; `given` stands in for its package.json where that is not
 * null. Throws GRAFT_BAD_MANIFEST, GRAFT_PACKAGE_SIGNED, or GRAFT_BAD_PACKAGE where there is no module.
 */
export function readHead(files: Files, given: unknown): { head: Head; resolver: Resolver } {
  const inside = readPackageJson(files);
  const json = isObject(given) ? given : inside;
  if (json === null) throw badManifest('package.json is missing at the top of the package');
  const isGiven = json === given;
  const { about, manifest } = splitManifest(json, isGiven);
  const top = topOf(about, inside);
  const resolver = new Resolver(files, top);
  const head: Head = {
    name: checkName(top.name),
    version: checkVersion(top.version ?? (isGiven ? '0.0.0' : undefined)),
    description: descriptionOf(top.description),
    main: findMain(files, resolver, top, isGiven),
    manifest: checkManifest(manifest),
    imports: JSON.stringify(IMPORTS.map((name) => top[name] ?? null)),
  };
  return { head, resolver };
}
