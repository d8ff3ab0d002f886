import { randomBytes } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type PluginSource, readPackage } from '../../../src/plugins/package/index.ts';
import { expectRefusal, FILES, MANIFEST, MODULE, npmPack, PACKAGE } from './archives.ts';

const NAMED = { name: 'fair-price', ...MANIFEST };
const read = (manifest: unknown, files: Record<string, string> = { 'index.ts': MODULE }) =>
  readPackage({ manifest, files });
const asPackage = (more: object, files: Record<string, string> = {}) =>
  npmPack({ ...FILES, ...files, 'package.json': JSON.stringify({ ...JSON.parse(PACKAGE), ...more }) });
const badManifest = (what: string | RegExp, manifest: unknown, files?: Record<string, string>) =>
  expectRefusal('GRAFT_BAD_MANIFEST', what, () => read(manifest, files));

describe('a package', () => {
  test('is what its archive says, and runs', async () => {
    const { code, digest, sourceMap, ...rest } = await readPackage(await npmPack(FILES));
    expect(rest).toEqual({
      name: 'fair-price',
      version: '1.2.3',
      description: '',
      manifest: { ...MANIFEST, grafts: [{ ...MANIFEST.grafts[0], order: 100 }], needs: [], limits: {} },
      missing: [],
    });
    expect((runInNewContext(code) as { price(request: object): number }).price({ list: 8 })).toBe(4);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.parse(sourceMap)).toHaveProperty('sources', ['plugin:index.ts']);
  });

  test('brings its dependencies along', async () => {
    const bytes = await asPackage(
      {},
      {
        'index.ts': 'import { half } from "@math/half"; export const price = (r: { list: number }) => half(r.list);',
        'node_modules/@math/half/package.json': '{"exports":"./half.js"}',
        'node_modules/@math/half/half.js': 'export const half = (n) => n / 2;',
      },
    );
    expect(
      (runInNewContext((await readPackage(bytes)).code) as { price(request: object): number }).price({ list: 8 }),
    ).toBe(4);
  });

  test('may be an object: a package.json, or the manifest alone with a name', async () => {
    expect(
      await read({ graftwork: MANIFEST, name: 'a', version: '2.0.0', scripts: { postinstall: 'false' } }),
    ).toMatchObject({
      name: 'a',
      version: '2.0.0',
    });
    expect(await read(NAMED)).toMatchObject({ name: 'fair-price', version: '0.0.0' });
    expect(
      await read(MANIFEST, { 'package.json': '{"name":"b","version":"3.0.0"}', 'index.ts': MODULE }),
    ).toMatchObject({
      name: 'b',
      version: '3.0.0',
    });
  });

  test.each<[string, object, Record<string, string>]>([
    ['the only file', NAMED, { 'odd.js': 'export const at = 1' }],
    ['the only file beside package.json', NAMED, { 'odd.js': 'export const at = 1', 'package.json': '{}' }],
    [
      'what main names',
      { ...NAMED, main: './src/x' },
      { 'src/x.ts': 'export const at = 1', 'index.ts': 'export const at = 2' },
    ],
    [
      'what the exports of a package.json name',
      { name: 'a', exports: { '.': './x.js' }, main: 'y.js', graftwork: MANIFEST },
      { 'x.js': 'export const at = 1', 'y.js': '' },
    ],
    [
      'what the package.json among the files names',
      NAMED,
      { 'package.json': '{"main":"x.js"}', 'x.js': 'export const at = 1', 'index.js': '' },
    ],
    ['index.js', NAMED, { 'index.js': 'export const at = 1', 'main.js': '' }],
    ['main.ts', NAMED, { 'other.js': '', 'main.ts': 'export const at = 1' }],
  ])('has as its module %s', async (_, manifest, files) => {
    expect(runInNewContext((await read(manifest, files)).code)).toMatchObject({ at: 1 });
  });

  test('is what its object was when it was handed over', async () => {
    const files: Record<string, string> = { 'index.ts': 'export const at = 1' };
    const manifest = { ...NAMED, grafts: [{ point: 'a', export: 'at' }] };
    const reading = read(manifest, files);
    files['index.ts'] = 'export const at = 2';
    manifest.grafts.push({ point: 'b', export: 'at' });
    const { code, manifest: read_ } = await reading;
    expect(runInNewContext(code)).toMatchObject({ at: 1 });
    expect(read_.grafts).toHaveLength(1);
  });

  test('is what its bytes were when they were handed over', async () => {
    const bytes = await npmPack(FILES);
    const reading = readPackage(bytes);
    bytes.fill(0);
    expect(await reading).toMatchObject({ name: 'fair-price' });
  });
});

