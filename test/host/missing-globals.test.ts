// What a plugin names and does not find is said when it is installed.

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createHost, type Host } from '../../src/host/index.ts';
import { IsolateMaker } from '../../src/plugins/compartment/index.ts';

let host: Host;
beforeEach(async () => {
  host = await createHost({ store: 'memory', compartment: new IsolateMaker() });
  host.graftPoint({ name: 'a/b', kind: 'function', default: () => null });
});
afterEach(() => host.close());

const plugin = (code: string, files: Record<string, string> = {}) => ({
  manifest: { name: 'p', main: 'main.js', graftwork: { api: 1, grafts: [{ point: 'a/b', export: 'f' }] } },
  files: { 'main.js': code, ...files },
});

test('a plugin that is bound to fail where it asks the network is refused, with the line', async () => {
  const files = { 'lib.js': '\n\nexport const get = (url) => fetch(url);' };
  await expect(
    host.install(plugin('import { get } from "./lib.js"; export const f = () => get("x");', files)),
  ).rejects.toMatchObject({
    code: 'GRAFT_INSTALL_FAILED',
    message: 'p: lib.js:3:29: `fetch` does not exist here: ask the host for a callable that does the request',
  });
  expect(host.plugins()).toEqual([]);
});

test('a plugin that names what it may never reach is installed, and its information says it', async () => {
  const installed = await host.install(plugin('export const f = (n) => n > 1 ? Buffer.from("x") : 1;'));
  expect(installed.missing).toEqual([
    { name: 'Buffer', at: 'main.js:1:33', instead: 'use Uint8Array, TextEncoder and TextDecoder' },
  ]);
  expect(host.plugins()[0]?.missing).toEqual(installed.missing);
});

test('a module that fails for a global that is missing says where', async () => {
  const files = { 'lib.js': '\n\nconst bytes = Buffer.from("x"); export default bytes;' };
  await expect(
    host.install(plugin('import b from "./lib.js"; export const f = () => b;', files)),
  ).rejects.toMatchObject({
    code: 'GRAFT_INSTALL_FAILED',
    message: expect.stringMatching(
      /Buffer is not defined.*\(lib\.js:3:15: `Buffer` does not exist here: use Uint8Array/,
    ),
  });
});
