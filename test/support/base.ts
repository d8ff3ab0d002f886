// A base for tests of the core: a transactional map, callables of every sort over it, points, and plugins written as
// source text, in a compartment of either kind. Its clock is moved by hand, so that the time-outs of locks and requests
// fire when a test says so; only a plugin's own time is real.
//
//   const base = openBase('process');
//   const point = base.point({ name: 'p', kind: 'function', default: () => 'default' });
//   await base.install('a', '{ graft: (input, api) => api.stock.set("k", input) }');
//   await base.invoke(point, 1);
//   await base.close();          // checks that no end left anything behind

import { types } from 'node:util';
import type { AnyKind } from '../../bench/rivals/index.ts';
import { ProcessMaker, type ProcessOptions, refuseDirect } from '../../src/plugins/compartment/index.ts';
import {
  answerOf,
  type Base,
  badArgument,
  CALLS,
  type Callable,
  type CallableTree,
  type CompartmentMaker,
  type ConsoleLine,
  type Graft,
  GraftPoint,
  type GraftReport,
  type Installer,
  type InvokeOptions,
  invoke,
  type Limits,
  type Outcome,
  type Participant,
  type Plugin,
  PluginTable,
  type PointOptions,
  PointTable,
  RESOURCES,
  treasury,
  WRITES,
} from '../../src/plugins/index.ts';
import { type Account, type Report, StateMap, type Transaction, Transactions } from '../../src/txn/index.ts';
import { makerOf } from './makers.ts';
import { ManualClock } from './manual-clock.ts';
import { assembled } from './webassembly.ts';

export type Kind = AnyKind;

export interface BaseOptions {
  readonly processes?: ProcessOptions;
  readonly participant?: Participant;
  /** A compartment of the test's own, instead of the kind's. */
  readonly compartments?: CompartmentMaker;
  readonly lock_timeout_ms?: number;
}

export interface GraftRow {
  readonly point: string;
  readonly export: string;
  readonly order?: number;
}

export interface InstallOptions {
  readonly grafts?: readonly GraftRow[];
  readonly needs?: readonly string[];
  readonly limits?: Partial<Limits>;
  readonly version?: string;
  readonly installer?: Installer;
}

/** Own time that no honest graft here comes near, whatever else the machine does. */
export const AMPLE_MS = 5000;
const DEPTH_MAX = 8;
const LOCK_TIMEOUT_MS = 500;
const RESOURCE_NUMBERS = RESOURCES.map((_, index) => index);

/** Something that a graft waits at until the test opens it. */
class Gate {
  #open = (): void => {};
  #reach = (): void => {};
  readonly opened = new Promise<void>((resolve) => {
    this.#open = resolve;
  });
  /** Resolves when somebody waits here. */
  readonly reached = new Promise<void>((resolve) => {
    this.#reach = resolve;
  });

  arrive(): Promise<void> {
    this.#reach();
    return this.opened;
  }

  open(): void {
    this.#open();
  }
}

export class TestBase implements Base {
  readonly kind: Kind;
  readonly clock = new ManualClock();
  readonly undoFailures: Report[] = [];
  readonly transactions = new Transactions({ clock: this.clock, report: (report) => this.undoFailures.push(report) });
  readonly treasury: Account = treasury();
  readonly participant: Participant | null;
  readonly points = new PointTable();
  readonly plugins: PluginTable;
  readonly maker: ProcessMaker | null;
  readonly stock: StateMap<string, unknown>;
  /** What accessors threw that was the host's own fault. */
  readonly faults: unknown[] = [];
  readonly reports: GraftReport[] = [];
  readonly lines: (readonly string[])[] = [];
  /** Lines of consoles, by the number of the graft's call; null: of a module. */
  readonly said: ({ readonly call: number | null } & ConsoleLine)[] = [];
  /** Effects that have left. */
  readonly sent: unknown[] = [];
  readonly #maker: CompartmentMaker;
  readonly #modules = new Map<string, Readonly<Record<string, unknown>>>();
  readonly #gates = new Map<string, Gate>();
  readonly #created = this.treasury.free[CALLS] as number;

