// An application's host: graft points, plugins, transactional state and a store, on the one core that the kernel model
// uses too.

import { types } from 'node:util';
import { type CompartmentMaker, ProcessMaker } from '../plugins/compartment/index.ts';
import {
  type Base,
  type Callable,
  type CallableTree,
  GraftError,
  invoke,
  Keepers,
  type KeptByPlugin,
  type Outcome,
  shown,
  treasury,
} from '../plugins/index.ts';
import { PackageReader, type PluginSource } from '../plugins/package/index.ts';
import type { StateMap, Transactions } from '../txn/index.ts';
import { HostCallables } from './callables/index.ts';
import { ConsoleLog } from './console-log.ts';
import { type CloseOptions, Draining, drainOf } from './draining.ts';
import type { HostEventKind, HostEvents, HostListener } from './host-event.ts';
import { type EarlierStart, HostPlugins, type PluginInstallOptions, type PluginRemoveOptions } from './host-plugins.ts';
import { type CallOptions, type HostPoint, type HostPointOptions, HostPoints } from './host-point.ts';
import { type HostTable, hostTable, type RowOf } from './host-table.ts';
import type { EntitiesOf, HostTransaction } from './host-transaction.ts';
import { accountsInUse, factsOf, type InUse, type PluginInfo, type PointInfo, pointInfo } from './information.ts';
import { DEFAULT_STORE, type HostOptions } from './options.ts';
import { type Access, accessorOf, log } from './own-callables.ts';
import { ownTransaction } from './own-transaction.ts';
import { PluginStorage } from './plugin-storage.ts';
import type { AbortRecord, Registry } from './registry.ts';
import { HostSql, type SqlOptions } from './sql/index.ts';
import { HostCell, HostCounter, HostList, HostMap, keptMap, type MapSpec, type StateSpec } from './state.ts';
import type { EntityTarget, Store } from './store/index.ts';
import { inside } from './surroundings.ts';
import { Turns } from './turns.ts';

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

export class Host {
  readonly #base: Base;
  readonly #keepers: Keepers;
  readonly #points: HostPoints;
  readonly #plugins: HostPlugins;
  readonly #events: HostEvents;
  readonly #console: ConsoleLog;
  readonly #maker: CompartmentMaker;
  readonly #reader: PackageReader;
  readonly #store: Store | null;
  readonly #registry: Registry;
  readonly #facts: Record<string, string>;
  readonly #names = new Set<string>();
  readonly #begun = new Set<HostTransaction>();
  readonly #turns = new Turns();
  readonly #storage: PluginStorage;
  readonly #sql = new HostSql();
  /** Ready-made callables: named locks, sleep, calls by name, handles, events, timers, headers. */
  readonly callables: HostCallables;
  readonly #draining: Draining;
  #closing: Promise<void> | null = null;
  #restored = false;

