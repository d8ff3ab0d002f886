// Installing and removing plugins. Install checks privileges, evaluates the module once in its compartment under
// limits, and only then lets its grafts stand; whatever fails on the way leaves nothing behind.

import type { Callable } from './callable.ts';
import { type ColumnMemory, columnMemory } from './columns.ts';
import type { CompartmentMaker, CompartmentSource } from './compartment/compartment.ts';
import { GraftError } from './errors.ts';
import { Graft, type Plugin, retire } from './graft.ts';
import type { GraftPoint } from './graft-point.ts';
import { LIMIT_NAMES, smaller } from './limits.ts';
import type { PluginPackage } from './package/index.ts';
import type { PointTable } from './point-table.ts';

/** Who installs, and what of the points' callables he may hand on (dotted names or their first parts). */
export interface Installer {
  readonly name: string;
  readonly grants: readonly string[] | 'everything';
}

export const HOST_ITSELF: Installer = { name: 'host', grants: 'everything' };

const covers = (wider: string, name: string): boolean => name === wider || name.startsWith(`${wider}.`);

/** What a graft of `pkg` may call at `point`: of what the point offers, what the manifest says it needs. */
const granted = (point: GraftPoint, needs: readonly string[]): [string, Callable][] =>
  [...point.callables].filter(([name]) => needs.some((need) => covers(need, name)));

const checkNeeds = (pkg: PluginPackage, points: readonly GraftPoint[], installer: Installer): void => {
  for (const need of pkg.manifest.needs) {
    const offered = points.some((point) => [...point.callables.keys()].some((name) => covers(need, name)));
    if (!offered)
      throw new GraftError(
        'GRAFT_NEEDS',
        `${pkg.name} needs ${need}, which ${points.map((point) => point.name).join(', ')} does not offer`,
      );
    if (installer.grants !== 'everything' && !installer.grants.some((grant) => covers(grant, need))) {
      throw new GraftError('GRAFT_NEEDS', `${pkg.name} needs ${need}, which ${installer.name} may not grant`);
    }
  }
};

/**
 * A new version may do what the old one may, and no more: who let that one in did not look at this one. Nor is it an
 * older one, which may have a hole that the newer has closed.
 */
const checkUpgrade = (old: Plugin | null, pkg: PluginPackage, installer: Installer): void => {
  if (old === null) return;
  if (old.installer !== installer.name) throw new GraftError('GRAFT_INSTALLED', `${pkg.name}, by somebody else`);
  const need = pkg.manifest.needs.find((one) => !old.needs.some((had) => covers(had, one)));
  if (need !== undefined)
    throw new GraftError('GRAFT_UPGRADE', `${pkg.name} needs ${need}, which ${old.version} does not`);
  for (const row of pkg.manifest.grafts) checkPlace(old, pkg, row);
  if (isOlder(pkg.version, old.version))
    throw new GraftError('GRAFT_UPGRADE', `${pkg.name} ${pkg.version} is older than ${old.version}`);
};

/** Where the new version stands, and within which limits. */
const checkPlace = (
  old: Plugin,
  pkg: PluginPackage,
  { point: name, order }: PluginPackage['manifest']['grafts'][number],
): void => {
  const had = old.grafts.filter((graft) => graft.point.name === name);
  const [first] = had;
  if (first === undefined)
    throw new GraftError('GRAFT_UPGRADE', `${pkg.name} stands at ${name}, where ${old.version} does not`);
  const limits = smaller(first.point.limits, pkg.manifest.limits);
  const more = LIMIT_NAMES.find((limit) => limits[limit] > Math.max(...had.map((graft) => graft.limits[limit])));
  if (more !== undefined)
    throw new GraftError('GRAFT_UPGRADE', `${pkg.name} has more ${more} at ${name} than ${old.version}`);
  if (order < Math.min(...had.map((graft) => graft.order)))
    throw new GraftError('GRAFT_UPGRADE', `${pkg.name} goes before others at ${name}, which ${old.version} does not`);
};

