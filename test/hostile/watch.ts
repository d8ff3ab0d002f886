// What must hold all the time and at the end: the store is what was committed, nobody holds a lock, no account is open,
// nothing runs on, the honest plugin answered, and for two seconds nothing comes late.

import { readdirSync, readFileSync } from 'node:fs';
import { Wrong } from './drives.ts';
import type { World } from './world.ts';

const SAMPLE_MS = 10;
const LATE_MS = 2000;
const BURN_MS = 1000;
/** Of processor time in BURN_MS: an idle process takes none, one that loops takes what it gets. */
const BURNT_TICKS_MAX = 15;
const TICK_MS = 10;
const ZERO_MS = 1000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Compares the store with the model again and again; between two turns of the event loop they are the same. */
export class Watch {
  readonly #world: World;
  readonly #timer: NodeJS.Timeout;
  found: string | null = null;
  /** Every process that plugins have had. */
  readonly pids = new Set<number>();

  constructor(world: World) {
    this.#world = world;
    this.#timer = setInterval(() => this.look(), SAMPLE_MS);
  }

  look(): void {
    this.found ??= this.#world.difference();
    for (const pid of this.#world.host.pids()) this.pids.add(pid);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

interface Process {
  readonly parent: number;
  readonly ticks: number;
}

const processOf = (pid: number): Process | null => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return null;
  }
};

/**
 * Processor time of every process below this one, in hundredths of a second by process id; empty where the system has
 * no /proc.
 */
const descendants = (): Map<number, number> => {
  const all = new Map<number, Process>();
  let names: string[] = [];
  try {
    names = readdirSync('/proc');
  } catch {
    return new Map();
  }
  for (const name of names) {
    const one = /^\d+$/.test(name) ? processOf(Number(name)) : null;
    if (one !== null) all.set(Number(name), one);
  }
  const isBelow = (pid: number): boolean => {
    for (let at = all.get(pid); at !== undefined; at = all.get(at.parent)) if (at.parent === process.pid) return true;
    return false;
  };
  return new Map([...all].filter(([pid]) => isBelow(pid)).map(([pid, { ticks }]) => [pid, ticks]));
};

/** Ids of processes, 0 for this one, that burn processor time although nothing is to be done. */
const burning = async (): Promise<Set<number>> => {
  const before = descendants();
  const own = process.cpuUsage();
  await pause(BURN_MS);
  const { user, system } = process.cpuUsage(own);
  const found = new Set(
    [...descendants()]
      .filter(([pid, ticks]) => ticks - (before.get(pid) ?? ticks) > BURNT_TICKS_MAX)
      .map(([pid]) => pid),
  );
  if ((user + system) / 1000 > 2 * BURNT_TICKS_MAX * TICK_MS) found.add(0);
  return found;
};

/** A process that has just started is busy for a moment; what burns on and on is a leftover. */
const checkBurning = async (): Promise<void> => {
  let suspects = await burning();
  for (let look = 0; suspects.size > 0; look++) {
    if (look === 3)
      throw new Wrong(
        `after the call, ${suspects.has(0) ? 'the host' : 'a process of a plugin'} goes on using processor time`,
      );
    const still = await burning();
    suspects = new Set([...suspects].filter((pid) => still.has(pid)));
  }
};

/** Everything is given back: at once, but for what a compartment's end takes. */
const checkInUse = async (world: World, mayTime: boolean): Promise<void> => {
  const started = performance.now();
  for (;;) {
    const { timers, ...used } = world.host.inUse();
    const left = mayTime ? used : { ...used, timers };
    if (Object.values(left).every((count) => count === 0)) return;
    if (performance.now() - started > ZERO_MS) throw new Wrong(`left behind: ${JSON.stringify(left)}`);
    await pause(SAMPLE_MS);
  }
};

/** Takes every lock there is, in a transaction that is given up: none of them has to be waited for. */
const checkLocks = async (world: World): Promise<void> => {
  const over = new Error('over');
  const taking = world.host
    .transaction(async (txn) => {
      const store = world.store.in(txn);
      for (const [key, value] of world.store.entries()) await store.set(key, value);
      await store.set('hostile-new-key', 1);
      await store.keys();
      throw over;
    })
    .catch((error: unknown) => {
      if (error !== over) throw new Wrong(`the locks could not be taken: ${error}`);
    });
  const late = new Promise<string>((resolve) => setTimeout(() => resolve('late'), 400).unref());
  if ((await Promise.race([taking, late])) === 'late') throw new Wrong('a lock of the store is still held');
};

const checkOthers = (world: World): void => {
  const { secret, users } = { secret: world.store.get('other/secret'), users: world.store.get('other/users') };
  if (secret !== world.secrets[0] || JSON.stringify(users) !== '["ann","bob"]')
    throw new Wrong('keys of another plugin were changed');
  if (/STALE|GHOST|FORGED|EVIL/.test(JSON.stringify([...world.model])))
    throw new Wrong('the state holds what a dead call wrote');
};

/** After the last call: throws a Wrong for the first thing that is not as it should be. */
export const checkAfter = async (world: World, watch: Watch, committed: boolean): Promise<void> => {
  await world.stopLoad();
  watch.look();
  if (watch.found !== null) throw new Wrong(watch.found);
  await checkInUse(world, committed);
  await checkLocks(world);
  const before = JSON.stringify([...world.store.entries()]);
  const late = pause(LATE_MS);
  await pause(LATE_MS - BURN_MS);
  await checkBurning();
  await late;
  watch.look();
  if (watch.found !== null) throw new Wrong(`after the end: ${watch.found}`);
  if (JSON.stringify([...world.store.entries()]) !== before) throw new Wrong('a write came after the end');
  checkOthers(world);
  const trouble = world.trouble[0];
  if (trouble !== undefined) throw new Wrong(trouble);
};
