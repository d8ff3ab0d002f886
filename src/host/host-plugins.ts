// The plugins of a host: installed from a folder or a package, kept in the registry from one start to the next, and
// removed by hand or by the aborts of their grafts, which the registry records.

import type { CompartmentMaker } from '../plugins/compartment/index.ts';
import {
  checkOptions,
  type Graft,
  type GraftReport,
  HOST_ITSELF,
  type Installer,
  isObject,
  isString,
  PluginTable,
  type PointTable,
} from '../plugins/index.ts';
import { originalPosition, type PackageReader, type PluginSource } from '../plugins/package/index.ts';
import type { HostEvent } from './host-event.ts';
import { type PluginInfo, pluginInfo } from './information.ts';
import type { Registry } from './registry.ts';

export interface PluginInstallOptions {
  /** The installer; a name alone may grant everything. Default: the host itself. */
  readonly installer?: string | Installer;
}

export interface HostPluginsOptions {
  readonly points: PointTable;
  readonly maker: CompartmentMaker;
  readonly reader: PackageReader;
  readonly registry: Registry;
  readonly report: (event: HostEvent) => void;
  /** Called when grafts may have left their points. */
  readonly removed: () => void;
}

const positionOf = (sourceMap: string, line: number, column: number): string | null => {
  const at = originalPosition(sourceMap, line, column);
  return at === null ? null : `${at.file}:${at.line}:${at.column}`;
};

export class HostPlugins {
  readonly #options: HostPluginsOptions;
  readonly #table: PluginTable;

  constructor(options: HostPluginsOptions) {
    this.#options = options;
    const { points, maker } = options;
    this.#table = new PluginTable({ points, maker, position: positionOf });
  }

  async install(source: PluginSource, options: PluginInstallOptions): Promise<PluginInfo> {
    checkOptions(options, { installer: (value) => isString(value) || isObject(value) }, 'install');
    const given = options.installer ?? HOST_ITSELF;
    const installer: Installer = typeof given === 'string' ? { name: given, grants: 'everything' } : given;
    const pkg = await this.#options.reader.read(source);
    const plugin = await this.#table.install(pkg, installer);
    this.#options.removed();
    await this.#options.registry.savePlugin({ package: pkg, installer: installer.name, removed: [] });
    return pluginInfo(plugin);
  }

  /**
   * Brings back the plugins of an earlier start, without grafts that were removed. A plugin that cannot be is reported.
   */
  async restore(): Promise<PluginInfo[]> {
    const back: PluginInfo[] = [];
    for (const kept of await this.#options.registry.plugins()) {
      const { grafts } = kept.package.manifest;
      if (grafts.every((graft) => kept.removed.includes(graft.export))) continue;
      try {
        const plugin = await this.#table.install(kept.package, { name: kept.installer, grants: 'everything' });
        for (const graft of plugin.grafts) if (kept.removed.includes(graft.export)) graft.remove();
        back.push(pluginInfo(plugin));
      } catch (error) {
        this.#options.report({ what: 'host-fault', name: `restore ${kept.package.name}`, error });
      }
    }
    return back;
  }

  /** Throws GRAFT_UNKNOWN_PLUGIN. `now`: calls in flight are aborted as `cancelled`. */
  async remove(name: string, now: boolean): Promise<PluginInfo> {
    const plugin = this.#table.remove(name, now);
    this.#options.removed();
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
    // An old version, in whose calls this may still happen, is not in the registry.
    const { plugin } = graft;
    const isCurrent = this.#table.has(plugin.name) && this.#table.get(plugin.name) === plugin;
    if (isCurrent) registry.graftRemoved(plugin.name, graft.export);
  }
}
