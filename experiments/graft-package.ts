// A graft of src/kernel-model/grafts as a plugin package, read and bundled as any plugin is.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type PluginPackage, readPackage } from '../src/plugins/package/index.ts';

/** A graft: a function of a file, and its point. */
export interface GraftFile {
  /** The file's path below src/kernel-model/grafts. */
  readonly file: string;
  readonly export: string;
  /** The point's path, without the leading slash. */
  readonly point: string;
}

const GRAFTS = new URL('../src/kernel-model/grafts/', import.meta.url);
/** JavaScript where the project is built. */
const ENDING = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** The files of one family of grafts: they may import each other. */
const familyOf = (folder: string): Record<string, string> => {
  const at = fileURLToPath(new URL(`${folder}/`, GRAFTS));
  const names = readdirSync(at).filter((name) => name.endsWith(ENDING));
  return Object.fromEntries(names.map((name) => [name, readFileSync(`${at}${name}`, 'utf8')]));
};

/**
 * Reads and bundles a graft as the plugin `name`. `answer`: replaces the graft's own answer, for grafts that must be
 * caught.
 */
export const graftPackage = (
  name: string,
  { file, export: exported, point }: GraftFile,
  answer?: number,
): Promise<PluginPackage> => {
  const [folder, main] = file.replace(/\.ts$/, ENDING).split('/') as [string, string];
  const files = familyOf(folder);
  if (answer === undefined) return packageOf(name, files, main, exported, point);
  const wrong = [
    `import { ${exported} as graft } from './${main}';`,
    `export const wrong = (input, api) => { graft(input, api); return ${answer}; };`,
  ].join('\n');
  return packageOf(name, { ...files, 'wrong.ts': wrong }, 'wrong.ts', 'wrong', point);
};

/** A plugin of one function, from its source. */
export const sourcePackage = (name: string, source: string, exported: string, point: string): Promise<PluginPackage> =>
  packageOf(name, { 'main.ts': source }, 'main.ts', exported, point);

/** The callables of every point, and the further ones of some, by the end of their paths. */
const EVERYWHERE = ['log', 'now', 'lock', 'unlock', 'shared', 'threads', 'memory'];
const OFFERED: readonly (readonly [string, readonly string[]])[] = [
  ['/compute-ra', ['announced']],
  ['/evict', ['pages']],
  ['/victim', ['pages']],
];

const needsAt = (points: readonly string[]): string[] => [
  ...EVERYWHERE,
  ...OFFERED.flatMap(([end, names]) => (points.some((point) => point.endsWith(end)) ? names : [])),
];

/**
 * A plugin of one module that may misbehave: any number of its exports at any points. It needs all callables of the
 * points, unless given.
 */
export const modulePackage = (
  name: string,
  source: string,
  grafts: readonly { readonly point: string; readonly export: string }[],
  more: { readonly needs?: readonly string[]; readonly limits?: Readonly<Record<string, number>> } = {},
): Promise<PluginPackage> => {
  const { needs = needsAt(grafts.map(({ point }) => point)), limits = {} } = more;
  const manifest = {
    name,
    version: '1.0.0',
    main: 'main.ts',
    graftwork: { api: 1, grafts, needs: [...new Set(needs)], limits },
  };
  return readPackage({ manifest, files: { 'main.ts': source } });
};

const packageOf = (
  name: string,
  files: Record<string, string>,
  main: string,
  exported: string,
  point: string,
): Promise<PluginPackage> => {
  const manifest = {
    name,
    version: '1.0.0',
    main,
    graftwork: { api: 1, grafts: [{ point, export: exported }], needs: needsAt([point]) },
  };
  return readPackage({ manifest, files });
};
