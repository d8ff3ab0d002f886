// How a process of statements is started: Node runs its program from the command line, under the permission model,
// with an empty environment but for the time zone and the locale, and as this system allows without a network, ended
// with the host, and behind walls of its own.

import { scriptAt } from '../../../plugins/compartment/index.ts';
import { wallsAddon, wrapper } from '../../../plugins/compartment/process/index.ts';
import { SQL_HEAP_MB } from '../bounds.ts';
import { Workers } from '../workers.ts';
import { StatementProcess } from './statement-process.ts';

const MAIN = new URL('main', import.meta.url);

/** The words of the command. `file`: the database. */
const statementCommand = (file: string): [string, ...string[]] => {
  const addon = wallsAddon();
  const flags = ['--permission', `--max-old-space-size=${SQL_HEAP_MB}`, ...(addon === null ? [] : ['--allow-addons'])];
  const program = ['--eval', scriptAt(MAIN), file, ...(addon === null ? [] : [addon])];
  return [...wrapper().words, process.execPath, ...flags, ...program] as [string, ...string[]];
};

/** The processes of statements over one file. */
export const startProcesses = (file: string): Workers<StatementProcess> =>
  new Workers((ended) => new StatementProcess(statementCommand(file), ended));