  /** @internal Use createHost. */
  constructor(
    options: HostOptions,
    transactions: Transactions,
    store: Store | null,
    registry: Registry,
    kept: EarlierStart,
    events: HostEvents,
  ) {
    const report = events.tell;
    this.#events = events;
    this.#draining = new Draining(transactions);
    this.#store = store;
    this.#registry = registry;
    this.#maker = options.compartment ?? new ProcessMaker(options.processes);
    this.#console = new ConsoleLog(report);
    this.#keepers = new Keepers(options.kept);
    this.#reader = new PackageReader(options.processes?.walls);
    this.#storage = new PluginStorage({
      own: this.#own,
      store,
      keepers: this.#keepers,
      failed: (name, error) => report({ what: 'host-fault', name, error }),
    });
    this.#base = {
      transactions,
      treasury: treasury(),
      participant: store,
      keepers: this.#keepers,
      isProxy: types.isProxy,
      hostFailed: (name, error) => report({ what: 'host-fault', name, error }),
      inside,
      told: (graft, call, line) => this.#console.told(graft.plugin.name, { graft: graft.name, call }, line),
      reported: (graft, done, lines) => this.#plugins.reported(graft, done, lines),
    };
    this.#points = new HostPoints(
      this.#base,
      this.#turns,
      () => this.#closing !== null,
      this.#entitiesOf,
      (point) => this.#plugins.declared(point),
      (point) => this.#plugins.restoredAt(point),
    );
    this.#plugins = new HostPlugins({
      points: this.#points.table,
      maker: this.#maker,
      reader: this.#reader,
      registry,
      kept,
      tell: report,
      told: (plugin, line) => this.#console.told(plugin, { graft: null, call: null }, line),
      changed: () => this.callables.sweep(),
    });
    this.callables = new HostCallables({
      clock: transactions.clock,
      maps: {
        store,
        keepers: this.#keepers,
        own: this.#own,
        // What is left when the host closes is deleted by the next start.
        undeleted: (name, error) => this.#closing === null && report({ what: 'host-fault', name, error }),
      },
      graftsOf: (plugin) => this.#plugins.graftsOf(plugin),
      whereIs: (names) => this.#plugins.whereIs(names),
      invoke: (graft, input, from, last) =>
        invoke(this.#base, graft.point, input, { ...from, only: graft, ...(last === undefined ? {} : { last }) }),
      failed: (graft, error) => report({ what: 'host-fault', name: graft.name, error }),
      pointCallable: (point) => this.#points.callable(point),
    });
    this.#facts = factsOf(this.#maker, options.store ?? DEFAULT_STORE);
  }

  #checkOpen(): void {
    if (this.#closing !== null) throw new GraftError('GRAFT_CLOSED', 'the host is closed');
  }

  #claim(name: string): string {
    if (!NAME.test(name))
      throw new GraftError(
        'GRAFT_BAD_OPTION',
        `name: expected a letter, then at most 63 of A-Z a-z 0-9 _ -, got ${shown(name)}`,
      );
    if (this.#names.has(name))
      throw new GraftError('GRAFT_BAD_OPTION', `the name ${name} is taken: state and channels share their names`);
    this.#names.add(name);
    return name;
  }

  readonly #entitiesOf: EntitiesOf = (txn) => this.#needStore().entities(txn);

  readonly #own = <T>(run: (txn: HostTransaction) => Promise<T>): Promise<T> => this.transaction(run);

  /**
   * Declares a graft point. One that takes rows is called with a list of them and gives as many answers. It is called
   * with what its schema takes (`Given`); grafts and the default see what the schema makes of that (`Input`).
   */
  graftPoint<Input, Output, Given = Input>(
    options: HostPointOptions<Input, Output, Given> & { readonly rows: true },
  ): HostPoint<readonly Given[], readonly Output[]>;
  graftPoint<Input, Output, Given = Input>(options: HostPointOptions<Input, Output, Given>): HostPoint<Given, Output>;
  graftPoint<Input, Output>(options: HostPointOptions<Input, Output>): HostPoint<unknown, unknown> {
    return this.#points.declare(options);
  }

  /** Calls a point by its name. Throws GRAFT_UNKNOWN_POINT and what `invoke` of the point throws. */
  invoke(name: string, input: unknown, options: CallOptions = {}): Promise<Outcome<unknown>> {
    return this.#points.invoke(name, input, options);
  }

  /**
   * Runs the host's own code in a transaction: commits when it resolves, aborts when it throws. Throws GRAFT_ABORTED
   * where it cannot commit. With PostgreSQL `run` is called again where others have changed what it read, so it should
   * do nothing that a second time would do twice: `send` on a channel what is to leave.
   */
  transaction<T>(run: (txn: HostTransaction) => Promise<T>): Promise<T> {
    const own = { base: this.#base, begun: this.#begun, entitiesOf: this.#entitiesOf, check: () => this.#checkOpen() };
    return this.#turns.after(ownTransaction(own, run));
  }

  /** A transactional map. `stored` ones are kept in the database. */
  map<V>(name: string, spec: MapSpec = {}): HostMap<V> {
    this.#claim(name);
    if (spec.stored !== true) return new HostMap<V>(keptMap(name, spec), this.#own);
    const stored = this.#needStore().storedMap(name);
    const map = keptMap(name, spec, stored.initial as readonly (readonly [string, V])[]);
    stored.attach(map as StateMap<string, unknown>);
    return new HostMap(map, this.#own, (txn) => stored.touch(txn));
  }

  /** A transactional value. */
  cell<V>(name: string, initial: V, spec: StateSpec = {}): HostCell<V> {
    return new HostCell(this.#claim(name), initial, spec, this.#own);
  }

  /** A transactional number; transactions that add to it do not wait for each other. */
  counter(name: string, initial = 0, spec: StateSpec = {}): HostCounter {
    return new HostCounter(this.#claim(name), initial, spec, this.#own);
  }

  /** A transactional list. */
  list<V>(name: string, initial: readonly V[] = [], spec: StateSpec = {}): HostList<V> {
    return new HostList(this.#claim(name), initial, spec, this.#own);
  }

  #needStore(): Store {
    if (this.#store === null) throw new GraftError('GRAFT_STORE_UNSUPPORTED', 'this host has no database');
    return this.#store;
  }

  /**
   * A table of the application's entities: by its entity, whose properties give the types of the rows, or by its name.
   * Throws GRAFT_UNKNOWN_TABLE, and GRAFT_BAD_OPTION for an entity whose columns have other names than its properties.
   */
  table<Entity extends object>(entity: Exclude<EntityTarget<Entity>, string>): HostTable<RowOf<Entity>>;
  table(name: string): HostTable;
  table(which: EntityTarget): HostTable {
    return hostTable(this.#needStore(), which);
  }

  /**
   * `sql(text, parameters)`: a query of a graft's own. Needs a compartment that can wait. Throws as `table` does, and
   * GRAFT_STORE_UNSUPPORTED where the host's role in PostgreSQL may make no other.
   */
  sql(options: SqlOptions): Callable {
    return this.#sql.callable(this.#needStore().sqlPlace, options);
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

  /**
   * A callable of the application's own that acts in the transaction of the graft: what `run` does with `txn`, its
   * entities too, is committed or undone with the call. `run` is given plain data, and checks it. Needs a compartment
   * that can wait.
   */
  accessor(run: Access): Callable {
    return accessorOf(run, this.#entitiesOf);
  }

  /** A callable that notes a line of text; it is reported with the call's end, committed or not. */
  readonly log: Callable = log;

  /** Callables of a map that every plugin has for itself: what must outlast a call, and restarts. */
  get storage(): CallableTree {
    return this.#storage.callables;
  }

  /** Deletes what plugins of a name keep in their storage: also what one left there that is removed. */
  clearStorage(plugin: string): Promise<void> {
    return this.#storage.clear(plugin);
  }

  /**
   * Installs a plugin: a folder, a `.tgz` (path or bytes), or `{ manifest, files }`. A coded error, and nothing is
   * changed, where that fails.
   */
  async install(source: PluginSource, options: PluginInstallOptions = {}): Promise<PluginInfo> {
    this.#checkOpen();
    return this.#plugins.install(source, options);
  }

  /**
   * Brings back the plugins of an earlier start, but for grafts that were removed, with their timers, and sends
   * messages that were not sent. Call it when all points stand. A call of a point meanwhile waits for the plugins
   * that belong there.
   */
  async restore(): Promise<PluginInfo[]> {
    if (this.#restored) throw new GraftError('GRAFT_BAD_OPTION', 'restore is called once');
    this.#restored = true;
    await this.#store?.resume();
    const back = await this.#plugins.restore();
    await this.callables.sweep();
    return back;
  }

  /**
   * Removes a plugin; calls in flight finish, or are aborted as `cancelled` where `now` is true. It stays listed
   * (`removedPlugins`), and can be enabled again; so its storage stays, unless `forget` is true. Throws
   * GRAFT_UNKNOWN_PLUGIN, and GRAFT_STORE; GRAFT_ABORTED where it is removed and its storage could not be deleted.
   */
  async remove(name: string, options: PluginRemoveOptions = {}): Promise<PluginInfo> {
    const removed = await this.#plugins.remove(name, options);
    if (options.forget === true) await this.#storage.clear(name, removed.installer);
    return removed;
  }

  /**
   * Lets a point that fails closed (`onFault: 'deny'`) go on without a guard that is missing there, or without all of
   * them. Throws GRAFT_UNKNOWN_POINT, and GRAFT_UNKNOWN_GRAFT where none is missing.
   */
  dismiss(point: string, graft?: string): void {
    this.#plugins.dismiss(point, graft);
  }

  /** The graft points, with what may be called there, who stands there and who is missing. */
  points(): PointInfo[] {
    return this.#points.table.list().map(pointInfo);
  }

  /** The plugins that stand, and how their grafts fare. */
  plugins(): PluginInfo[] {
    return this.#plugins.list();
  }

  /** Plugins of which nothing stands, with why, when and by whom they were removed; broken ones too. */
  removedPlugins(): PluginInfo[] {
    return this.#plugins.removedPlugins();
  }

  /** Installs a removed plugin again, as its installer did. Throws GRAFT_UNKNOWN_PLUGIN, and what `install` throws. */
  async enable(name: string): Promise<PluginInfo> {
    this.#checkOpen();
    return this.#plugins.enable(name);
  }

  /** Records of aborts, newest first; `before` an id, to page on. */
  aborts(options: { readonly limit?: number; readonly before?: number } = {}): Promise<AbortRecord[]> {
    return this.#registry.aborts({ limit: 100, ...options });
  }

  /** Facts about this system and this host, in words: versions, store, compartment, what plugins are kept from. */
  facts(): Record<string, string> {
    return { ...this.#facts };
  }

  /** Open resources: all zero while no call runs and no timer is armed. */
  inUse(): InUse {
    return { ...accountsInUse(this.#base.transactions, this.#base.treasury), ...this.callables.inUse };
  }

  /** What plugins keep between calls, by plugin; those that keep nothing are left out. */
  kept(): KeptByPlugin[] {
    return this.#keepers.list();
  }

  /** Process ids of the processes of plugins and of their statements, for those who watch them. */
  pids(): number[] {
    return [...(this.#maker.pids ?? []), ...this.#sql.pids];
  }

  /**
   * Calls `listener` at each event of a kind (`abort`, `removal`, `host-fault`, …), until the function it gives is
   * called. A listener that fails hurts nobody: that is a `host-fault`. Throws GRAFT_BAD_OPTION.
   */
  on<Kind extends HostEventKind>(kind: Kind, listener: HostListener<Kind>): () => void {
    return this.#events.on(kind, listener);
  }

  /**
   * Ends everything: no call begins any more, calls in flight are aborted as `cancelled`, messages being sent are
   * waited for. With `drain_ms`, those in flight may first go on to their end for so long; called again without it,
   * the host waits for them no longer. Throws GRAFT_BAD_OPTION.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const drain_ms = drainOf(options);
    if (drain_ms === 0) this.#draining.stop();
    this.#closing ??= this.#close(drain_ms);
    return this.#closing;
  }

  /** As `close`, at the end of a block with `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(drain_ms: number): Promise<void> {
    const { transactions } = this.#base;
    this.callables.close();
    if (drain_ms > 0) await this.#draining.within(drain_ms);
    for (const txn of this.#begun) transactions.end(txn.core, 'cancelled', 'the host closes');
    this.#plugins.close('the host closes');
    this.#maker.close();
    this.#reader.close();
    await this.#plugins.settled();
    await this.#sql.close();
    await this.#registry.close();
    await this.#store?.close();
  }
}
