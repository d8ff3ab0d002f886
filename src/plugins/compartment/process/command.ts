// How a plugin's process is started, and what holds for it on this system.
//
// Node runs the child's script from its command line, under the permission model: it may load an addon and nothing
// else, so it reads no file, starts no process and no worker. The caller adds an empty environment and the two pipes
// (channel.ts). Where the system allows, the process gets a network namespace of its own, without any network, and dies
// with its parent.

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { INTERRUPTIBLE } from '../isolate/realm-isolate.ts';
import { scriptAt } from '../realm/script.ts';

/** What the system allows. Start-up says so where it is less than everything. */
export interface ChildFacts {
  readonly network: 'taken away' | 'open';
  /**
   * Whether the kernel kills the process when its parent dies. It ends by itself too, as soon as it looks at its closed
   * pipe.
   */
  readonly parentDeath: boolean;
}

export interface ChildCommand {
  readonly file: string;
  readonly args: string[];
  readonly facts: ChildFacts;
}

const NO_NETWORK = ['unshare', '-rn'];
const DIES_WITH_PARENT = ['setpriv', '--pdeathsig', 'KILL'];

/**
 * The main isolate may use twice the stack of a guest: host calls arrive on a stack that the guest may have run out of.
 */
const STACK_KB = 2000;

const works = (command: string[]): boolean =>
  spawnSync(command[0] as string, [...command.slice(1), 'true'], { stdio: 'ignore' }).status === 0;

/** The binary of isolated-vm for this system, found as isolated-vm itself finds it. */
const addonPath = (): string => {
  const folder = dirname(createRequire(import.meta.url).resolve('isolated-vm/package.json'));
  const { resolve } = createRequire(`${folder}/package.json`)('node-gyp-build/node-gyp-build.js') as {
    resolve: (folder: string) => string;
  };
  return resolve(folder);
};

/** The program of a plugin's process. */
const CHILD = new URL('child', import.meta.url);

let command: ChildCommand | undefined;

/** The command that starts a plugin's process. Probed and made once. */
export function childCommand(): ChildCommand {
  if (command !== undefined) return command;
  const network = works([...NO_NETWORK]);
  const parentDeath = works([...(network ? NO_NETWORK : []), ...DIES_WITH_PARENT]);
  const wrap = [...(network ? NO_NETWORK : []), ...(parentDeath ? DIES_WITH_PARENT : [])];
  const flags = ['--permission', '--allow-addons', `--stack-size=${STACK_KB}`, INTERRUPTIBLE];
  const node = [process.execPath, ...flags, '--eval', scriptAt(CHILD), addonPath()];
  const [file, ...args] = [...wrap, ...node] as [string, ...string[]];
  command = { file, args, facts: { network: network ? 'taken away' : 'open', parentDeath } };
  return command;
}
