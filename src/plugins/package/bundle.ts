// A plugin's module and all it imports as one script, made by esbuild from memory. The script's completion value is the
// module's exports, and it leaves no global behind. No plugin code runs here, and esbuild sees the files of the package
// only: every import is answered below, and what esbuild says that it read is looked through.
//
// This runs in the bundler's process (bundler/serve.ts), which waits for esbuild and can open no file. esbuild also
// reads a file that a comment names (`sourceMappingURL=file:///…`), so those comments are defused.

import { GraftError } from '../errors.ts';
import { PACKAGE_BOUNDS } from './bounds.ts';
import type { BuildMessage, Built, EsbuildService, Loaded, Resolved, Source } from './bundler/service.ts';
import { type Files, fileText } from './files.ts';
import { MARKING_FLAGS, type MissingGlobal, mentionsMissing, missingIn } from './missing.ts';
import { printable, shown } from './path.ts';
import { findImport } from './resolve.ts';

/** The script of a plugin and its source map (version 3, without the sources' text), in UTF-8. */
export interface Bundle {
  readonly code: Uint8Array;
  readonly sourceMap: Uint8Array;
  /** Globals that it names and a realm does not have. */
  readonly missing: readonly MissingGlobal[];
}

/** The one import that is not a file of the package. */
const SDK_IMPORT = 'graftwork/sdk';

/** Namespaces of esbuild; anything but `file` keeps it away from the disk. */
const PACKAGE = 'plugin';
const BUILT_IN = 'graftwork';

const LOADERS: Readonly<Record<string, string>> = {
  ts: 'ts',
  mts: 'ts',
  cts: 'ts',
  tsx: 'tsx',
  js: 'js',
  mjs: 'js',
  cjs: 'js',
  jsx: 'jsx',
  json: 'json',
  txt: 'text',
};

// The parameter hides a global `require`, which esbuild would otherwise use for an import it does not know until run
// time.
const BEFORE = '((require) => { "use strict";';
const AFTER = 'return __plugin; })()';

const FLAGS = [
  '--bundle',
  '--outfile=plugin.js',
  '--tsconfig-raw={}',
  '--platform=neutral',
  '--format=iife',
  '--global-name=__plugin',
  '--target=es2024',
  '--supported:dynamic-import=false',
  '--define:process.env.NODE_ENV="production"',
  `--banner:js=${BEFORE}`,
  `--footer:js=${AFTER}`,
  '--sourcemap=external',
  '--sources-content=false',
  '--metafile',
  '--legal-comments=none',
  '--tree-shaking=true',
  '--log-level=silent',
  '--log-limit=0',
];

