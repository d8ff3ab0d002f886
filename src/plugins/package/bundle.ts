// A plugin's module and all it imports as one script, made by esbuild from memory. The script's completion value is the
// module's exports, and it leaves no global behind. No plugin code runs here, and esbuild sees the files of the package
// only: every import is answered below.
//
// esbuild is one long-lived process, and a package can break it: some hundred kilobytes of `!` overflow its stack,
// nested arrow functions keep it busy for hours. So bundles are made one at a time, each within `bundle_ms`; the
// process that a package broke is ended, and the next bundle starts another. It also reads a file that a comment names
// (`sourceMappingURL=file:///…`), so those comments are defused.

import { readFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import {
  type BuildFailure,
  type BuildOptions,
  type BuildResult,
  build,
  type Loader,
  type OnLoadResult,
  type Plugin,
  stop,
} from 'esbuild';
import { GraftError } from '../errors.ts';
import { PACKAGE_BOUNDS } from './bounds.ts';
import { type Files, fileText } from './files.ts';
import { printable, shown } from './path.ts';
import { findImport } from './resolve.ts';

/** The script of a plugin and its source map (version 3, without the sources' text). */
export interface Bundle {
  readonly code: string;
  readonly sourceMap: string;
}

/** The one import that is not a file of the package. */
const SDK_IMPORT = 'graftwork/sdk';
const SDK = readFileSync(new URL(import.meta.url.endsWith('.ts') ? '../sdk.ts' : '../sdk.js', import.meta.url), 'utf8');

/** Namespaces of esbuild; anything but `file` keeps it away from the disk. */
const PACKAGE = 'plugin';
const BUILT_IN = 'graftwork';

/** Where files of a package seem to be: patterns of files begin to be looked for there. */
const NOWHERE = join(parse(process.cwd()).root, 'graftwork', 'package');

const LOADERS: Readonly<Record<string, Loader>> = {
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

/** Takes the meaning from what esbuild would obey or copy, and changes no code: in a string `\x73` is an s. */
const defused = (text: string): string =>
  text.replace(/([#@][ \t]+)sourceMappingURL=/g, '$1\\x73ourceMappingURL=').replace(/^#!/, '//');

/** The files of a package, as a plugin of esbuild. `taken` bounds the text that goes in. */
function packagePlugin(files: Files, main: string): Plugin {
  let taken = 0;
  const load = (path: string): OnLoadResult => {
    const loader = LOADERS[/\.(\w+)$/.exec(path)?.[1] ?? ''];
    if (loader === undefined)
      return { errors: [{ text: `${shown(path)} is no source file: import ${Object.keys(LOADERS).join(', ')}` }] };
    const bytes = files.get(path) as Uint8Array;
    taken += bytes.length;
    if (taken > PACKAGE_BOUNDS.bundle_bytes) return { errors: [{ text: TOO_LARGE }] };
    const text = fileText(path, bytes);
    return { contents: loader === 'json' || loader === 'text' ? text : defused(text), loader, resolveDir: NOWHERE };
  };
  return {
    name: 'graftwork',
    setup(esbuild) {
      esbuild.onResolve({ filter: /.*/ }, ({ path, importer, kind }) => {
        if (kind === 'entry-point') return { path: main, namespace: PACKAGE };
        if (path === SDK_IMPORT) return { path, namespace: BUILT_IN };
        const found = findImport(files, path, importer, kind.startsWith('require') ? 'require' : 'import');
        return found === null
          ? { errors: [{ text: `the import ${shown(path)} is not in the package` }] }
          : { path: found, namespace: PACKAGE };
      });
      esbuild.onLoad({ filter: /.*/, namespace: BUILT_IN }, () => ({ contents: SDK, loader: 'ts' }));
      esbuild.onLoad({ filter: /.*/, namespace: PACKAGE }, ({ path }) => load(path));
      // What a computed import found on the disk: it is not read.
      esbuild.onLoad({ filter: /.*/ }, () => ({ errors: [{ text: COMPUTED }] }));
    },
  };
}
/** One text whatever lies on the disk, so that a package learns nothing of it. */
const COMPUTED = 'the path of an import or a require is computed: write out the path of each file that may be meant';
const TOO_LARGE = `the source is larger than ${PACKAGE_BOUNDS.bundle_bytes} bytes`;

const buildOptions = (files: Files, main: string) =>
  ({
    entryPoints: [main],
    plugins: [packagePlugin(files, main)],
    bundle: true,
    write: false,
    outfile: 'plugin.js',
    absWorkingDir: parse(process.cwd()).root,
    tsconfigRaw: '{}',
    platform: 'neutral',
    format: 'iife',
    globalName: '__plugin',
    target: 'es2024',
    supported: { 'dynamic-import': false },
    define: { 'process.env.NODE_ENV': '"production"' },
    banner: { js: BEFORE },
    footer: { js: AFTER },
    sourcemap: 'external',
    sourcesContent: false,
    metafile: true,
    legalComments: 'none',
    keepNames: false,
    minify: false,
    treeShaking: true,
    logLevel: 'silent',
  }) satisfies BuildOptions;

const isBuildFailure = (error: unknown): error is BuildFailure =>
  Array.isArray((error as Partial<BuildFailure>).errors);

/**
 * esbuild takes an import whose path is computed for a pattern of files, and looks for them on the machine's disk
 * without asking any plugin. Whatever it found there (files, none, no such folder) is refused, and nothing else may be
 * among what it read.
 */
const looksOutside = ({ errors, warnings }: Pick<BuildFailure, 'errors' | 'warnings'>): boolean =>
  errors.some(({ text }) => text === COMPUTED || text.startsWith('Could not resolve ')) ||
  warnings.some(({ id }) => id === 'empty-glob');

const isOfPackage = (input: string): boolean =>
  [PACKAGE, BUILT_IN].some((namespace) => input.startsWith(`${namespace}:`));

function firstError(failure: BuildFailure): GraftError {
  const { errors } = failure;
  if (looksOutside(failure)) return new GraftError('GRAFT_BUNDLE', COMPUTED);
  const { text = 'no reason given', location = null } = errors[0] ?? {};
  if (text === TOO_LARGE) return new GraftError('GRAFT_PACKAGE_LIMIT', text);
  const place =
    location === null ? '' : `${location.file.replace(/^[a-z]+:/, '')}:${location.line}:${location.column + 1}: `;
  return new GraftError('GRAFT_BUNDLE', printable(place + text));
}

type Built = BuildResult<{ write: false; metafile: true }>;

/**
 * One build in esbuild's process, which is ended where it died or took too long: then the next build starts another.
 */
async function buildWithin(files: Files, main: string, wait_ms: number): Promise<Built> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`bundling took longer than ${wait_ms} ms`)), wait_ms);
  try {
    return await Promise.race([build(buildOptions(files, main)), late.promise]);
  } catch (error) {
    if (isBuildFailure(error)) throw firstError(error);
    await stop();
    // Not this package's doing: the process was killed while it had nothing to do.
    if ((error as Error).message.startsWith('The service is no longer running'))
      return await buildWithin(files, main, wait_ms);
    throw new GraftError(
      'GRAFT_BUNDLE',
      `the bundler gave up on this package: ${printable((error as Error).message)}`,
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The last bundle asked for. Bundles wait for one another, so that a package which breaks the bundler breaks no other's
 * bundle.
 */
let last: Promise<unknown> = Promise.resolve();

/**
 * Bundles the module `main` of a package. Throws GRAFT_BUNDLE for a syntax error, an import that is not in the package,
 * or a package that breaks the bundler or keeps it busy longer than `wait_ms`; GRAFT_PACKAGE_LIMIT where source or
 * script exceed `bundle_bytes`.
 */
export async function bundle(files: Files, main: string, wait_ms: number = PACKAGE_BOUNDS.bundle_ms): Promise<Bundle> {
  const turn = last.then(() => buildWithin(files, main, wait_ms));
  last = turn.catch(() => undefined);
  const built = await turn;
  if (looksOutside(built) || !Object.keys(built.metafile.inputs).every(isOfPackage))
    throw new GraftError('GRAFT_BUNDLE', COMPUTED);
  const { outputFiles } = built;
  const [sourceMap, code] = outputFiles[0]?.path.endsWith('.map') ? outputFiles : outputFiles.toReversed();
  if (code === undefined || sourceMap === undefined)
    throw new GraftError('GRAFT_INTERNAL', 'the bundler gave no script');
  if (code.contents.length > PACKAGE_BOUNDS.bundle_bytes) {
    throw new GraftError('GRAFT_PACKAGE_LIMIT', `the bundle is larger than ${PACKAGE_BOUNDS.bundle_bytes} bytes`);
  }
  return { code: code.text, sourceMap: sourceMap.text };
}
