import { describe, expect, test } from '@jest/globals';
import type { ImportKind, Json } from '../../../src/plugins/package/exports-map.ts';
import { memorySource } from '../../../src/plugins/package/memory.ts';
import { Resolver } from '../../../src/plugins/package/resolve.ts';
import { Files } from '../../../src/plugins/package/tree.ts';

const resolverOf = (texts: Record<string, unknown>): Resolver => {
  const bytes = Object.entries(texts).map(([path, text]): [string, Buffer] => [
    path,
    Buffer.from(typeof text === 'string' ? text : JSON.stringify(text)),
  ]);
  return new Resolver(new Files(memorySource(new Map(bytes))), (texts['package.json'] ?? {}) as Json);
};
/** The path of a file, `empty`, or null. */
const find = (
  texts: Record<string, unknown>,
  specifier: string,
  importer = 'src/main.ts',
  kind: ImportKind = 'import',
) => {
  const found = resolverOf(texts).find(specifier, importer, kind);
  if (found === 'empty') return found;
  return 'path' in found ? found.path : null;
};

describe('a relative import', () => {
  test.each([
    ['./a.ts', { 'src/a.ts': '', 'src/a.ts.js': '' }, 'src/a.ts'],
    ['./a', { 'src/a.ts': '', 'src/a.js': '' }, 'src/a.ts'],
    ['./a.js', { 'src/a.ts': '' }, 'src/a.ts'],
    ['./a.js', { 'src/a.ts': '', 'src/a.js': '' }, 'src/a.js'],
    ['./a.mjs', { 'src/a.mts': '' }, 'src/a.mts'],
    ['../a.json', { 'a.json': '' }, 'a.json'],
    ['./lib', { 'src/lib/index.js': '' }, 'src/lib/index.js'],
    ['.', { 'src/index.ts': '' }, 'src/index.ts'],
    ['..', { 'index.ts': '' }, 'index.ts'],
    ['./lib', { 'src/lib/package.json': { main: 'x' }, 'src/lib/x.js': '' }, 'src/lib/x.js'],
    ['./a', { 'src/A.ts': '' }, null],
    ['./../../a.ts', { 'a.ts': '' }, null],
    ['./a', { 'src/a.css': '' }, null],
  ])('%s of %j is %j', (specifier, files, found) => expect(find(files, specifier)).toBe(found));
});

