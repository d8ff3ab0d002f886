// The plugins of a host: installed from a folder or a package, kept in the registry from one start to the next, and
// removed by hand or by the aborts of their grafts, which the registry records.

import type { CompartmentMaker } from '../plugins/compartment/index.ts';
import {
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
  PluginTable,
  type PointTable,
} from '../plugins/index.ts';
import {
  missingText,
  originalPosition,
  type PackageReader,
  type PluginPackage,
  type PluginSource,
} from '../plugins/package/index.ts';
import type { HostEvent } from './host-event.ts';
import { type PluginInfo, pluginInfo } from './information.ts';
import type { KeptPlugin, MissingGuard, Registry } from './registry.ts';

export interface PluginInstallOptions {
  /** The installer; a name alone may grant everything. Default: the host itself. */
  readonly installer?: string | Installer;
}

export interface PluginRemoveOptions {
  /** Calls in flight are aborted as `cancelled`; otherwise they finish. */
  readonly now?: boolean;
  /** Points that the plugin guarded go on without it; otherwise they deny every call until it is installed again. */
  readonly dismiss?: boolean;
}

export interface HostPluginsOptions {
  readonly points: PointTable;
  readonly maker: CompartmentMaker;
  readonly reader: PackageReader;
  readonly registry: Registry;
  /** What the registry kept of an earlier start. */
  readonly kept: EarlierStart;
  readonly report: (event: HostEvent) => void;
  /** A plugin's module says a line on its console while it is evaluated. */
  readonly told: (plugin: string, line: ConsoleLine) => void;
  /** Called when grafts may have left their points. */
  readonly removed: () => void;
}

/** Plugins and missing guards of an earlier start. */
export interface EarlierStart {
  readonly plugins: readonly KeptPlugin[];
  readonly missing: readonly MissingGuard[];
}

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

  constructor(options: HostPluginsOptions) {
    this.#options = options;
    const { points, maker, told } = options;
    this.#table = new PluginTable({ points, maker, position: positionOf, told });
  }

  async install(source: PluginSource, options: PluginInstallOptions): Promise<PluginInfo> {
    checkOptions(options, { installer: (value) => isString(value) || isObject(value) }, 'install');
    const given = options.installer ?? HOST_ITSELF;
    const installer: Installer = typeof given === 'string' ? { name: given, grants: 'everything' } : given;
    const pkg = await this.#options.reader.read(source);
    checkGlobals(pkg);
    const plugin = await this.#table.install(pkg, installer).catch((error: unknown) => {
      throw located(error, pkg);
    });
    this.#options.removed();
    await this.#options.registry.savePlugin({ package: pkg, installer: installer.name, removed: [] });
    this.#keepMissing();
    return pluginInfo(plugin);
  }

  /**
   * A point has been declared. The guards that stood there at the end of an earlier start are missing until they are
   * restored, and those that were missing then are missing now.
   */
  declared(point: GraftPoint): void {
    if (point.onFault !== 'deny') return;
    for (const { package: pkg, removed } of this.#options.kept.plugins)
      for (const graft of pkg.manifest.grafts)
        if (graft.point === point.name && !removed.includes(graft.export))
          point.expect(`${pkg.name}#${graft.export}`, 'compartment-lost');
    for (const { point: name, graft, reason } of this.#options.kept.missing)
      if (name === point.name) point.expect(graft, reason);
  }

  /** Lets a point go on without guards that are missing there. Throws GRAFT_UNKNOWN_GRAFT where there is none. */
  dismiss(name: string, graft?: string): void {
    const found = this.#options.points.get(name).dismiss(graft);
    if (!found)
      throw new GraftError(
        'GRAFT_UNKNOWN_GRAFT',
        `${name}: ${graft === undefined ? 'no guard' : graft} is missing there`,
      );
    this.#keepMissing();
  }

  /** Writes down which guards are missing, of points that are declared and of those that are not yet. */
  #keepMissing(): void {
    const { points, kept, registry } = this.#options;
    const here = points
      .list()
      .flatMap((point) => [...point.missing].map(([graft, reason]) => ({ point: point.name, graft, reason })));
    registry.saveMissing([...here, ...kept.missing.filter(({ point }) => !points.has(point))]);
  }

  /** Brings back the plugins of an earlier start, but for grafts that were removed. One that cannot be is reported. */
  async restore(): Promise<PluginInfo[]> {
    const back: PluginInfo[] = [];
    for (const kept of this.#options.kept.plugins) {
      const { grafts } = kept.package.manifest;
      if (grafts.every((graft) => kept.removed.includes(graft.export))) continue;
      try {
        const plugin = await this.#table.install(kept.package, { name: kept.installer, grants: 'everything' });
        for (const graft of plugin.grafts) if (kept.removed.includes(graft.export)) this.#removeAgain(graft);
        back.push(pluginInfo(plugin));
      } catch (error) {
        this.#options.report({ what: 'host-fault', name: `restore ${kept.package.name}`, error });
      }
    }
    return back;
  }

  /** A graft that an earlier start removed is removed for the reason that it had then, where that is kept. */
  #removeAgain(graft: Graft): void {
    const was = this.#options.kept.missing.find(
      ({ point, graft: name }) => point === graft.point.name && name === graft.name,
    );
    graft.remove(was?.reason);
    if (was === undefined) graft.point.dismiss(graft.name);
  }

  /**
   * Throws GRAFT_UNKNOWN_PLUGIN. `now`: calls in flight are aborted as `cancelled`. `dismiss`: points that it guarded
   * go on without it.
   */
  async remove(name: string, { now = false, dismiss = false }: PluginRemoveOptions): Promise<PluginInfo> {
    const plugin = this.#table.remove(name, now);
    if (dismiss) for (const graft of plugin.grafts) graft.point.dismiss(graft.name);
    this.#options.removed();
    this.#keepMissing();
    await this.#options.registry.removePlugin(name);
    return pluginInfo(plugin);
  }

  list(): PluginInfo[] {
    return this.#table.list().map(pluginInfo);
  }

  /** The grafts of a plugin, as it is installed now. */
  graftsOf(name: string): readonly Graft[] {
    return this.#table.has(name) ? this.#table.get(name).grafts : [];
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
    const { registry, report, removed } = this.#options;
    if (lines.length > 0) report({ what: 'log', graft: graft.name, committed: done.status === 'committed', lines });
    if (done.status !== 'aborted') return;
    registry.recordAbort({
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
    removed();
    // Before the removal itself: a guard that is not kept as removed stands again after the next start.
    this.#keepMissing();
    // An old version, in whose calls this may still happen, is not what the registry keeps.
    const { plugin } = graft;
    const isCurrent = this.#table.has(plugin.name) && this.#table.get(plugin.name) === plugin;
    if (isCurrent) registry.graftRemoved(plugin.name, graft.export);
  }
}
