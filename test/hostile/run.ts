// Runs entries, each in a fresh process, some at a time. A host that dies or hangs is a failed entry, not a failed run.

import { spawn } from 'node:child_process';
import type { AnyKind } from '../../bench/rivals/index.ts';
import { entryAt } from '../../src/plugins/compartment/index.ts';
import { notRun, type Verdict } from './attack.ts';
import type { Entry } from './entry.ts';

/** A host that takes this long hangs. */
const HUNG_MS = 90_000;
const CHILD = entryAt(new URL('child', import.meta.url));

/** The whole group: plugins' processes of a host that was killed end with it, those of one that hangs with this. */
const kill = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has gone by itself.
  }
};

/** What a program answered on its standard output, or how it ended without. */
export const runProgram = (
  args: readonly string[],
  input: string,
  hung_ms: number,
): Promise<{ line: string; end: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    let output = '';
    let isHung = false;
    const timer = setTimeout(() => {
      isHung = true;
      kill(child.pid);
    }, hung_ms);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      kill(child.pid);
      const end = isHung ? 'hung' : signal === null ? `ended with code ${code}` : `was killed by ${signal}`;
      resolve({ line: output.split('\n').find((line) => line.startsWith('{')) ?? '', end });
    });
  });

/** Runs one entry in a process of its own. */
export const runAlone = async (entry: Entry, kind: AnyKind): Promise<Verdict> => {
  const skipped = notRun(entry, kind);
  if (skipped !== null) return skipped;
  const { line, end } = await runProgram([CHILD, kind], JSON.stringify(entry), HUNG_MS);
  if (line === '') return { id: entry.id, status: 'failed', why: `the host ${end}` };
  const { status, why } = JSON.parse(line) as Verdict;
  return { id: entry.id, status, why };
};

/** Runs all, `jobs` at a time; `told` hears of each as it ends. The verdicts come in the order of the entries. */
export const runAll = async <T>(
  entries: readonly Entry[],
  jobs: number,
  run: (entry: Entry) => Promise<T>,
  told: (entry: Entry, verdict: T) => void,
): Promise<T[]> => {
  const verdicts: T[] = [];
  const left = [...entries.entries()];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [index, entry] = next;
      const verdict = await run(entry);
      verdicts[index] = verdict;
      told(entry, verdict);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return verdicts;
};
