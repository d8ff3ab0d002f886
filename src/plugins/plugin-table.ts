// The table of plugins, by name: installing and removing them. Install checks what the package may do, evaluates its
// module once in its compartment under limits, and only then lets its grafts stand; whatever fails on the way leaves
// nothing behind.

import type { CompartmentMaker, CompartmentSource } from './compartment/compartment.ts';
import { ConsoleBudget, type ConsoleLine, tellLine } from './console-lines.ts';
import { GraftError } from './errors.ts';
import { Graft } from './graft.ts';
import { InstallFailed } from './install-failed.ts';
import { checkNeeds, HOST_ITSELF, type Installer } from './installer.ts';
import type { PluginPackage } from './package/index.ts';
import { graftSource, type Placement, placementsOf } from './placement.ts';
import { Plugin, type SourceLookup } from './plugin.ts';
import type { PointTable } from './point-table.ts';
import { framesOf } from './stack-frames.ts';
import { unknownName } from './unknown-name.ts';
import { checkUpgrade } from './upgrade.ts';

const LOAD_MS = 1000;

/** An install that is under way. */
interface Coming {
  /** Why it may not end well any more. */
  refused: GraftError | null;
  /** Settled at its end. */
  readonly done: PromiseWithResolvers<void>;
}

/** What an install waits for and tells. */
export interface InstallSteps {
  /** Loaded before, the plugin stands after this: plugins that are loaded together stand in their order. */
  readonly turn?: Promise<unknown>;
  /** When it was installed, as ISO 8601; default: empty. */
  readonly at?: string;
  /** It stood before, in another life of the host: no point tries it again. */
  readonly again?: boolean;
  /**
   * Told when it may stand, before anybody sees it: where that throws, or rejects, nothing has changed. What takes time
   * is done for one plugin after the other.
   */
  readonly keep?: (plugin: Plugin) => void | Promise<void>;
}

export interface PluginTableOptions {
  readonly points: PointTable;
  readonly maker: CompartmentMaker;
  readonly position: SourceLookup;
  /** A plugin's module says a line on its console while it is evaluated. Absent: nobody listens. */
  readonly told?: ((plugin: string, line: ConsoleLine) => void) | undefined;
}

export class PluginTable {
  readonly #options: PluginTableOptions;
  readonly #plugins = new Map<string, Plugin>();
  /** What is being installed, by name. */
  readonly #coming = new Map<string, Coming>();
  /** Old versions in which calls may still run. */
  #leaving: Plugin[] = [];
  #closed = false;
  /** Resolves when the plugin stands that is being kept; null: none is. */
  #keeping: Promise<void> | null = null;

  constructor(options: PluginTableOptions) {
    this.#options = options;
  }

