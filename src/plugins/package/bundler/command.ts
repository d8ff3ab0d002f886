// How the two processes of a bundler are started, and what holds for them on this system.
//
// The reading one is Node, under the permission model: it may load an addon, where there are walls to raise with it,
// and nothing else. esbuild's is Node too at first, which raises walls and executes esbuild in its place (launch.ts);
// where there are none, it is esbuild from the start. Both have an empty environment, but for how Go uses memory, and
// where the system allows neither has a network and both die with the host.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { wrapper } from '../../compartment/process/command.ts';
import { wallsAddon } from '../../compartment/process/walls/addon.ts';
import { entryAt, scriptAt } from '../../compartment/realm/script.ts';
import { GraftError } from '../../errors.ts';
import { PACKAGE_BOUNDS } from '../bounds.ts';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface BundlerCommands {
  readonly reads: Command;
  readonly bundles: Command;
  /** Whether the process that bundles says itself, in its first byte, which walls stand around it. */
  readonly walled: boolean;
}

const MB = 1_048_576;

/**
 * Go takes two processors at most, so that a package which keeps it busy leaves others the rest; and collects rarely,
 * while its memory is far from its bound.
 */
const GO = {
  GOMAXPROCS: '2',
  GOGC: '400',
  GOMEMLIMIT: `${PACKAGE_BOUNDS.esbuild_bytes / 2}`,
};

const SDK = readFileSync(entryAt(new URL('../../../../sdk/index', import.meta.url)), 'utf8');

/** esbuild's own binary for this system. Throws GRAFT_INTERNAL where it has none. */
const esbuild = (): string => {
  const name = `@esbuild/${process.platform}-${process.arch}`;
  const file = process.platform === 'win32' ? 'esbuild.exe' : 'bin/esbuild';
  try {
    return createRequire(createRequire(import.meta.url).resolve('esbuild')).resolve(`${name}/${file}`);
  } catch (cause) {
    throw new GraftError('GRAFT_INTERNAL', `the package ${name}, which bundles plugins, is not installed`, { cause });
  }
};

/** The program of both processes. */
const MAIN = new URL('main', import.meta.url);

const SERVICE = ['--service=0.28.2'];

const command = (words: readonly string[], env: Command['env'] = {}): Command => {
  const [file, ...args] = [...wrapper().words, ...words] as [string, ...string[]];
  return { file, args, env };
};

const make = (addon: string | null): BundlerCommands => {
  const heap = `--max-old-space-size=${PACKAGE_BOUNDS.heap_bytes / MB}`;
  const node = [
    process.execPath,
    '--permission',
    ...(addon === null ? [] : ['--allow-addons']),
    heap,
    '--eval',
    scriptAt(MAIN),
  ];
  const program = [esbuild(), ...SERVICE];
  return {
    reads: command([...node, 'serve', SDK, ...(addon === null ? [] : [addon])]),
    bundles: command(addon === null ? program : [...node, 'launch', addon, ...program], GO),
    walled: addon !== null,
  };
};

const made = new Map<boolean, BundlerCommands>();

/** The commands of a bundler, with walls where `walled` and where this system has them. Made once. */
export function bundlerCommands(walled: boolean): BundlerCommands {
  let commands = made.get(walled);
  if (commands === undefined) {
    commands = make(walled ? wallsAddon() : null);
    made.set(walled, commands);
  }
  return commands;
}
