// An application's host: graft points, plugins, transactional state and a store, on the one core that the kernel model
// uses too.
//
//   const host = await createHost({ store: 'sqlite:app.db', registry: 'graftwork.db' });
//   const price = host.graftPoint({ … });
//   await host.restore();                          // plugins of an earlier start
//   await host.install('./plugins/fair-price');
//   await price.call({ sku: 'x', list: 10 });
//   await host.close();

import { types } from 'node:util';
import { type CompartmentMaker, ProcessMaker } from '../plugins/compartment/index.ts';
import {
  answerOf,
  type Base,
  badArgument,
  type Callable,
  type CallableTree,
  checkOptions,
  commitTop,
  type Graft,
  GraftError,
  GraftPoint,
  type GraftReport,
  HOST_ITSELF,
  type Installer,
  type InvokeOptions,
  invoke,
  isObject,
  isString,
  type Outcome,
  PluginTable,
  type PointOptions,
  PointTable,
  treasury,
} from '../plugins/index.ts';
import { originalPosition, type PluginSource, readPackage } from '../plugins/package/index.ts';
import { StateMap, Transactions } from '../txn/index.ts';
import { HostCallables } from './callables/index.ts';
import type { HostTable } from './host-table.ts';
import { HostTransaction } from './host-transaction.ts';
import {
  accountsInUse,
  factsOf,
  type InUse,
  type PluginInfo,
  type PointInfo,
  pluginInfo,
  pointInfo,
} from './information.ts';
import {
  checkHostOptions,
  DEFAULT_STORE,
  type HostEvent,
  type HostOptions,
  machineClock,
  toStandardError,
} from './options.ts';
import { pluginStorage } from './plugin-storage.ts';
import { type AbortRecord, memoryRegistry, type Registry } from './records.ts';
import { HostCell, HostCounter, HostList, HostMap, type StateSpec, stateOptions } from './state.ts';
import { openRegistry, openStore, type Row, type Store } from './store/index.ts';

/** A graft point as the application calls it. */
export interface HostPoint<Input, Output> {
  readonly name: string;
  /** The outcome; throws only for misuse: GRAFT_BAD_INPUT, GRAFT_OVERLOADED, GRAFT_CLOSED. */
  invoke(input: Input, options?: CallOptions): Promise<Outcome<Output>>;
  /** The value; throws the coded error of a refusal (GRAFT_REFUSED), denial, failure or abort as well. */
  call(input: Input, options?: CallOptions): Promise<Output>;
  /** The point as something that grafts elsewhere may call: a nested transaction. */
  callable(): Callable;
}

export interface CallOptions {
  /** The transaction that the call is part of. */
  readonly txn?: HostTransaction;
  /**
   * On whose behalf the call is made (a user): calls of different principals share no heap of a plugin, nor do the
   * calls that they make in turn.
   */
  readonly principal?: string;
  readonly signal?: AbortSignal;
}

const DEPTH_MAX = 8;
const PLAIN_CALL: InvokeOptions = {};
const TOTAL_MS = 30_000;
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

export class Host {
  readonly #base: Base;
  readonly #points = new PointTable();
  readonly #plugins: PluginTable;
  readonly #maker: CompartmentMaker;
  readonly #store: Store | null;
  readonly #registry: Registry;
  readonly #report: (event: HostEvent) => void;
  readonly #facts: Record<string, string>;
  readonly #names = new Set<string>();
  readonly #begun = new Set<HostTransaction>();
  /** Ready-made callables: named locks, sleep, calls by name, handles, events, timers, headers. */
  readonly callables: HostCallables;
  #closing: Promise<void> | null = null;
  #restored = false;