  constructor(kind: Kind, options: BaseOptions = {}) {
    this.kind = kind;
    this.participant = options.participant ?? null;
    const maker = options.compartments ?? makerOf(kind, this.#modules, options.processes);
    this.#maker = maker;
    this.maker = options.compartments === undefined && maker instanceof ProcessMaker ? maker : null;
    this.plugins = new PluginTable({
      points: this.points,
      maker,
      told: (_plugin, line) => this.said.push({ call: null, ...line }),
      position: (_map, line, column) => `author.ts:${line}:${column}`,
    });
    const writes = { resource: WRITES, cost: 1 };
    this.stock = new StateMap<string, unknown>(
      { name: 'stock', lock_timeout_ms: options.lock_timeout_ms ?? LOCK_TIMEOUT_MS, writes },
      [
        ['a', 1],
        ['b', 2],
      ],
    );
  }

  isProxy(value: object): boolean {
    return types.isProxy(value);
  }

  hostFailed(_what: string, error: unknown): void {
    this.faults.push(error);
  }

  told(_graft: Graft, call: number, line: ConsoleLine): void {
    this.said.push({ call, ...line });
  }

  reported(_graft: Graft, report: GraftReport, lines: readonly string[]): void {
    this.reports.push(report);
    this.lines.push(lines);
  }

  gate(name: string): Gate {
    let gate = this.#gates.get(name);
    if (gate === undefined) {
      gate = new Gate();
      this.#gates.set(name, gate);
    }
    return gate;
  }

  /** What most points offer. None of it waits but for locks. */
  readonly callable: CallableTree = {
    stock: {
      get: atOnce(({ txn }, [key]) => this.stock.get(txn, text(key))),
      set: atOnce(({ txn }, [key, value]) => this.stock.set(txn, text(key), value)),
      delete: atOnce(({ txn }, [key]) => this.stock.delete(txn, text(key))),
      keys: atOnce(({ txn }) => this.stock.keys(txn)),
    },
    log: atOnce((caller, [line]) => caller.log(text(line))),
    send: atOnce(({ txn }, [what]) => txn.defer({ leave: () => void this.sent.push(what) })),
    whoami: atOnce(({ plugin, graftName, installer, depth, readOnly }) => ({
      plugin,
      graftName,
      installer,
      depth,
      readOnly,
    })),
  };

  /** Callables that are the host's own mistakes. */
  readonly mistaken: CallableTree = {
    throws: atOnce(() => {
      throw new Error('the password is swordfish');
    }),
    date: atOnce(() => new Date(0)),
  };

  /** Waits at a gate; only compartments that can wait may call it. */
  readonly wait: Callable = { waits: true, run: (_caller, [name]) => this.gate(text(name)).arrive() };

  /** A point as something that grafts elsewhere may call. */
  nested(name: string): Callable {
    return {
      waits: true,
      run: async ({ txn, depth, principal }, [input = null]) => {
        if (depth + 1 > DEPTH_MAX) throw txn.doom('limit', `nesting deeper than ${DEPTH_MAX}`);
        return answerOf(name, await invoke(this, this.points.get(name), input, { txn, depth: depth + 1, principal }));
      },
    };
  }

  /** Declares a point that offers `callable`, with ample own time, unless the options say otherwise. */
  point<Input, Output>(options: PointOptions<Input, Output>): GraftPoint<Input, Output> {
    const limits = { own_ms: AMPLE_MS, ...options.limits };
    return this.points.add(new GraftPoint<Input, Output>({ callable: this.callable, ...options, limits }));
  }

  /**
   * Installs a plugin. `exports` is the text of an object of functions, in which `refuse` refuses; `before` is its
   * module's own code. Where the kind takes WebAssembly, `exports` is the text of a module.
   */
  async install(name: string, exports: string, options: InstallOptions = {}, before = ''): Promise<Plugin> {
    const body = `${before}\nreturn (${exports});`;
    const grafts = (options.grafts ?? [{ point: 'p', export: 'graft' }]).map((row) => ({ order: 100, ...row }));
    const offered = new Set(
      grafts.flatMap(({ point }) => (this.points.has(point) ? [...this.points.get(point).callables.keys()] : [])),
    );
    const needs = options.needs ?? [...offered];
    if (this.kind === 'direct') this.#modules.set(name, new Function('refuse', `'use strict';${body}`)(refuseDirect));
    const script = `(() => { 'use strict'; const refuse = globalThis.__graftwork_refuse;${body} })()`;
    const code = this.kind === 'wasm' ? await assembled(exports) : script;
    const manifest = { api: 1, grafts, needs, limits: options.limits ?? {} } as const;
    return this.plugins.install(
      { name, version: options.version ?? '1.0.0', manifest, code, sourceMap: '', digest: name },
      options.installer,
    );
  }

  invoke<I, O>(point: GraftPoint<I, O>, input: unknown, options?: InvokeOptions): Promise<Outcome<O>> {
    return invoke(this, point, input, options);
  }

  /** Runs the host's own code in a transaction and commits it. */
  change(run: (txn: Transaction) => void): void {
    const txn = this.transactions.begin();
    run(txn);
    txn.commit();
  }

  get state(): Record<string, unknown> {
    return Object.fromEntries(this.stock.peekEntries());
  }

  /** What an end must not leave behind: transactions, timers, locks, units of accounts. All zero where all is well. */
  get leftovers(): { active: number; armed: number; held: number; units: number; undoFailures: number } {
    const { free, held, spent } = this.treasury;
    const missing = RESOURCE_NUMBERS.map((i) => this.#created - (free[i] as number) - (spent[i] as number));
    const held_units = RESOURCE_NUMBERS.map((i) => held[i] as number);
    return {
      active: this.transactions.active,
      armed: this.clock.armed,
      held: [...this.stock.entries.values()].filter((entry) => entry.mode !== 0 || entry.queue !== null).length,
      units: [...missing, ...held_units].filter((count) => count !== 0).length,
      undoFailures: this.undoFailures.length,
    };
  }

  /** Ends the plugins' compartments; throws where anything was left behind. */
  async close(): Promise<void> {
    const left = this.leftovers;
    await this.kill();
    if (Object.values(left).some((count) => count !== 0)) throw new Error(`left behind: ${JSON.stringify(left)}`);
  }

  async kill(): Promise<void> {
    const pids = this.#maker.pids ?? [];
    this.#maker.close();
    await Promise.all(pids.map((pid) => until(() => !isAlive(pid))));
  }
}

const atOnce = (run: Callable['run']): Callable => ({ waits: false, run });

const text = (value: unknown): string => (typeof value === 'string' ? value : badArgument('takes a text'));

export const openBase = (kind: Kind, options: BaseOptions = {}): TestBase => new TestBase(kind, options);

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Resolves as soon as `condition` holds; looks after every turn of the event loop. */
export const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
};