/** Takes the meaning from what esbuild would obey or copy, and changes no code: in a string `\x73` is an s. */
const defused = (text: string): string =>
  text.replace(/([#@][ \t]+)sourceMappingURL=/g, '$1\\x73ourceMappingURL=').replace(/^#!/, '//');

/** One text whatever lies on the disk, so that a package learns nothing of it. */
const COMPUTED = 'the path of an import or a require is computed: write out the path of each file that may be meant';
const TOO_LARGE = `the source is larger than ${PACKAGE_BOUNDS.bundle_bytes} bytes`;

/** The files of a package, as esbuild asks for them. It counts the text that goes in. */
class PackageSource implements Source {
  readonly #files: Files;
  readonly #main: string;
  readonly #sdk: string;
  #taken = 0;
  /** Whether a source mentions a global that a realm does not have. */
  mentions = false;

  constructor(files: Files, main: string, sdk: string) {
    this.#files = files;
    this.#main = main;
    this.#sdk = sdk;
  }

  resolve(path: string, importer: string, kind: string): Resolved {
    if (kind === 'entry-point') return { path: this.#main, namespace: PACKAGE };
    if (path === SDK_IMPORT) return { path, namespace: BUILT_IN };
    const found = findImport(this.#files, path, importer, kind.startsWith('require') ? 'require' : 'import');
    return found === null
      ? { error: `the import ${shown(path)} is not in the package` }
      : { path: found, namespace: PACKAGE };
  }

  load(path: string, namespace: string): Loaded {
    if (namespace === BUILT_IN) return { contents: Buffer.from(this.#sdk), loader: 'ts' };
    // What a computed import found on the disk: it is not read.
    if (namespace !== PACKAGE) return { error: COMPUTED };
    const loader = LOADERS[/\.(\w+)$/.exec(path)?.[1] ?? ''];
    const bytes = this.#files.get(path);
    if (loader === undefined || bytes === undefined)
      return { error: `${shown(path)} is no source file: import ${Object.keys(LOADERS).join(', ')}` };
    this.#taken += bytes.length;
    if (this.#taken > PACKAGE_BOUNDS.bundle_bytes) return { error: TOO_LARGE };
    const text = fileText(path, bytes);
    this.mentions ||= loader !== 'json' && loader !== 'text' && mentionsMissing(text);
    return { contents: Buffer.from(loader === 'json' || loader === 'text' ? text : defused(text)), loader };
  }
}

/**
 * esbuild takes an import whose path is computed for a pattern of files, and looks for them on the machine's disk
 * without asking anybody. Whatever it found there (files, none, no such folder) is refused, and nothing else may be
 * among what it read.
 */
const looksOutside = ({ errors, warnings }: Built): boolean =>
  errors.some(({ text }) => text === COMPUTED || text.startsWith('Could not resolve ')) ||
  warnings.some(({ id }) => id === 'empty-glob');

const isOfPackage = (input: string): boolean =>
  [PACKAGE, BUILT_IN].some((namespace) => input.startsWith(`${namespace}:`));

const inputsOf = ({ metafile }: Built): string[] =>
  Object.keys((JSON.parse(Buffer.from(metafile).toString()) as { inputs: object }).inputs);

function errorOf({ text, location }: BuildMessage): GraftError {
  if (text === TOO_LARGE) return new GraftError('GRAFT_PACKAGE_LIMIT', text);
  const place =
    location === null ? '' : `${location.file.replace(/^[a-z]+:/, '')}:${location.line}:${location.column + 1}: `;
  return new GraftError('GRAFT_BUNDLE', printable(place + text));
}

/**
 * Bundles the module `main` of a package; `sdk` is the source of `graftwork/sdk`. Throws GRAFT_BUNDLE for a syntax
 * error or an import that is not in the package, GRAFT_PACKAGE_LIMIT where source, script or map exceed their bounds,
 * ServiceEnded where esbuild does not survive the package.
 */
export function bundle(service: EsbuildService, files: Files, main: string, sdk: string): Bundle {
  const source = new PackageSource(files, main, sdk);
  const built = service.build(main, FLAGS, source);
  const [first] = built.errors;
  if (looksOutside(built)) throw new GraftError('GRAFT_BUNDLE', COMPUTED);
  if (first !== undefined) throw errorOf(first);
  if (!inputsOf(built).every(isOfPackage)) throw new GraftError('GRAFT_BUNDLE', COMPUTED);
  const [code, sourceMap] = [outputOf(built, '.js'), outputOf(built, '.map')];
  if (code === undefined || sourceMap === undefined)
    throw new GraftError('GRAFT_INTERNAL', 'the bundler gave no script');
  checkSize('bundle', code, PACKAGE_BOUNDS.bundle_bytes);
  checkSize('source map', sourceMap, PACKAGE_BOUNDS.source_map_bytes);
  const again = (): Built => service.build(main, [...FLAGS, ...MARKING_FLAGS], new PackageSource(files, main, sdk));
  return { code, sourceMap, missing: source.mentions ? missingOf(again(), files) : [] };
}

const outputOf = (built: Built, ending: string): Uint8Array | undefined =>
  built.outputFiles.find((file) => file.path.endsWith(ending))?.contents;

/** What a package misses, by its script with marks. */
function missingOf(marked: Built, files: Files): MissingGlobal[] {
  const [code, map] = [outputOf(marked, '.js'), outputOf(marked, '.map')];
  if (code === undefined || map === undefined) return [];
  const textOf = (file: string): string => fileText(file, files.get(file) ?? new Uint8Array());
  return missingIn(Buffer.from(code).toString(), Buffer.from(map).toString(), textOf);
}

function checkSize(what: string, { length }: Uint8Array, bytes_max: number): void {
  if (length > bytes_max) throw new GraftError('GRAFT_PACKAGE_LIMIT', `the ${what} is larger than ${bytes_max} bytes`);
}
