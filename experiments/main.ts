// `graftwork demo`, and `npm run demo`: the kernel model's experiments.
//
//   npm run demo                          all of them, small, and one HTML report
//   npm run demo -- NAME [--small]        one, in full size
//   npm run demo -- NAME --json           its facts, tables and figures as JSON
//
// Each runs in a process of its own. Exit 0 when all ran, 1 when one failed, 2 for bad use.

import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs, styleText } from 'node:util';
import {
  drawsPictures,
  htmlReport,
  machine,
  machineText,
  NO_PICTURES,
  type Result,
  resultText,
} from '../report/index.ts';
import { entryAt } from '../src/plugins/compartment/index.ts';
import { EXPERIMENTS } from './experiments.ts';
import type { WorkOrder } from './worker.ts';

const REPORT = 'demo-report.html';
const COMMON = {
  json: { type: 'boolean' },
  small: { type: 'boolean' },
  seed: { type: 'string' },
  report: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const FLAGS = Object.fromEntries(
  EXPERIMENTS.flatMap(({ flags }) => Object.keys(flags ?? {})).map((name) => [name, { type: 'string' } as const]),
);

const usageText = (): string =>
  [
    'demo [NAME [--small] [--seed N] [--json] [--report FILE] [flags]]',
    '',
    `Without a name all run in small size, and ${REPORT} is written.`,
    '',
    ...EXPERIMENTS.flatMap(({ name, describes, flags }) => [
      `  ${name.padEnd(12)} ${describes}`,
      ...Object.entries(flags ?? {}).map(([flag, what]) => `  ${''.padEnd(14)} --${flag}: ${what}`),
    ]),
  ].join('\n');

const refuse = (why: string): never => {
  process.stderr.write(`demo: ${why}\n\n${usageText()}\n`);
  process.exit(2);
};

const parsed = (() => {
  try {
    return parseArgs({ allowPositionals: true, options: { ...COMMON, ...FLAGS } });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : 'bad options');
  }
})();

type Message =
  | { readonly progress: string }
  | { readonly result: Result }
  | { readonly error: string; readonly stack: string };

const isTerminal = process.stderr.isTTY;

/** Runs one experiment in a process. Rejects with the error that it reports. */
const run = (order: WorkOrder, tell: (text: string) => void): Promise<Result> =>
  new Promise((resolve, reject) => {
    const child = fork(entryAt(new URL('worker', import.meta.url)), { serialization: 'advanced' });
    child.on('message', (message: Message) => {
      if ('progress' in message) return tell(message.progress);
      if ('result' in message) resolve(message.result);
      else reject(new Error(message.error));
      // It is killed: it has nothing left to do, and an engine that had hostile grafts may not end by itself.
      child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => reject(new Error(`its process ended with ${code ?? signal}`)));
    child.send(order);
  });

/** Shows the progress on one line of a terminal, and nothing elsewhere. */
const progress = (text: string): void => {
  if (isTerminal) process.stderr.write(`\r\u001b[K${text}`);
};

const clear = (): void => {
  if (isTerminal) process.stderr.write('\r\u001b[K');
};

const { values, positionals } = parsed;
const seed = Number(values.seed ?? 1);
const flags = Object.fromEntries(Object.entries(values).filter(([name]) => name in FLAGS)) as Record<string, string>;

const measuredOn = () => machine(['isolated-vm', 'ses']);

const one = async (name: string): Promise<void> => {
  const known = EXPERIMENTS.find((experiment) => experiment.name === name) ?? refuse(`no experiment ${name}`);
  const strange = Object.keys(flags).find((flag) => !(flag in (known.flags ?? {})));
  if (strange !== undefined) refuse(`${name} takes no --${strange}`);
  const result = await run({ name, small: values.small === true, seed, flags }, progress);
  clear();
  if (values.report !== undefined) writeFileSync(values.report, await htmlReport([result], machineText(measuredOn())));
  const { facts, ...rest } = result;
  const text =
    values.json === true ? JSON.stringify({ ...facts, ...rest, seed, machine: measuredOn() }) : resultText(result);
  process.stdout.write(`${text}\n`);
};

const all = async (): Promise<boolean> => {
  const results: Result[] = [];
  let failed = false;
  for (const [index, { name }] of EXPERIMENTS.entries()) {
    const begun = performance.now();
    const place = `[${index + 1}/${EXPERIMENTS.length}]`;
    try {
      const result = await run({ name, small: true, seed, flags: {} }, (text) => progress(`${place} ${text}`));
      results.push(result);
      clear();
      process.stderr.write(
        `${place} ${name.padEnd(12)} ${((performance.now() - begun) / 1000).toFixed(1)} s  ${result.title}\n`,
      );
    } catch (error) {
      failed = true;
      clear();
      const why = error instanceof Error ? error.message : error;
      process.stderr.write(`${place} ${name.padEnd(12)} ${styleText('red', 'failed')}: ${why}\n`);
    }
  }
  const report = values.report ?? REPORT;
  writeFileSync(report, await htmlReport(results, machineText(measuredOn())));
  if (values.json === true) process.stdout.write(`${JSON.stringify({ seed, machine: measuredOn(), results })}\n`);
  process.stderr.write(`${report} written${(await drawsPictures()) ? '' : `; ${NO_PICTURES}`}\n`);
  return !failed;
};

if (values.help === true) process.stdout.write(`${usageText()}\n`);
else {
  if (!Number.isSafeInteger(seed)) refuse(`the seed ${values.seed} is no whole number`);
  if (positionals.length > 1) refuse('one experiment at a time');
  try {
    if (positionals[0] !== undefined) await one(positionals[0]);
    else if (!(await all())) process.exitCode = 1;
  } catch (error) {
    clear();
    process.stderr.write(`demo: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
