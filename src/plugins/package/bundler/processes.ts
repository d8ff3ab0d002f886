// The two processes of a bundler, from the host's side: the one that reads packages, with a channel to the host, and
// esbuild's, with pipes to the first alone. They live and die together.

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import {
  CHANNEL_PIPES,
  type Channel,
  type ChannelEvents,
  openPipes,
  overPipes,
  overStreams,
  type Pipe,
} from '../../compartment/process/channel.ts';
import { NO_WALLS, toByte } from '../../compartment/process/walls/standing.ts';
import type { BundlerCommands, Command } from './command.ts';
import { EXIT_NO_SERVICE } from './messages.ts';

/** How the process ended that the other one ended for. Code and signal are both null where it never started. */
export interface BundlerEnding {
  readonly of: 'reader' | 'esbuild';
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Told what the reading process says, and once when both processes have ended. */
export interface ProcessesEvents {
  data(bytes: Buffer): void;
  ended(ending: BundlerEnding): void;
}

/** After the reading process has ended, esbuild notices and ends too, or is busy. */
const END_MS = 200;
/** What stands in the pipe before esbuild's own bytes where it raises no walls. */
const NO_WALLS_YET = Uint8Array.of(toByte(NO_WALLS));

const start = ({ file, args, env }: Command, stdio: StdioOptions): ChildProcess =>
  spawn(file, args, { env, cwd: '/', stdio, windowsHide: true });

interface Pair {
  readonly channel: Channel;
  readonly esbuild: ChildProcess;
}

/** Over named pipes: both ends of those between the two processes block. */
const overNamedPipes = (
  { reads, bundles, walled }: BundlerCommands,
  [down, up, toEsbuild, fromEsbuild]: readonly Pipe[] & readonly [Pipe, Pipe, Pipe, Pipe],
  events: ChannelEvents,
): Pair => {
  if (!walled) writeSync(fromEsbuild.writes, NO_WALLS_YET);
  const esbuild = start(bundles, [toEsbuild.reads, fromEsbuild.writes, 'ignore']);
  const { file, args, env } = reads;
  const more = [fromEsbuild.reads, toEsbuild.writes];
  try {
    return { channel: overPipes(file, args, { env, cwd: '/' }, [down, up], events, more), esbuild };
  } catch (error) {
    esbuild.kill('SIGKILL');
    throw error;
  } finally {
    for (const descriptor of [toEsbuild.reads, fromEsbuild.writes, ...more]) closeSync(descriptor);
  }
};

/** Where there are no named pipes the host passes on what the two say to one another. */
const overRelays = ({ reads, bundles, walled }: BundlerCommands, events: ChannelEvents): Pair => {
  const esbuild = start(bundles, ['pipe', 'pipe', 'ignore']);
  const { file, args, env } = reads;
  const channel = overStreams(file, args, { env, cwd: '/', windowsHide: true }, events, 2);
  const [fromEsbuild, toEsbuild] = channel.child.stdio.slice(5) as unknown as [Duplex, Duplex];
  if (!walled) fromEsbuild.write(NO_WALLS_YET);
  esbuild.stdout?.pipe(fromEsbuild);
  if (esbuild.stdin !== null) toEsbuild.pipe(esbuild.stdin);
  for (const stream of [fromEsbuild, toEsbuild, esbuild.stdin, esbuild.stdout]) stream?.on('error', () => {});
  return { channel, esbuild };
};

const PIPES = [...CHANNEL_PIPES, 'block', 'block'] as const;

export class Processes {
  readonly #pair: Pair;
  readonly #events: ProcessesEvents;
  /** How many have ended. */
  #over = 0;
  #timer: NodeJS.Timeout | null = null;
  /** esbuild did not notice that it has lost the other. */
  #gaveUp = false;

  /** `named`: whether named pipes are used where the system has them; a test says no. */
  constructor(commands: BundlerCommands, events: ProcessesEvents, named = true) {
    this.#events = events;
    const pipes = named ? openPipes(PIPES) : null;
    const told = { data: events.data, closed: () => this.#ended('reader') };
    this.#pair =
      pipes === null ? overRelays(commands, told) : overNamedPipes(commands, pipes as [Pipe, Pipe, Pipe, Pipe], told);
    const { esbuild } = this.#pair;
    esbuild.once('exit', () => this.#ended('esbuild'));
    esbuild.once('error', () => {
      if (esbuild.pid === undefined) this.#ended('esbuild');
    });
  }

  #ended(which: BundlerEnding['of']): void {
    if (++this.#over === 1) {
      if (which === 'esbuild') this.#pair.channel.child.kill('SIGKILL');
      else this.#timer = setTimeout(() => this.#giveUp(), END_MS).unref();
      return;
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#events.ended(this.#first());
  }

  #giveUp(): void {
    this.#gaveUp = true;
    this.#pair.esbuild.kill('SIGKILL');
  }

  /** In whatever order they were noticed: esbuild ends with 0 when it has lost the other, and with more by itself. */
  #first(): BundlerEnding {
    const { channel, esbuild } = this.#pair;
    const isEsbuild = channel.child.exitCode === EXIT_NO_SERVICE || (esbuild.exitCode !== 0 && !this.#gaveUp);
    const { exitCode, signalCode } = isEsbuild ? esbuild : channel.child;
    return { of: isEsbuild ? 'esbuild' : 'reader', code: exitCode, signal: signalCode };
  }

  write(bytes: Buffer): void {
    this.#pair.channel.write(bytes);
  }

  /** Whether the two keep this process from ending. At first they do. */
  keep(alive: boolean): void {
    this.#pair.channel.keep(alive);
    if (alive) this.#pair.esbuild.ref();
    else this.#pair.esbuild.unref();
  }

  kill(): void {
    this.#pair.channel.child.kill('SIGKILL');
    this.#pair.esbuild.kill('SIGKILL');
  }

  /** Of the process that reads, and of esbuild's. */
  get pids(): readonly [reads: number | undefined, bundles: number | undefined] {
    return [this.#pair.channel.child.pid, this.#pair.esbuild.pid];
  }
}
