// One entry in a process of its own, since an in-process kind may take its host down with it:
//   node child.ts KIND      the entry as JSON on standard input; the verdict as one line of JSON on standard output

import { text } from 'node:stream/consumers';
import type { AnyKind } from '../../bench/rivals/index.ts';
import { runEntry } from './attack.ts';
import type { Entry } from './entry.ts';

process.on('unhandledRejection', (error) => {
  process.stdout.write(
    `${JSON.stringify({ status: 'failed', why: `an unhandled rejection in the host: ${error}` })}\n`,
  );
  process.exit(1);
});

const entry = JSON.parse(await text(process.stdin)) as Entry;
const verdict = await runEntry(entry, process.argv[2] as AnyKind);
process.stdout.write(`${JSON.stringify(verdict)}\n`);
process.exit(0);
