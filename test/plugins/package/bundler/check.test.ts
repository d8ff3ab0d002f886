// Bundlers that say what they should not, or do not start.

import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ALL_WALLS, NO_WALLS } from '../../../../src/plugins/compartment/process/walls/standing.ts';
import { Bundlers } from '../../../../src/plugins/package/bundler/bundlers.ts';
import { packageOf } from '../../../../src/plugins/package/bundler/check.ts';
import { bundlerCommands } from '../../../../src/plugins/package/bundler/command.ts';
import {
  CODE,
  FOLLOW,
  HEAD,
  LIST,
  type RawPackage,
  READ,
  READY,
  REFUSED,
  SOURCE_MAP,
} from '../../../../src/plugins/package/bundler/messages.ts';
import { PackageFolder } from '../../../../src/plugins/package/folder.ts';
import { expectRefusal } from '../archives.ts';

const bare = bundlerCommands(false);
const liar = stripTypeScriptTypes(readFileSync(new URL('liar.ts', import.meta.url), 'utf8'));
const RAW = {
  entries: [{ path: 'main.ts', bytes: Buffer.from('export const a = 1;') }],
  given: '{"name":"x","api":1,"grafts":[]}',
};
const OPTIONS = { wait_ms: 30_000, walls: NO_WALLS };

let release = (): void => {};
afterEach(() => release());

type Said = readonly (readonly [type: number, text: string, times?: number])[];

/** What comes of a package where its bundler says this. */
const packageFrom = async (said: Said, raw: RawPackage = RAW) => {
  const args = ['--input-type=module', '--eval', liar, JSON.stringify(said)];
  const commands = { ...bare, reads: { file: process.execPath, args, env: {} } };
  const all = new Bundlers({ commands: () => commands, standing: () => NO_WALLS });
  release = all.hold();
  return packageOf(await all.make(raw, OPTIONS));
};

const DIGEST = '0'.repeat(64);
const manifest = { api: 1, grafts: [], needs: [], limits: {} };
const head = (changes: object): readonly [number, string] => [
  HEAD,
  JSON.stringify({ name: 'x', version: '1.0.0', manifest, digest: DIGEST, missing: [], ...changes }),
];
const rest: Said = [
  [CODE, '({})'],
  [SOURCE_MAP, '{}'],
];

describe('what a bundler says', () => {
  test('is taken where it is right', async () => {
    const made = await packageFrom([head({}), ...rest]);
    const told = { name: 'x', version: '1.0.0', description: '', manifest, digest: DIGEST, missing: [] };
    expect(made).toEqual({ ...told, code: '({})', sourceMap: '{}' });
    expect(Object.isFrozen(made.manifest.grafts)).toBe(true);
  });

  test.each<[string, Said]>([
    ['a name that is none', [head({ name: '../x' }), ...rest]],
    ['a version that is none', [head({ version: 1 }), ...rest]],
    ['a manifest that asks for what there is not', [head({ manifest: { ...manifest, admin: true } }), ...rest]],
  ])('is checked as a package is: %s', (_, said) => expectRefusal('GRAFT_BAD_MANIFEST', /./, () => packageFrom(said)));

  test.each<[string, Said]>([
    ['a digest that is none', [head({ digest: 'x' }), ...rest]],
    ['no list of missing globals', [head({ missing: {} }), ...rest]],
    ['a missing global that there is not', [head({ missing: [{ name: 'constructor', at: 'a.js:1:1' }] }), ...rest]],
    ['a missing global without a place', [head({ missing: [{ name: 'fetch', at: 1 }] }), ...rest]],
    [
      'more missing globals than are looked for',
      [head({ missing: Array(51).fill({ name: 'fetch', at: '' }) }), ...rest],
    ],
    ['a head that is no object', [[HEAD, '7'], ...rest]],
    ['a head that is no JSON', [[HEAD, '{'], ...rest]],
    ['a head without end', [[HEAD, ' ', 300_000], ...rest]],
    ['a script before its head', rest],
    ['two heads', [head({}), head({}), ...rest]],
    ['a script too large', [head({}), [CODE, ' ', 12 * 2 ** 20 + 1], [SOURCE_MAP, '{}']]],
    ['a refusal with a code of the host', [[REFUSED, '{"code":"GRAFT_UNAUTHORIZED","message":"x"}']]],
    ['a refusal with no code', [[REFUSED, '{"message":"x"}']]],
    ['a refusal that is none', [[REFUSED, '[]']]],
    ['that it is ready, again', [[READY, '\x03\x03']]],
    ['what is no message', [[99, '']]],
    ['a question to a folder, of which there is none', [[READ, 'main.ts'], head({}), ...rest]],
  ])('is refused where it has no meaning: %s', (_, said) =>
    expectRefusal('GRAFT_BUNDLE', 'gave up on this package: it said what it cannot have meant', () =>
      packageFrom(said),
    ),
  );

  test.each<[string, Said]>([
    [
      'two questions at once',
      [
        [LIST, ''],
        [READ, 'main.ts'],
      ],
    ],
    ['a head before its question has an answer', [[FOLLOW, 'main.ts'], head({}), ...rest]],
    ['a question about half of its script', [head({}), [READ, 'main.ts']]],
  ])('is refused where it is asked out of turn: %s', async (_, said) => {
    const folder = await PackageFolder.at(dirname(fileURLToPath(import.meta.url)));
    await expectRefusal('GRAFT_BUNDLE', 'it said what it cannot have meant', () => packageFrom(said, { folder }));
    await folder.close();
  });

  test('forges no lines of a log', () =>
    expectRefusal('GRAFT_BUNDLE', /^a\\u\{a\}b$/, () =>
      packageFrom([[REFUSED, '{"code":"GRAFT_BUNDLE","message":"a\\nb"}']]),
    ));
});

describe('where no bundler starts', () => {
  const missing = { ...bare, reads: { file: '/nowhere/node', args: [], env: {} } };

  test('who waits is told', async () => {
    const all = new Bundlers({ commands: () => missing, standing: () => ALL_WALLS });
    await expect(all.make(RAW, OPTIONS)).rejects.toMatchObject({ code: 'GRAFT_INTERNAL' });
  });

  test('behind walls, one without is no answer where plugins have walls', async () => {
    const commands = (walled: boolean) => (walled ? missing : bare);
    const all = new Bundlers({ commands, standing: () => ALL_WALLS });
    await expect(all.make(RAW, OPTIONS)).rejects.toMatchObject({ code: 'GRAFT_INTERNAL' });
  });

  test('behind walls, one starts without where plugins have none either', async () => {
    const commands = (walled: boolean) => (walled ? missing : bare);
    const all = new Bundlers({ commands, standing: () => NO_WALLS });
    release = all.hold();
    expect(packageOf(await all.make(RAW, OPTIONS)).name).toBe('x');
  });

  test('and esbuild is not installed, who waits is told that', async () => {
    const commands = () => {
      throw new Error('no binary');
    };
    const all = new Bundlers({ commands, standing: () => NO_WALLS });
    await expect(all.make(RAW, OPTIONS)).rejects.toMatchObject({ message: expect.stringContaining('no binary') });
  });
});