describe('an import of a dependency', () => {
  const at = 'node_modules/x';
  test.each<[string, object, string, string | null]>([
    ['x', { main: 'lib/m.js' }, 'lib/m.js', `${at}/lib/m.js`],
    ['x', { main: 'lib', module: './lib/e.mjs' }, 'lib/e.mjs', `${at}/lib/e.mjs`],
    ['x', {}, 'index.js', `${at}/index.js`],
    ['x/sub', {}, 'sub.js', `${at}/sub.js`],
    ['x/sub', { exports: './a.js' }, 'sub.js', null],
    ['x', { exports: './a.js', main: 'b.js' }, 'a.js', `${at}/a.js`],
    [
      'x',
      { exports: { '.': { types: './a.d.ts', node: './n.js', import: { default: './a.js' }, default: './b.js' } } },
      'a.js',
      `${at}/a.js`,
    ],
    ['x', { exports: { require: './c.cjs', default: './a.js' } }, 'a.js', `${at}/a.js`],
    ['x', { exports: ['./a.js'] }, 'a.js', `${at}/a.js`],
    ['x', { exports: null, main: 'a.js' }, 'a.js', `${at}/a.js`],
    ['x', { exports: { '.': '../../secret.js' } }, 'secret.js', null],
    ['x/f/one', { exports: { './f/*': './a/*.js', './*': './no.js' } }, 'a/one.js', `${at}/a/one.js`],
    ['x/f/$&', { exports: { './f/*': './a/*.js' } }, 'a/$&.js', `${at}/a/$&.js`],
    ['x/f/', { exports: { './f/*': './a.js' } }, 'a.js', null],
  ])('%s by %j', (specifier, json, file, found) => {
    expect(find({ [`${at}/package.json`]: json, [`${at}/${file}`]: '' }, specifier)).toBe(found);
  });

  test('takes the condition of its kind', () => {
    const files = {
      [`${at}/package.json`]: { exports: { import: './e.js', require: './c.js' } },
      [`${at}/e.js`]: '',
      [`${at}/c.js`]: '',
    };
    expect([find(files, 'x'), find(files, 'x', 'a.js', 'require')]).toEqual([`${at}/e.js`, `${at}/c.js`]);
  });

  test('is found upwards from the importer, the nearest first, scopes too', () => {
    const files = {
      'node_modules/@s/x/index.js': '',
      'node_modules/y/node_modules/@s/x/index.js': '',
      'node_modules/z/index.js': '',
    };
    expect(find(files, '@s/x', 'node_modules/y/lib/a.js')).toBe('node_modules/y/node_modules/@s/x/index.js');
    expect(find(files, '@s/x', 'node_modules/z/a.js')).toBe('node_modules/@s/x/index.js');
    expect(find(files, 'z', 'node_modules/y/a.js')).toBe('node_modules/z/index.js');
    expect(find(files, '@s', 'a.js')).toBeNull();
  });

  test('survives a package.json that is broken, deep or hostile', () => {
    const deep = `{"exports":${'{"default":'.repeat(20_000)}"./a.js"${'}'.repeat(20_001)}`;
    expect(find({ [`${at}/package.json`]: deep, [`${at}/a.js`]: '' }, 'x')).toBeNull();
    expect(find({ [`${at}/package.json`]: '{', [`${at}/index.js`]: '' }, 'x')).toBe(`${at}/index.js`);
    expect(find({ [`${at}/package.json`]: '{"__proto__":{"exports":"./a.js"}}', [`${at}/a.js`]: '' }, 'x')).toBeNull();
  });
});

describe('a private import (#name)', () => {
  test('is looked up in the package it stands in', () => {
    const files = {
      'package.json': { imports: { '#a': './wrong.js' } },
      'wrong.js': '',
      'node_modules/x/package.json': {
        imports: { '#a': { node: './n.js', default: './d.js' }, '#y': 'y', '#l/*': './lib/*.js' },
      },
      'node_modules/x/d.js': '',
      'node_modules/x/lib/one.js': '',
      'node_modules/y/index.js': '',
    };
    const importer = 'node_modules/x/src/main.js';
    expect(find(files, '#a', importer)).toBe('node_modules/x/d.js');
    expect(find(files, '#y', importer)).toBe('node_modules/y/index.js');
    expect(find(files, '#l/one', importer)).toBe('node_modules/x/lib/one.js');
    expect(find(files, '#none', importer)).toBeNull();
    expect(find(files, '#a', 'main.js')).toBe('wrong.js');
  });
});

describe('the module of a package', () => {
  const entry = (json: object, ...paths: string[]) =>
    resolverOf({ 'package.json': json, ...Object.fromEntries(paths.map((path) => [path, ''])) }).entry();
  const byName = (...paths: string[]) => resolverOf(Object.fromEntries(paths.map((path) => [path, '']))).entryByName();

  test('is what exports names, else browser, else module, else main', () => {
    const paths = ['e.js', 'b.js', 'm.js', 'a.js'];
    expect(entry({ exports: './e.js', module: 'm.js', main: 'a.js' }, ...paths)).toBe('e.js');
    expect(entry({ browser: 'b.js', module: 'm.js', main: 'a.js' }, ...paths)).toBe('b.js');
    expect(entry({ module: 'm.js', main: 'a.js' }, ...paths)).toBe('m.js');
    expect(entry({ main: './dist/x' }, 'dist/x.js')).toBe('dist/x.js');
    expect(entry({ main: 7 }, ...paths)).toBeNull();
  });

  test('is index before main, and TypeScript before JavaScript, where nothing is named', () => {
    expect(byName('main.ts', 'index.js')).toBe('index.js');
    expect(byName('main.ts', 'main.js')).toBe('main.ts');
    expect(byName('lib/index.js')).toBeNull();
  });
});
