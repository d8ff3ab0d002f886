import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, runInContext, runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { originalPosition, readPackage } from '../../../src/plugins/package/index.ts';
import { expectRefusal } from './archives.ts';

const bundled = (texts: Record<string, string>, main = 'main.ts', wait_ms?: number) =>
  readPackage(
    { manifest: { name: 'x', main: `./${main}`, graftwork: { api: 1, grafts: [] } }, files: texts },
    wait_ms === undefined ? {} : { wait_ms },
  );
type Exports = Record<string, (...values: unknown[]) => unknown>;
const run = async (texts: Record<string, string>, main = 'main.ts', globals = {}): Promise<Exports> =>
  runInNewContext((await bundled(texts, main)).code, globals) as Exports;
const refused = (what: string | RegExp, texts: Record<string, string>) =>
  expectRefusal('GRAFT_BUNDLE', what, () => bundled(texts));

describe('a bundle', () => {
  test('has the exports as its completion value, and leaves no global', async () => {
    const { code } = await bundled({
      'main.ts': 'export const price = (n: number): number => n / 2; export default () => 7; var leak = 1;',
    });
    const context = createContext({});
    const exports = runInContext(code, context) as Exports;
    expect([exports.price?.(8), exports.default?.()]).toEqual([4, 7]);
    expect(
      runInContext('Object.getOwnPropertyNames(globalThis).filter((name) => /plugin|leak|graft/.test(name))', context),
    ).toHaveLength(0);
  });

  test('is strict, as a module is', async () => {
    const exports = await run({ 'main.ts': 'export const self = function (this: unknown) { return this; };' });
    const { self } = exports;
    expect(self?.()).toBeUndefined();
  });

  test('takes a CommonJS module too', async () => {
    const exports = await run(
      {
        'main.js': 'const { half } = require("./half"); module.exports = { price: half };',
        'half.js': 'exports.half = (n) => n / 2;',
      },
      'main.js',
    );
    expect(exports.price?.(8)).toBe(4);
  });

  test('leaves out what nothing uses, comments of licences, and a line for a shell', async () => {
    const { code } = await bundled({
      'main.ts': '#!/usr/bin/env node\n/*! LICENCE */ import { a } from "./lib.ts"; export { a };',
      'lib.ts': 'export const a = 1; export const unused = "UNUSED";',
    });
    expect(code).not.toMatch(/UNUSED|LICENCE|#!/);
  });

  test('is the same text for the same files', async () => {
    const texts = { 'main.ts': 'import { b } from "./b.ts"; export const a = b;', 'b.ts': 'export const b = () => 1;' };
    expect(await bundled(texts)).toEqual(await bundled(Object.fromEntries(Object.entries(texts).reverse())));
  });

  test.each(['graftwork-sdk', 'graftwork/sdk'])("gets the host's own refuse from %s", async (sdk) => {
    const said: unknown[] = [];
    const texts = {
      'main.ts': `import { refuse } from "${sdk}"; export const price = () => refuse("too-cheap", "no");`,
      [`node_modules/${sdk}/package.json`]: '{ "main": "own.js" }',
      [`node_modules/${sdk}/own.js`]: 'export const refuse = () => 0;',
    };
    const exports = await run(texts, 'main.ts', { __graftwork_refuse: (...values: unknown[]) => said.push(values) });
    exports.price?.();
    expect(said).toEqual([['too-cheap', 'no']]);
  });
});

describe('the source map', () => {
  const MAIN =
    'import { fail } from "./lib/fail.ts";\n\ninterface Request {\n  list: number;\n}\n\n' +
    'export const price = (request: Request): number => fail(request.list);\n';
  const FAIL =
    '// one\ntype Two = 2;\nexport function fail(list: number): never {\n' +
    '  throw new Error("no price for " + list);\n}\n';

  test("leads from a stack back to the author's lines", async () => {
    const { code, sourceMap } = await bundled({ 'main.ts': MAIN, 'lib/fail.ts': FAIL });
    const exports = runInNewContext(code, {}, { filename: 'plugin.js' }) as Exports;
    let stack = '';
    try {
      exports.price?.({ list: 3 });
    } catch (error) {
      stack = (error as Error).stack ?? '';
    }
    const places = [...stack.matchAll(/plugin\.js:(\d+):(\d+)/g)].map(([, line, column]) =>
      originalPosition(sourceMap, Number(line), Number(column)),
    );
    expect(places.slice(0, 2)).toEqual([
      { file: 'lib/fail.ts', line: 4, column: 9 },
      { file: 'main.ts', line: 7, column: 52 },
    ]);
    expect(JSON.parse(sourceMap)).not.toHaveProperty('sourcesContent');
  });

  test("knows nothing of the bundler's own lines, and of positions that are none", async () => {
    const { sourceMap } = await bundled({ 'main.ts': MAIN, 'lib/fail.ts': FAIL });
    for (const [line, column] of [
      [1, 1],
      [9_999, 1],
      [0, 1],
      [1, 0],
      [-1, 5],
      [1.5, 1],
      [Number.NaN, 1],
    ] as const) {
      expect(originalPosition(sourceMap, line, column)).toBeNull();
    }
  });

  test('names files as the package does, odd ones too', async () => {
    for (const path of ['a b.ts', 'a#b.ts', 'a?b%20.ts', 'größe/@x.ts', 'plugin.ts']) {
      const { code, sourceMap } = await bundled({ [path]: 'export const f = () => 1;' }, path);
      const line = code.split('\n').findIndex((text) => text.includes('var f =')) + 1;
      expect(originalPosition(sourceMap, line, 9)?.file).toBe(path);
    }
  });

  test('of many plugins at once is each its own', async () => {
    const maps = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        bundled({ [`m${i}.ts`]: `${'\n'.repeat(i)}export const f = () => 1;` }, `m${i}.ts`),
      ),
    );
    for (let round = 0; round < 2; round++) {
      for (const [i, { code, sourceMap }] of maps.entries()) {
        const line = code.split('\n').findIndex((text) => text.includes('var f =')) + 1;
        expect(originalPosition(sourceMap, line, 9)).toMatchObject({ file: `m${i}.ts`, line: i + 1 });
      }
    }
  });
});

