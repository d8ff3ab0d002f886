// The host that an entry attacks: a store with a = 100, b = 0, k = { n: 1 } and another plugin's key, every family of
// callables, an honest plugin under load beside it, and a model of the committed state that knows nothing of undo: each
// write reports itself to it by an effect, which leaves at commit.

import type { AnyKind } from '../../bench/rivals/index.ts';
import { createHost, type Host, type HostMap, type HostPoint, type HostTransaction } from '../../src/host/index.ts';
import { badArgument, type Callable, type CallableTree, type Caller, type Limits } from '../../src/plugins/index.ts';
import { Ticket, type Transaction } from '../../src/txn/index.ts';
import { makerOf } from '../support/makers.ts';
import { answerSchema } from './answers.ts';
import { type Entry, literalArguments, usedNames } from './entry.ts';

/** The contract's limits. */
const LIMITS: Partial<Limits> = { own_ms: 100, total_ms: 2000, memory_mb: 32, calls: 1000 };
/** What an honest plugin needs on a machine that somebody else keeps busy. */
const AMPLE: Partial<Limits> = { own_ms: 5000, total_ms: 20_000 };
const SECRET = 'the-secret-of-another-plugin';

const INITIAL: readonly (readonly [string, unknown])[] = [
  ['a', 100],
  ['b', 0],
  ['k', { n: 1 }],
  ['other/secret', SECRET],
  ['other/users', ['ann', 'bob']],
];

/** Plugins that an entry may find beside it, each at a point of its own. */
const NEIGHBOURS: Readonly<Record<string, { readonly needs: readonly string[]; readonly source: string }>> = {
  pong: { needs: ['call'], source: "(input, api) => api.call('ping', input)" },
  locker: { needs: ['lock'], source: '(input, api) => { api.lock(input.want); return { total: 1 }; }' },
  reader: { needs: ['read'], source: "(input, api) => ({ r: 'LEAK ' + api.read(input.handle) })" },
  other: { needs: ['get'], source: "(input, api) => ({ total: api.get('other/secret').length })" },
  privileged: {
    needs: ['set'],
    source: "(input, api) => { api.set('other/users', []); return { r: 'LEAK deleted' }; }",
  },
};
/** Who may be called by name; the privileged one only by those it was granted to, and it was granted to nobody. */
const CALLABLE_NEIGHBOURS = ['pong', 'locker', 'reader', 'other'];
const SELF = ['self', 'ping', 'me', 'attack'];

const textOf = (entries: Iterable<readonly [string, unknown]>, isOrdered: boolean): string =>
  JSON.stringify(isOrdered ? [...entries] : [...entries].sort(([x], [y]) => (x < y ? -1 : 1)));

export interface InstallOptions {
  readonly version?: string;
  readonly needs?: readonly string[];
  /** What the installer may hand on. */
  readonly grants?: readonly string[] | 'everything';
  readonly point?: string;
  /** The source is the whole module, not the value of an export of one. */
  readonly alone?: boolean;
}

export class World {
  readonly host: Host;
  readonly entry: Entry;
  readonly store: HostMap<unknown>;
  readonly events;
  readonly locks;
  readonly secrets = [SECRET];
  /** What has been committed. */
  readonly model = new Map<string, unknown>(INITIAL);
  /** Lines that grafts logged. */
  readonly lines: string[] = [];
  /** What the host reported of itself that must not happen. */
  readonly trouble: string[] = [];
  readonly callable: CallableTree;
  readonly attack: HostPoint<unknown, unknown>;
  readonly innocent: HostPoint<unknown, unknown>;
  readonly #honest: HostPoint<number, number>;
  readonly #tally: HostMap<number>;
  /** Processes that were there before the entry's plugin. */
  pidsBefore: readonly number[] = [];
  /** Honest calls that were answered rightly. */
  answered = 0;
  #deleted = false;
  #stopping = false;
  #load: Promise<void> = Promise.resolve();

  static async open(entry: Entry, kind: AnyKind): Promise<World> {
    const told: { trouble: string[]; lines: string[] } = { trouble: [], lines: [] };
    const host = await createHost({
      store: 'memory',
      compartment: makerOf(kind, new Map(), { spares: 1 }),
      report: (event) => {
        if (event.what === 'console') return;
        if (event.what === 'log') told.lines.push(...event.lines);
        else
          told.trouble.push(
            `${event.what} ${event.name}: ${event.error instanceof Error ? event.error.message : event.error}`,
          );
      },
    });
    const world = new World(host, entry, told);
    await world.#begin();
    return world;
  }

