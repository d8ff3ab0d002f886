// `graftwork serve` from its first start to its end.

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { begin, ended, listening, PLUGIN, run, SHOP } from './program.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'graftwork-'));
});

afterEach(() => rm(folder, { recursive: true }));

const install = async (url: string): Promise<Response> => {
  const { 'package.json': manifest, ...files } = PLUGIN;
  const token = (await readFile(join(folder, 'data/token'), 'utf8')).trim();
  return fetch(`${url}/api/plugins`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ manifest: JSON.parse(manifest as string), files }),
  });
};

describe('a first start', () => {
  test('serves an empty host, says what holds, shows the token once, keeps it, and ends at SIGTERM', async () => {
    const first = begin(['serve', '--port', '0'], {}, folder);
    const firstEnd = ended(first);
    const { url, printed } = await listening(first);
    const token = (await readFile(join(folder, 'data/token'), 'utf8')).trim();
    expect(printed).toContain(`: ${token}\n`);
    expect(printed).toContain(`node: ${process.versions.node}\n`);
    expect(printed).toMatch(/^walls: /m);
    expect(printed).toMatch(/network of plugins: /);
    expect((await stat(join(folder, 'data/token'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
    const points = await fetch(`${url}/api/points`, { headers: { Authorization: `Bearer ${token}` } });
    expect(await points.json()).toEqual({ points: [] });
    const page = await fetch(`${url}/`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('No graft point is declared.')]);
    first.kill('SIGTERM');
    expect(await firstEnd).toMatchObject({ code: 0, stderr: '' });

    const second = begin(['serve', '--port', '0'], {}, folder);
    const secondEnd = ended(second);
    const again = await listening(second);
    expect(again.printed).not.toContain(token);
    second.kill('SIGINT');
    expect((await secondEnd).code).toBe(0);
    expect((await readFile(join(folder, 'data/token'), 'utf8')).trim()).toBe(token);
  });
});

describe('a host module', () => {
  test('declares the points, and plugins stand again at the next start', async () => {
    await writeFile(join(folder, 'shop.mjs'), SHOP);
    const args = ['serve', '--port', '0', '--host-module', 'shop.mjs', '--data', 'data'];
    const first = begin(args, {}, folder);
    const firstEnd = ended(first);
    expect((await install((await listening(first)).url)).status).toBe(201);
    first.kill('SIGTERM');
    expect((await firstEnd).code).toBe(0);

    const second = begin(args, {}, folder);
    const secondEnd = ended(second);
    const { url } = await listening(second);
    const listed = await run(['plugins', '--url', url], {}, folder);
    expect(listed.stdout).toContain('@shop/sampler');
    second.kill('SIGTERM');
    expect((await secondEnd).code).toBe(0);
  });

  test.each([
    ['is not there', undefined, /^GRAFT_BAD_OPTION: the host module shop\.mjs cannot be loaded: /],
    ['does not parse', 'export default (', /^GRAFT_BAD_OPTION: the host module shop\.mjs cannot be loaded: /],
    ['throws', 'throw new Error("at load")', /^GRAFT_BAD_OPTION: .*at load/],
    [
      'has no default export',
      'export const points = 1',
      /^GRAFT_BAD_OPTION: .* has no default export .*; there is points/,
    ],
    [
      'declares a point wrongly',
      'export default (host) => host.graftPoint({ name: "X" })',
      /^GRAFT_BAD_OPTION: graft point: /,
    ],
    [
      'throws while it declares',
      'export default () => { throw new TypeError("while declaring") }',
      /^GRAFT_INTERNAL: TypeError: while declaring/,
    ],
  ])('1: one that %s', async (_what, content, message) => {
    if (content !== undefined) await writeFile(join(folder, 'shop.mjs'), content);
    const { code, stderr } = await run(['serve', '--port', '0', '--host-module', 'shop.mjs'], {}, folder);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
  });
});

describe('1: a start that cannot be', () => {
  test('a port in use', async () => {
    const first = begin(['serve', '--port', '0'], {}, folder);
    const firstEnd = ended(first);
    const { url } = await listening(first);
    const { port } = new URL(url);
    const second = await run(['serve', '--data', 'other'], { PORT: port }, folder);
    expect([second.code, second.stderr]).toEqual([
      1,
      expect.stringMatching(new RegExp(`^GRAFT_BAD_OPTION: port ${port} of 127.0.0.1 is in use[^\\n]*\\n$`)),
    ]);
    first.kill('SIGTERM');
    await firstEnd;
  });

  test('a weak token, which is not shown', async () => {
    const { code, stdout, stderr } = await run(['serve', '--port', '0'], { GRAFTWORK_TOKEN: 'weak-secret' }, folder);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^GRAFT_BAD_OPTION: GRAFTWORK_TOKEN must have 16/)]);
    expect(stdout + stderr).not.toContain('weak-secret');
  });

  test('a port in the environment that is none', async () => {
    const { code, stderr } = await run(['serve'], { PORT: 'http' }, folder);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^GRAFT_BAD_OPTION: a port is/)]);
  });

  test('a data folder that cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    const { code, stderr } = await run(['serve', '--port', '0'], { GRAFTWORK_DATA: 'file/below' }, folder);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^GRAFT_BAD_OPTION: the data folder file\/below cannot be made: ENOTDIR/),
    ]);
  });
});
