import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LIMIT_NAMES } from '../../../src/plugins/limits.ts';
import { parseUniqueJson } from '../../../src/plugins/package/json.ts';
import { canonicalManifest, checkManifest, checkName, checkVersion } from '../../../src/plugins/package/manifest.ts';
import { expectRefusal, MANIFEST } from './archives.ts';

const graft = MANIFEST.grafts[0];
const row = (change: object) => ({ ...MANIFEST, grafts: [{ ...graft, ...change }] });

describe('a manifest', () => {
  test('gets its defaults, and is frozen all through', () => {
    const manifest = checkManifest(MANIFEST);
    expect(manifest).toEqual({
      api: 1,
      grafts: [{ point: 'shop/price', export: 'price', order: 100 }],
      needs: [],
      limits: {},
    });
    for (const part of [manifest, manifest.grafts, manifest.grafts[0], manifest.needs, manifest.limits])
      expect(Object.isFrozen(part)).toBe(true);
  });

  test('keeps what it says', () => {
    const whole = {
      api: 1,
      grafts: [
        { point: 'a', export: 'default', order: -1.5 },
        { point: 'a', export: '$größe_2', order: 0 },
        { point: 'a_b-c.d/9', export: 'default', order: 0 },
      ],
      needs: ['stock', 'shop.log.debug'],
      limits: Object.fromEntries(LIMIT_NAMES.map((name, i) => [name, i + 0.5])),
    };
    expect(checkManifest(whole)).toEqual(whole);
  });

  test('has one canonical text, whatever the order of its keys', () => {
    const one = checkManifest({ api: 1, grafts: [graft], limits: { own_ms: 1, calls: 2 } });
    const other = checkManifest({
      limits: { calls: 2, own_ms: 1 },
      needs: [],
      grafts: [{ order: 100, ...graft }],
      api: 1,
    });
    expect(canonicalManifest(one)).toBe(canonicalManifest(other));
    expect(canonicalManifest(one)).not.toBe(
      canonicalManifest(checkManifest({ ...MANIFEST, limits: { own_ms: 1, calls: 3 } })),
    );
    expect(canonicalManifest(one)).not.toBe(
      canonicalManifest(checkManifest({ ...MANIFEST, limits: { own_ms: 1, writes: 2 } })),
    );
  });
});

