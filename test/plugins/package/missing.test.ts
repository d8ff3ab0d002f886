// Globals that a realm does not have, found where a package names them.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { MISSING_GLOBALS, type MissingGlobal, missingText, readPackage } from '../../../src/plugins/package/index.ts';

const missingIn = async (files: Record<string, string>): Promise<readonly MissingGlobal[]> => {
  const main = Object.keys(files)[0] as string;
  const manifest = { name: 'x', main, graftwork: { api: 1, grafts: [] } };
  return (await readPackage({ manifest, files })).missing ?? [];
};
const placesIn = async (files: Record<string, string>): Promise<string[]> =>
  (await missingIn(files)).map(({ name, at }) => `${name} ${at}`);

describe('a global that a realm does not have', () => {
  test("is found with the author's line, once a file, also in what is imported", async () => {
    const files = {
      'main.ts':
        'import { b } from "./lib/b.js";\ntype T = 1;\nexport const a = (t: T) => [t, b, fetch("x"), fetch];\n',
      'lib/b.js': '\n\nexport const b = () => setTimeout(() => {}, process.env.NODE_ENV, process.pid);\n',
    };
    expect(await placesIn(files)).toEqual(['setTimeout lib/b.js:3:24', 'process lib/b.js:3:67', 'fetch main.ts:3:35']);
  });

  test.each([
    ['is declared', 'export const f = (fetch) => fetch(1); const process = 1; export { process };'],
    ['is imported', 'import { fetch } from "./own.js"; export const f = () => fetch();'],
    ['is a property', 'export const f = (api) => [api.fetch(), { fetch: 1, process() {} }];'],
    ['is a text, a comment or a label', '// fetch\nexport const f = () => "fetch process";'],
    ['is guarded', "export const f = () => typeof fetch !== 'undefined' && fetch('x');"],
    ['is guarded in brackets', 'export const f = () => typeof (process) === "object" ? process.pid : 0;'],
    ['is looked for as a property', 'export const f = () => globalThis.fetch ? fetch("x") : globalThis.fetch;'],
    ['is looked for by its name', 'export const f = () => ("fetch" in globalThis ? fetch("x") : 0);'],
    ['is never reached', 'const unused = () => fetch(1); export const f = () => 1;'],
    ['is replaced when bundled', 'export const f = () => process.env.NODE_ENV;'],
  ])('is none where it %s', async (_how, source) => {
    expect(await placesIn({ 'main.js': source, 'own.js': 'export const fetch = () => 1;' })).toEqual([]);
  });

  test('is refused where an own file reaches for the world outside, and said where a library does', async () => {
    const files = {
      'main.js': 'import { d } from "dep"; export const f = () => [d, new WebSocket("x"), setTimeout(d)];',
      'node_modules/dep/package.json': '{"name":"dep","main":"d.js"}',
      'node_modules/dep/d.js': 'export const d = () => fetch("x");',
    };
    const missing = await missingIn(files);
    expect(missing.map((one) => [one.name, one.refused])).toEqual([
      ['fetch', false],
      ['WebSocket', true],
      ['setTimeout', false],
    ]);
    expect(missingText(missing[1] as MissingGlobal)).toBe(
      'main.js:1:57: `WebSocket` does not exist here: ask the host for a callable that does the request',
    );
  });

  test('is said, and not refused, where the file may catch what it throws', async () => {
    const missing = await missingIn({ 'main.js': 'export const f = () => { try { fetch(1); } catch {} };' });
    expect(missing).toMatchObject([{ name: 'fetch', refused: false }]);
  });

  test('is documented', () => {
    const text = readFileSync(new URL('../../../docs/plugins.md', import.meta.url), 'utf8');
    const [, list = ''] = /There is no ([^.]+)\./.exec(text) ?? [];
    const documented = [...list.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    expect(documented.toSorted()).toEqual([...MISSING_GLOBALS, 'require'].toSorted());
  });
});