describe('the digest', () => {
  const digestOf = async (manifest: unknown, files: Record<string, string>) => (await read(manifest, files)).digest;

  test('differs with anything that differs of what it reaches, and with nothing else', async () => {
    const text = "import notes from './notes.txt'; import more from 'more'; export const price = () => [notes, more];";
    const more = { 'node_modules/more/package.json': '{"main":"a.js"}', 'node_modules/more/a.js': '' };
    const files = { 'index.ts': text, 'main.ts': text, 'notes.txt': 'a', ...more };
    const named = { name: 'fair-price', graftwork: MANIFEST };
    const variants: [object, Record<string, string>][] = [
      [NAMED, files],
      [{ ...NAMED, name: 'other' }, files],
      [{ ...NAMED, version: '0.0.1' }, files],
      [{ ...NAMED, main: 'main.ts' }, files],
      [{ ...NAMED, needs: ['stock'] }, files],
      [{ ...NAMED, limits: { own_ms: 1 } }, files],
      [{ ...named, type: 'module' }, files],
      [{ ...named, browser: { './notes.txt': false } }, files],
      [NAMED, { ...files, 'notes.txt': 'b' }],
      [NAMED, { ...files, 'notes.txt': '', a: 'notes.txta' }],
      [NAMED, { ...files, 'node_modules/more/a.js': ' ' }],
      [NAMED, { ...files, 'node_modules/more/package.json': '{"main":"./a.js"}' }],
      [NAMED, { ...files, 'tsconfig.json': '{}' }],
    ];
    const digests = await Promise.all(variants.map(([manifest, texts]) => digestOf(manifest, texts)));
    expect(new Set(digests).size).toBe(variants.length);
    expect(await digestOf(NAMED, { ...files, 'README.md': 'x', 'node_modules/more/b.js': 'y' })).toBe(digests[0]);
  });

  test('is the same in any order of files, from an object or an archive (seed 5)', async () => {
    const name = fc.stringMatching(/^[a-z]{1,8}$/).map((text) => `lib/${text}.txt`);
    const extra = fc.dictionary(name, fc.string({ unit: 'grapheme' }), { maxKeys: 6, noNullPrototype: true });
    const property = fc.asyncProperty(extra, fc.boolean(), async (more, flip) => {
      const rows = Object.entries({ ...more, ...FILES });
      const { digest } = await readPackage(await npmPack(Object.fromEntries(flip ? rows.reverse() : rows)));
      expect(await digestOf(JSON.parse(PACKAGE), { ...FILES, ...more })).toBe(digest);
    });
    await fc.assert(property, { seed: 5, numRuns: 40 });
  });
});

