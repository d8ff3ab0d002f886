import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { readPackage } from '../../../src/plugins/package/index.ts';
import { expectRefusal, npmPack } from './archives.ts';

type Exports = Record<string, (...values: unknown[]) => unknown>;
type Texts = Readonly<Record<string, string | Uint8Array>>;

/** A package of these files, as an archive, since that holds bytes too. */
const packed = (texts: Texts, more: object = {}): Promise<Buffer> =>
  npmPack({
    ...texts,
    'package.json': JSON.stringify({ name: 'x', version: '1.0.0', graftwork: { api: 1, grafts: [] }, ...more }),
  });
const run = async (texts: Texts, more: object = {}): Promise<Exports> =>
  runInNewContext((await readPackage(await packed(texts, more))).code) as Exports;
const refused = (what: string | RegExp, texts: Texts, more: object = {}) =>
  expectRefusal('GRAFT_BUNDLE', what, async () => readPackage(await packed(texts, more)));

describe('a data file', () => {
  const ALL = Uint8Array.from({ length: 256 }, (_, i) => i);

  test('is its bytes, whatever they are, and text where that is asked for', async () => {
    const texts = {
      'main.ts': `import engine from './engine.bin'; import none from './empty.dat'; import named from './LICENCE';
        import list from './list.txt'; import page from './page.html' with { type: 'text' };
        import raw from './list.txt' with { type: 'bytes' }; import data from './data.map' with { type: 'json' };
        const isBytes = engine instanceof Uint8Array;
        export const f = () => [isBytes, [...engine], none.length, named.length, list, page, [...raw], data];`,
      'engine.bin': ALL,
      'empty.dat': '',
      LICENCE: 'MIT',
      'list.txt': '\ufeffa\nü',
      'page.html': '<p>ä</p>',
      'data.map': '{"a":1}',
    };
    const raw = [...Buffer.from('\ufeffa\nü')];
    const { f } = await run(texts);
    expect(JSON.parse(JSON.stringify(f?.()))).toEqual([true, [...ALL], 0, 3, 'a\nü', '<p>ä</p>', raw, { a: 1 }]);
  });

  test('is the same value however it is asked for', async () => {
    const texts = {
      'main.js': `import a from './a.bin'; import * as all from './a.bin'; import other from './other.cjs';
        export const f = async () => [a[0], all.default === a, other === a, (await import('./a.bin')).default === a];`,
      'other.cjs': `const it = require('./a.bin'); module.exports = it.default ?? it;`,
      'a.bin': Uint8Array.of(7),
    };
    expect(await (await run(texts)).f?.()).toEqual([7, true, true, true]);
  });

  test('GRAFT_PACKAGE_LIMIT: beyond what a bundle takes in, however it is reached', async () => {
    const texts: Record<string, string | Uint8Array> = { 'main.js': "import './a.bin'; import './b.bin';" };
    for (const name of ['a.bin', 'b.bin']) texts[name] = Buffer.alloc(6_300_000);
    const bytes = { manifest: { name: 'x', api: 1, grafts: [] }, files: {} as Record<string, string> };
    for (const [path, content] of Object.entries(texts))
      bytes.files[path] = Buffer.from(content).toString('latin1').replaceAll('\0', ' ');
    await expectRefusal('GRAFT_PACKAGE_LIMIT', 'the source is larger than 12582912 bytes', () => readPackage(bytes));
    const one = {
      ...bytes,
      files: { 'main.js': "import x from './a.bin'; export const f = () => x;", 'a.bin': ' '.repeat(8_388_609) },
    };
    await expectRefusal('GRAFT_PACKAGE_LIMIT', '"a.bin" is larger than 8388608 bytes', () => readPackage(one));
  });

  test('GRAFT_PACKAGE_NATIVE, GRAFT_PACKAGE_ENTRY: none is a program or an archive, in a dependency too', async () => {
    const main = "import x from 'dep/x.bin'; export const f = () => x;";
    const dep = (content: string): Texts => ({
      'main.js': main,
      'node_modules/dep/package.json': '{"name":"dep"}',
      'node_modules/dep/x.bin': Buffer.from(content, 'hex'),
    });
    await expectRefusal('GRAFT_PACKAGE_NATIVE', '"node_modules/dep/x.bin"', async () =>
      readPackage(await packed(dep('7f454c460201'))),
    );
    await expectRefusal('GRAFT_PACKAGE_ENTRY', '"node_modules/dep/x.bin"', async () =>
      readPackage(await packed(dep('1f8b080000'))),
    );
    // What nobody reaches is not looked at.
    await run({ ...dep('7f454c460201'), 'main.js': 'export const f = 1;' });
  });
});

