// One life of a host in a fuzzer's run: it opens the folder, finds what the life before left there, is called from many
// sides while readers look on, and is closed, at rest or under load. Nothing may be left over: no transaction, lock,
// handle or process.

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as after, setImmediate } from 'node:timers/promises';
import { GraftError } from '../../../src/host/index.ts';
import type { Random } from '../../support/random.ts';
import { type Books, type Payment, START } from './books.ts';
import type { Counts } from './counts.ts';
import { balanceOf, Ledger } from './ledger.ts';
import { carryOut, limitOf, type Scene } from './operations.ts';
import { ACCOUNTS, type Kind, type Life, PLUGINS } from './plan.ts';
import { pluginPackage } from './plugin.ts';
import type { Watchdog } from './watchdog.ts';
import { openWorld, type World } from './world.ts';

const CALLERS = 10;
const READ_MS = 15;
const READS_CLOSELY = 10;
const OPEN_MS = 30_000;
const CLOSE_MS = 10_000;
const REST_MS = 15_000;

/** What one life leaves to the next. */
export interface Legacy {
  readonly ledger: Ledger;
  /** What each account held when that life began, and in its memory when it ended. */
  readonly before: Readonly<Record<string, number>>;
  readonly memory: Readonly<Record<string, number>>;
  /** Plugins with a graft that stands, with their versions; null where an install was under way at the end. */
  readonly plugins: readonly string[] | null;
}

export interface LifeOptions {
  readonly folder: string;
  readonly kind: Kind;
  readonly plan: Life;
  readonly random: Random;
  readonly legacy: Legacy | null;
  readonly counts: Counts;
  readonly watchdog: Watchdog;
  /** Ids of payloads that left, by the messages' own ids. Kept from life to life. */
  readonly sent: Map<string, string>;
  readonly alarm: (what: string) => void;
  /** Whether something is wrong already. */
  readonly stopped: () => boolean;
}

/** Processes that this one has started, but for the bundler's. */
const children = (): number[] =>
  readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, parent] = (stat.split(') ')[1] as string).split(' ');
      return Number(parent) === process.pid && state !== 'Z' && !stat.includes('(esbuild)') ? [Number(name)] : [];
    } catch {
      return [];
    }
  });

const sameText = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

export class LifeRun {
  readonly #options: LifeOptions;
  readonly #others = new Set(children());
  #before: Record<string, number> = {};
  #scene!: Scene;

  constructor(options: LifeOptions) {
    this.#options = options;
  }

