// The files of a package, as esbuild asks for them while it bundles: what an import means, and what a file holds.
//
// esbuild would also read a file of the disk that a comment names (`sourceMappingURL=file:///…`), so those comments are
// defused, and the maps that they mean are given in another way (input-map.ts). An error of ours ends the build, and is
// thrown when it is over: it must not leave esbuild in the middle of one.

import { GraftError } from '../errors.ts';
import { PACKAGE_BOUNDS } from './bounds.ts';
import { GAVE_UP } from './bundler/messages.ts';
import type { Loaded, Resolved, Source } from './bundler/service.ts';
import { fileText, isOwn } from './files.ts';
import { InputMaps } from './input-map.ts';
import { mentionsMissing } from './missing.ts';
import { shown } from './path.ts';
import type { Resolver } from './resolve.ts';
import { asModule, PACKAGE, pathOf } from './source-name.ts';
import type { Files } from './tree.ts';

/** What is bundled: the module `main` of a package. `sdk` is the source of `graftwork-sdk`. */
export interface Sources {
  readonly files: Files;
  readonly resolver: Resolver;
  readonly main: string;
  readonly sdk: string;
}

/** An import of a CommonJS module that was compiled from an ES module, by paths. */
export interface CompiledImport {
  readonly importer: string;
  /** Whether the importer is an ES module. */
  readonly isModule: boolean;
  readonly target: string;
}

/**
 * The one module that is not a file of the package, by both its names. It is the host's own, also where the package has
 * a copy: what it asks of the realm is this host's.
 */
const SDK_IMPORTS: readonly string[] = ['graftwork-sdk', 'graftwork/sdk'];

/** Namespaces of esbuild beside that of the package; anything but `file` keeps it away from the disk. */
const BUILT_IN = 'graftwork';
/** Modules that a package keeps from browsers. */
const EMPTY = 'empty';
/** Modules that are not there, and are asked for when it runs, if at all. The path is what is said then. */
const MISSING = 'missing';

/** What `import()` of a CommonJS module gives: an ES module around it, of the same path, whose imports all mean it. */
const AROUND = 'around';
const AROUND_TEXT = "export { default } from 'it'; export * from 'it';";

const NAMESPACES = [PACKAGE, BUILT_IN, EMPTY, MISSING, AROUND].map((namespace) => `${namespace}:`);

/** Whether what esbuild names as an input was given to it here. */
export const isOfPackage = (input: string): boolean => NAMESPACES.some((namespace) => input.startsWith(namespace));

/** One text whatever lies on the disk, so that a package learns nothing of it. */
export const COMPUTED =
  'the path of an import or a require is computed: write out the path of each file that may be meant';

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
/** By the type of an import attribute. */
const LOADERS_BY_TYPE: Readonly<Record<string, string>> = { json: 'json', text: 'text', bytes: 'binary' };

/** Of a path as esbuild has it. What is neither source, JSON nor text is bytes. */
const loaderOf = (path: string, type: string): string =>
  (Object.hasOwn(LOADERS_BY_TYPE, type) && LOADERS_BY_TYPE[type]) || LOADERS[endingOf(path)] || 'binary';
const endingOf = (path: string): string => /\.(\w+)$/.exec(path)?.[1] ?? '';

/** Files whose names leave open whether they are ES modules. */
const OF_ANY_TYPE = /\.([jt]s|[jt]sx)$/;