  private constructor(host: Host, entry: Entry, told: { trouble: string[]; lines: string[] }) {
    this.host = host;
    this.entry = entry;
    this.trouble = told.trouble;
    this.lines = told.lines;
    this.store = host.map<unknown>('store');
    this.#tally = host.map<number>('tally');
    this.locks = host.callables.locks();
    this.events = host.callables.events([
      ...new Set(['changed', ...literalArguments(entry.source, 'on'), ...literalArguments(entry.source, 'emit')]),
    ]);
    this.callable = this.#families();
    this.attack = this.point('attack', LIMITS);
    this.innocent = this.point('innocent', AMPLE);
    this.#honest = host.graftPoint({
      name: 'honest',
      kind: 'function',
      default: () => -1,
      callable: this.#tally.writable(),
      limits: AMPLE,
    });
  }

  async #begin(): Promise<void> {
    for (const [key, value] of INITIAL) await this.store.set(key, value);
    const source =
      "export const answer = (n, api) => { api.set('count', (api.get('count') ?? 0) + 1); return 2 * n + 1; };";
    const graftwork = { api: 1, grafts: [{ point: 'honest', export: 'answer' }], needs: ['get', 'set'] };
    await this.host.install({ manifest: { name: 'honest', graftwork }, files: { 'index.js': source } });
  }

  /** A point as those that `call` reaches: it tells of a fault, and keeps who faults. */
  point(
    name: string,
    limits: Partial<Limits> = LIMITS,
    offered: CallableTree = this.callable,
  ): HostPoint<unknown, unknown> {
    return this.host.graftPoint<unknown, unknown>({
      name: `hostile/${name}`,
      kind: 'function',
      output: answerSchema(this.entry),
      default: () => null,
      onFault: 'fail',
      budget: Number.POSITIVE_INFINITY,
      limits,
      callable: offered,
    });
  }

  /** What a source needs of what is offered. */
  needsOf(source: string): string[] {
    return usedNames(source).filter((name) => Object.hasOwn(this.callable, name));
  }

  /** Installs the entry's source as it is: as the value of an export, not between any brackets that it could close. */
  async install(name = 'attack', options: InstallOptions = {}): Promise<void> {
    const {
      version = '1.0.0',
      needs = this.needsOf(this.entry.source),
      point = 'attack',
      grants = 'everything',
      alone = false,
    } = options;
    this.pidsBefore = this.host.pids();
    const code = `export const attack = ${this.entry.source}\n;export const innocent = () => ({ total: 1 });\n`;
    const grafts = [{ point: `hostile/${point}`, export: 'attack' }];
    if (point === 'attack') grafts.push({ point: 'hostile/innocent', export: 'innocent' });
    const manifest = { name, version, graftwork: { api: 1, grafts, needs } };
    await this.host.install(
      { manifest, files: { 'index.js': alone ? this.entry.source : code } },
      { installer: { name: 'harness', grants } },
    );
  }

  /** Installs the neighbours that the source may call. */
  async installNeighbours(): Promise<void> {
    if (!usedNames(this.entry.source).includes('call')) return;
    const named = literalArguments(this.entry.source, 'call');
    const wanted = Object.keys(NEIGHBOURS).filter((name) => named.length === 0 || named.includes(name));
    for (const name of wanted) {
      const { needs, source } = NEIGHBOURS[name] as (typeof NEIGHBOURS)[string];
      this.point(name);
      const graftwork = { api: 1, grafts: [{ point: `hostile/${name}`, export: 'run' }], needs };
      await this.host.install({
        manifest: { name, graftwork },
        files: { 'index.js': `export const run = ${source};\n` },
      });
    }
  }

  /** Changes the store in a transaction of the host's own. */
  async put(key: string, value: unknown): Promise<void> {
    await this.host.transaction(async (txn) => {
      await this.store.in(txn).set(key, value);
      await this.#note(txn, () => this.model.set(key, value));
    });
  }

  #note(txn: HostTransaction, leave: () => void): Promise<unknown> {
    return txn.run((core: Transaction) => core.defer({ leave }));
  }

  /**
   * What differs between the store and what was committed, byte for byte, or null. In the same order too, unless a key
   * was deleted: the store keeps the place of one that its own transaction sets again.
   */
  difference(): string | null {
    const state = textOf(this.store.entries(), !this.#deleted);
    const model = textOf(this.model, !this.#deleted);
    return state === model ? null : `the state is ${state.slice(0, 300)} and should be ${model.slice(0, 300)}`;
  }

  /** Puts the honest plugin under load: one call after the other, each answer checked. */
  startLoad(): void {
    this.#load = this.#loadLoop();
  }

  async #loadLoop(): Promise<void> {
    for (let n = 0; !this.#stopping; n++) {
      const outcome = await this.#honest.invoke(n).catch((error: unknown) => ({ status: String(error), value: null }));
      const value = 'value' in outcome ? outcome.value : null;
      if (outcome.status === 'committed' && value === 2 * n + 1) this.answered++;
      else this.trouble.push(`the honest plugin's call ${n} ended as ${JSON.stringify(outcome).slice(0, 300)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Ends the load; what it counted in the store is what was answered. */
  async stopLoad(): Promise<void> {
    this.#stopping = true;
    await this.#load;
    const counted = this.#tally.get('count') ?? 0;
    if (counted !== this.answered)
      this.trouble.push(`the honest plugin answered ${this.answered} calls and counted ${counted}`);
    if (this.answered === 0) this.trouble.push('the honest plugin answered no call');
  }

  /** A key as its plugin may use it: what begins with another plugin's name is the other's. */
  #ownKey({ plugin }: Caller, key: unknown): void {
    const owner = typeof key === 'string' && key.includes('/') ? (key.split('/', 1)[0] as string) : plugin;
    const isOthers = owner !== plugin && (owner === 'other' || owner === 'honest' || Object.hasOwn(NEIGHBOURS, owner));
    if (isOthers && plugin !== 'privileged') badArgument(`the key belongs to ${owner}`);
  }

  #families(): CallableTree {
    const { callables } = this.host;
    const map = this.store.writable() as Record<string, Callable>;
    const reads = (name: string): Callable => ({
      waits: false,
      run: (caller, args) => {
        this.#ownKey(caller, args[0]);
        return (map[name] as Callable).run(caller, args);
      },
    });
    const handles = callables.handles((name) =>
      /^[\w-]+$/.test(name) ? { read: () => `the content of ${name}` } : null,
    );
    const points = Object.fromEntries([
      ...CALLABLE_NEIGHBOURS.map((name) => [name, `hostile/${name}`]),
      ...SELF.map((name) => [name, 'hostile/attack']),
    ]) as Record<string, string>;
    const set = this.#writing(map.set as Callable, (key, value) => this.model.set(key, structuredClone(value)));
    return {
      get: reads('get'),
      set,
      del: this.#writing(map.delete as Callable, (key) => {
        this.#deleted = true;
        this.model.delete(key);
      }),
      keys: { waits: false, run: (caller, args) => this.#keys(caller, args, map.keys as Callable) },
      transfer: { waits: false, run: (caller, args) => transfer(caller, args, map, set) },
      ...this.locks.callables,
      ...handles.callables,
      ...this.events.callables,
      log: this.host.log,
      sleep: callables.sleep,
      call: callables.calls(points),
      schedule: callables.schedule,
      onAbort: callables.onAbort,
      abort: callables.abort,
      header: callables.headers().header,
    };
  }

  /** A write that tells the model of itself when it is committed. */
  #writing(callable: Callable, commit: (key: string, value: unknown) => void): Callable {
    return {
      waits: false,
      run: (caller, args) => {
        this.#ownKey(caller, args[0]);
        const done = callable.run(caller, args);
        if (!(done instanceof Ticket)) caller.txn.defer({ leave: () => commit(args[0] as string, args[1]) });
        return done;
      },
    };
  }

  #keys(caller: Caller, [prefix = '']: readonly unknown[], keys: Callable): unknown {
    if (typeof prefix !== 'string') return badArgument('keys: a prefix is a text');
    this.#ownKey(caller, prefix);
    const all = keys.run(caller, []);
    if (all instanceof Ticket) return all;
    return (all as string[]).filter((key) => key.startsWith(prefix) && !key.startsWith('other/'));
  }
}

/** From a to b. Both are locked for writing before either is changed, since a ticket begins it all again. */
const transfer = (
  caller: Caller,
  [amount]: readonly unknown[],
  map: Record<string, Callable>,
  set: Callable,
): unknown => {
  if (!Number.isSafeInteger(amount) || (amount as number) <= 0)
    return badArgument('transfer: takes a whole number above 0');
  const balances: number[] = [];
  for (const key of ['a', 'b']) {
    const balance = (map.get as Callable).run(caller, [key]);
    if (balance instanceof Ticket) return balance;
    const locked = (map.set as Callable).run(caller, [key, balance ?? 0]);
    if (locked instanceof Ticket) return locked;
    balances.push(Number(balance));
  }
  const [a, b] = balances as [number, number];
  if (!(a >= (amount as number))) return badArgument('transfer: there is not as much');
  set.run(caller, ['a', a - (amount as number)]);
  set.run(caller, ['b', b + (amount as number)]);
  return null;
};