/** Whether a version comes before another; of the same three numbers, neither does. */
const isOlder = (version: string, than: string): boolean => {
  const [a, b] = [version, than].map((text) => text.split(/[-+]/, 1)[0]?.split('.').map(Number) ?? []) as [
    number[],
    number[],
  ];
  const at = a.findIndex((part, i) => part !== b[i]);
  return at >= 0 && (a[at] as number) < (b[at] as number);
};

export interface PluginTableOptions {
  readonly points: PointTable;
  readonly maker: CompartmentMaker;
  /** Maps a place in a bundle to the author's file, `file:line:column`, or null. */
  readonly position: (sourceMap: string, line: number, column: number) => string | null;
}

export class PluginTable {
  readonly #options: PluginTableOptions;
  readonly #plugins = new Map<string, Plugin>();
  /** What is being installed, by name. */
  readonly #coming = new Map<string, { cancelled: boolean }>();
  /** Old versions in which calls may still run. */
  #leaving: Plugin[] = [];

  constructor(options: PluginTableOptions) {
    this.#options = options;
  }

  list(): Plugin[] {
    return [...this.#plugins.values()];
  }

  /** Throws GRAFT_UNKNOWN_PLUGIN. */
  get(name: string): Plugin {
    const plugin = this.#plugins.get(name);
    if (plugin === undefined) throw new GraftError('GRAFT_UNKNOWN_PLUGIN', name.slice(0, 200));
    return plugin;
  }

  has(name: string): boolean {
    return this.#plugins.has(name);
  }

  /**
   * Installs a package; throws a coded error and changes nothing where that fails. Over a plugin of the same name that
   * stands, it is an upgrade: the new version takes its place at once, and calls in flight finish in the old one. A
   * plugin whose grafts have all been removed may come again as anything.
   */
  async install(pkg: PluginPackage, installer: Installer = HOST_ITSELF): Promise<Plugin> {
    if (this.#coming.has(pkg.name)) throw new GraftError('GRAFT_INSTALLED', pkg.name);
    const points = pkg.manifest.grafts.map((graft) => this.#options.points.get(graft.point));
    checkNeeds(pkg, points, installer);
    checkUpgrade(this.#standing(pkg.name), pkg, installer);
    const coming = { cancelled: false };
    this.#coming.set(pkg.name, coming);
    try {
      return await this.#load(pkg, points, installer, coming);
    } finally {
      this.#coming.delete(pkg.name);
    }
  }

  /** The plugin of this name, where a graft of it stands. */
  #standing(name: string): Plugin | null {
    const plugin = this.#plugins.get(name);
    return plugin?.grafts.some((graft) => graft.stands) === true ? plugin : null;
  }

  async #load(
    pkg: PluginPackage,
    points: readonly GraftPoint[],
    installer: Installer,
    coming: { readonly cancelled: boolean },
  ): Promise<Plugin> {
    const { maker, position } = this.#options;
    const callables = points.map((point) => granted(point, pkg.manifest.needs));
    for (const [i, list] of callables.entries()) {
      const waiting = list.find(([, callable]) => callable.waits);
      if (waiting !== undefined && !maker.waits) {
        throw new GraftError(
          'GRAFT_MUST_WAIT',
          `${pkg.name}: ${waiting[0]} at ${points[i]?.name} can wait, a ${maker.kind} compartment cannot`,
        );
      }
    }
    const columns = points.map((point) => columnMemory(point.options.columns ?? {}));
    const compartment = await maker.load(sourceOf(pkg, points, callables, columns));
    if (coming.cancelled) {
      compartment.dispose();
      throw new GraftError('GRAFT_UNKNOWN_PLUGIN', `${pkg.name} was removed while its new version was installed`);
    }
    const plugin: Plugin = {
      name: pkg.name,
      version: pkg.version,
      digest: pkg.digest,
      installer: installer.name,
      needs: pkg.manifest.needs,
      grafts: [],
      compartment,
      running: [],
      retired: false,
      position: (line, column) => position(pkg.sourceMap, line, column),
    };
    const old = this.#standing(pkg.name);
    const lists = points.map((point) => [point, point.grafts] as const);
    try {
      this.#stand(plugin, pkg, points, callables, columns, old?.grafts.filter((graft) => graft.stands) ?? []);
    } catch (error) {
      retire(plugin);
      for (const graft of plugin.grafts) graft.remove();
      for (const [point, grafts] of lists) point.grafts = grafts;
      throw error;
    }
    if (old !== null) this.#leave(old);
    this.#plugins.set(pkg.name, plugin);
    return plugin;
  }

  /** The old version makes way; what runs in it is remembered until it has ended. */
  #leave(old: Plugin): void {
    for (const graft of old.grafts) graft.remove();
    this.#leaving = [...this.#leaving, old].filter(({ running }) => running.length > 0);
  }

  #stand(
    plugin: Plugin,
    pkg: PluginPackage,
    points: readonly GraftPoint[],
    callables: readonly (readonly [string, Callable][])[],
    columns: readonly ColumnMemory[][],
    leaving: Graft[],
  ): void {
    for (const [index, row] of pkg.manifest.grafts.entries()) {
      const point = points[index] as GraftPoint;
      const here = leaving.filter((one) => one.point === point);
      const instead = here.find((one) => one.export === row.export) ?? here[0];
      if (instead !== undefined) leaving.splice(leaving.indexOf(instead), 1);
      const graft = new Graft({
        plugin,
        index,
        export: row.export,
        order: row.order,
        limits: smaller(point.limits, pkg.manifest.limits),
        callables: (callables[index] ?? []).map(([, callable]) => callable),
        columns: columns[index] as ColumnMemory[],
        point,
      });
      point.put(graft, instead);
      plugin.grafts.push(graft);
    }
  }

