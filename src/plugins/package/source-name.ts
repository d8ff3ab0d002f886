// How files are named to esbuild, and so in the source map that it writes: `plugin:` and the path of a file of the
// package, `source:` and, escaped, a file that a source map of the package names.
//
// A file's type says how it takes CommonJS modules, and esbuild knows it by the extension alone. So an ES module whose
// package.json, not its own name, says that it is one has an ending more.

/** Namespace of the files of a package. */
export const PACKAGE = 'plugin';
const MAPPED = 'source';
/** No path of a package has a colon. */
const AS_MODULE = ':.mjs';

/** The path of a file as esbuild takes it. */
export const asModule = (path: string): string => path + AS_MODULE;

/** The path of a file, as esbuild has it. */
export const pathOf = (name: string): string => (name.endsWith(AS_MODULE) ? name.slice(0, -AS_MODULE.length) : name);

export const mappedSource = (name: string): string => `${MAPPED}:${encodeURIComponent(name)}`;

/** The path that a source of the bundle's map stands for; null where no author wrote it. */
export function sourceFile(source: string): string | null {
  const [namespace, name] = [source.slice(0, source.indexOf(':')), source.slice(source.indexOf(':') + 1)];
  if (namespace === PACKAGE) return pathOf(name);
  try {
    return namespace === MAPPED ? decodeURIComponent(name) : null;
  } catch {
    return null;
  }
}