describe('GRAFT_BAD_MANIFEST', () => {
  const archive = (text: string, what: string | RegExp) =>
    expectRefusal('GRAFT_BAD_MANIFEST', what, async () =>
      readPackage(await npmPack({ 'package.json': text, 'index.ts': MODULE })),
    );

  test('no package.json, or none at the top', async () => {
    await expectRefusal('GRAFT_BAD_MANIFEST', 'package.json is missing', async () =>
      readPackage(await npmPack({ 'index.ts': MODULE, 'a.ts': '' })),
    );
    await expectRefusal('GRAFT_BAD_MANIFEST', 'package.json is missing', async () =>
      readPackage(await npmPack({ 'a/package.json': PACKAGE, 'b/index.ts': '' }, '')),
    );
  });

  test('no JSON, no object, no field graftwork, no name, no version', async () => {
    await archive('{', 'package.json: not JSON');
    await archive('[]', 'package.json: must be an object');
    await archive('null', 'package.json: must be an object');
    await archive('{"name":"a","version":"1.0.0"}', 'the field graftwork is missing');
    await archive(JSON.stringify({ version: '1.0.0', graftwork: MANIFEST }), '^name: ');
    await archive(JSON.stringify({ name: 'a', graftwork: MANIFEST }), '^version: ');
    await badManifest('^name: ', MANIFEST);
  });

  test('a key twice, anywhere in package.json', async () => {
    await archive(
      '{"name":"p","graftwork":{"needs":["read"],"needs":["admin"]},"version":"1.0.0"}',
      'the key "needs" stands twice',
    );
    await archive('{"name":"p","na\\u006de":"q"}', 'the key "name" stands twice');
    await badManifest('the key "a" stands twice', NAMED, { 'index.ts': '', 'package.json': '{"a":1,"a":2}' });
  });

  test.each(['__proto__', 'constructor', 'prototype'])('the key %s, in text and in an object', async (key) => {
    await archive(
      `{"name":"p","graftwork":{"api":1,"${key}":{"trusted":true}}}`,
      `package.json.graftwork.${key}: the key ${key}`,
    );
    await badManifest(`manifest.limits.${key}: the key ${key}`, JSON.parse(`{"limits":{"${key}":1}}`));
  });

  test('a package.json that is too deep or too large', async () => {
    await archive(`{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 'nested deeper than 32');
    await archive(`{"a":"${randomBytes(786_432).toString('base64')}"}`, 'larger than 1048576 bytes');
  });

  test('an object that is not plain, without running any of it', async () => {
    let ran = 0;
    const trap = () => ++ran;
    const getter = Object.defineProperty({ ...NAMED }, 'needs', { get: trap, enumerable: true });
    await badManifest('manifest.needs: an accessor property', getter);
    await badManifest('manifest.limits: a proxy', {
      ...NAMED,
      limits: new Proxy({}, { ownKeys: trap as never, get: trap }),
    });
    await badManifest('manifest.toJSON: a function', { ...NAMED, toJSON: trap });
    await badManifest('manifest: an object of a class', new Map());
    await badManifest('manifest: must be an object', 'x');
    expect(ran).toBe(0);
  });

  test('a module that is named and not there', async () => {
    await badManifest('is not in the package: "x.js"', { ...NAMED, main: 'x.js' });
    await badManifest('is not in the package: "../x.js"', { ...NAMED, main: '../x.js' });
    await badManifest('is not in the package: "no text"', { ...NAMED, main: 7 });
    await expectRefusal('GRAFT_BAD_MANIFEST', 'is not in the package', async () =>
      readPackage(await asPackage({ exports: { './sub': './index.ts' } })),
    );
  });

  test('an unknown key beside the manifest given alone', () =>
    badManifest('graftwork."id": unknown', { ...NAMED, id: 'x' }));
});

describe('GRAFT_PACKAGE_SIGNED', () => {
  const signed = (what: string, more: object) =>
    expectRefusal('GRAFT_PACKAGE_SIGNED', what, async () => readPackage(await asPackage(more)));

  test('a signature in package.json or in its manifest, an empty one too', async () => {
    await signed('package.json.signature', { signature: { alg: 'none', value: '' } });
    await signed('package.json.signatures', { signatures: [] });
    await signed('package.json.graftwork.signature', { graftwork: { ...MANIFEST, signature: 'reuse-of-version-1' } });
  });

  test('a signature in an object', async () => {
    await expectRefusal('GRAFT_PACKAGE_SIGNED', 'manifest.signature', () => read({ ...NAMED, signature: '' }));
    await expectRefusal('GRAFT_PACKAGE_SIGNED', 'signature.json', () =>
      read(NAMED, { 'index.ts': '', 'signature.json': '{}' }),
    );
  });
});

describe('GRAFT_BAD_PACKAGE', () => {
  test.each<[string, unknown]>([
    ['the source: undefined', undefined],
    ['the source must be a path', null],
    ['the source must be a path', 7],
    ['the source must be a path', []],
    ['the source: an object of a class', new Date(0)],
    ['the source: a proxy', new Proxy({}, {})],
    ['the source has the unknown key "file"', { manifest: NAMED, files: {}, file: {} }],
    ['files: must be an object', { manifest: NAMED }],
    ['files: must be an object', { manifest: NAMED, files: ['index.ts'] }],
    ['files."a.ts".: must be text', { manifest: NAMED, files: { 'a.ts': 7 } }],
    ['the source.files.a.ts: a string with NUL', { manifest: NAMED, files: { 'a.ts': '\0' } }],
    ['the source.files.a.ts: a string with a lone surrogate', { manifest: NAMED, files: { 'a.ts': '\ud800' } }],
    ['the source.files.__proto__: the key __proto__', JSON.parse('{"files":{"__proto__":"x"}}')],
  ])('%s', (what, source) => expectRefusal('GRAFT_BAD_PACKAGE', what, () => readPackage(source as PluginSource)));

  test('no module', () =>
    expectRefusal('GRAFT_BAD_PACKAGE', 'has no module', () => read(NAMED, { 'a.ts': '', 'b.ts': '' })));
  test('no files', () => expectRefusal('GRAFT_BAD_PACKAGE', 'has no module', () => read(NAMED, {})));
});

test('GRAFT_PACKAGE_NATIVE: an install script and a native add-on', async () => {
  const bytes = await npmPack({
    'package.json': '{"scripts":{"postinstall":"false"},"gypfile":true}',
    'x.node': '\x7fELF',
    'main.js': '',
  });
  await expectRefusal('GRAFT_PACKAGE_NATIVE', '"x.node"', () => readPackage(bytes));
});

test('GRAFT_PACKAGE_ENTRY: an archive in an archive', async () => {
  const inner = await npmPack(FILES);
  await expectRefusal('GRAFT_PACKAGE_ENTRY', '"inner.tgz" is an archive', async () =>
    readPackage(await npmPack({ ...FILES, 'inner.tgz': inner })),
  );
});

test('GRAFT_PACKAGE_LIMIT: an object of too much text', () =>
  expectRefusal('GRAFT_PACKAGE_LIMIT', '"index.ts" is larger', () =>
    read(NAMED, { 'index.ts': ' '.repeat(8_388_609) }),
  ));

test('GRAFT_BUNDLE: a module that does not parse', () =>
  expectRefusal('GRAFT_BUNDLE', /^index\.ts:1:\d+: /, () => read(NAMED, { 'index.ts': 'export const = 1;' })));
