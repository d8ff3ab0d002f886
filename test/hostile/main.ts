// `graftwork hostile`, and `npm run hostile`: the hostile corpus against the whole host.
//
//   npm run hostile                                   the project's own cases
//   npm run hostile -- --corpus FILE --kind process   any corpus
//     --kind K       process (default), isolate, worker, quickjs or vm; several, joined by commas
//     --only ID,ID   some of the entries         --jobs N    how many at a time (default 2)
//     --json         exactly one JSON object on standard output
//     --raw          what the raw libraries do with entries that need nothing of `api`
//     --report DIR   the table of classes and kinds as Markdown and JSON
//
// Exit 0: all passed or were skipped; 1: one failed; 2: bad use. Progress goes to standard error.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { AnyKind } from '../../bench/rivals/index.ts';
import type { Verdict } from './attack.ts';
import { type Entry, readCorpus } from './entry.ts';
import { type Column, columnOf, jsonOf, markdownOf } from './matrix.ts';
import { RAW_KINDS, type RawKind, runRaw } from './raw.ts';
import { runAll, runAlone } from './run.ts';

const OWN_CASES = fileURLToPath(new URL('cases.jsonl', import.meta.url));
const KINDS: readonly AnyKind[] = ['process', 'isolate', 'worker', 'quickjs', 'vm'];

const OPTIONS = {
  corpus: { type: 'string' },
  kind: { type: 'string', default: 'process' },
  only: { type: 'string' },
  jobs: { type: 'string', default: '2' },
  json: { type: 'boolean', default: false },
  raw: { type: 'boolean', default: false },
  report: { type: 'string' },
} as const;

interface Plan {
  readonly entries: readonly Entry[];
  readonly kinds: readonly AnyKind[];
  readonly raw: readonly RawKind[];
  readonly jobs: number;
  readonly json: boolean;
  readonly report: string | undefined;
}

const kindsOf = (text: string): AnyKind[] => {
  const kinds = text.split(',') as AnyKind[];
  const unknown = kinds.find((kind) => !KINDS.includes(kind));
  if (unknown !== undefined) throw new Error(`unknown kind ${unknown}; there are ${KINDS.join(', ')}`);
  return kinds;
};

const chosen = (entries: readonly Entry[], only: string | undefined): readonly Entry[] => {
  if (only === undefined) return entries;
  const ids = only.split(',');
  const unknown = ids.find((id) => !entries.some((entry) => entry.id === id));
  if (unknown !== undefined) throw new Error(`there is no entry ${unknown}`);
  return entries.filter(({ id }) => ids.includes(id));
};

const planOf = (args: readonly string[]): Plan => {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 64) throw new Error('--jobs takes 1 to 64');
  const entries = chosen(readCorpus(values.corpus ?? OWN_CASES), values.only);
  return {
    entries,
    kinds: kindsOf(values.kind),
    raw: values.raw ? RAW_KINDS : [],
    jobs,
    json: values.json,
    report: values.report,
  };
};

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const runKind = (plan: Plan, kind: AnyKind): Promise<Verdict[]> =>
  runAll(
    plan.entries,
    plan.jobs,
    (entry) => runAlone(entry, kind),
    (entry, { status, why }) => say(`${status.padEnd(14)} ${kind} ${entry.id} (${entry.title}): ${why}`),
  );

const namesOf = (verdicts: readonly Verdict[], ...of: Verdict['status'][]): { id: string; why: string }[] =>
  verdicts.filter(({ status }) => of.includes(status)).map(({ id, why }) => ({ id, why }));

/** What --json prints: of several kinds, each id with its kind. */
const resultOf = (verdicts: readonly Verdict[]): object => ({
  total: verdicts.length,
  passed: verdicts.filter(({ status }) => status === 'passed').length,
  failed: namesOf(verdicts, 'failed'),
  skipped: namesOf(verdicts, 'skipped', 'not-applicable'),
});

const writeReport = (folder: string, columns: readonly Column[]): void => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'hostile.md'), markdownOf(columns));
  writeFileSync(join(folder, 'hostile.json'), `${JSON.stringify(jsonOf(columns), null, 2)}\n`);
};

const run = async (plan: Plan): Promise<boolean> => {
  const columns: Column[] = [];
  const all: Verdict[] = [];
  for (const kind of plan.kinds) {
    const verdicts = await runKind(plan, kind);
    columns.push(columnOf(kind, plan.entries, verdicts));
    all.push(
      ...(plan.kinds.length === 1
        ? verdicts
        : verdicts.map((verdict) => ({ ...verdict, id: `${kind}/${verdict.id}` }))),
    );
  }
  for (const kind of plan.raw) columns.push(await runRaw(kind, plan.entries, plan.jobs, say));
  if (plan.report !== undefined) writeReport(plan.report, columns);
  if (plan.json) console.log(JSON.stringify(resultOf(all)));
  else {
    console.log(markdownOf(columns));
    for (const { id, why } of namesOf(all, 'skipped', 'not-applicable')) console.log(`skipped ${id}: ${why}`);
    for (const { id, why } of namesOf(all, 'failed')) console.log(`FAILED ${id}: ${why}`);
  }
  return all.every(({ status }) => status !== 'failed');
};

const plan = ((): Plan | null => {
  try {
    return planOf(process.argv.slice(2));
  } catch (error) {
    say(`hostile: ${error instanceof Error ? error.message : error}`);
    return null;
  }
})();
process.exitCode = plan === null ? 2 : (await run(plan)) ? 0 : 1;
