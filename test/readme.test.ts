// The README's example runs as it stands there, in a process of its own, and prints what its comment says.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

test('the example of the README prints what it says', async () => {
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ?? [];
  const [, printed] = /console\.log\(.*\); \/\/ (.*)/.exec(example) ?? [];
  expect(printed).toBe('default 10 thrown 3');
  // Inside the repository, so that the package finds itself by its name.
  const folder = mkdtempSync(join(ROOT, 'test', 'readme-'));
  try {
    const file = join(folder, 'example.ts');
    writeFileSync(file, example);
    const { stdout } = await promisify(execFile)(process.execPath, [file]);
    expect(stdout.trim()).toBe(printed);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
