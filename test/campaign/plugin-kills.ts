// Kills plugin processes with SIGKILL at random instants while eight callers move money between accounts: no call may
// fail, every move is booked once, in the table, in memory and in the stored map, and nothing is lost. Used by a test
// and by `npm run campaign -- plugin-kills [--kills N] [--seed N]`.
//
// Between two kills some calls end, a random few: processes that are killed faster than they start serve nobody, and
// then calls run out of their total time, which is nobody's fault and tells nothing.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { EntitySchema } from 'typeorm';
import { createHost, type Host, type HostMap, type HostPoint, type HostTable } from '../../src/host/index.ts';
import { Random } from '../support/random.ts';

export interface PluginKills {
  /** Signals that reached a process of a plugin. */
  readonly kills: number;
  readonly calls: number;
  /** Outcomes that were not `committed`. */
  readonly failed: readonly string[];
  /** Attempts that were undone and begun anew. */
  readonly repeated: number;
  /** What was booked otherwise than once; empty is right. */
  readonly lost: readonly string[];
  readonly ms: number;
  readonly seed: number;
}

interface Move {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

const CALLERS = 8;
/** Calls that end between two kills, and the further wait, in ms: less than these. */
const CALLS_BETWEEN = 4;
const WAIT_MS = 50;
/** A process has 15 s to start. */
const PATIENCE_MS = 60_000;
const ACCOUNTS = ['a', 'b', 'c', 'd'];
const START = 1000;

/** It takes the one writer's slot first, so that no two calls can wait for each other. */
const PLUGIN = `export const move = ({ id, from, to, amount }, api) => {
  api.tick();
  for (const [name, by] of [[from, -amount], [to, amount]]) {
    const [row] = api.account.find({ where: { name } });
    api.account.update({ name }, { amount: row.amount + by });
    api.saved.set(name, api.saved.get(name) + by);
    api.purses.set(name, api.purses.get(name) + by);
  }
  api.moved.insert({ id });
  return id;
};`;

const column = (type: 'text' | 'integer', primary = false) => ({ type, primary }) as const;
const Account = new EntitySchema({
  name: 'account',
  columns: { name: column('text', true), amount: column('integer') },
});
const Moved = new EntitySchema({ name: 'moved', columns: { id: column('text', true) } });

/** Counts calls that have ended, and lets one wait for more of them. */
class Ended {
  count = 0;
  #next = Promise.withResolvers<void>();

