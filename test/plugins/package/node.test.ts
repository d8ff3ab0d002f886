// What an import means, and what it gives, against Node itself: the same packages on a disk and in a bundle. Node holds
// the conditions `browser` and `module` here too, as a web runtime does.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { afterAll, describe, expect, test } from '@jest/globals';
import { readPackage } from '../../../src/plugins/package/index.ts';
import { memorySource } from '../../../src/plugins/package/memory.ts';
import { Resolver } from '../../../src/plugins/package/resolve.ts';
import { Files } from '../../../src/plugins/package/tree.ts';
import { Random } from '../../support/random.ts';

const parent = mkdtempSync(join(tmpdir(), 'as-node-'));
afterAll(() => rmSync(parent, { recursive: true }));

type Texts = Readonly<Record<string, string>>;

const onDisk = (name: string, texts: Texts): string => {
  const root = join(parent, name);
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
};

const node = (...words: string[]): string => {
  const flags = ['--conditions=browser', '--conditions=module', '--experimental-import-meta-resolve', '--no-warnings'];
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, ...words], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
};

const PROGRAM = fileURLToPath(new URL('node-resolution.ts', import.meta.url));

describe('an import means what it means in Node', () => {
  const FILES = ['index.js', 'main.cjs', 'lib/x.js', 'lib/y.js', 'lib/c/y.js', 'lib/x.cjs', 'internal/z.js'];
  const KEYS = ['.', './x', './b/*', './b/*.js', './b/c/*', './*', './lib/*', './internal/*', './x*'];
  const TARGETS = [...FILES.map((path) => `./${path}`), './lib/*.js', './lib/*', './*', './none.js', '../d0/index.js'];
  const ODD = ['index.js', './lib/../index.js', './node_modules/x.js', '', './'];
  const CONDITIONS = ['import', 'require', 'default', 'browser', 'module', 'module-sync', 'other', 'types'];
  const ASKED = [
    '',
    '/x',
    '/b/x',
    '/b/x.js',
    '/b/c/y',
    '/lib/x.js',
    '/internal/z.js',
    '/xx',
    '/b/',
    '/none',
    '/package.json',
  ];

  const target = (random: Random, depth: number): unknown => {
    const kind = random.below(depth > 2 ? 8 : 12);
    if (kind < 6) return random.pick(TARGETS);
    if (kind === 6) return null;
    if (kind === 7) return random.pick(ODD);
    if (kind === 8) return Array.from({ length: random.below(3) }, () => target(random, depth + 1));
    const conditions = Array.from({ length: 1 + random.below(3) }, () => random.pick(CONDITIONS));
    return Object.fromEntries(conditions.map((condition) => [condition, target(random, depth + 1)]));
  };
  const mapOf = (random: Random, keys: readonly string[]): object =>
    Object.fromEntries(Array.from({ length: 1 + random.below(5) }, () => [random.pick(keys), target(random, 0)]));
  const mainOf = (random: Random): object =>
    Object.fromEntries(
      ['main', 'name'].flatMap((key) =>
        random.below(2) === 0
          ? []
          : [[key, random.pick(['main.cjs', './lib', 'lib/x', './none', 'index', './lib/x.js'])]],
      ),
    );
  const packageOf = (random: Random): object => {
    const kind = random.below(6);
    if (kind === 0) return mainOf(random);
    if (kind === 1) return { exports: target(random, 0), ...mainOf(random) };
    return { exports: mapOf(random, KEYS), ...mainOf(random) };
  };

  test('by exports, imports, main and index of 300 packages (seed 3)', () => {
    const random = new Random(3);
    const texts: Record<string, string> = {};
    const asked: string[] = [];
    for (let i = 0; i < 300; i++) {
      const at = `node_modules/d${i}`;
      texts[`${at}/package.json`] = JSON.stringify(packageOf(random));
      for (const path of FILES) texts[`${at}/${path}`] = '';
      asked.push(...ASKED.map((path) => `d${i}${path}`));
    }
    const own = { name: 'own', exports: mapOf(random, KEYS), imports: {} as Record<string, unknown> };
    for (let i = 0; i < 60; i++)
      own.imports[`#k${i}${random.pick(['', '/*', '/*.js'])}`] =
        random.below(4) === 0 ? `d${random.below(300)}` : target(random, 0);
    for (const path of FILES) texts[path] = '';
    texts['package.json'] = JSON.stringify(own);
    for (let i = 0; i < 60; i++) asked.push(`#k${i}`, `#k${i}/x`, `#k${i}/lib/x.js`);
    asked.push(...ASKED.map((path) => `own${path}`));

    const root = onDisk('resolution', texts);
    const said = JSON.parse(node(PROGRAM, root, JSON.stringify(asked))) as unknown[];
    const bytes = Object.entries(texts).map(([path, text]): [string, Buffer] => [path, Buffer.from(text)]);
    const resolver = new Resolver(new Files(memorySource(new Map(bytes))), own);
    const here = (specifier: string, kind: 'import' | 'require'): string | null => {
      const found = resolver.find(specifier, 'main.js', kind);
      return typeof found === 'object' && 'path' in found ? found.path : null;
    };
    const wrong = asked.flatMap((specifier, index) => {
      const mine = { import: here(specifier, 'import'), require: here(specifier, 'require') };
      const theirs = said[index] as typeof mine;
      // A web runtime finds what Node does, and where Node finds nothing it may: an extension, an index.
      const differs = (['import', 'require'] as const).some(
        (kind) => theirs[kind] !== null && theirs[kind] !== mine[kind],
      );
      return differs
        ? [{ specifier, mine, theirs, json: texts[`node_modules/${specifier.split('/')[0]}/package.json`] }]
        : [];
    });
    expect(wrong).toEqual([]);
    expect(said.filter((one) => (one as { import: unknown }).import !== null).length).toBeGreaterThan(500);
  });
});

