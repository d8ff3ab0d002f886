// What reading a plugin package costs in a bundler's process, behind its walls, against esbuild's own library fed from
// memory in this process, which has no wall: packages of several sizes, and a plain one beside one that keeps its
// bundler busy.

import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Loader, type Plugin, stop } from 'esbuild';
import { machine, quantile } from '../report/index.ts';
import { PackageReader, type PluginSource } from '../src/plugins/package/index.ts';
import type { Benchmark } from './benchmark.ts';
import { type Contender, compare, hashOf, type Row, row } from './measure.ts';

interface Sample {
  readonly name: string;
  readonly main: string;
  readonly files: Readonly<Record<string, string>>;
  /** Rounds of the full size. */
  readonly rounds: number;
}

const MODULES = Array.from({ length: 9 }, (_, i) => i);

const moduleText = (i: number): string => `export function f${i}(n: number): number {
  let sum = 0;
  for (let at = 0; at < n; at++) sum += at * ${i};
  return sum;
}
`;

const tenModules = (): Record<string, string> => ({
  'main.ts': `${MODULES.map((i) => `import { f${i} } from './m${i}.ts';`).join('\n')}
export const graft = (n: number): number[] => [${MODULES.map((i) => `f${i}(n)`)}];`,
  ...Object.fromEntries(MODULES.map((i) => [`m${i}.ts`, moduleText(i)])),
});

const THREE_MODULES = {
  'main.ts': `import { half } from './half.ts';
import { last } from './last.ts';
export const graft = (n: number): number => last([half(n)]);`,
  'half.ts': 'export const half = (n: number): number => n / 2;\nexport const unused = 3;',
  'last.ts': 'export const last = (list: readonly number[]): number => list.at(-1) ?? 0;',
};

/** The files of a development dependency that has none of its own. */
const library = (): Record<string, string> => {
  const folder = fileURLToPath(new URL('.', import.meta.resolve('zod')));
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(js|json)$/.test(name));
  return Object.fromEntries(
    names.map((name) => [`node_modules/zod/${name}`, readFileSync(`${folder}${name}`, 'utf8')]),
  );
};

const PLAIN: Sample = {
  name: 'a plain package',
  main: 'main.ts',
  files: { 'main.ts': 'export const graft = (n: number): number => n / 2;' },
  rounds: 600,
};

const samples = (): Sample[] => [
  PLAIN,
  { name: 'three modules', main: 'main.ts', files: THREE_MODULES, rounds: 400 },
  { name: 'ten modules', main: 'main.ts', files: tenModules(), rounds: 200 },
  {
    name: 'a library (zod)',
    main: 'main.ts',
    files: {
      'main.ts': "import { z } from 'zod';\nexport const graft = (n: unknown) => z.number().parse(n);",
      ...library(),
    },
    rounds: 20,
  },
];

const sourceOf = ({ main, files }: Pick<Sample, 'main' | 'files'>): PluginSource => ({
  manifest: { name: 'sample', main: `./${main}`, graftwork: { api: 1, grafts: [] } },
  files,
});

/** How a file of the library, which is one of ES modules, is named to esbuild. */
const AS_MODULE = ':.mjs';
const pathOf = (name: string): string => name.replace(AS_MODULE, '');

const fromMemory = ({ main, files }: Sample): Plugin => ({
  name: 'memory',
  setup(esbuild) {
    esbuild.onResolve({ filter: /.*/ }, ({ path, importer, kind }) => {
      if (kind === 'entry-point') return { path: main, namespace: 'plugin' };
      const found = path.startsWith('.')
        ? posix.join(posix.dirname(pathOf(importer)), path)
        : `node_modules/${path}/index.js`;
      return { path: found.startsWith('node_modules/') ? found + AS_MODULE : found, namespace: 'plugin' };
    });
    esbuild.onLoad({ filter: /.*/, namespace: 'plugin' }, ({ path }) => ({
      contents: files[pathOf(path)] as string,
      loader: posix.extname(pathOf(path)).slice(1) as Loader,
    }));
  },
});

