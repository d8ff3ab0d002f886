// The guides do what they say: every file of a guide is written out, as it stands there, and run.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** The files of a guide: each a code block below a line with nothing but its name. */
const filesOf = (guide: string): [string, string][] =>
  [...readFileSync(join(ROOT, guide), 'utf8').matchAll(/^`([\w./-]+)`:\n\n```\w+\n([\s\S]*?)^```$/gm)].map(
    ([, name = '', text = '']) => [name, text],
  );

/** Writes a guide's files into a folder, with what it installs. */
const writtenOut = (guide: string): string => {
  const folder = mkdtempSync(join(ROOT, 'test', 'guide-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules', 'graftwork'));
  for (const [name, text] of filesOf(guide)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
};

describe('docs/application.md', () => {
  let folder = '';
  beforeAll(() => {
    folder = writtenOut('docs/application.md');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('the compiler takes every file', async () => {
    writeFileSync(join(folder, 'tsconfig.json'), '{ "extends": "../../tsconfig.json", "include": ["**/*.ts"] }');
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
  });

  test('the shop answers as the guide says, and ends gracefully', async () => {
    const shop: ChildProcess = spawn(process.execPath, ['main.ts'], {
      cwd: folder,
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(shop, 'exit');
    try {
      const lines: string[] = [];
      const printed = createInterface({ input: shop.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
      const next = async (): Promise<string> => lines[lines.push(String((await printed.next()).value)) - 1] as string;
      const [, port] = /port (\d+)/.exec(await next()) ?? [];
      const order = async (body: object): Promise<[number, unknown]> => {
        const answer = await fetch(`http://127.0.0.1:${port}/orders`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        });
        return [answer.status, await answer.json()];
      };
      const tea = { product: 1, count: 12, country: 'DE', customer: 'ann' };
      expect(await order(tea)).toEqual([201, { paid: 108 }]);
      expect(await next()).toMatch(/^mail \S+: ann: thank you for 108$/);
      expect(await order({ ...tea, country: 'XX' })).toEqual([422, { error: 'embargo: nothing is sent to XX' }]);
      expect((await order({ ...tea, count: 'many' }))[0]).toBe(400);
      shop.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    } finally {
      shop.kill('SIGKILL');
    }
  });

  test('its own test passes under Jest', async () => {
    const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
    const { stderr } = await run(process.execPath, ['--experimental-vm-modules', jest], { cwd: folder });
    expect(stderr).toMatch(/Tests: +1 passed/);
  });
});