  /** Aborts what runs in plugins, or in the versions of one of them, as `cancelled`. */
  cancel(why: string, name?: string): void {
    for (const plugin of [...this.#plugins.values(), ...this.#leaving])
      if (name === undefined || plugin.name === name)
        for (const call of [...plugin.running]) call.home.tree.transactions.end(call.home, 'cancelled', why);
  }

  /**
   * Removes a plugin: hides its grafts at once. Calls in flight finish, or are aborted as `cancelled` where `now` is
   * true, those of versions before it too. A new version that is being installed is not.
   */
  remove(name: string, now = false): Plugin {
    const plugin = this.get(name);
    const coming = this.#coming.get(name);
    if (coming !== undefined) coming.cancelled = true;
    if (now) this.cancel('the plugin was removed', name);
    for (const graft of plugin.grafts) graft.remove();
    this.#plugins.delete(name);
    return plugin;
  }
}

const LOAD_MS = 1000;

const sourceOf = (
  pkg: PluginPackage,
  points: readonly GraftPoint[],
  callables: readonly (readonly [string, Callable][])[],
  columns: readonly ColumnMemory[][],
): CompartmentSource => ({
  plugin: pkg.name,
  code: pkg.code,
  memory_mb: Math.max(
    ...points.map((point) =>
      Math.min(point.limits.memory_mb, pkg.manifest.limits.memory_mb ?? Number.POSITIVE_INFINITY),
    ),
  ),
  load_ms: LOAD_MS,
  grafts: pkg.manifest.grafts.map((row, index) => {
    const point = points[index] as GraftPoint;
    const rows = point.options.rows === true;
    const names = (callables[index] ?? []).map(([name]) => name);
    // What the default would answer a single row of many, nobody can ask.
    const callable = point.kind === 'function' && !rows ? [...names, 'original'] : names;
    return { export: row.export, rows, callable, columns: columns[index] as ColumnMemory[] };
  }),
});