/** Takes the meaning from what esbuild would obey or copy, and changes no code: in a string `\x73` is an s. */
const defused = (text: string): string =>
  text.replace(/([#@][ \t]+)sourceMappingURL=/g, '$1\\x73ourceMappingURL=').replace(/^#!/, '//');

/** A dependency may ask for a module that is not there where it never comes by: as in Node, that fails when it does. */
const isLate = (kind: string): boolean => kind === 'require-call' || kind === 'dynamic-import';

export class PackageSource implements Source {
  readonly #sources: Sources;
  readonly #maps: InputMaps;
  /** Paths of files that turned out to be ES modules and are to be taken as such. */
  readonly #modules = new Set<string>();
  /** Imports of CommonJS modules that need an ES module around them, by importer and target. */
  readonly #around = new Map<string, Set<string>>();
  /** Why the build cannot be gone on with. */
  failure: GraftError | null = null;
  /** Whether a source mentions a global that a realm does not have. */
  mentions = false;
  readonly #taken = new Set<string>();
  #bytes = 0;

  constructor(sources: Sources) {
    this.#sources = sources;
    this.#maps = new InputMaps(sources.files);
  }

  get main(): string {
    return this.#sources.main;
  }

  resolve(specifier: string, importer: string, kind: string, namespace: string): Resolved {
    if (kind === 'entry-point') return this.#file(this.main);
    if (namespace === AROUND) return this.#file(pathOf(importer));
    if (SDK_IMPORTS.includes(specifier)) return { path: SDK_IMPORTS[0] as string, namespace: BUILT_IN };
    return this.#guarded(() => this.#resolve(specifier, pathOf(importer), kind));
  }

  #resolve(specifier: string, importer: string, kind: string): Resolved {
    const found = this.#sources.resolver.find(specifier, importer, kind.startsWith('require') ? 'require' : 'import');
    if (found === 'empty') return { path: EMPTY, namespace: EMPTY };
    if ('path' in found && kind === 'dynamic-import' && this.#around.get(importer)?.has(found.path))
      return { path: asModule(found.path), namespace: AROUND };
    if ('path' in found) return this.#file(found.path);
    if (isOwn(importer) || !isLate(kind)) return { error: found.missing };
    return { path: `${found.missing} (${importer})`, namespace: MISSING };
  }

  #file(path: string): Resolved {
    const isModule = this.#modules.has(path) || this.#typeOf(path) === 'module';
    return { path: isModule ? asModule(path) : path, namespace: PACKAGE };
  }

  /** What package.json says of a file whose name leaves it open. */
  #typeOf(path: string): unknown {
    return OF_ANY_TYPE.test(path) ? this.#sources.resolver.scopeOf(path).json.type : undefined;
  }

  /** Has such imports taken as Node takes them, where esbuild did not. Whether there are any. */
  takeAsNode(imports: readonly CompiledImport[]): boolean {
    const open = imports.filter(({ importer, isModule }) => this.#isOpen(importer, isModule));
    for (const { importer, isModule, target } of open) {
      if (isModule) this.#modules.add(importer);
      else this.#around.set(importer, (this.#around.get(importer) ?? new Set()).add(target));
    }
    return open.length > 0;
  }

  /** Whether a file's name and package leave it to its text that it is, or is not, an ES module. */
  #isOpen(path: string, isModule: boolean): boolean {
    if (!this.#sources.resolver.scopeOf(path).isForNode) return false;
    return !isModule || (OF_ANY_TYPE.test(path) && this.#typeOf(path) === undefined);
  }

  /** Whether a CommonJS module says that it was compiled from an ES module. */
  isCompiled(path: string): boolean {
    const bytes = this.#sources.files.get(path);
    return bytes !== undefined && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('__esModule');
  }

  load(path: string, namespace: string, type: string): Loaded {
    switch (namespace) {
      case PACKAGE:
        return this.#guarded(() => this.#load(pathOf(path), type));
      case BUILT_IN:
        return { contents: Buffer.from(this.#sources.sdk), loader: 'ts' };
      case EMPTY:
        return { contents: Buffer.from('module.exports = {};'), loader: 'js' };
      case AROUND:
        return { contents: Buffer.from(AROUND_TEXT), loader: 'js' };
      case MISSING:
        return {
          contents: Buffer.from(
            `throw Object.assign(new Error(${JSON.stringify(path)}), { code: 'MODULE_NOT_FOUND' }); module;`,
          ),
          loader: 'js',
        };
      default:
        // What a computed import found on the disk: it is not read.
        return { error: COMPUTED };
    }
  }

  #load(path: string, type: string): Loaded {
    const loader = loaderOf(path, type);
    const bytes = this.#sources.files.get(path);
    if (bytes === undefined) throw new GraftError('GRAFT_BUNDLE', `${shown(path)} is not there any more`);
    this.#take(`${path} ${type}`, bytes.length);
    if (loader === 'binary') return { contents: bytes, loader };
    const text = fileText(path, bytes);
    if (loader === 'json' || loader === 'text') return { contents: Buffer.from(text), loader };
    this.mentions ||= mentionsMissing(text);
    const comment = loader.startsWith('js') ? this.#maps.commentFor(path, text) : '';
    return { contents: Buffer.from(defused(text) + comment), loader };
  }

  /** Counts what goes in, once however often it is asked for. */
  #take(what: string, bytes: number): void {
    if (this.#taken.has(what)) return;
    this.#taken.add(what);
    this.#bytes += bytes;
    const { bundle_bytes } = PACKAGE_BOUNDS;
    if (this.#bytes > bundle_bytes)
      throw new GraftError('GRAFT_PACKAGE_LIMIT', `the source is larger than ${bundle_bytes} bytes`);
  }

  #guarded<T>(run: () => T): T | { error: string } {
    if (this.failure !== null) return { error: this.failure.message };
    try {
      return run();
    } catch (error) {
      this.failure =
        error instanceof GraftError ? error : new GraftError('GRAFT_BUNDLE', `${GAVE_UP}: ${(error as Error).message}`);
      return { error: this.failure.message };
    }
  }
}