  list(): Plugin[] {
    return [...this.#plugins.values()];
  }

  /** Throws GRAFT_UNKNOWN_PLUGIN. */
  get(name: string): Plugin {
    const plugin = this.#plugins.get(name);
    if (plugin === undefined)
      throw new GraftError('GRAFT_UNKNOWN_PLUGIN', unknownName('plugin', name, this.#plugins.keys()));
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
  async install(
    pkg: PluginPackage,
    installer: Installer = HOST_ITSELF,
    { at = '', keep, turn, again = false }: InstallSteps = {},
  ): Promise<Plugin> {
    if (this.#closed) throw closed();
    if (this.#coming.has(pkg.name)) throw new GraftError('GRAFT_INSTALLED', `${pkg.name} is being installed`);
    const placements = placementsOf(pkg, this.#options.points);
    checkNeeds(pkg, placements, installer);
    const old = this.standing(pkg.name);
    if (old !== null) checkUpgrade(old, pkg, placements, installer);
    const coming: Coming = { refused: null, done: Promise.withResolvers() };
    this.#coming.set(pkg.name, coming);
    try {
      const plugin = await this.#load(pkg, placements, { by: installer.name, at }, coming);
      if (!again) await tryOut(plugin, placements, coming);
      await turn;
      while (this.#keeping !== null) await this.#keeping;
      const later = this.#replace(plugin, placements, keep);
      if (later !== null) await this.#keep(later);
      return plugin;
    } finally {
      this.#coming.delete(pkg.name);
      coming.done.resolve();
    }
  }

  async #keep(later: Promise<void>): Promise<void> {
    const over = later.catch(() => {});
    this.#keeping = over;
    await later.finally(() => {
      this.#keeping = null;
    });
  }

  /** The plugin of this name, where a graft of it stands. */
  standing(name: string): Plugin | null {
    const plugin = this.#plugins.get(name);
    return plugin?.stands === true ? plugin : null;
  }

  async #load(
    pkg: PluginPackage,
    placements: readonly Placement[],
    installed: { readonly by: string; readonly at: string },
    coming: Coming,
  ): Promise<Plugin> {
    const { maker, position, told } = this.#options;
    checkWaits(pkg, placements, maker);
    const compartment = await maker.load(sourceOf(pkg, placements, told)).catch((error: unknown) => {
      throw coming.refused ?? located(error, pkg, position);
    });
    if (coming.refused !== null) {
      compartment.dispose();
      throw coming.refused;
    }
    return new Plugin(pkg, installed.by, installed.at, compartment, position);
  }

  /**
   * Lets a plugin stand, in the place of its old version where there is one; or throws, and nothing has changed. A
   * promise where it takes time to keep it: it stands then when it is kept.
   */
  #replace(plugin: Plugin, placements: readonly Placement[], keep: InstallSteps['keep']): Promise<void> | null {
    const old = this.standing(plugin.name);
    const before = placements.map(({ point }) => ({ point, snapshot: point.snapshot() }));
    const takeBack = (): void => {
      for (const graft of plugin.grafts.splice(0)) graft.hide();
      for (const { point, snapshot } of before) point.reset(snapshot);
    };
    try {
      stand(plugin, placements, old);
      const kept = keep?.(plugin);
      if (kept instanceof Promise) {
        takeBack();
        return this.#replaceLater(kept, plugin, placements);
      }
    } catch (error) {
      takeBack();
      plugin.retire();
      throw error;
    }
    if (old !== null) this.#leave(old, plugin);
    this.#plugins.set(plugin.name, plugin);
    return null;
  }

  async #replaceLater(kept: Promise<void>, plugin: Plugin, placements: readonly Placement[]): Promise<void> {
    try {
      await kept;
    } catch (error) {
      plugin.retire();
      throw error;
    }
    this.#replace(plugin, placements, undefined);
  }

  /** The old version makes way, and stands aside; what runs in it is remembered until it has ended. */
  #leave(old: Plugin, plugin: Plugin): void {
    old.aside = old.grafts.filter((graft) => graft.stands);
    for (const graft of old.aside) graft.hide();
    old.forgetPrevious();
    plugin.previous = old;
    this.#leaving = [...this.#leaving, old].filter(({ runs }) => runs);
  }

  /**
   * A graft of a new version was removed for what it did: the version before gets all its places back, where it stands
   * aside still. Gives that version, or null.
   */
  giveBack(plugin: Plugin): Plugin | null {
    const { previous } = plugin;
    if (previous === null || this.#plugins.get(plugin.name) !== plugin) return null;
    plugin.previous = null;
    for (const graft of plugin.grafts) graft.remove();
    for (const graft of previous.aside) graft.standAgain();
    this.#plugins.set(previous.name, previous);
    return previous;
  }

  /** Aborts what runs in plugins, or in the versions of one of them, as `cancelled`. */
  cancel(why: string, name?: string): void {
    for (const plugin of [...this.#plugins.values(), ...this.#leaving])
      if (name === undefined || plugin.name === name) plugin.cancel(why);
  }

  /** Ends all installs: one under way ends with GRAFT_CLOSED. Running calls are aborted as `cancelled`. */
  close(why: string): void {
    this.#closed = true;
    for (const coming of this.#coming.values()) coming.refused = closed();
    this.cancel(why);
  }

  /** Resolves when no install is under way. */
  async settled(): Promise<void> {
    await Promise.all([...this.#coming.values()].map(({ done }) => done.promise));
  }

  /**
   * Removes a plugin: hides its grafts at once. Calls in flight finish, or are aborted as `cancelled` where `now` is
   * true, those of versions before it too. A new version that is being installed is not.
   */
  remove(name: string, now = false): Plugin {
    const plugin = this.get(name);
    const coming = this.#coming.get(name);
    if (coming !== undefined)
      coming.refused = new GraftError(
        'GRAFT_UNKNOWN_PLUGIN',
        `${name} was removed while its new version was installed`,
      );
    if (now) this.cancel('the plugin was removed', name);
    for (const graft of plugin.grafts) graft.remove();
    plugin.forgetPrevious();
    this.#plugins.delete(name);
    return plugin;
  }
}

/** The error of a load with the places in the author's files where it came from. */
const located = (error: unknown, { name, sourceMap }: PluginPackage, position: SourceLookup): unknown => {
  if (!(error instanceof InstallFailed)) return error;
  const frames = framesOf(error.failure.stack, (line, column) => position(sourceMap, line, column));
  return frames.length === 0
    ? error
    : new InstallFailed(
        name,
        error.failure,
        frames.map(({ text }) => text),
      );
};

/** Calls the grafts of a plugin that does not stand yet; where one is not good, the plugin retires. */
const tryOut = async (plugin: Plugin, placements: readonly Placement[], coming: Coming): Promise<void> => {
  try {
    for (const [index, placement] of placements.entries())
      await placement.point.options.trial?.(new Graft(plugin, index, placement));
    if (coming.refused !== null) throw coming.refused;
  } catch (error) {
    plugin.retire();
    throw error;
  }
};

const closed = (): GraftError => new GraftError('GRAFT_CLOSED', 'the host is closed');

/** Throws GRAFT_MUST_WAIT for a graft that may call an accessor that waits, where its compartment cannot. */
const checkWaits = (pkg: PluginPackage, placements: readonly Placement[], maker: CompartmentMaker): void => {
  if (maker.waits) return;
  for (const { point, callables } of placements) {
    const waiting = callables.find(([, callable]) => callable.waits);
    if (waiting !== undefined)
      throw new GraftError(
        'GRAFT_MUST_WAIT',
        `${pkg.name}: ${waiting[0]} at ${point.name} can wait, a ${maker.kind} compartment cannot`,
      );
  }
};

/** Passes on what one plugin's module says, however often it is evaluated. */
const telling = (plugin: string, told: PluginTableOptions['told']): CompartmentSource['tell'] => {
  if (told === undefined) return undefined;
  const budget = new ConsoleBudget();
  return (level, text) => tellLine(budget, level, text, (line) => told(plugin, line));
};

const sourceOf = (
  pkg: PluginPackage,
  placements: readonly Placement[],
  told: PluginTableOptions['told'],
): CompartmentSource => ({
  plugin: pkg.name,
  code: pkg.code,
  memory_mb: Math.max(...placements.map(({ limits }) => limits.memory_mb)),
  load_ms: LOAD_MS,
  grafts: placements.map(graftSource),
  tell: telling(pkg.name, told),
});

/** Makes the plugin's grafts and puts each at its point, in the place of one of the old version's where it has one. */
const stand = (plugin: Plugin, placements: readonly Placement[], old: Plugin | null): void => {
  const leaving = old?.grafts.filter((graft) => graft.stands) ?? [];
  for (const [index, placement] of placements.entries()) {
    const { point } = placement;
    const here = leaving.filter((one) => one.point === point);
    const instead = here.find((one) => one.export === placement.export) ?? here[0];
    if (instead !== undefined) leaving.splice(leaving.indexOf(instead), 1);
    const graft = new Graft(plugin, index, placement);
    point.put(graft, instead);
    plugin.grafts.push(graft);
  }
};
