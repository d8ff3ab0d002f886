// A plugin's module and all it imports as one script, made by esbuild from memory. The script's completion value is the
// module's exports, and it leaves no global behind. No plugin code runs here, and esbuild sees the files of the package
// only: every import is answered (package-source.ts), and what esbuild says that it read is looked through.
//
// This runs in the bundler's process (bundler/serve.ts), which waits for esbuild and can open no file.
//
// A module of no declared type turns out to be an ES module when it has been parsed. Where it takes the default of a
// CommonJS module that was compiled from one, Node and bundlers differ; the same goes for `import()` in CommonJS. Then
// all is bundled again, and taken as Node does.

import { type ErrorCode, GraftError } from '../errors.ts';
import { PACKAGE_BOUNDS } from './bounds.ts';
import type { BuildMessage, Built, EsbuildService } from './bundler/service.ts';
import { fileText } from './files.ts';
import { MARKING_FLAGS, type MissingGlobal, missingIn } from './missing.ts';
import { COMPUTED, type CompiledImport, isOfPackage, PackageSource, type Sources } from './package-source.ts';
import { printable } from './path.ts';
import { pathOf, sourceFile } from './source-name.ts';
import type { Files } from './tree.ts';
import { tsconfigOf } from './tsconfig.ts';

/** The script of a plugin and its source map (version 3, without the sources' text), in UTF-8. */
export interface Bundle {
  readonly code: Uint8Array;
  readonly sourceMap: Uint8Array;
  /** Globals that it names and a realm does not have. */
  readonly missing: readonly MissingGlobal[];
}

// The parameter hides a global `require`, which esbuild would otherwise use for an import it does not know until run
// time.
const BEFORE = '((require) => { "use strict";';
const AFTER = 'return __plugin; })()';

const FLAGS = [
  '--bundle',
  '--outfile=plugin.js',
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

/** What esbuild says of each file that went in. */
type Inputs = Readonly<
  Record<string, { format?: string; imports: readonly { path: string; kind: string; external?: boolean }[] }>
>;

/**
 * esbuild takes an import whose path is computed for a pattern of files, and looks for them on the machine's disk
 * without asking anybody. Whatever it found there (files, none, no such folder) is refused, and nothing else may be
 * among what it read.
 */
const looksOutside = ({ errors, warnings }: Built): boolean =>
  errors.some(({ text }) => text === COMPUTED || text.startsWith('Could not resolve ')) ||
  warnings.some(({ id }) => id === 'empty-glob');

function errorOf({ text, location }: BuildMessage, code: ErrorCode = 'GRAFT_BUNDLE'): GraftError {
  const file = pathOf(location?.file.replace(/^[a-z]+:/, '') ?? '');
  const place = location === null ? '' : `${file}:${location.line}:${location.column + 1}: `;
  return new GraftError(code, printable(place + text));
}

/** What a build failed of on our side, and where: esbuild was told it as an error of an import there. */
const failureOf = ({ code, message }: GraftError, { errors }: Built): GraftError =>
  errorOf(errors.find(({ text }) => text === message) ?? { id: '', text: message, location: null }, code);

/** Builds once. Throws what was wrong. */
function build(
  service: EsbuildService,
  flags: readonly string[],
  source: PackageSource,
): { built: Built; inputs: Inputs } {
  const built = service.build(source.main, flags, source);
  const [first] = built.errors;
  if (source.failure !== null) throw failureOf(source.failure, built);
  if (looksOutside(built)) throw new GraftError('GRAFT_BUNDLE', COMPUTED);
  if (first !== undefined) throw errorOf(first);
  const { inputs } = JSON.parse(Buffer.from(built.metafile).toString()) as { inputs: Inputs };
  if (!Object.keys(inputs).every(isOfPackage)) throw new GraftError('GRAFT_BUNDLE', COMPUTED);
  return { built, inputs };
}

/** Imports of CommonJS modules that were compiled from ES modules, by ES modules or, with `import()`, by any. */
const importsOfCompiled = (inputs: Inputs, source: PackageSource): CompiledImport[] => {
  const targetOf = (name: string): string | null => {
    const path = Object.hasOwn(inputs, name) && inputs[name]?.format === 'cjs' ? sourceFile(name) : null;
    return path !== null && source.isCompiled(path) ? path : null;
  };
  return Object.entries(inputs).flatMap(([name, { format, imports }]) => {
    const importer = sourceFile(name);
    if (importer === null) return [];
    const counts = (kind: string): boolean =>
      kind === 'dynamic-import' || (format === 'esm' && kind !== 'require-call');
    const targets = imports.flatMap(({ path, kind }) => (counts(kind) ? (targetOf(path) ?? []) : []));
    return targets.map((target) => ({ importer, isModule: format === 'esm', target }));
  });
};

/**
 * Bundles the module `main` of a package. Throws GRAFT_BUNDLE for a syntax error or an import that is not in the
 * package, GRAFT_PACKAGE_LIMIT where source, script or map exceed their bounds, and what a file is refused for;
 * ServiceEnded where esbuild does not survive the package.
 */
export function bundle(service: EsbuildService, sources: Sources): Bundle {
  const source = new PackageSource(sources);
  const flags = [...FLAGS, `--tsconfig-raw=${tsconfigOf(sources)}`];
  const first = build(service, flags, source);
  const isOther = source.takeAsNode(importsOfCompiled(first.inputs, source));
  const { built } = isOther ? build(service, flags, source) : first;
  const [code, sourceMap] = [outputOf(built, '.js'), outputOf(built, '.map')];
  if (code === undefined || sourceMap === undefined)
    throw new GraftError('GRAFT_INTERNAL', 'the bundler gave no script');
  checkSize('bundle', code, PACKAGE_BOUNDS.bundle_bytes);
  checkSize('source map', sourceMap, PACKAGE_BOUNDS.source_map_bytes);
  const again = (): Built => build(service, [...flags, ...MARKING_FLAGS], source).built;
  return { code, sourceMap, missing: source.mentions ? missingOf(again(), sources.files) : [] };
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
  if (length > bytes_max)
    throw new GraftError('GRAFT_PACKAGE_LIMIT', `the ${what} is larger than ${bytes_max} bytes: ${length}`);
}
