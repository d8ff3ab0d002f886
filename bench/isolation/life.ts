// The cost of a compartment besides its calls: its start, a fresh heap after an abort, and memory while no call is
// made. Each is measured in a process of its own, since earlier compartments would change the figures.

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as later } from 'node:timers/promises';
import type { PointOptions } from 'graftwork/plugins';
import { type Asked, Bed, committed } from './bed.ts';
import type { Kind } from './kinds.ts';
import { direct, pluginText, type Script, type Source } from './source.ts';
import { ADD } from './work.ts';

/** The time until spares are ready, unless the kind says otherwise. */
export const READY_MS = 15;
const INSTALLED = 100;
const PAGE_BYTES = 4096;
/** After this many calls a process no longer lets the engine watch its loops. */
const WARM_CALLS = 150;

export interface Size {
  readonly small: boolean;
  readonly alive: () => void;
}

/** What is installed, and called. */
export interface Subject {
  readonly source: Source | Script;
  readonly input: unknown;
  readonly options?: Partial<PointOptions>;
}

const TINY: Subject = { source: ADD, input: 1 };

/** Time to the answer of a call, in ms. */
const answered = async ({ ask }: Asked, input: unknown = 1): Promise<number> => {
  const begun = performance.now();
  const outcome = ask(input);
  committed(outcome instanceof Promise ? await outcome : outcome);
  return performance.now() - begun;
};

export interface Start {
  /** The first of a process, with the engine, a lock-down, and bundling. */
  readonly first_ms: number;
  /** Each later one, from the module's text to the first answer. */
  readonly next_ms: readonly number[];
}

/** From the module's text to the first answer. `began_ms`: when this process began to prepare for the kind. */
export const start = async (
  kind: Kind,
  { small, alive, began_ms }: Size & { readonly began_ms: number },
  { source, input, options }: Subject = TINY,
): Promise<Start> => {
  const bed = new Bed(kind, 0);
  const prepared_ms = performance.now();
  if (!('code' in source)) await pluginText(kind, source);
  const text_ms = performance.now() - prepared_ms;
  const install = async (begun: number): Promise<number> => {
    await answered(await bed.install(source, options), input);
    alive();
    return performance.now() - begun;
  };
  const first_ms = (await install(began_ms)) - text_ms;
  const next_ms: number[] = [];
  for (let i = 0; i < (small ? 2 : kind.waits ? 11 : 31); i++) next_ms.push(await install(performance.now()));
  bed.close();
  return { first_ms, next_ms };
};

const FAILING: Source = {
  js: `(n) => {
    if (n === -1) throw new Error('no');
    while (n === -2);
    return n + 1;
  }`,
  wat: direct('(if (f64.lt (local.get $n) (f64.const 0)) (then unreachable)) (f64.add (local.get $n) (f64.const 1))'),
};

export interface Fresh {
  /** From an abort to the next call's answer, with a spare ready. */
  readonly thrown_ms: readonly number[];
  /** The same, after the plugin's process had to be killed because it looped; empty for kinds without processes. */
  readonly killed_ms: readonly number[];
}

/** A warm graft, and time for a spare to be made. */
const warm = async (kind: Kind, graft: Asked): Promise<void> => {
  for (let i = 0; i < WARM_CALLS; i++) await answered(graft);
  await later(kind.spare_ms ?? READY_MS);
};

export const fresh = async (kind: Kind, { small, alive }: Size): Promise<Fresh> => {
  const bed = new Bed(kind, 1);
  const graft = await bed.install(FAILING);
  await warm(kind, graft);
  const thrown_ms: number[] = [];
  for (let i = 0; i < (small ? 5 : 101); i++) {
    await graft.ask(-1);
    thrown_ms.push(await answered(graft));
    await later(kind.pause_ms ?? READY_MS);
    alive();
  }
  const killed_ms: number[] = [];
  for (let i = 0; kind.waits && i < (small ? 1 : 11); i++) {
    await warm(kind, graft);
    await graft.ask(-2);
    killed_ms.push(await answered(graft));
    alive();
  }
  bed.close();
  return { thrown_ms, killed_ms };
};

/** Resident and proportional set of this process and of all below it, in bytes. */
const memory = (): { resident: number; proportional: number } => {
  const parents = new Map<number, number>();
  for (const pid of readdirSync('/proc')) if (/^\d+$/.test(pid)) parents.set(Number(pid), parentOf(pid));
  const isOurs = (pid: number): boolean => pid === process.pid || (pid > 1 && isOurs(parents.get(pid) ?? 0));
  const ours = [...parents.keys()].filter(isOurs);
  return {
    resident: ours.reduce((sum, pid) => sum + read(pid, 'statm', (text) => Number(text.split(' ')[1]) * PAGE_BYTES), 0),
    proportional: ours.reduce(
      (sum, pid) => sum + read(pid, 'smaps_rollup', (text) => Number(/^Pss:\s+(\d+)/m.exec(text)?.[1]) * 1024),
      0,
    ),
  };
};

/** A value from a file of /proc about a process; 0: the process is gone. */
const read = (pid: number | string, file: string, value: (text: string) => number): number => {
  try {
    return value(readFileSync(`/proc/${pid}/${file}`, 'utf8'));
  } catch {
    return 0;
  }
};

const parentOf = (pid: string): number => read(pid, 'stat', (text) => Number(text.split(') ')[1]?.split(' ')[1]));

export interface Idle {
  readonly installed: number;
  /**
   * Megabytes (2^20 bytes) of each plugin: resident sets, and with shared pages divided among the processes that share
   * them.
   */
  readonly resident_mb: number;
  readonly proportional_mb: number;
}

const settled = async (): Promise<ReturnType<typeof memory>> => {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await later(READY_MS);
  }
  return memory();
};

/** Memory of plugins that have answered once and are idle since. */
export const idle = async (
  kind: Kind,
  { small, alive }: Size,
  { source, input, options }: Subject = TINY,
): Promise<Idle> => {
  const bed = new Bed(kind, 0);
  // What the first of a kind loads is not part of each.
  await answered(await bed.install(source, options), input);
  const before = await settled();
  const installed = small ? (kind.waits ? 2 : 10) : INSTALLED;
  for (let i = 0; i < installed; i++) {
    await answered(await bed.install(source, options), input);
    alive();
  }
  const after = await settled();
  bed.close();
  const each = (name: 'resident' | 'proportional'): number => (after[name] - before[name]) / installed / 2 ** 20;
  return { installed, resident_mb: each('resident'), proportional_mb: each('proportional') };
};
