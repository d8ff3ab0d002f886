// The plugins of a host: installed from a folder or a package, kept in the registry from one start to the next, and
// removed by hand or by the aborts of their grafts, which the registry records.

import type { CompartmentMaker } from '../plugins/compartment/index.ts';
import {
  A_BOOLEAN,
  A_TEXT,
  type ConsoleLine,
  checkOptions,
  type Graft,
  GraftError,
  type GraftPoint,
  type GraftReport,
  HOST_ITSELF,
  type Installer,
  isObject,
  isString,
  namesLike,
  type OptionChecks,
  type Plugin,
  PluginTable,
  type PointTable,
  unknownName,
} from '../plugins/index.ts';
import {
  missingText,
  originalPosition,
  type PackageReader,
  type PluginPackage,
  type PluginSource,
} from '../plugins/package/index.ts';
import type { GraftNames } from './callables/index.ts';
import type { HostEvent } from './host-event.ts';
import { keptInfo, type PluginInfo, pluginInfo } from './information.ts';
import { ABORTS, type Installed, type KeptPlugin, type MissingGuard, type Registry, type Removal } from './registry.ts';

export interface PluginInstallOptions {
  /** The installer; a name alone may grant everything. Default: the host itself. */
  readonly installer?: string | Installer;
}

export interface PluginRemoveOptions {
  /** Calls in flight are aborted as `cancelled`; otherwise they finish. */
  readonly now?: boolean;
  /** Points that the plugin guarded go on without it; otherwise they deny every call until it is installed again. */
  readonly dismiss?: boolean;
  /** What it has in its storage is deleted. Calls in flight may write there still, unless they are aborted. */
  readonly forget?: boolean;
  /** Who removes it, for the list of removed plugins. Default: the host itself. */
  readonly by?: string;
}

export interface HostPluginsOptions {
  readonly points: PointTable;
  readonly maker: CompartmentMaker;
  readonly reader: PackageReader;
  readonly registry: Registry;
  /** What the registry kept of an earlier start. */
  readonly kept: EarlierStart;
  readonly tell: (event: HostEvent) => void;
  /** A plugin's module says a line on its console while it is evaluated. */
  readonly told: (plugin: string, line: ConsoleLine) => void;
  /** Called when grafts may have left their points or come to them. */
  readonly changed: () => Promise<void>;
}

/** Plugins and missing guards of an earlier start. */
export interface EarlierStart {
  readonly plugins: readonly KeptPlugin[];
  readonly missing: readonly MissingGuard[];
}

/** A plugin of an earlier start, on its way back. */
interface Restoring {
  readonly kept: KeptPlugin;
  /** What it is now; null: it cannot be restored. */
  readonly done: PromiseWithResolvers<PluginInfo | null>;
}

const INSTALL_OPTIONS: OptionChecks = {
  installer: ['a name, or { name, grants }', (value) => isString(value) || isObject(value)],
};
const INSTALLER_OPTIONS: OptionChecks = {
  name: A_TEXT,
  grants: ['a list of names, or "everything"', (value) => value === 'everything' || Array.isArray(value)],
};
const REMOVE_OPTIONS: OptionChecks = { now: A_BOOLEAN, dismiss: A_BOOLEAN, forget: A_BOOLEAN, by: A_TEXT };

/** Plugins loaded at a time by a restore. */
const LANES = 4;

const positionOf = (sourceMap: string, line: number, column: number): string | null => {
  const at = originalPosition(sourceMap, line, column);
  return at === null ? null : `${at.file}:${at.line}:${at.column}`;
};

/** Throws GRAFT_INSTALL_FAILED for a plugin that is bound to fail where it reaches for the world outside. */
const checkGlobals = ({ name, missing = [] }: PluginPackage): void => {
  const refused = missing.find((one) => one.refused);
  if (refused !== undefined) throw new GraftError('GRAFT_INSTALL_FAILED', `${name}: ${missingText(refused)}`);
};

/** Where a module failed for a global that is missing, says its place. */
const located = (error: unknown, { missing = [] }: PluginPackage): unknown => {
  if (!(error instanceof GraftError) || error.code !== 'GRAFT_INSTALL_FAILED') return error;
  const named = missing.find(({ name }) => error.message.includes(`${name} is not defined`));
  return named === undefined ? error : new GraftError(error.code, `${error.message} (${missingText(named)})`);
};