describe('for a browser', () => {
  const dep = (json: object, files: Texts): Texts => ({
    'main.js': "import { u } from 'dep'; export const f = () => u;",
    'node_modules/dep/package.json': JSON.stringify({ name: 'dep', ...json }),
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`node_modules/dep/${path}`, text])),
  });

  test.each<[string, object, Texts]>([
    [
      'a file',
      { main: 'm.js', browser: { './n.js': './b.js' } },
      { 'm.js': "exports.u = require('./n');", 'n.js': "require('fs');", 'b.js': "module.exports = 'browser';" },
    ],
    [
      'a file, named in short',
      { main: 'm.js', browser: { 'lib/n': './b.js' } },
      {
        'm.js': "exports.u = require('./lib/n.js');",
        'lib/n.js': "require('fs');",
        'b.js': "module.exports = 'browser';",
      },
    ],
    [
      'a folder',
      { main: 'm.js', browser: { './lib': './b.js' } },
      {
        'm.js': "exports.u = require('./lib');",
        'lib/index.js': "require('fs');",
        'b.js': "module.exports = 'browser';",
      },
    ],
    [
      'a module',
      { main: 'm.js', browser: { crypto: './b.js' } },
      { 'm.js': "exports.u = require('crypto');", 'b.js': "module.exports = 'browser';" },
    ],
    [
      'a module by another',
      { main: 'm.js', browser: { crypto: 'shim' } },
      { 'm.js': "exports.u = require('crypto');", 'node_modules/shim/index.js': "module.exports = 'browser';" },
    ],
    [
      'a module by nothing',
      { main: 'm.js', browser: { fs: false } },
      { 'm.js': "exports.u = require('fs').readFile ?? 'browser';" },
    ],
    [
      'its own main',
      { main: 'm.js', browser: { './m.js': './b.js' } },
      { 'm.js': "require('fs');", 'b.js': "exports.u = 'browser';" },
    ],
    [
      'what exports names',
      { exports: './m.js', browser: { './m.js': './b.js' } },
      { 'm.js': "require('fs');", 'b.js': "exports.u = 'browser';" },
    ],
    [
      'what is only for node, where there is nothing else',
      { exports: { node: './n.js' } },
      { 'n.js': "exports.u = 'browser';" },
    ],
    [
      'a package that has the name of a built-in module',
      { main: 'm.js' },
      { 'm.js': "exports.u = require('events').u;", 'node_modules/events/index.js': "exports.u = 'browser';" },
    ],
  ])('%s is replaced', async (_, json, files) => {
    expect((await run(dep(json, files))).f?.()).toBe('browser');
  });

  test('a replacement leads nowhere out of the package, and is not replaced again', async () => {
    const out = { main: 'm.js', browser: { './n.js': '../../../../etc/passwd' } };
    await expectRefusal('GRAFT_BUNDLE', 'is not in the package', async () =>
      readPackage(await packed({ ...dep(out, { 'm.js': "import './n.js';", 'n.js': '' }) })),
    );
    const circle = { main: 'm.js', browser: { './a.js': './b.js', './b.js': './a.js' } };
    const files = {
      'm.js': "exports.u = require('./a.js');",
      'a.js': "module.exports = 'a';",
      'b.js': "module.exports = 'b';",
    };
    expect((await run(dep(circle, files))).f?.()).toBe('b');
  });
});

describe('what is not there', () => {
  test('is named as what it is', async () => {
    await refused('"node:crypto" is a built-in module of Node', { 'main.js': "import 'node:crypto';" });
    await refused('"fs" is a built-in module of Node', { 'main.js': "exports.f = () => require('fs');" });
    const imports = { '#fs': { node: 'node:fs' } };
    await refused('"node:fs" is a built-in module of Node', { 'main.js': "import '#fs';" }, { imports });
    expect(
      (
        await run({ 'main.js': "import fs from 'node:fs'; export const f = () => fs;" }, { browser: { fs: false } })
      ).f?.(),
    ).toEqual({});
    const how = '"lodash/map" is not in the package, but a dependency of it: pack it too \\(bundleDependencies\\)';
    await refused(how, { 'main.js': "import 'lodash/map';" }, { dependencies: { lodash: '4' } });
    const dep = { 'main.js': "import 'dep/in';", 'node_modules/dep/package.json': '{"name":"dep","exports":"./a.js"}' };
    await refused('main.js:1:8: the package "dep" exports no "in"', dep);
  });

  test('fails in a dependency when it is asked for, as in Node, and can be caught', async () => {
    const texts = {
      'main.js': "import { f, late, never } from 'dep'; export { f, late, never };",
      'node_modules/dep/index.js': `let crypto;
        try { crypto = require('crypto'); } catch (error) { crypto = error.code; }
        exports.f = () => crypto; exports.never = () => require('no-such'); exports.late = () => import('node:fs');`,
    };
    const { f, never, late } = await run(texts);
    expect(f?.()).toBe('MODULE_NOT_FOUND');
    expect(() => never?.()).toThrow('the import "no-such" is not in the package (node_modules/dep/index.js)');
    await expect(late?.()).rejects.toHaveProperty('message', expect.stringContaining('a built-in module of Node'));
  });
});

