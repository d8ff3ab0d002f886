// What plugins have called later lasts: timers and subscriptions on a real database, beside a model, over random
// sequences of calls, aborts, time, events, removals, upgrades, other installers, restarts and kills, also of the host
// in the middle of a call.

import { cpSync, mkdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { GraftNames, Later } from '../../../src/host/callables/later.ts';
import type { LaterMaps } from '../../../src/host/callables/later-map.ts';
import { type Events, Subscriptions } from '../../../src/host/callables/subscriptions.ts';
import { Timers } from '../../../src/host/callables/timers.ts';
import { HostTransaction } from '../../../src/host/host-transaction.ts';
import type { CommitStep } from '../../../src/host/store/index.ts';
import { type Caller, type Graft, Keepers, type Outcome } from '../../../src/plugins/index.ts';
import type { Transaction } from '../../../src/txn/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { Random } from '../../support/random.ts';
import { Fixture, folder } from '../store/fixture.ts';
import { run } from './bed.ts';

const PLUGINS = ['p', 'q'] as const;
const EXPORTS = ['tick', 'tock'] as const;
const EVENTS = ['dawn', 'dusk'] as const;
const INSTALLERS = ['ann', 'bob'] as const;
/** How the call ends that a timer makes. */
const ENDS = ['kept', 'kept', 'kept', 'thrown', 'host-fault', 'cancelled', 'killed'] as const;

interface Installed {
  readonly installer: string;
  readonly exports: readonly string[];
}

interface Expected extends GraftNames {
  readonly due: number;
  /** When it fires in this life: later than due where the host could not keep its call. */
  at: number;
}

const outcome = (reason?: 'thrown' | 'host-fault' | 'cancelled'): Outcome<unknown> => ({
  status: reason === undefined ? 'committed' : 'default',
  value: null,
  grafts:
    reason === undefined
      ? []
      : [{ graft: 'p#g', status: 'aborted', reason, undone: { records: 0, first: [] }, spent: {} as never }],
});

let place: ReturnType<typeof folder>;
let world: World;

beforeEach(() => {
  place = folder();
});

afterEach(async () => {
  await world.fixture.store.close();
  place.remove();
});

class World {
  readonly random: Random;
  readonly installed = new Map<string, Installed>();
  /** The model: timers that are to fire, by their milliseconds, of which each has its own. */
  readonly timers = new Map<number, Expected>();
  /** The model: who has subscribed to what. */
  readonly subscribed = new Map<string, GraftNames & { readonly event: string }>();
  readonly fired: number[] = [];
  readonly heard: string[] = [];
  /** The step of a commit at which the store fails. */
  failsAt: CommitStep | null = null;
  fixture!: Fixture;
  clock!: ManualClock;
  keepers!: Keepers;
  real!: Timers;
  subscriptions!: Subscriptions;
  events!: Events;
  #life = 0;
  /** When the life began, by the calendar. */
  #epoch = 0;
  #isRestored = false;
  #isDead = false;
  #ms = 100;
  #end: (typeof ENDS)[number] = 'kept';

  constructor(seed: number) {
    this.random = new Random(seed);
    mkdirSync(this.#folder);
  }

  get #folder(): string {
    return `${place.path}/${this.#life}`;
  }

  get now(): number {
    return this.#epoch + this.clock.now();
  }

  async begin(): Promise<void> {
    this.#isRestored = false;
    this.#isDead = false;
    this.clock = new ManualClock();
    this.keepers = new Keepers();
    this.fixture = await Fixture.open(`${this.#folder}/app.db`, {
      clock: this.clock,
      onStep: (step) => {
        if (step === this.failsAt) throw new Error('no');
      },
    });
    const { fixture } = this;
    const later: Later = {
      graftsOf: (plugin) => (this.installed.get(plugin)?.exports ?? []).map((name) => this.#graft(plugin, name)),
      whereIs: (names) => this.#whereIs(names),
      invoke: (graft, input, _from, last) => {
        const { event } = input as { event?: string };
        if (event === undefined) return this.#call(input as { timer_ms: number }, last);
        this.heard.push(`${event} ${graft.name}`);
        return Promise.resolve(outcome());
      },
      failed: (_graft, error) => {
        throw error;
      },
    };
    const maps: LaterMaps = {
      store: fixture.store,
      keepers: this.keepers,
      own: async (work) => {
        const txn = new HostTransaction(fixture.begin());
        const value = await work(txn);
        const failure = fixture.commit(txn.core);
        if (failure !== null) throw failure;
        return value;
      },
      undeleted: (_what, error) => {
        if (!this.#isDead) throw error;
      },
    };
    this.real = new Timers(later, this.clock, maps, () => this.now);
    this.subscriptions = new Subscriptions(later, maps);
    this.events = this.subscriptions.declare(EVENTS);
  }

  /** As `restore` of a host: the plugins are back. */
  async restore(): Promise<void> {
    this.#isRestored = true;
    await this.sweep();
  }

  async sweep(): Promise<void> {
    await Promise.all([this.real.sweep(), this.subscriptions.sweep()]);
  }

  #graft(plugin: string, name: string): Graft {
    const { installer = '' } = this.installed.get(plugin) ?? {};
    return {
      plugin: { name: plugin, installer },
      export: name,
      name: `${plugin}#${name}`,
      stands: true,
      point: { kind: 'event', name: 'later' },
    } as unknown as Graft;
  }

  #whereIs({ plugin, installer, export: name }: GraftNames): Graft | 'away' | 'gone' {
    const now = this.installed.get(plugin);
    if (now?.installer !== installer || !now.exports.includes(name)) return 'gone';
    return this.#isRestored ? this.#graft(plugin, name) : 'away';
  }

  /** A call that a timer makes. */
  async #call({ timer_ms }: { timer_ms: number }, last: Parameters<Later['invoke']>[3]): Promise<Outcome<unknown>> {
    this.fired.push(timer_ms);
    if (this.#isDead) return new Promise(() => {});
    const txn = this.fixture.begin();
    const nested = txn.begin();
    if (this.#end === 'thrown' || this.#end === 'host-fault' || this.#end === 'cancelled') {
      txn.abort();
      return outcome(this.#end);
    }
    expect(last?.(nested)).toBeNull();
    nested.commit();
    if (this.#end === 'killed') {
      this.#copy();
      return new Promise(() => {});
    }
    expect(this.fixture.commit(txn)).toBeNull();
    return outcome();
  }

  /** The files as they are now are those of the next life. */
  #copy(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    const from = this.#folder;
    this.#life++;
    cpSync(from, this.#folder, { recursive: true, filter: (path) => !/-(host|shm)$/.test(path) });
  }

  /** The host ends, by a kill or a close, and comes again after a while. */
  async restart(isKilled: boolean): Promise<void> {
    if (isKilled) this.#copy();
    const { now } = this;
    this.real.close();
    await this.fixture.store.close();
    this.#epoch = now + this.random.below(400);
    for (const one of this.timers.values()) one.at = one.due;
    await this.begin();
    if (this.random.chance(0.3)) return;
    await this.restore();
    await this.advance(0, 'kept');
  }

  /** Time goes on. What is due fires, and each of its calls ends in the same way. */
  async advance(ms: number, end: (typeof ENDS)[number]): Promise<void> {
    this.#end = end;
    const firing = this.#isRestored ? [...this.timers].filter(([, { at }]) => at <= this.now + ms) : [];
    this.fired.length = 0;
    this.clock.advance(ms);
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(this.fired.toSorted()).toEqual(firing.map(([timer]) => timer).toSorted());
    if (this.#isDead) {
      await this.restart(false);
      return;
    }
    for (const [timer, one] of firing) {
      if (end !== 'host-fault' && end !== 'cancelled') this.timers.delete(timer);
      else one.at += 60_000;
    }
  }

  caller(plugin: string, installer: string, txn: Transaction): Caller {
    return {
      txn,
      plugin,
      graftName: `${plugin}#g`,
      installer,
      depth: 0,
      principal: 'eve',
      readOnly: false,
      keeper: this.keepers.of(plugin, installer),
      log: () => {},
    };
  }

  /** A call of a graft that schedules some, and ends well or not. */
  call(): void {
    const { random } = this;
    const plugin = random.pick(PLUGINS);
    const now = this.installed.get(plugin);
    if (now === undefined) return;
    const txn = this.fixture.begin();
    const nested = txn.begin();
    const caller = this.caller(plugin, now.installer, nested);
    const made: [number, Expected][] = [];
    const told: (GraftNames & { readonly event: string })[] = [];
    for (let n = random.below(4); n > 0 && now.exports.length > 0; n--) {
      const name = random.pick(now.exports);
      const ms = this.#ms++;
      made.push([
        ms,
        { plugin, installer: now.installer, point: 'later', export: name, due: this.now + ms, at: this.now + ms },
      ]);
      run(this.real.schedule, caller, ms, name);
      if (random.chance(0.5)) continue;
      const event = random.pick(EVENTS);
      told.push({ plugin, installer: now.installer, point: 'later', export: name, event });
      run(this.events.callables.on, caller, event, name);
    }
    const end = random.below(4);
    if (end === 0) nested.abort();
    else nested.commit();
    if (end === 1) txn.abort();
    else expect(this.fixture.commit(txn)).toBeNull();
    if (end <= 1) return;
    for (const [ms, one] of made) this.timers.set(ms, one);
    for (const one of told) this.subscribed.set(JSON.stringify(one), one);
  }

  emit(): void {
    const event = this.random.pick(EVENTS);
    this.heard.length = 0;
    this.events.emit(event, null);
    const expected = [...this.subscribed.values()].filter((one) => one.event === event);
    expect(this.heard.toSorted()).toEqual(expected.map((one) => `${event} ${one.plugin}#${one.export}`).toSorted());
  }

  /** A removal, an installation or an upgrade; without a sweep the host ends before it is told. */
  async change(): Promise<void> {
    const { random } = this;
    const plugin = random.pick(PLUGINS);
    const now = this.installed.get(plugin);
    const exports = EXPORTS.filter(() => random.chance(0.8));
    if (now === undefined) this.installed.set(plugin, { installer: random.pick(INSTALLERS), exports });
    else if (random.chance(0.5)) this.installed.delete(plugin);
    else this.installed.set(plugin, { installer: now.installer, exports });
    const isStanding = (one: GraftNames): boolean => {
      const { installer, exports: names = [] } = this.installed.get(one.plugin) ?? {};
      return installer === one.installer && names.includes(one.export);
    };
    for (const [ms, one] of this.timers) if (!isStanding(one)) this.timers.delete(ms);
    for (const [key, one] of this.subscribed) if (!isStanding(one)) this.subscribed.delete(key);
    if (random.chance(0.1)) await this.restart(true);
    if (this.#isRestored) await this.sweep();
    else await this.restore();
  }

  check(): void {
    const ownerOf = ({ installer, plugin }: { installer: string; plugin: string }): string => `${installer} ${plugin}`;
    const model = new Map<string, [timers: number, subscriptions: number]>();
    for (const one of this.timers.values()) {
      const [timers, subscriptions] = model.get(ownerOf(one)) ?? [0, 0];
      model.set(ownerOf(one), [timers + 1, subscriptions]);
    }
    for (const one of this.subscribed.values()) {
      const [timers, subscriptions] = model.get(ownerOf(one)) ?? [0, 0];
      model.set(ownerOf(one), [timers, subscriptions + 1]);
    }
    const held = this.keepers.list().map((one) => [ownerOf(one), [one.held.timers, one.held.subscriptions]]);
    expect(held.sort()).toEqual([...model].sort());
    if (!this.#isRestored) return;
    expect(this.events.size).toBe(this.subscribed.size);
    expect(this.real.pending).toBe(this.timers.size);
  }

  get isRestored(): boolean {
    return this.#isRestored;
  }
}

test.each(Array.from({ length: 15 }, (_, i) => i + 1))(
  'timers and subscriptions last as the model says, seed %i',
  async (seed) => {
    world = new World(seed);
    const { random } = world;
    await world.begin();
    await world.restore();
    for (let step = 0; step < 60; step++) {
      const what = random.below(10);
      if (!world.isRestored) {
        await world.restore();
        await world.advance(0, 'kept');
      } else if (what < 4) world.call();
      else if (what < 6) await world.change();
      else if (what === 6) world.emit();
      else if (what < 9) await world.advance(random.below(150), random.pick(ENDS));
      else await world.restart(random.chance(0.5));
      world.check();
    }
  },
);

test.each<CommitStep>(['committing', 'outbox', 'stored-state', 'transaction-id'])(
  'a COMMIT that fails at %s leaves neither timer nor subscription',
  async (step) => {
    world = new World(1);
    await world.begin();
    await world.restore();
    world.installed.set('p', { installer: 'ann', exports: ['tick'] });
    world.failsAt = step;
    const txn = world.fixture.begin();
    const nested = txn.begin();
    const caller = world.caller('p', 'ann', nested);
    run(world.real.schedule, caller, 100, 'tick');
    run(world.events.callables.on, caller, 'dawn', 'tick');
    nested.commit();
    expect(world.fixture.commit(txn)?.reason).toBe('host-fault');
    world.check();
    world.failsAt = null;
    await world.restart(true);
    await world.restore();
    world.check();
    await world.advance(1000, 'kept');
  },
);
