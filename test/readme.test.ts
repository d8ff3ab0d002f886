// Every whole example of a document (one that imports what it uses) is what `tsc --strict` takes and, run as it stands
// there in a process of its own, prints what its comment says.

import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

interface Example {
  readonly document: string;
  readonly code: string;
  /** What its comment says that it prints. */
  readonly printed: string;
}

const EXAMPLE = /```ts\n([\s\S]*?)```/g;
const PRINTED = /console\.log\(.*\);(?: |\n)\/\/ (.*)/;

const examples: Example[] = globSync(['*.md', 'docs/*.md', 'src/*/README.md', 'examples/*/README.md'], { cwd: ROOT })
  .sort()
  .flatMap((document) =>
    [...readFileSync(join(ROOT, document), 'utf8').matchAll(EXAMPLE)].flatMap(([, code = '']) => {
      const printed = PRINTED.exec(code)?.[1];
      return printed === undefined || !code.includes(" from 'graftwork") ? [] : { document, code, printed };
    }),
  );

describe('examples of documents', () => {
  // Inside the repository, so that the package finds itself by its name.
  let folder = '';
  const files = examples.map((_, i) => `example-${i}.ts`);
  beforeAll(() => {
    folder = mkdtempSync(join(ROOT, 'test', 'readme-'));
    for (const [i, { code }] of examples.entries()) writeFileSync(join(folder, files[i] as string), code);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('there are some', () => {
    expect(examples.map(({ document }) => document)).toEqual(expect.arrayContaining(['README.md']));
  });

  test('all are what the compiler takes', async () => {
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.json', compilerOptions: { noEmit: true }, include: ['*.ts'] }),
    );
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
  });

  test.each(examples.map((example, i) => ({ ...example, file: files[i] as string })))(
    '$document: $printed',
    async ({ file, printed }) => {
      const { stdout } = await run(process.execPath, [file], { cwd: folder });
      expect(stdout.trim()).toBe(printed);
    },
  );
});