  /** @internal Use createHost. */
  constructor(
    options: HostOptions,
    transactions: Transactions,
    store: Store | null,
    registry: Registry,
    report: (event: HostEvent) => void,
  ) {
    this.#store = store;
    this.#registry = registry;
    this.#report = report;
    this.#maker = options.compartment ?? new ProcessMaker(options.processes);
    this.#base = {
      transactions,
      treasury: treasury(),
      participant: store,
      isProxy: types.isProxy,
      accessorFailed: (graft, error) => report({ what: 'accessor-failed', name: graft.name, error }),
      reported: (graft, done, lines) => this.#reported(graft, done, lines),
    };
    this.#plugins = new PluginTable({
      points: this.#points,
      maker: this.#maker,
      position: (map, line, column) => {
        const at = originalPosition(map, line, column);
        return at === null ? null : `${at.file}:${at.line}:${at.column}`;
      },
    });
    this.callables = new HostCallables({
      clock: transactions.clock,
      graftsOf: (plugin) => (this.#plugins.has(plugin) ? this.#plugins.get(plugin).grafts : []),
      invoke: (graft, input, from) => invoke(this.#base, graft.point, input, { ...from, only: graft }),
      failed: (graft, error) => report({ what: 'accessor-failed', name: graft.name, error }),
      pointCallable: (point) => this.#callable(this.#points.get(point)),
    });
    this.#facts = factsOf(this.#maker, options.store ?? DEFAULT_STORE);
  }

  #reported(graft: Graft, done: GraftReport, lines: readonly string[]): void {
    if (lines.length > 0)
      this.#report({ what: 'log', graft: graft.name, committed: done.status === 'committed', lines });
    if (done.status !== 'aborted') return;
    this.#registry.recordAbort({
      at: new Date().toISOString(),
      point: graft.point.name,
      graft: graft.name,
      reason: done.reason ?? 'thrown',
      detail: done.detail ?? '',
      source: done.at ?? '',
      undone: done.undone,
      removed: done.removed === true,
    });
    if (!done.removed) return;
    this.callables.sweep();
    // An old version, in whose calls this may still happen, is not what the registry keeps.
    const { plugin } = graft;
    const isCurrent = this.#plugins.has(plugin.name) && this.#plugins.get(plugin.name) === plugin;
    if (isCurrent) this.#registry.graftRemoved(plugin.name, graft.export);
  }

  #claim(name: string): string {
    if (!NAME.test(name) || this.#names.has(name))
      throw new GraftError('GRAFT_BAD_OPTION', `the name ${name.slice(0, 64)} is taken or not a name`);
    this.#names.add(name);
    return name;
  }

  readonly #own = <T>(run: (txn: HostTransaction) => Promise<T>): Promise<T> => this.transaction(run);

  /** Declares a graft point. One that takes rows is called with a list of them and gives as many answers. */
  graftPoint<Input, Output>(
    options: PointOptions<Input, Output> & { readonly rows: true },
  ): HostPoint<readonly Input[], readonly Output[]>;
  graftPoint<Input, Output>(options: PointOptions<Input, Output>): HostPoint<Input, Output>;
  graftPoint<Input, Output>(options: PointOptions<Input, Output>): HostPoint<unknown, unknown> {
    const point = this.#points.add(new GraftPoint(options));
    return {
      name: point.name,
      invoke: (input, callOptions = {}) => this.#invoke(point, input, callOptions),
      call: async (input, callOptions = {}) => answerOf(point.name, await this.#invoke(point, input, callOptions)),
      callable: () => this.#callable(point),
    };
  }

  #callable<I, O>(point: GraftPoint<I, O>): Callable {
    return {
      waits: true,
      run: async (caller, [input = null]) => {
        if (caller.depth + 1 > DEPTH_MAX) throw caller.txn.doom('limit', `nesting deeper than ${DEPTH_MAX}`);
        return answerOf(
          point.name,
          await invoke(this.#base, point, input, {
            txn: caller.txn,
            depth: caller.depth + 1,
            principal: caller.principal,
          }),
        );
      },
    };
  }

  #invoke<I, O>(point: GraftPoint<I, O>, input: unknown, options: CallOptions): Promise<Outcome<O>> {
    if (this.#closing !== null) return Promise.reject(new GraftError('GRAFT_CLOSED', 'the host is closed'));
    const { txn, principal, signal } = options;
    const given: InvokeOptions =
      principal === undefined && signal === undefined
        ? PLAIN_CALL
        : { ...(principal === undefined ? {} : { principal }), ...(signal === undefined ? {} : { signal }) };
    if (txn === undefined) return invoke(this.#base, point, input, given);
    return txn.queue(() => invoke(this.#base, point, input, { ...given, txn: txn.core }));
  }

  /** Calls a point by its name. Throws GRAFT_UNKNOWN_POINT and what `invoke` of the point throws. */
  async invoke(name: string, input: unknown, options: CallOptions = {}): Promise<Outcome<unknown>> {
    return this.#invoke(this.#points.get(name), input, options);
  }

  /**
   * Runs the host's own code in a transaction: commits when it resolves, aborts when it throws. Throws GRAFT_ABORTED
   * where it cannot commit.
   */
  async transaction<T>(run: (txn: HostTransaction) => Promise<T>): Promise<T> {
    if (this.#closing !== null) throw new GraftError('GRAFT_CLOSED', 'the host is closed');
    const { transactions } = this.#base;
    const txn = new HostTransaction(transactions.begin());
    const timer = transactions.clock.after(TOTAL_MS, () => transactions.end(txn.core, 'total-time', ''));
    this.#begun.add(txn);
    try {
      const value = await run(txn);
      await txn.idle;
      if (txn.core.doomed !== null) throw new GraftError('GRAFT_ABORTED', txn.core.doomed.message);
      const failure = await commitTop(this.#base, txn.core);
      if (failure !== null) throw new GraftError('GRAFT_ABORTED', failure.message);
      return value;
    } finally {
      timer.cancel();
      this.#begun.delete(txn);
      txn.core.abort();
    }
  }

  /** A transactional map. `stored` ones are kept in the database. */
  map<V>(name: string, spec: StateSpec = {}): HostMap<V> {
    this.#claim(name);
    if (spec.stored !== true)
      return new HostMap(new StateMap<string, V>(stateOptions(name, spec)), this.#own, () => null);
    const stored = this.#needStore().storedMap(name);
    const map = new StateMap<string, V>(stateOptions(name, spec), stored.initial as readonly (readonly [string, V])[]);
    stored.attach(map as StateMap<string, unknown>);
    return new HostMap(map, this.#own, (txn) => stored.touch(txn));
  }

  cell<V>(name: string, initial: V, spec: StateSpec = {}): HostCell<V> {
    return new HostCell(stateOptions(this.#claim(name), spec), initial, this.#own);
  }

  counter(name: string, initial = 0, spec: StateSpec = {}): HostCounter {
    return new HostCounter(stateOptions(this.#claim(name), spec), initial, this.#own);
  }

  list<V>(name: string, initial: readonly V[] = [], spec: StateSpec = {}): HostList<V> {
    return new HostList(stateOptions(this.#claim(name), spec), initial, this.#own);
  }

  #needStore(): Store {
    if (this.#store === null) throw new GraftError('GRAFT_STORE_UNSUPPORTED', 'this host has no database');
    return this.#store;
  }

  /** A table of the application's entities. Throws GRAFT_UNKNOWN_TABLE. */
  table(name: string): HostTable {
    const store = this.#needStore();
    const table = store.table(name);
    return {
      find: (options) => table.find(null, options) as Row[],
      in: (txn) => ({
        find: (options) => txn.run((core) => table.find(core, options)),
        insert: (row) => txn.run((core) => table.insert(core, row)),
        update: (where, changes) => txn.run((core) => table.update(core, where, changes)),
        delete: (where) => txn.run((core) => table.delete(core, where)),
      }),
      callables: (grant) => store.callables(name, grant),
    };
  }

  /** A channel of outgoing messages: held back until commit, handed to `handler` at least once, with an id. */
  channel(
    name: string,
    handler: (id: string, payload: unknown) => void | Promise<void>,
  ): { readonly callable: Callable; send(txn: HostTransaction, payload: unknown): Promise<void> } {
    const channel = this.#needStore().channel(this.#claim(name), handler);
    return {
      callable: channel.callable,
      send: (txn, payload) => txn.run((core) => channel.send(core, payload)) as Promise<void>,
    };
  }

  /** A callable that notes a line of text; it is reported with the call's end, committed or not. */
  readonly log: Callable = {
    waits: false,
    run: (caller, [text]) => caller.log(typeof text === 'string' ? text : badArgument('log: takes a text')),
  };

  /** Callables of a map that every plugin has for itself: what must outlast a call. */
  readonly storage: CallableTree = pluginStorage(this.#own);

  /**
   * Installs a plugin: a folder, a `.tgz` (path or bytes), or `{ manifest, files }`. A coded error, and nothing is
   * changed, where that fails.
   */
  async install(source: PluginSource, options: { readonly installer?: string | Installer } = {}): Promise<PluginInfo> {
    if (this.#closing !== null) throw new GraftError('GRAFT_CLOSED', 'the host is closed');
    checkOptions(options, { installer: (value) => isString(value) || isObject(value) }, 'install');
    const given = options.installer ?? HOST_ITSELF;
    const installer: Installer = typeof given === 'string' ? { name: given, grants: 'everything' } : given;
    const pkg = await readPackage(source);
    const plugin = await this.#plugins.install(pkg, installer);
    this.callables.sweep();
    await this.#registry.savePlugin({ package: pkg, installer: installer.name, removed: [] });
    return pluginInfo(plugin);
  }

  /**
   * Brings back the plugins of an earlier start, but for grafts that were removed, and sends messages that were not
   * sent. Call it when all points stand.
   */
  async restore(): Promise<PluginInfo[]> {
    if (this.#restored) throw new GraftError('GRAFT_BAD_OPTION', 'restore is called once');
    this.#restored = true;
    await this.#store?.resume();
    const back: PluginInfo[] = [];
    for (const kept of await this.#registry.plugins()) {
      const { grafts } = kept.package.manifest;
      if (grafts.every((graft) => kept.removed.includes(graft.export))) continue;
      try {
        const plugin = await this.#plugins.install(kept.package, { name: kept.installer, grants: 'everything' });
        for (const graft of plugin.grafts) if (kept.removed.includes(graft.export)) graft.remove();
        back.push(pluginInfo(plugin));
      } catch (error) {
        this.#report({ what: 'accessor-failed', name: `restore ${kept.package.name}`, error });
      }
    }
    return back;
  }

  /**
   * Removes a plugin; calls in flight finish, or are aborted as `cancelled` where `now` is true. Throws
   * GRAFT_UNKNOWN_PLUGIN.
   */
  async remove(name: string, options: { readonly now?: boolean } = {}): Promise<PluginInfo> {
    const plugin = this.#plugins.remove(name, options.now === true);
    this.callables.sweep();
    await this.#registry.removePlugin(name);
    return pluginInfo(plugin);
  }

  points(): PointInfo[] {
    return this.#points.list().map(pointInfo);
  }

  plugins(): PluginInfo[] {
    return this.#plugins.list().map(pluginInfo);
  }

  /** Records of aborts, newest first; `before` an id, to page on. */
  aborts(options: { readonly limit?: number; readonly before?: number } = {}): Promise<AbortRecord[]> {
    const { limit = 100, before } = options;
    return this.#registry.aborts(before === undefined ? { limit } : { limit, before });
  }

  /** What holds on this system, in words. */
  facts(): Record<string, string> {
    return { ...this.#facts };
  }

  /** What is in use just now: all zero while no call runs and no timer is armed. */
  inUse(): InUse {
    return { ...accountsInUse(this.#base.transactions, this.#base.treasury), ...this.callables.inUse };
  }

  /** Process ids of the plugins' processes, for those who watch them. */
  pids(): number[] {
    return [...(this.#maker.pids ?? [])];
  }

  /** Ends everything: calls in flight are aborted as `cancelled`, messages being sent are waited for. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { transactions } = this.#base;
    for (const txn of this.#begun) transactions.end(txn.core, 'cancelled', 'the host closes');
    this.#plugins.cancel('the host closes');
    this.callables.close();
    this.#maker.close();
    await this.#registry.close();
    await this.#store?.close();
  }
}

/** Makes a host. Throws GRAFT_BAD_OPTION for options that are unknown or not allowed, and the store's coded errors. */
export const createHost = async (options: HostOptions = {}): Promise<Host> => {
  checkHostOptions(options);
  const report = options.report ?? toStandardError;
  const transactions = new Transactions({
    clock: machineClock,
    report: ({ what, operation, error }) => report({ what, name: operation, error }),
  });
  const url = options.store ?? DEFAULT_STORE;
  const store =
    url === 'memory'
      ? null
      : await openStore(url, {
          transactions,
          entities: options.entities ?? [],
          report: (error) => report({ what: 'store-failed', name: url, error }),
          ...(options.onStep === undefined ? {} : { onStep: options.onStep }),
        });
  const registry = options.registry === undefined ? memoryRegistry() : await openRegistry(options.registry);
  return new Host(options, transactions, store, registry, report);
};
