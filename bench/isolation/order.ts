// Measures one part in a process of its own, and ends that process when it is silent for too long: some parts find out
// whether it will be.

import { type ChildProcess, fork } from 'node:child_process';
import { entryAt } from '../../src/plugins/compartment/index.ts';
import type { Message, Order, Reports } from './child.ts';

const CHILD = entryAt(new URL('child', import.meta.url));
const FLAGS = ['--expose-gc'];

/** How long a process may be silent, in ms, by the part that it measures; and before it reports that it has begun. */
const SILENCE_MS = {
  calls: 120_000,
  start: 30_000,
  fresh: 30_000,
  idle: 60_000,
  stops: 4000,
  plugin: 120_000,
  pluginIdle: 60_000,
} as const;
const BEGIN_MS = 60_000;

/** How the process was lost: it hung, or died by a signal or with a code. */
export interface Lost {
  readonly lost: string;
}

/** Carries an order out. Rejects if the measuring itself failed. */
export const carriedOut = <Part extends keyof Reports>(
  order: Order & { readonly part: Part },
): Promise<Reports[Part] | Lost> =>
  new Promise((resolve, reject) => {
    const child: ChildProcess = fork(CHILD, {
      execArgv: FLAGS,
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const hung = (): void => {
      resolve({ lost: 'hung' });
      child.kill('SIGKILL');
    };
    let silence = setTimeout(hung, BEGIN_MS);
    child.on('message', (message: Message) => {
      clearTimeout(silence);
      if ('alive' in message) silence = setTimeout(hung, SILENCE_MS[order.part]);
      else if ('report' in message) resolve(message.report as Reports[Part]);
      else reject(new Error(`${order.kind}, ${order.part}: ${message.error}`));
      if (!('alive' in message)) child.kill('SIGKILL');
    });
    child.on('exit', (code, signal) => {
      clearTimeout(silence);
      resolve({ lost: `died (${signal ?? code})` });
    });
    child.send(order);
  });
