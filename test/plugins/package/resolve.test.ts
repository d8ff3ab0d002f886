import { describe, expect, test } from '@jest/globals';
import { findEntry, findImport, type ImportKind, namedEntry } from '../../../src/plugins/package/resolve.ts';

const filesOf = (texts: Record<string, unknown>) =>
  new Map(
    Object.entries(texts).map(([path, text]) => [
      path,
      Buffer.from(typeof text === 'string' ? text : JSON.stringify(text)),
    ]),
  );
const find = (
  texts: Record<string, unknown>,
  specifier: string,
  importer = 'src/main.ts',
  kind: ImportKind = 'import',
) => findImport(filesOf(texts), specifier, importer, kind);

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
    ['x', { exports: null, main: 'a.js' }, 'a.js', null],
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
  test('is what exports names, else module, else main', () => {
    expect(namedEntry({ exports: './e.js', module: 'm.js', main: 'a.js' }, 'import')).toBe('./e.js');
    expect(namedEntry({ module: 'm.js', main: 'a.js' }, 'import')).toBe('m.js');
    expect(namedEntry({ module: 'm.js', main: 'a.js' }, 'require')).toBe('a.js');
    expect(namedEntry({ main: 7 }, 'import')).toBeNull();
  });

  test('is index before main, and TypeScript before JavaScript, where nothing is named', () => {
    expect(findEntry(filesOf({ 'main.ts': '', 'index.js': '' }), null)).toBe('index.js');
    expect(findEntry(filesOf({ 'main.ts': '', 'main.js': '' }), null)).toBe('main.ts');
    expect(findEntry(filesOf({ 'lib/index.js': '' }), null)).toBeNull();
    expect(findEntry(filesOf({ 'dist/x.js': '' }), './dist/x')).toBe('dist/x.js');
  });
});