describe('tsconfig.json', () => {
  const OLD = `const seen: string[] = [];
    function logged(_: object, key: string, descriptor: PropertyDescriptor) {
      const inner = descriptor.value;
      descriptor.value = function (n: number) { seen.push(key); return inner.call(this, n); };
    }
    class Rule { @logged run(n: number) { return n * 2; } }
    export const f = () => [new Rule().run(2), seen.join()];`;
  const NEW = `const logged = (inner: any, { name }: any) =>
      function (this: any, n: number) { return [inner.call(this, n), name].join(); };
    class Rule { @logged run(n: number) { return n * 2; } } export const f = () => new Rule().run(2);`;
  const FIELDS = 'class A { a: string; } export const f = () => Object.keys(new A());';
  const say = (compilerOptions: object, more: object = {}): string => JSON.stringify({ compilerOptions, ...more });

  test('says of which kind decorators are; without it they are those of the language', async () => {
    expect((await run({ 'main.ts': NEW })).f?.()).toBe('4,run');
    const old = { 'main.ts': OLD, 'tsconfig.json': say({ experimentalDecorators: true }) };
    expect((await run(old)).f?.()).toEqual([4, 'run']);
  });

  test('may have comments, commas too many, and extend others, of its package and of a dependency', async () => {
    const texts = {
      'main.ts': OLD,
      'tsconfig.json':
        '\ufeff// a\n{ "extends": ["./base", "@ts/base", "./none.json", "/etc/passwd"], ' +
        '/* "b" */ "compilerOptions": { }, }',
      'base.json': say({ experimentalDecorators: false }),
      'node_modules/@ts/base/package.json': '{}',
      'node_modules/@ts/base/tsconfig.json': '{ "compilerOptions": { "experimentalDecorators": true } }',
    };
    await run({ ...texts, 'tsconfig.json': texts['tsconfig.json'].replace('@ts/base', '@ts/base/tsconfig.json') }).then(
      ({ f }) => expect(f?.()).toEqual([4, 'run']),
    );
  });

  test('says whether fields are defined, and what JSX becomes', async () => {
    const has = async (options: object) => (await run({ 'main.ts': FIELDS, 'tsconfig.json': say(options) })).f?.();
    expect(await has({})).toEqual(['a']);
    expect(await has({ useDefineForClassFields: false })).toEqual([]);
    expect(await has({ target: 'es2020' })).toEqual([]);
    const jsx = {
      'main.tsx': 'const h = (name: string) => name; export const f = () => <b/>;',
      'tsconfig.json': say({ jsxFactory: 'h' }),
    };
    expect((await run(jsx)).f?.()).toBe('b');
  });

  test('is the one nearest to the module', async () => {
    const texts = {
      'src/main.ts': OLD,
      'tsconfig.json': say({}),
      'src/tsconfig.json': say({ experimentalDecorators: true }),
    };
    expect((await run(texts, { main: 'src/main.ts' })).f?.()).toEqual([4, 'run']);
    const above = { 'src/lib/main.ts': OLD, 'tsconfig.json': say({ experimentalDecorators: true }) };
    expect((await run(above, { main: 'src/lib/main.ts' })).f?.()).toEqual([4, 'run']);
  });

  test('that extends itself, or is none, says nothing', async () => {
    const circle = { 'tsconfig.json': '{"extends":"./b.json"}', 'b.json': '{"extends":"./tsconfig.json"}' };
    for (const texts of [
      circle,
      { 'tsconfig.json': '{' },
      { 'tsconfig.json': '[]' },
      { 'tsconfig.json': say({ target: 7 }) },
    ])
      expect((await run({ 'main.ts': NEW, ...texts } as Texts)).f?.()).toBe('4,run');
  });
});

describe('names in another form of Unicode', () => {
  const [NFC, NFD] = ['gr\u00fc\u00dfe', 'gru\u0308\u00dfe'];

  test('are the same names, of files and of folders', async () => {
    for (const [asked, there] of [
      [NFC, NFD],
      [NFD, NFC],
    ]) {
      const texts = {
        'main.js': `import { u } from './${asked}/${asked}'; export const f = () => u;`,
        [`${there}/${there}.js`]: 'export const u = 1;',
      };
      expect((await run(texts)).f?.()).toBe(1);
    }
  });

  test('GRAFT_PACKAGE_PATH: two of them are one too many, in a dependency as well', async () => {
    for (const folder of ['', 'node_modules/dep/']) {
      const texts = { 'main.js': 'export const f = 1;', [`${folder}${NFC}.js`]: '', [`${folder}${NFD}.js`]: '' };
      await expectRefusal('GRAFT_PACKAGE_PATH', 'fold together', async () => readPackage(await packed(texts)));
    }
  });
});
