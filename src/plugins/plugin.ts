// An installed plugin: its code in a compartment, its grafts, and who installed it. It knows the calls that run in it.
// When none of its grafts stands any more it retires, and its compartment is disposed of with the last call.

import type { Compartment } from './compartment/compartment.ts';
import type { Graft } from './graft.ts';
import type { GraftCall } from './graft-call.ts';
import type { Limits } from './limits.ts';
import type { MissingGlobal, PluginPackage } from './package/index.ts';

/** Maps a place in a bundle to the author's file, `file:line:column`, or null. */
export type SourceLookup = (sourceMap: string, line: number, column: number) => string | null;

/** Calls in which a new version may still give its place back to the one before. */
export const PROBATION_CALLS = 20;

export class Plugin {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly description: string;
  /** Who installed it, and when: ISO 8601, empty where the base does not say. */
  readonly installer: string;
  readonly installedAt: string;
  /** What its manifest says that it needs, and how far it limits itself. */
  readonly needs: readonly string[];
  readonly limits: Readonly<Partial<Limits>>;
  /** Globals that it names and a realm does not have. */
  readonly missing: readonly MissingGlobal[];
  readonly grafts: Graft[] = [];
  readonly compartment: Compartment;
  /** The version before, which stands aside until this one has proved itself; null: there is none. */
  previous: Plugin | null = null;
  /** Grafts that stood when a new version came. */
  aside: readonly Graft[] = [];
  /** Calls that have ended. */
  #ended = 0;
  readonly #sourceMap: string;
  readonly #position: SourceLookup;
  /** Calls of its grafts that have begun and not ended, in no order. */
  readonly #running: GraftCall[] = [];
  #isRetired = false;

  constructor(pkg: PluginPackage, installer: string, at: string, compartment: Compartment, position: SourceLookup) {
    this.name = pkg.name;
    this.version = pkg.version;
    this.digest = pkg.digest;
    this.description = pkg.description ?? '';
    this.installer = installer;
    this.installedAt = at;
    this.needs = pkg.manifest.needs;
    this.limits = pkg.manifest.limits;
    this.missing = pkg.missing ?? [];
    this.compartment = compartment;
    this.#sourceMap = pkg.sourceMap;
    this.#position = position;
  }

  /** Whether a graft of it stands. */
  get stands(): boolean {
    return this.grafts.some((graft) => graft.stands);
  }

  /** Whether a call of it runs. */
  get runs(): boolean {
    return this.#running.length > 0;
  }

  /** A call of one of its grafts has begun. */
  enlist(call: GraftCall): void {
    call.runningIndex = this.#running.push(call) - 1;
  }

  /** A call of one of its grafts has ended: the last one takes its place. */
  strike(call: GraftCall): void {
    const last = this.#running.pop() as GraftCall;
    if (last !== call) {
      this.#running[call.runningIndex] = last;
      last.runningIndex = call.runningIndex;
    }
    if (this.previous !== null && ++this.#ended >= PROBATION_CALLS) this.forgetPrevious();
    if (this.#isRetired) this.#disposeUnlessRunning();
  }

  /** The version before will not be needed again. */
  forgetPrevious(): void {
    this.previous?.retire();
    this.previous = null;
  }

  /** Aborts the calls that run, as `cancelled`. */
  cancel(why: string): void {
    for (const { home } of [...this.#running]) home.tree.transactions.end(home, 'cancelled', why);
  }

  /** No graft of it stands any more: its compartment is disposed of as soon as no call runs there. */
  retire(): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    this.#disposeUnlessRunning();
  }

  #disposeUnlessRunning(): void {
    if (this.#running.length === 0) this.compartment.dispose();
  }

  /** Where a place in the bundle is in the author's files, `file:line:column`, or null. */
  readonly position = (line: number, column: number): string | null => this.#position(this.#sourceMap, line, column);
}