/** The options that a bundler's process bundles with. */
const buildOptions = (sample: Sample) =>
  ({
    entryPoints: [sample.main],
    plugins: [fromMemory(sample)],
    bundle: true,
    write: false,
    outfile: 'plugin.js',
    tsconfigRaw: '{}',
    platform: 'neutral',
    format: 'iife',
    globalName: '__plugin',
    target: 'es2024',
    supported: { 'dynamic-import': false },
    define: { 'process.env.NODE_ENV': '"production"' },
    banner: { js: '((require) => { "use strict";' },
    footer: { js: 'return __plugin; })()' },
    sourcemap: 'external',
    sourcesContent: false,
    metafile: true,
    legalComments: 'none',
    treeShaking: true,
    logLevel: 'silent',
  }) satisfies BuildOptions;

/** Both do the same: how long the script and its map are says so. */
const contenders = (sample: Sample, reader: PackageReader): Contender[] => [
  {
    name: "esbuild's library, in this process (floor)",
    async round(count) {
      let length = 0;
      for (let i = 0; i < count; i++)
        for (const { text } of (await build(buildOptions(sample))).outputFiles) length += text.length;
      return length;
    },
  },
  {
    name: 'a package read, behind walls',
    async round(count) {
      let length = 0;
      for (let i = 0; i < count; i++) {
        const { code, sourceMap } = await reader.read(sourceOf(sample));
        length += code.length + sourceMap.length;
      }
      return length;
    },
  },
];

/** esbuild takes minutes for it. */
const BUSY = sourceOf({ main: 'main.ts', files: { 'main.ts': `export const f = ${'a => '.repeat(20_000)}1` } });

/** A package read alone, and read while another one of somebody else's keeps its bundler busy. */
const besideABusyOne = async (sample: Sample, pairs: number, count: number): Promise<Row[]> => {
  const reader = new PackageReader();
  const times: [number[], number[]] = [[], []];
  const lengths: [number[], number[]] = [[], []];
  const block = async (into: 0 | 1): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const begun = performance.now();
      const { code } = await reader.read(sourceOf(sample));
      times[into].push((performance.now() - begun) * 1e6);
      lengths[into].push(code.length);
    }
  };
  await block(0);
  for (const list of [times[0], lengths[0]]) list.length = 0;
  for (let pair = 0; pair < pairs; pair++) {
    await block(0);
    const other = new PackageReader();
    const given = other.read(BUSY).catch(() => {});
    await block(1);
    other.close();
    await given;
  }
  reader.close();
  const floor = quantile(times[0], 0.5);
  return [
    row('alone (floor)', times[0], floor, hashOf(lengths[0])),
    row('beside one that keeps its bundler busy', times[1], floor, hashOf(lengths[1])),
  ];
};

export const bundle: Benchmark = {
  name: 'bundle',
  describes: 'a plugin package read by a bundler behind walls, against esbuild in this process',
  async run({ small, seed, progress }) {
    const reader = new PackageReader();
    const tables: Record<string, Row[]> = {};
    try {
      for (const sample of samples()) {
        progress(sample.name);
        const rounds = small ? 3 : sample.rounds;
        tables[sample.name] = await compare(contenders(sample, reader), { rounds, count: 1, warmup: small ? 1 : 40 });
      }
      progress('beside a busy one');
      tables['beside a busy one'] = await besideABusyOne(PLAIN, small ? 1 : 12, small ? 2 : 50);
    } finally {
      reader.close();
      await stop();
    }
    const ratio = (name: string): number => tables[name]?.[1]?.ratio ?? Number.NaN;
    return {
      benchmark: 'bundle',
      seed,
      small,
      machine: machine(['esbuild']),
      tables,
      targets: [
        { what: 'a plain package / esbuild in this process', value: ratio('a plain package'), at_most: 1.3 },
        { what: 'a library / esbuild in this process', value: ratio('a library (zod)'), at_most: 1.3 },
        { what: 'a plain package beside a busy one / alone', value: ratio('beside a busy one'), at_most: 2 },
      ],
    };
  },
};