  add(): void {
    this.count++;
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  /** Resolves when `more` calls have ended; rejects where they do not. */
  async more(more: number): Promise<void> {
    const stop = new AbortController();
    const late = after(PATIENCE_MS, null, { signal: stop.signal }).then(
      () => Promise.reject(new Error(`no call ends any more, after ${this.count}`)),
      () => {},
    );
    try {
      for (const until = this.count + more; this.count < until; ) await Promise.race([this.#next.promise, late]);
    } finally {
      stop.abort();
    }
  }
}

class Bank {
  readonly host: Host;
  readonly point: HostPoint<Move, string>;
  /** Attempts that have begun. */
  attempts = 0;
  readonly #purses: HostMap<number>;
  readonly #saved: HostMap<number>;
  readonly #account: HostTable;
  readonly #moved: HostTable;

  constructor(host: Host) {
    this.host = host;
    this.#purses = host.map('purses');
    this.#saved = host.map('saved', { stored: true });
    this.#account = host.table('account');
    this.#moved = host.table('moved');
    this.point = host.graftPoint<Move, string>({
      name: 'bank/move',
      kind: 'function',
      default: () => 'nobody',
      budget: Number.POSITIVE_INFINITY,
      limits: { own_ms: 5000, total_ms: PATIENCE_MS },
      callable: {
        purses: this.#purses.writable(),
        saved: this.#saved.writable(),
        account: this.#account.callables({ read: 'all', write: ['amount'] }),
        moved: this.#moved.callables({ write: 'all', insert: true }),
        tick: { waits: false, run: () => void this.attempts++ },
      },
    });
  }

  async open(): Promise<void> {
    await this.host.transaction(async (txn) => {
      for (const name of ACCOUNTS) {
        await this.#purses.in(txn).set(name, START);
        await this.#saved.in(txn).set(name, START);
        await this.#account.in(txn).insert({ name, amount: START });
      }
    });
    const needs = ['purses', 'saved', 'account', 'moved', 'tick'];
    const graftwork = { api: 1, grafts: [{ point: 'bank/move', export: 'move' }], needs };
    await this.host.install({ manifest: { name: 'mover', graftwork }, files: { 'index.js': PLUGIN } });
  }

  /** What does not agree with these moves. */
  lost(moves: readonly Move[]): string[] {
    const rows = new Set(this.#moved.find().map(({ id }) => id));
    const missing = moves.filter(({ id }) => !rows.has(id)).map(({ id }) => `the move ${id} is lost`);
    const strange = rows.size === moves.length ? [] : [`${rows.size} moves are booked of ${moves.length}`];
    const balances = ACCOUNTS.flatMap((name) => {
      const due = moves.reduce(
        (sum, { from, to, amount }) => sum + (to === name ? amount : 0) - (from === name ? amount : 0),
        START,
      );
      const [row] = this.#account.find({ where: { name } });
      const found = [this.#purses.get(name), this.#saved.get(name), row?.amount];
      return found.every((amount) => amount === due) ? [] : [`${name} has ${found.join(', ')} and not ${due}`];
    });
    return [...missing, ...strange, ...balances];
  }
}

/** Sends SIGKILL to one of the processes; whether it reached one: what has just ended may still be listed. */
const killOne = (pids: readonly number[], random: Random): boolean => {
  try {
    return pids.length > 0 && process.kill(random.pick(pids), 'SIGKILL');
  } catch {
    return false;
  }
};

/** Runs the load while `meanwhile` runs. Gives the moves that were committed. */
const underLoad = async (
  bank: Bank,
  random: Random,
  meanwhile: (ended: Ended, failed: readonly string[]) => Promise<void>,
): Promise<{ calls: number; failed: string[]; moves: Move[] }> => {
  const failed: string[] = [];
  const moves: Move[] = [];
  const ended = new Ended();
  let running = true;
  const caller = async (): Promise<void> => {
    while (running && failed.length === 0) {
      const move = {
        id: crypto.randomUUID(),
        from: random.pick(ACCOUNTS),
        to: random.pick(ACCOUNTS),
        amount: random.below(9),
      };
      const outcome = await bank.point.invoke(move);
      if (outcome.status === 'committed') moves.push(move);
      else failed.push(JSON.stringify(outcome).slice(0, 400));
      ended.add();
    }
  };
  const callers = Promise.all(Array.from({ length: CALLERS }, caller));
  try {
    await meanwhile(ended, failed);
  } finally {
    running = false;
    await callers;
  }
  return { calls: ended.count, failed, moves };
};

export const killPlugins = async (
  kills: number,
  seed: number,
  progress: (text: string) => void,
): Promise<PluginKills> => {
  const folder = mkdtempSync(join(tmpdir(), 'graftwork-kills-'));
  const store = `sqlite:${join(folder, 'bank.db')}`;
  const host = await createHost({ store, entities: [Account, Moved], report: () => {} });
  const random = new Random(seed);
  const begun = performance.now();
  let reached = 0;
  try {
    const bank = new Bank(host);
    await bank.open();
    const { calls, failed, moves } = await underLoad(bank, random, async (ended, broken) => {
      while (reached < kills && broken.length === 0) {
        await ended.more(random.below(CALLS_BETWEEN));
        await after(random.below(WAIT_MS));
        if (!killOne(host.pids(), random)) continue;
        reached++;
        progress(`kill ${reached} of ${kills}: ${ended.count} calls, ${broken.length} failed`);
      }
    });
    const repeated = bank.attempts - calls;
    return {
      kills: reached,
      calls,
      failed,
      repeated,
      lost: bank.lost(moves),
      ms: Math.round(performance.now() - begun),
      seed,
    };
  } finally {
    await host.close();
    rmSync(folder, { recursive: true, force: true });
  }
};