describe('GRAFT_BUNDLE', () => {
  test('a syntax error, with its file, line and column', () =>
    refused(/^lib\/x\.ts:2:9: /, { 'main.ts': 'import "./lib/x.ts"', 'lib/x.ts': '\nconst a ((;' }));

  test.each(['node:fs', 'fs', 'node:test', 'fs/promises'])('the import %j, a built-in module of Node', (specifier) =>
    refused(/^main\.ts:1:8: the import ".*" is a built-in module of Node: there is none here$/, {
      'main.ts': `import ${JSON.stringify(specifier)};`,
    }),
  );

  test.each([
    'left-pad',
    './lib.ts',
    '/etc/passwd',
    '../../../../etc/passwd',
    'file:///etc/passwd',
    'data:text/javascript,1',
    'https://x.example/x.js',
    '#x',
    '__proto__',
    'constructor',
    'graftwork',
    'C:\\x.js',
    '..',
    '',
  ])('the import %j', (specifier) =>
    refused(/^main\.ts:1:8: the import ".*" is not in the package$/, {
      'main.ts': `import ${JSON.stringify(specifier)};`,
    }),
  );

  test('an import of a file of the machine, however it is written', async () => {
    for (const text of [
      'require("/etc/passwd")',
      'import("/etc/passwd")',
      'export * from "/etc/passwd.json"',
      'export { default } from "/etc/passwd" with { type: "text" }',
    ]) {
      await refused('is not in the package', { 'main.ts': text });
    }
  });

  test('a wait at the top of the module', () => refused('Top-level await', { 'main.ts': 'await 1; export {};' }));

  test('text of a package cannot forge lines of a message', () =>
    refused(/^[^\n]*\\u\{a\}[^\n]*$|"a\\nb"/, { 'main.ts': 'import "a\\nb"' }));
});