describe('GRAFT_BAD_MANIFEST with the path of the fault', () => {
  test.each<[string, unknown]>([
    ['graftwork: must be an object', null],
    ['graftwork: must be an object', [MANIFEST]],
    ['graftwork."grants": unknown', { ...MANIFEST, grants: ['admin'] }],
    ['graftwork.api: must be 1', { ...MANIFEST, api: 2 }],
    ['graftwork.api: must be 1', { grafts: [] }],
    ['graftwork.grafts: must be an array', { api: 1 }],
    [
      'graftwork.grafts: must be a list of at most 64 entries, not a list of 65',
      { api: 1, grafts: Array.from({ length: 65 }, (_, i) => ({ point: `p${i}`, export: 'x' })) },
    ],
    ['graftwork.grafts[0]: must be an object', { api: 1, grafts: ['shop/price'] }],
    ['graftwork.grafts[1]: price stands at shop/price already', { api: 1, grafts: [graft, { ...graft, order: 1 }] }],
    ['graftwork.grafts[0]."exprot": unknown', row({ exprot: 'x' })],
    ...['', '/', 'a//b', '/a', 'a/', 'Shop', 'a b', 'ä', 'a'.repeat(201), 7].map((point): [string, unknown] => [
      'graftwork.grafts[0].point: must be segments',
      row({ point }),
    ]),
    ...['', 'a-b', 'a.b', '1a', '__proto__', 'constructor', 'prototype', 'a'.repeat(101), 'a\n', 7].map(
      (name): [string, unknown] => ['graftwork.grafts[0].export: must be the name of an export', row({ export: name })],
    ),
    ...['1', null, Number.NaN, Number.POSITIVE_INFINITY].map((order): [string, unknown] => [
      'graftwork.grafts[0].order: must be a number',
      row({ order }),
    ]),
    ['graftwork.needs: must be an array', { ...MANIFEST, needs: 'stock' }],
    ['graftwork.needs: must be a list of at most 64', { ...MANIFEST, needs: Array(65).fill('a') }],
    ...['', 'a..b', '.a', 'a-b', 'a.__proto__', 'constructor', `a${'.a'.repeat(100)}`, 1].map(
      (need): [string, unknown] => ['graftwork.needs[1]: must be identifiers', { ...MANIFEST, needs: ['ok', need] }],
    ),
    ['graftwork.limits: must be an object', { ...MANIFEST, limits: [] }],
    ['graftwork.limits."own_sm": unknown', { ...MANIFEST, limits: { own_sm: 1 } }],
    ...[0, -1, '1', null, Number.NaN, Number.POSITIVE_INFINITY].map((limit): [string, unknown] => [
      'graftwork.limits.calls: must be a number above 0',
      { ...MANIFEST, limits: { own_ms: 1, calls: limit } },
    ]),
  ])('%s', (message, manifest) =>
    expectRefusal('GRAFT_BAD_MANIFEST', message.replace(/[[\].]/g, '\\$&'), () => checkManifest(manifest)),
  );

  test.each([
    '../host',
    '__proto__',
    'constructor',
    'prototype',
    '',
    '.',
    '..',
    'CON',
    'con',
    'nul.js',
    'a/b',
    'x'.repeat(10_000),
    'node_modules',
    'x'.repeat(215),
    '-x',
    '--help',
    '~',
    '~root',
    '.hidden',
    '_a',
  ])('the name %.20j', (name) =>
    expectRefusal('GRAFT_BAD_MANIFEST', 'name: must be a package name', () => checkName(name)),
  );

  test.each([
    '@',
    '@/',
    '@a',
    '@a/',
    '@/a',
    '@a/b/c',
    '@.a/b',
    '@a/_b',
    '@-a/b',
    '@a/-b',
    '@a/.b',
    'a~b',
    "a'b",
    'a(b)',
    'a!',
    'a*',
    'größe',
    'Fair',
    'a b',
    'a\n',
    'a%2f',
    undefined,
    7,
    ['a'],
  ])('the name %j', (name) =>
    expectRefusal('GRAFT_BAD_MANIFEST', 'name: must be a package name', () => checkName(name)),
  );

  test.each([
    '',
    '1',
    '1.2',
    'v1.2.3',
    '01.2.3',
    '1.2.3.4',
    '1.2.3-',
    '1.2.3 ',
    '1.2.3-ä',
    `1.2.3-${'a'.repeat(64)}`,
    'latest',
    undefined,
    1.2,
  ])('the version %j', (version) =>
    expectRefusal('GRAFT_BAD_MANIFEST', 'version: must be a version', () => checkVersion(version)),
  );

  test('names and versions of real packages pass', () => {
    for (const name of ['a', 'fair-price', '@scope/fair.price', 'a_b', '7zip', 'x'.repeat(214)])
      expect(checkName(name)).toBe(name);
    for (const version of ['0.0.0', '1.2.3', '10.20.30-rc.1+build.5']) expect(checkVersion(version)).toBe(version);
  });
});

describe('JSON in which every key stands once', () => {
  test.each([
    ['{"a":1,"a":2}', 'the key "a" stands twice'],
    ['{"b":[{"a":1,"c":"}","a":2}]}', 'the key "a" stands twice'],
    ['{"a":1, "\\u0061" : 2}', 'the key "a" stands twice'],
    ['{"":1,"":2}', 'the key "" stands twice'],
    ['{"a\\"":1,"a\\"":2}', 'the key "a\\"" stands twice'],
    ['{"__proto__":1,"__proto__":2}', 'the key "__proto__" stands twice'],
    ['{"a":{"b":[[[]]]}}', 'nested deeper than 4'],
    ['{"a":1,}', 'not JSON'],
    ['', 'not JSON'],
    ['[', 'not JSON'],
    ['"', 'not JSON'],
  ])('%s is refused: %s', (text, fault) => {
    expect(parseUniqueJson(text, 4)).toEqual({ value: null, fault: expect.stringContaining(fault) });
  });

  test('the same key in different objects is no fault', () => {
    const text = '{"a":{"a":[{"a":"a"},{"a":"a\\\\"}]},"b":"a","c":[]}';
    expect(parseUniqueJson(text, 4)).toEqual({ value: JSON.parse(text), fault: null });
  });

  test('any JSON text without doubles is what JSON.parse makes of it, and one double is found (seed 13)', () => {
    const inner = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { noNullPrototype: true });
    const property = fc.property(
      inner,
      fc.string({ unit: 'binary' }),
      fc.constantFrom(undefined, 1, '\t'),
      (object, key, space) => {
        const once = JSON.stringify({ [key]: null, inner: object }, null, space);
        expect(parseUniqueJson(once, 100)).toEqual({ value: JSON.parse(once), fault: null });
        const twice = `${once.slice(0, -1)}, ${JSON.stringify(key)}: 1}`;
        expect(parseUniqueJson(twice, 100).fault).toContain('stands twice');
      },
    );
    fc.assert(property, { seed: 13, numRuns: 300 });
  });
});
