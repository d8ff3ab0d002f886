// One entry on a raw library, in a process of its own: `node raw-child.ts "raw isolated-vm" | "raw SES"`, the entry on
// standard input. Prints what it answered, and whether the plugin still used processor time when its call had ended.

import { text } from 'node:stream/consumers';
import ivm from 'isolated-vm';
import type { Entry } from './entry.ts';

const TIME_MS = 100;
const MEMORY_MB = 32;
/** No answer that tells of an escape is longer. */
const SAID_MAX = 10_000;

const onIsolate = async (source: string): Promise<unknown> => {
  const isolate = new ivm.Isolate({ memoryLimit: MEMORY_MB });
  const context = await isolate.createContext();
  const code = `return JSON.stringify(await (${source})({}, {}))`;
  return JSON.parse(
    (await context.evalClosure(`return (async () => { ${code} })()`, [], {
      timeout: TIME_MS,
      result: { promise: true, copy: true },
    })) as string,
  );
};

const onSes = async (source: string): Promise<unknown> => {
  await import('ses');
  lockdown();
  const graft = new Compartment().evaluate(`(${source})`) as (input: object, api: object) => unknown;
  return graft({}, {});
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const entry = JSON.parse(await text(process.stdin)) as Entry;
const run = process.argv[2] === 'raw SES' ? onSes : onIsolate;
process.on('unhandledRejection', () => {});
let answer: unknown = null;
try {
  answer = await Promise.race([run(entry.source), pause(10 * TIME_MS)]);
} catch {
  // However it ended, the host has its answer.
}
const before = process.cpuUsage();
await pause(500);
const { user } = process.cpuUsage(before);
let said = 'null';
try {
  said = JSON.stringify(answer) ?? 'null';
} catch {
  // What cannot be written down cannot be looked at.
}
if (said.length > SAID_MAX) said = 'null';
process.stdout.write(`${JSON.stringify({ said, late: user > 250_000 })}\n`);
process.exit(0);
