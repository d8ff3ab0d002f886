// How a plugin's process is started, and what holds for it on this system.
//
// Node runs the child's script from its command line, under the permission model: it may load an addon and nothing
// else, so it reads no file, starts no process and no worker. The caller adds the environment (environment.ts) and the
// two pipes (channel.ts). Where the system allows, the process gets a network namespace of its own, without any
// network, and dies with its parent; and where the system is known, it raises walls of its own (walls/walls.ts) before
// it serves.

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { INTERRUPTIBLE } from '../isolate/realm-isolate.ts';
import { scriptAt } from '../realm/script.ts';
import { wallsAddon } from './walls/addon.ts';
import { probeWalls } from './walls/probe.ts';
import { NO_WALLS, type Standing } from './walls/standing.ts';

/** What the system allows. Start-up says so where it is less than everything. */
export interface ChildFacts {
  readonly walls: Standing;
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

let wrap: { readonly words: readonly string[]; readonly network: boolean; readonly parentDeath: boolean } | undefined;

/** What is put before a command on this system, so that it has no network and dies with its parent. Probed once. */
export const wrapper = (): NonNullable<typeof wrap> => {
  if (wrap !== undefined) return wrap;
  const network = works([...NO_NETWORK]);
  const parentDeath = works([...(network ? NO_NETWORK : []), ...DIES_WITH_PARENT]);
  wrap = { words: [...(network ? NO_NETWORK : []), ...(parentDeath ? DIES_WITH_PARENT : [])], network, parentDeath };
  return wrap;
};

const make = (addon: string | null): ChildCommand => {
  const { words, network, parentDeath } = wrapper();
  const flags = ['--permission', '--allow-addons', `--stack-size=${STACK_KB}`, INTERRUPTIBLE];
  const node = [process.execPath, ...flags, '--eval', scriptAt(CHILD), addonPath(), ...(addon === null ? [] : [addon])];
  const [file, ...args] = [...words, ...node] as [string, ...string[]];
  const walls = addon === null ? NO_WALLS : probeWalls(file, args);
  // No process comes up with them here.
  if (walls === null) return make(null);
  return { file, args, facts: { walls, network: network || walls.seccomp ? 'taken away' : 'open', parentDeath } };
};

const commands = new Map<boolean, ChildCommand>();

/**
 * The command that starts a plugin's process, with walls where `walled` and where they stand on this system. Probed and
 * made once.
 */
export function childCommand(walled = true): ChildCommand {
  let command = commands.get(walled);
  if (command === undefined) {
    command = make(walled ? wallsAddon() : null);
    commands.set(walled, command);
  }
  return command;
}
