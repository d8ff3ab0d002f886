// Mutated sources for the bundler: real ones, broken at random, an honest one after each that it gave up on. Used by
// `npm run campaign -- bundles [--sources N] [--seed N]`.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundlers } from '../../src/plugins/package/bundler/bundlers.ts';
import { PackageReader } from '../../src/plugins/package/index.ts';
import { Random } from '../support/random.ts';

export interface BundleRun {
  readonly sources: number;
  readonly made: number;
  /** Refused for what is in them. */
  readonly refused: number;
  /** The bundler did not survive them, or took too long. */
  readonly gaveUp: number;
  /** Honest packages made in between. */
  readonly honest: number;
  /** What was not as it must be: an error without a code, an honest package that failed. */
  readonly wrong: readonly string[];
  /** Most memory of a process that reads, and of one that bundles, in MB (2^20 bytes), as far as they lived to tell. */
  readonly reader_mb: number;
  readonly esbuild_mb: number;
  readonly longest_ms: number;
}

const FOLDER = new URL('../../src/plugins/', import.meta.url);

/** Sources of this project, and of a library without types. */
const SOURCES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(new URL(name, FOLDER), 'utf8'))
  .concat(readFileSync(fileURLToPath(import.meta.resolve('acorn')), 'utf8').slice(0, 40_000));

const BRACKETS = [
  '(',
  '[',
  '{',
  '`${',
  '!',
  '-',
  'a=>',
  '<a>',
  'async ',
  'new ',
  'typeof ',
  '/*',
  '"',
  'class A{',
  '?',
];
const WORDS = [
  'enum E{a="x",b=a+a}',
  'await ',
  'import(x)',
  'export *',
  '\u2028',
  '\0',
  '\ud800',
  '0n**9n',
  '@x ',
  '#x',
];

/** A stretch of a text: where it begins and ends. */
const stretch = (random: Random, { length }: string): readonly [number, number] => {
  const from = random.below(length);
  return [from, from + random.below(Math.min(200, length - from) + 1)];
};

/** One change of a text. */
const CHANGES: readonly ((random: Random, text: string) => string)[] = [
  (random, text) => {
    const [from, to] = stretch(random, text);
    return text.slice(0, from) + text.slice(to);
  },
  (random, text) => {
    const [from, to] = stretch(random, text);
    return text.slice(0, to) + text.slice(from, to).repeat(1 + random.below(200)) + text.slice(to);
  },
  (random, text) => {
    const [from, to] = stretch(random, text);
    const other = random.pick(SOURCES);
    return text.slice(0, from) + other.slice(...stretch(random, other)) + text.slice(to);
  },
  (random, text) => {
    const [at] = stretch(random, text);
    return text.slice(0, at) + random.pick(WORDS) + text.slice(at);
  },
  (random, text) => {
    const [at] = stretch(random, text);
    return text.slice(0, at) + random.pick(BRACKETS).repeat(1 + random.below(20_000)) + text.slice(at);
  },
  (random, text) => {
    const names = Array.from({ length: 2 + random.below(40) }, (_, i) => `a${i + 1} = a${i} + a${i}`);
    return `enum Doubled { a0 = 'text', ${names.join()} }\n${text}`;
  },
  (random, text) => {
    const map = JSON.stringify({ version: 3, sources: ['a.ts', '../../b.ts'], names: ['c'], mappings: 'AAAA,CACAA' });
    const [from, to] = stretch(random, map);
    const broken = map.slice(0, from) + map.slice(from, to).repeat(random.below(20_000)) + map.slice(to);
    return `${text}\n//# sourceMappingURL=data:application/json,${encodeURIComponent(broken)}`;
  },
];

export const mutatedSource = (random: Random): string => {
  let text = random.pick(SOURCES);
  for (let left = 1 + random.below(4); left > 0; left--) text = random.pick(CHANGES)(random, text);
  return text;
};

const packageOf = (source: string, main = 'main.ts') => ({
  manifest: { name: 'mutant', main: `./${main}`, graftwork: { api: 1, grafts: [] } },
  // What it imports is not there: it is parsed all the same.
  files: { [main]: source },
});
const HONEST = packageOf('export const honest = () => 1;');

/** The most memory that a process has had, in MB; 0 where it has ended. */
const mostOf = (pid: number | undefined): number => {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
};

export const bundleMutated = async (
  sources: number,
  seed: number,
  progress: (text: string) => void,
): Promise<BundleRun> => {
  const random = new Random(seed);
  const reader = new PackageReader();
  const wrong: string[] = [];
  const counts = { made: 0, refused: 0, gaveUp: 0, honest: 0 };
  let [reader_mb, esbuild_mb, longest_ms] = [0, 0, 0];

  const weigh = (): void => {
    for (const [reads, bundles] of bundlers.pids) {
      reader_mb = Math.max(reader_mb, mostOf(reads));
      esbuild_mb = Math.max(esbuild_mb, mostOf(bundles));
    }
  };
  const check = async (what: string): Promise<void> => {
    counts.honest++;
    const { code } = await reader.read(HONEST);
    if (!code.includes('honest')) wrong.push(`the honest one after ${what} is not itself`);
  };
  const one = async (what: string, source: string): Promise<void> => {
    const begun = performance.now();
    // Of JavaScript the source map is looked at as well.
    const failure = await reader.read(packageOf(source, random.pick(['main.ts', 'main.js']))).then(
      () => null,
      (error: { code?: unknown; message: string }) => error,
    );
    longest_ms = Math.max(longest_ms, performance.now() - begun);
    weigh();
    if (failure === null) counts.made++;
    else if (!String(failure.code).startsWith('GRAFT_')) wrong.push(`${what}: ${failure.message}`);
    else if (failure.message.includes('gave up')) counts.gaveUp++;
    else counts.refused++;
    if (failure?.message.includes('gave up')) await check(what);
  };

  try {
    for (let index = 0; index < sources; index++) {
      await one(`source ${index} of seed ${seed}`, mutatedSource(random));
      if (index % 100 === 99) progress(`${index + 1} sources: ${JSON.stringify(counts)}`);
    }
    await check('all of them');
  } finally {
    reader.close();
  }
  const [mb, esb, ms] = [reader_mb, esbuild_mb, longest_ms].map(Math.round) as [number, number, number];
  return { sources, ...counts, wrong, reader_mb: mb, esbuild_mb: esb, longest_ms: ms };
};