describe('an import gives what it gives in Node', () => {
  const json = (object: object): string => JSON.stringify({ version: '1.0.0', ...object });
  const DEPENDENCIES: Texts = {
    'node_modules/compiled/package.json': json({ name: 'compiled' }),
    'node_modules/compiled/index.js':
      'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = () => 1; exports.named = 2;',
    'node_modules/plain/package.json': json({ name: 'plain', main: './lib' }),
    'node_modules/plain/lib/index.js': 'module.exports = function plain() {}; module.exports.named = 3;',
    'node_modules/object/package.json': `\ufeff${json({ name: 'object', main: 'it.cjs' })}`,
    'node_modules/object/it.cjs': '\ufeffexports.default = 4; exports.self = this === exports;',
    'node_modules/modern/package.json': json({ name: 'modern', type: 'module', exports: './it.js' }),
    'node_modules/modern/it.js':
      'import compiled, * as all from "compiled"; import plain, { named } from "plain";' +
      'export default typeof compiled;' +
      'export const seen = [typeof compiled.default, typeof all.default, typeof plain, named, typeof this];',
    'node_modules/undeclared/package.json': json({ name: 'undeclared' }),
    'node_modules/undeclared/index.js': 'import compiled from "compiled"; export const seen = typeof compiled.default;',
    'node_modules/dual/package.json': json({
      name: 'dual',
      exports: { '.': { import: './e.mjs', require: './c.cjs' }, './own': './own.cjs' },
      imports: { '#in': { require: './c.cjs', default: './e.mjs' } },
    }),
    'node_modules/dual/e.mjs': 'export default "e"; export const kind = "import";',
    'node_modules/dual/c.cjs': 'module.exports = { kind: "require" };',
    'node_modules/dual/own.cjs': 'exports.own = [require("dual").kind, require("#in").kind];',
    'node_modules/outer/package.json': json({ name: 'outer' }),
    'node_modules/outer/index.js': 'exports.inner = require("inner");',
    'node_modules/outer/node_modules/inner/index.js': 'exports.at = "nested"; exports.data = require("./data");',
    'node_modules/outer/node_modules/inner/data.json': '\ufeff{ "json": [1] }',
    'node_modules/inner/index.js': 'exports.at = "top";',
    'node_modules/outer/node_modules/inner/lib.js': 'exports.file = true;',
    'node_modules/circle/package.json': json({ name: 'circle' }),
    'node_modules/circle/index.js': 'exports.before = 1; exports.half = { ...require("./other") }; exports.after = 2;',
    'node_modules/circle/other.js': 'const it = require("."); exports.seen = Object.keys(it);',
    'node_modules/gr\u00f6\u00dfe/index.js': 'exports.unit = "gr\u00f6\u00dfe";',
  };
  const NAMES = [
    'compiled',
    'plain',
    'object',
    'modern',
    'undeclared',
    'dual',
    'dual/own',
    'outer',
    'inner',
    'circle',
    'gr\u00f6\u00dfe',
  ];

  /** Of what it gets, all that can be compared: Node adds `module.exports` to the names of a CommonJS module. */
  const DESCRIBE = `const describe = (value, depth = 0) => {
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return value;
    if (depth > 3) return typeof value;
    const keys = Object.keys(value).filter((key) => key !== 'module.exports' && key !== '__esModule').sort();
    return [typeof value, ...keys.map((key) => [key, describe(value[key], depth + 1)])];
  };`;
  /** Two imports of each; one of them has no default. */
  const imports = NAMES.map((name, i) => {
    const usual = name === 'undeclared' ? 'modern' : name;
    return `import d${i}_ from ${JSON.stringify(usual)}; import * as a${i} from ${JSON.stringify(name)};`;
  });
  const imported = NAMES.map((_, i) => `describe(d${i}_), describe(a${i})`);
  const importing = `${imports.join('\n')} import data from './data.json' with { type: 'json' };
    ${DESCRIBE} export const f = () => JSON.stringify([data, ${imported.join()}]);`;
  const later = `${DESCRIBE} export const f = async () => JSON.stringify([
    ${NAMES.map((name) => `describe(await import(${JSON.stringify(name)}))`).join()}]);`;
  const requiring = `${DESCRIBE} exports.f = () => JSON.stringify([require('./data'), require('./folder/'),
    ${NAMES.map((name) => `describe(require(${JSON.stringify(name)}))`).join()}]);`;

  test.each<[string, object, string, string]>([
    ['of type module, .js', { type: 'module' }, 'main.js', importing],
    ['of type module, .ts', { type: 'module' }, 'main.ts', `type A = 1; ${importing}`],
    ['of type module, later', { type: 'module' }, 'main.js', later],
    ['.mjs', {}, 'main.mjs', importing],
    ['.mts', {}, 'main.mts', `type A = 1; ${importing}`],
    ['of no type, .js', {}, 'main.js', importing],
    ['of no type, .ts', {}, 'main.ts', `type A = 1; ${importing}`],
    ['of type commonjs, .mjs, later', { type: 'commonjs' }, 'main.mjs', later],
    ['CommonJS, .js', {}, 'main.js', requiring],
    ['CommonJS, later', {}, 'main.js', later.replace('export const f', 'exports.f')],
    ['CommonJS, .cjs, later', {}, 'main.cjs', later.replace('export const f', 'exports.f')],
    ['CommonJS, .cjs', { type: 'module' }, 'main.cjs', requiring],
    ['CommonJS, .cts', { type: 'module' }, 'main.cts', `type A = 1; ${requiring}`],
    ['of type commonjs', { type: 'commonjs' }, 'main.js', requiring],
  ])('in a module %s', async (what, more, main, text) => {
    const own = json({ name: 'own', main, graftwork: { api: 1, grafts: [] }, ...more });
    const texts = {
      ...DEPENDENCIES,
      'package.json': own,
      [main]: text,
      'data.json': '[7]',
      'folder.js': '',
      'folder/index.js': 'module.exports = 8;',
      'folder/package.json': '{"type":"commonjs"}',
    };
    const root = onDisk(what.replace(/\W/g, '-'), texts);
    const show = `const { f } = await import(${JSON.stringify(`file://${root}/${main}`)}); console.log(await f());`;
    const theirs: unknown = JSON.parse(node('--input-type=module', '--eval', show));
    const { code } = await readPackage({ manifest: JSON.parse(own), files: texts });
    const { f } = runInNewContext(code) as { f: () => Promise<string> | string };
    expect(JSON.parse(await f())).toEqual(theirs);
  });
});