  get #world(): World {
    return this.#scene.world;
  }

  async run(): Promise<Legacy> {
    const { plan, counts, alarm } = this.#options;
    await this.#open();
    await this.#inherit();
    const stopReading = this.#read();
    try {
      await this.#live();
      if (!plan.closesLoaded) await this.#rest();
    } catch (error) {
      await this.#close();
      throw error;
    } finally {
      stopReading();
    }
    const plugins = this.#scene.closing ? null : this.#standing();
    await this.#close();
    for (const wrong of [...this.#paidWrong(), ...this.#scene.ledger.heapsWrong()]) alarm(wrong);
    counts.lives++;
    return { ledger: this.#scene.ledger, before: this.#before, memory: this.#memory(), plugins };
  }

  async #open(): Promise<void> {
    const { folder, kind, plan, alarm, sent, watchdog, counts, random } = this.#options;
    const world = await watchdog.watch('opening the host', OPEN_MS, () =>
      openWorld({
        folder,
        kind,
        life: plan,
        alarm: (what) => {
          if (!(this.#scene?.closing && / GRAFT_(CLOSED|STORE)/.test(what))) alarm(what);
        },
        after: (before, id) => this.#scene.ledger.inherited(before, id),
        sent: (id, payload) => {
          if (sent.has(id) && sent.get(id) !== payload) alarm(`the message ${id} changed`);
          sent.set(id, payload);
        },
      }),
    );
    watchdog.host = world.host;
    this.#before = amountsOf(world.books);
    this.#scene = {
      world,
      ledger: new Ledger(plan.operations),
      counts,
      kind,
      random,
      alarm,
      closing: false,
      kills: 0,
    };
  }

  /** What the folder holds is what the life before left; then its moves are forgotten. */
  async #inherit(): Promise<void> {
    const { legacy, alarm, watchdog, sent, counts } = this.#options;
    const { host } = this.#world;
    await watchdog.watch('restoring', OPEN_MS, () => host.restore());
    if (legacy !== null) {
      const moves = this.#world.books.moves();
      for (const wrong of movesWrong(this.#world.books, legacy)) alarm(`after a restart: ${wrong}`);
      if (!sameText(this.#before, legacy.memory)) alarm('the folder holds other amounts than memory did at the close');
      if (legacy.plugins !== null && !sameText(this.#standing(), legacy.plugins))
        alarm(`after a restart ${this.#standing()} stand, before it ${legacy.plugins}`);
      await this.#until('every message of the life before has left', () => {
        const left = new Set(sent.values());
        return moves.every(({ id }) => left.has(id));
      });
      this.#sentWrong(moves.map(({ id }) => id));
      counts.transfers += moves.length;
      counts.messages += sent.size;
      sent.clear();
      await this.#forget();
    }
    for (const plugin of PLUGINS.filter((name) => !host.plugins().some((one) => one.name === name)))
      await watchdog.watch(`installing ${plugin}`, OPEN_MS, () =>
        host.install(pluginPackage(plugin, counts.nextVersion(), this.#world.points.needs, null)),
      );
  }

  async #forget(): Promise<void> {
    const { host, books } = this.#world;
    await host.transaction((txn) => books.move.in(txn).delete({ id: { op: '!=', value: '' } }));
  }

  /** Messages of moves that do not stand. */
  #sentWrong(moves: readonly string[]): void {
    const stands = new Set(moves);
    for (const id of this.#options.sent.values())
      if (!stands.has(id)) this.#options.alarm(`a message of ${id} left, which does not stand`);
  }

  #standing(): string[] {
    return this.#world.host
      .plugins()
      .filter(({ grafts }) => grafts.some(({ state }) => state === 'installed'))
      .map(({ name, version }) => `${name} ${version}`)
      .sort();
  }

  /** Readers outside every transaction. */
  #read(): () => void {
    let count = 0;
    const timer = setInterval(() => {
      if (this.#scene.closing) return;
      const wrong = ++count % READS_CLOSELY === 0 ? this.#world.books.lookClosely() : this.#world.books.look();
      for (const one of wrong) this.#options.alarm(one);
    }, READ_MS);
    return () => clearInterval(timer);
  }

  /** Callers take the operations in turn; where the plan says so, the host is closed under them. */
  async #live(): Promise<void> {
    const { plan, counts, watchdog, alarm, stopped, random } = this.#options;
    const { operations } = plan;
    const closesAt = plan.closesLoaded ? Math.floor(operations.length * (0.4 + random.next() * 0.5)) : -1;
    let next = 0;
    const caller = async (): Promise<void> => {
      while (next < operations.length && !this.#scene.closing && !stopped()) {
        if (next >= closesAt && closesAt >= 0) void this.#close().catch((error) => alarm(String(error)));
        const operation = operations[next++] as (typeof operations)[number];
        const what = `operation ${next - 1}: ${JSON.stringify(operation).slice(0, 1500)}`;
        const wrong = await watchdog.watch(what, limitOf(operation), () => carryOut(this.#scene, operation));
        for (const one of wrong) alarm(`${one}\n  in ${what}`);
        counts.operations++;
        // What need not wait for anything comes back without a turn of the event loop.
        await setImmediate();
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
  }

  /** At rest nothing is in use, and everything is as the ledger says. */
  async #rest(): Promise<void> {
    const { plan, alarm, sent } = this.#options;
    const { host } = this.#world;
    if (plan.removesAll) for (const { name } of host.plugins()) await host.remove(name);
    const idle = (): boolean =>
      Object.entries(host.inUse()).every(([what, count]) => count === 0 || (what === 'timers' && !plan.removesAll));
    await this.#until('nothing is in use', idle);
    const moves = this.#world.books.moves();
    await this.#until('every message has left', () => {
      const left = new Set(sent.values());
      return moves.every(({ id }) => left.has(id));
    });
    await this.#until('nothing is in use after the messages', idle);
    if (this.#world.points.open !== 0) alarm(`${this.#world.points.open} handles are open`);
    const legacy = { ledger: this.#scene.ledger, before: this.#before, memory: this.#memory(), plugins: null };
    for (const wrong of movesWrong(this.#world.books, legacy)) alarm(`at rest: ${wrong}`);
    for (const wrong of this.#world.books.lookClosely()) alarm(`at rest: ${wrong}`);
  }

  /** What payments in memory do not agree with. */
  #paidWrong(): string[] {
    const { purses, paid } = this.#world.books;
    const payments = paid.entries();
    const held = new Map(purses.entries());
    const balances = ACCOUNTS.flatMap((name) => {
      const due = balanceOf(
        name,
        START,
        payments.map(([, payment]) => payment),
      );
      return held.get(name) === due ? [] : [`the purse ${name} holds ${held.get(name)}, not ${due}`];
    });
    return [...balances, ...this.#scene.ledger.compare('pay', payments)];
  }

  /** What the accounts hold in memory. */
  #memory(): Record<string, number> {
    return inOrder(this.#world.books.accounts.entries());
  }

  async #close(): Promise<void> {
    const { watchdog, alarm } = this.#options;
    const { host } = this.#world;
    this.#scene.closing = true;
    await watchdog.watch('closing the host', CLOSE_MS, () => host.close());
    const late = await this.#world.points.peek.invoke(null).then(
      () => 'answers',
      (error) => (error instanceof GraftError ? error.code : String(error)),
    );
    if (late !== 'GRAFT_CLOSED') alarm(`a closed host ${late}`);
    await this.#until('no process is left', () => children().every((pid) => this.#others.has(pid)));
  }

  /** Waits for what must come to be. */
  async #until(what: string, holds: () => boolean): Promise<void> {
    const { watchdog, alarm, stopped } = this.#options;
    const begun = performance.now();
    while (!holds() && !stopped()) {
      if (performance.now() - begun > REST_MS) return alarm(`it never comes to be that ${what}\n${watchdog.dump()}`);
      await after(20);
    }
  }
}

const inOrder = (entries: readonly (readonly [string, number])[]): Record<string, number> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

const amountsOf = (books: Books): Record<string, number> =>
  inOrder(books.account.find().map(({ name, amount }) => [name as string, amount as number]));

/** What of the moves in the table does not agree with a ledger, and what of the accounts does not agree with them. */
const movesWrong = (books: Books, { ledger, before }: Legacy): string[] => {
  const moves = books
    .moves()
    .map(({ id, source, target, amount }): [string, Payment] => [id, { from: source, to: target, amount }]);
  const held = amountsOf(books);
  const balances = ACCOUNTS.flatMap((name) => {
    const due = balanceOf(
      name,
      before[name] as number,
      moves.map(([, payment]) => payment),
    );
    return held[name] === due ? [] : [`the account ${name} holds ${held[name]}, not ${due}`];
  });
  return [...balances, ...ledger.compare('move', moves), ...books.look()];
};
