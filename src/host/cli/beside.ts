// Programs that stand beside the library and are shipped with it: the experiments, the hostile corpus, the benchmark of
// a plugin. Each runs in a process of its own, and reads its arguments itself.

import { spawn } from 'node:child_process';
import { entryAt } from '../../plugins/compartment/index.ts';

/** Runs the program `file`, by its path without an extension, to its end. Gives the exit code; 1 after a signal. */
export const runBeside = (file: string, args: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const program = entryAt(new URL(`../../../${file}`, import.meta.url));
    const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