describe('GRAFT_PACKAGE_LIMIT', () => {
  test('more source than a bundle takes', async () => {
    const text = `export const a = "${'a'.repeat(8_000_000)}";`;
    const texts = { 'main.ts': 'export * from "./a.ts"; export * from "./b.ts";', 'a.ts': text, 'b.ts': text };
    await expectRefusal('GRAFT_PACKAGE_LIMIT', 'the source is larger than 12582912 bytes', () => bundled(texts));
  });

  test('a script that is larger than its source, by escapes', async () => {
    const texts = { 'main.ts': `export const a = "${'\u4e2d'.repeat(2_500_000)}";` };
    await expectRefusal('GRAFT_PACKAGE_LIMIT', 'the bundle is larger than 12582912 bytes', () => bundled(texts));
  });
});

describe('what the bundler is kept from', () => {
  test('an import known only at run time fails there', async () => {
    const text =
      'export const late = (name) => import(name); export const old = (name) => require(name); ' +
      'export const near = () => import("./near.js");';
    let asked = 0;
    const exports = await run({ 'main.js': text, 'near.js': 'export const here = 1;' }, 'main.js', {
      require: () => asked++,
    });
    await expect(exports.late?.('node:fs')).rejects.toHaveProperty(
      'message',
      'Dynamic require of "node:fs" is not supported',
    );
    expect(() => exports.old?.('node:fs')).toThrow('Dynamic require of "node:fs" is not supported');
    expect(asked).toBe(0);
    expect(await exports.near?.()).toHaveProperty('here', 1);
    expect((await bundled({ 'main.js': text, 'near.js': '' }, 'main.js')).code).not.toMatch(/\bimport\s*\(/);
  });

  test('a computed import looks at no file of the disk, and tells neither its text nor whether it exists', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
    await writeFile(join(folder, 'token.txt'), 'SECRET');
    const up = '../'.repeat(8);
    const paths = [`${up}${folder.slice(1)}/`, `${up}${folder.slice(1)}/nothing-like-it`, `${up}no/such/folder/`, './'];
    const forms = [
      (path: string) => `export const a = (n) => import('${path}' + n);`,
      (path: string) => `export const a = (n) => require('${path}' + n);`,
      (path: string) =>
        `export const a = (n) => { try { return require(\`${path}\${n}.txt\`); } catch { return 0; } };`,
      (path: string) => `export const a = (n) => import(\`${path}\${n}/\${n}\`, { with: { type: 'json' } });`,
    ];
    try {
      const said = new Set<string>();
      for (const path of paths)
        for (const form of forms) {
          const error: unknown = await bundled({ 'main.js': form(path) }, 'main.js').catch((caught: unknown) => caught);
          expect(error).toMatchObject({ code: 'GRAFT_BUNDLE' });
          said.add((error as Error).message);
        }
      expect([...said]).toEqual([expect.stringContaining('is computed')]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('a source map on the disk, named in a comment, is not read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'graftwork-map-'));
    const file = join(folder, 'x.map');
    await writeFile(file, JSON.stringify({ version: 3, sources: ['FROM-DISK'], names: [], mappings: 'AAAA' }));
    for (const comment of [
      `//# sourceMappingURL=file://${file}`,
      `//@ sourceMappingURL=${file}`,
      `/*# sourceMappingURL=file://${file} */`,
    ]) {
      const { sourceMap } = await bundled({ 'main.js': `export const a = () => 1;\n${comment}` }, 'main.js');
      expect(sourceMap).not.toContain('FROM-DISK');
    }
    await rm(folder, { recursive: true });
  });

  test('a string about source maps stays as it is', async () => {
    const exports = await run({ 'main.js': 'export const a = () => "//# sourceMappingURL=x";' }, 'main.js');
    expect(exports.a?.()).toBe('//# sourceMappingURL=x');
  });
});
