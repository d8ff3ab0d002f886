// The raw libraries beside it, as a naive user would use them: isolated-vm with a memory limit and a time-out, SES with
// a Compartment. Only entries that need nothing of `api` can be run so. What is looked at is the host alone: did it
// live, did the call come back, did the plugin get out.

import { entryAt } from '../../src/plugins/compartment/index.ts';
import { betrayal } from './answers.ts';
import { type Entry, usedNames } from './entry.ts';
import { type Column, columnOf, type Judged } from './matrix.ts';
import { runAll, runProgram } from './run.ts';
import { describesPackage } from './upload.ts';

export const RAW_KINDS = ['raw isolated-vm', 'raw SES'] as const;
export type RawKind = (typeof RAW_KINDS)[number];

const CHILD = entryAt(new URL('raw-child', import.meta.url));
/** Ten times what the plugin may take. */
const HUNG_MS = 5000;

const isRun = (entry: Entry): boolean =>
  usedNames(entry.source).length === 0 && !describesPackage(entry) && entry.outcome !== 'refused-install';

const judge = async (kind: RawKind, entry: Entry): Promise<Judged> => {
  const { id } = entry;
  if (!isRun(entry)) return { id, status: 'not-applicable', why: 'needs a host' };
  const { line, end } = await runProgram([CHILD, kind], JSON.stringify(entry), HUNG_MS);
  if (line === '') return { id, status: 'failed', why: end === 'hung' ? 'host hung' : `host killed (${end})` };
  const { said, late } = JSON.parse(line) as { said: string; late: boolean };
  const leak = betrayal(entry, JSON.parse(said), []);
  if (leak !== null) return { id, status: 'failed', why: `leak: ${leak}` };
  return late
    ? { id, status: 'failed', why: 'the plugin ran on after its end' }
    : { id, status: 'passed', why: 'host survived' };
};

/** Runs every entry that can be run so. */
export const runRaw = async (
  kind: RawKind,
  entries: readonly Entry[],
  jobs: number,
  say: (text: string) => void,
): Promise<Column> => {
  const judged = await runAll(
    entries,
    jobs,
    (entry) => judge(kind, entry),
    (entry, { status, why }) => {
      if (status !== 'not-applicable') say(`${status.padEnd(14)} ${kind} ${entry.id} ${why}`);
    },
  );
  return columnOf(kind, entries, judged);
};
