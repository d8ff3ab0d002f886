// The rewriter's module is renewed again and again; the ones before are given back.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const REWRITER = new URL('../../../examples/browser-filter/html/rewriter.ts', import.meta.url);

/** A module for each round: `calls` tells so many that it is renewed. Prints how many MB outside the heap remain. */
const program = `
import { read } from '${REWRITER}';
const round = () => read(new TextEncoder().encode('<p>a</p>'), { on: [], calls: () => 1e6 });
const mb = async () => {
  for (let i = 0; i < 3; i++) { globalThis.gc(); await new Promise(setImmediate); }
  return process.memoryUsage().external / 2 ** 20;
};
for (let i = 0; i < 5; i++) await round();
const before = await mb();
for (let i = 0; i < 40; i++) await round();
console.log((await mb()) - before);
`;

test('memory of earlier modules is given back', async () => {
  const args = ['--expose-gc', '--input-type=module-typescript', '--eval', program];
  const cwd = fileURLToPath(new URL('.', REWRITER));
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
  // A module's own memory is a megabyte and more.
  expect(Number(stdout)).toBeLessThan(10);
});