export class HostPlugins {
  readonly #options: HostPluginsOptions;
  readonly #table: PluginTable;
  #restoring = new Set<Restoring>();
  /** Packages of versions that stand aside. */
  readonly #before = new Map<string, PluginPackage>();
  /** Names of plugins that have stood since the start. */
  readonly #known = new Set<string>();
  /** Why grafts of plugins that are loaded were removed. */
  readonly #removals = new WeakMap<Graft, Removal>();

  constructor(options: HostPluginsOptions) {
    this.#options = options;
    const { points, maker, told } = options;
    this.#table = new PluginTable({ points, maker, position: positionOf, told });
  }

  async install(source: PluginSource, options: PluginInstallOptions): Promise<PluginInfo> {
    checkOptions(options, INSTALL_OPTIONS, 'install');
    const given = options.installer ?? HOST_ITSELF;
    const installer: Installer = typeof given === 'string' ? { name: given, grants: 'everything' } : given;
    checkOptions(installer, INSTALLER_OPTIONS, 'installer');
    const pkg = await this.#options.reader.read(source);
    checkGlobals(pkg);
    return this.#install(pkg, installer);
  }

  /** The registry is written before anything else sees the plugin; where that fails, nothing has changed. */
  async #install(pkg: PluginPackage, installer: Installer): Promise<PluginInfo> {
    const { registry } = this.#options;
    const installed: Installed = { by: installer.name, at: new Date().toISOString() };
    const keep = (): void | Promise<void> => {
      this.#before.delete(pkg.name);
      if (this.#table.standing(pkg.name) !== null) this.#before.set(pkg.name, registry.packageOf(pkg.name));
      return registry.install(pkg, installed, this.#missing());
    };
    const plugin = await this.#table.install(pkg, installer, { keep, at: installed.at }).catch((error: unknown) => {
      throw located(error, pkg);
    });
    this.#known.add(plugin.name);
    await this.#options.changed();
    return this.#infoOf(plugin);
  }

  readonly #infoOf = (plugin: Plugin, removal: Removal | null = null): PluginInfo =>
    pluginInfo(plugin, (graft) => this.#removals.get(graft) ?? null, removal);

  /**
   * Installs a plugin again that was removed, as its installer did. Throws GRAFT_UNKNOWN_PLUGIN where the registry has
   * none, and what `install` throws.
   */
  async enable(name: string): Promise<PluginInfo> {
    const kept = this.#options.registry.plugin(name);
    if (kept === null)
      throw new GraftError(
        'GRAFT_UNKNOWN_PLUGIN',
        unknownName(
          'plugin',
          name,
          this.removedPlugins().map((one) => one.name),
        ),
      );
    if (this.#table.standing(name) !== null) throw new GraftError('GRAFT_INSTALLED', `${name} stands already`);
    const pkg = this.#options.registry.packageOf(name);
    return this.#install(pkg, { name: kept.installed.by, grants: 'everything' });
  }

  /** Plugins of which nothing stands: removed, or not to be read. */
  removedPlugins(): PluginInfo[] {
    const standing = this.#table.list().filter(({ stands }) => stands);
    return this.#options.registry.plugins(standing.map(({ name }) => name)).flatMap((kept) => keptInfo(kept) ?? []);
  }

  /**
   * A point has been declared. The guards that stood there at the end of an earlier start are missing until they are
   * restored, and those that were missing then are missing now.
   */
  declared(point: GraftPoint): void {
    if (point.onFault !== 'deny') return;
    for (const { name, grafts, removed, broken } of this.#options.kept.plugins)
      for (const graft of removed === null || broken !== null ? grafts : [])
        if (graft.point === point.name && graft.removed === null)
          point.expect(`${name}#${graft.export}`, 'compartment-lost');
    for (const { point: name, graft, reason } of this.#options.kept.missing)
      if (name === point.name) point.expect(graft, reason);
  }

  /** Lets a point go on without guards that are missing there. Throws GRAFT_UNKNOWN_GRAFT where there is none. */
  dismiss(name: string, graft?: string): void {
    const point = this.#options.points.get(name);
    const isMeant = (one: string): boolean => graft === undefined || one === graft;
    if (![...point.missing.keys()].some(isMeant))
      throw new GraftError(
        'GRAFT_UNKNOWN_GRAFT',
        `${name}: ${graft ?? 'no guard'} is missing there; ${namesLike(graft, point.missing.keys())}`,
      );
    this.#options.registry.saveMissing(this.#missing().filter((one) => !(one.point === name && isMeant(one.graft))));
    point.dismiss(graft);
  }

  /** Which guards are missing now, at points that are declared and at those that are not yet. */
  #missing(): MissingGuard[] {
    const { points, kept } = this.#options;
    const here = points
      .list()
      .flatMap((point) => [...point.missing].map(([graft, reason]) => ({ point: point.name, graft, reason })));
    return [...here, ...kept.missing.filter(({ point }) => !points.has(point))];
  }

  /**
   * Brings back the plugins of an earlier start, but for grafts that were removed. One that cannot be is reported. A
   * few are loaded at a time, and stand in the order in which they were installed.
   */
  async restore(): Promise<PluginInfo[]> {
    const coming: Restoring[] = [];
    for (const kept of this.#options.kept.plugins) {
      const { name, broken, removed, grafts } = kept;
      if (broken !== null) this.#options.tell({ what: 'host-fault', name: `restore ${name}`, error: broken });
      else if (removed === null && grafts.some((graft) => graft.removed === null))
        coming.push({ kept, done: Promise.withResolvers() });
    }
    this.#restoring = new Set(coming);
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let at = next++; at < coming.length; at = next++) await this.#restore(coming, at);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    const back = await Promise.all(coming.map(({ done }) => done.promise));
    return back.filter((one) => one !== null);
  }

  async #restore(coming: readonly Restoring[], at: number): Promise<void> {
    const one = coming[at] as Restoring;
    const { name, installed } = one.kept;
    const turn = coming[at - 1]?.done.promise;
    try {
      const pkg = this.#options.registry.packageOf(name);
      const grants = { name: installed.by, grants: 'everything' } as const;
      const steps = { at: installed.at, again: true, ...(turn === undefined ? {} : { turn }) };
      const plugin = await this.#table.install(pkg, grants, steps);
      this.#known.add(name);
      for (const graft of plugin.grafts) this.#removeAgain(graft, one.kept);
      one.done.resolve(this.#infoOf(plugin));
    } catch (error) {
      this.#options.tell({ what: 'host-fault', name: `restore ${name}`, error });
      await turn;
      one.done.resolve(null);
    }
    this.#restoring.delete(one);
  }

  /** Resolves when the plugins that an earlier start had at a point are back, or cannot be; null: they are. */
  restoredAt(point: string): Promise<unknown> | null {
    if (this.#restoring.size === 0) return null;
    const here = [...this.#restoring].filter(({ kept }) => kept.grafts.some((graft) => graft.point === point));
    return here.length === 0 ? null : Promise.all(here.map(({ done }) => done.promise));
  }

  /** A graft that an earlier start removed is removed for the reason that it had then. */
  #removeAgain(graft: Graft, { grafts }: KeptPlugin): void {
    const { removed = null } =
      grafts.find((one) => one.point === graft.point.name && one.export === graft.export) ?? {};
    if (removed === null) return;
    const isMissing = this.#options.kept.missing.some(
      ({ point, graft: name }) => point === graft.point.name && name === graft.name,
    );
    this.#removals.set(graft, removed);
    graft.remove(removed.reason);
    if (!isMissing) graft.point.dismiss(graft.name);
  }

  /**
   * Throws GRAFT_UNKNOWN_PLUGIN, and GRAFT_STORE where that cannot be kept: then nothing has changed. `now`: calls in
   * flight are aborted as `cancelled`. `dismiss`: points that it guarded go on without it.
   */
  async remove(name: string, options: PluginRemoveOptions): Promise<PluginInfo> {
    checkOptions(options, REMOVE_OPTIONS, 'remove');
    const { now = false, dismiss = false, by = HOST_ITSELF.name } = options;
    const { grafts } = this.#table.get(name);
    const isOurs = ({ point, graft }: MissingGuard): boolean =>
      grafts.some((one) => one.name === graft && one.point.name === point);
    const guards = grafts.filter(({ stands, point }) => stands && point.onFault === 'deny');
    const missing = this.#missing().filter((one) => !(dismiss && isOurs(one)));
    for (const graft of dismiss ? [] : guards)
      missing.push({ point: graft.point.name, graft: graft.name, reason: 'cancelled' });
    const removal: Removal = { reason: 'cancelled', detail: '', at: new Date().toISOString(), by };
    const removed = this.#options.registry.remove(name, removal, missing);
    if (removed instanceof Promise) await removed;
    const plugin = this.#table.remove(name, now);
    this.#before.delete(name);
    if (dismiss) for (const graft of plugin.grafts) graft.point.dismiss(graft.name);
    this.#options.tell({ what: 'removal', plugin: name, version: plugin.version, graft: null, because: removal });
    await this.#options.changed();
    return this.#infoOf(plugin, removal);
  }

  list(): PluginInfo[] {
    return this.#table.list().map((plugin) => this.#infoOf(plugin));
  }

  /** The grafts of a plugin, as it is installed now. */
  graftsOf(name: string): readonly Graft[] {
    return this.#table.has(name) ? this.#table.get(name).grafts : [];
  }

  /** What has become of a graft of this start or an earlier one. */
  whereIs({ plugin, installer, point, export: name }: GraftNames): Graft | 'away' | 'gone' {
    const isIt = (one: { readonly point: string; readonly export: string }): boolean =>
      one.point === point && one.export === name;
    if (this.#table.has(plugin)) {
      const now = this.#table.get(plugin);
      const graft = now.grafts.find((one) => one.stands && isIt({ point: one.point.name, export: one.export }));
      return now.installer === installer ? (graft ?? 'gone') : 'gone';
    }
    if (this.#known.has(plugin)) return 'gone';
    const kept = this.#options.kept.plugins.find((one) => one.name === plugin);
    // A plugin that the registry does not know may be installed anew at each start.
    if (kept === undefined) return 'away';
    if (kept.removed !== null || kept.installed.by !== installer) return 'gone';
    return kept.broken !== null || kept.grafts.find(isIt)?.removed === null ? 'away' : 'gone';
  }

  /** Aborts the calls that run, as `cancelled`; installs that are under way end with GRAFT_CLOSED. */
  close(why: string): void {
    this.#table.close(why);
  }

  /** Resolves when no install is under way. */
  settled(): Promise<void> {
    return this.#table.settled();
  }

  /** A graft's call has ended: reports its logged lines, and records an abort. */
  reported(graft: Graft, done: GraftReport, lines: readonly string[]): void {
    const { registry, tell, changed } = this.#options;
    if (lines.length > 0) tell({ what: 'log', graft: graft.name, committed: done.status === 'committed', lines });
    if (done.status !== 'aborted') return;
    const at = new Date().toISOString();
    const abort = {
      at,
      point: graft.point.name,
      graft: graft.name,
      reason: done.reason ?? 'thrown',
      detail: done.detail ?? '',
      source: done.at ?? '',
      undone: done.undone,
      removed: done.removed === true,
    };
    registry.recordAbort(abort);
    tell({ what: 'abort', ...abort });
    if (!done.removed) return;
    const because: Removal = { reason: done.reason ?? 'thrown', detail: done.detail ?? '', at, by: ABORTS };
    this.#removals.set(graft, because);
    const { name: plugin, version } = graft.plugin;
    tell({ what: 'removal', plugin, version, graft: graft.name, because });
    this.#removed(graft, because);
    void changed();
  }

  /** A graft was removed for what it did. */
  #removed(graft: Graft, because: Removal): void {
    // An old version, in whose calls this may still happen, is not what the registry keeps.
    const { plugin } = graft;
    if (!this.#table.has(plugin.name) || this.#table.get(plugin.name) !== plugin) return;
    if (this.#gaveBack(plugin, because)) return;
    const kept = { point: graft.point.name, export: graft.export, removed: because };
    // Before anybody waits: a guard that is not kept as removed stands again after the next start.
    this.#options.registry.graftRemoved(plugin.name, kept, this.#missing());
  }

  /** Whether the version before this one has its place again. */
  #gaveBack(plugin: Plugin, { reason }: Removal): boolean {
    const pkg = this.#before.get(plugin.name);
    const previous = pkg === undefined ? null : this.#table.giveBack(plugin);
    if (pkg === undefined || previous === null) return false;
    const { registry, tell } = this.#options;
    this.#before.delete(plugin.name);
    const error = `removed for ${reason} in its first calls: ${previous.version} stands again`;
    tell({ what: 'upgrade-undone', name: `${plugin.name} ${plugin.version}`, error });
    const failed = (error: unknown): void =>
      tell({ what: 'store-failed', name: `registry: ${plugin.name} ${previous.version}`, error });
    try {
      const installed = { by: previous.installer, at: previous.installedAt };
      registry.install(pkg, installed, this.#missing())?.catch(failed);
    } catch (error) {
      failed(error);
    }
    return true;
  }
}
