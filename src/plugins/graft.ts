// A graft: one function of a plugin, standing at one graft point, until it is removed.

import type { AbortReason, Account } from '../txn/index.ts';
import type { Callable } from './callable.ts';
import { type Column, columnViews } from './columns.ts';
import type { GraftPoint } from './graft-point.ts';
import { covers } from './installer.ts';
import { ARGUMENT_BYTES, CALLS, type Limits, LOG_BYTES, WRITES } from './limits.ts';
import type { Placement } from './placement.ts';
import type { Plugin } from './plugin.ts';

export class Graft {
  readonly plugin: Plugin;
  /** Its row in the plugin's manifest. */
  readonly index: number;
  readonly export: string;
  /** Where it stands in a chain or among an event's handlers: smaller first, then by time of install. */
  readonly order: number;
  readonly limits: Limits;
  /** What it may call, in the order of the protocol's numbers, and the dotted names. */
  readonly callables: readonly Callable[];
  readonly granted: readonly string[];
  /** What its plugin needs and its point does not offer. */
  readonly passedOver: readonly string[];
  readonly point: GraftPoint;
  /** The host's views of the memory it shares with the graft. */
  readonly columns: Readonly<Record<string, Column>>;
  /** `plugin#export`. */
  readonly name: string;
  /** What the limits leave of one call, in the order of RESOURCES. */
  readonly allowance: readonly number[];
  /** Aborts that were its own fault. */
  aborts = 0;
  /** Calls begun. */
  calls = 0;
  /** Attempts begun anew, because something else got in the way. */
  repeats = 0;
  /** Its place among those of its order, which a new version takes over: smaller first. 0 until it has stood. */
  place = 0;
  #stands = true;
  /** An account that a call has closed: the next one uses its memory. */
  #closed: Account | null = null;

  constructor(plugin: Plugin, index: number, placement: Placement) {
    const { limits } = placement;
    this.plugin = plugin;
    this.index = index;
    this.export = placement.export;
    this.order = placement.order;
    this.limits = limits;
    this.callables = placement.callables.map(([, callable]) => callable);
    this.granted = placement.callables.map(([name]) => name);
    this.passedOver = plugin.needs.filter((need) => !this.granted.some((name) => covers(need, name)));
    this.point = placement.point;
    this.columns = columnViews(placement.columns);
    this.name = `${plugin.name}#${placement.export}`;
    const allowance: number[] = [];
    allowance[CALLS] = limits.calls;
    allowance[WRITES] = limits.writes;
    allowance[LOG_BYTES] = limits.log_bytes;
    allowance[ARGUMENT_BYTES] = limits.argument_bytes;
    this.allowance = allowance;
  }

  /**
   * An account for one call, filled from `source` as the limits say; closing it through `closeAccount` lets the next
   * call use its memory.
   */
  openAccount(source: Account): Account {
    const closed = this.#closed;
    this.#closed = null;
    return source.open(this.allowance, null, closed);
  }

  closeAccount(account: Account): void {
    account.close();
    this.#closed = account;
  }

  /** Whether it stands at its point: from install until it is removed. */
  get stands(): boolean {
    return this.#stands;
  }

  /** Hides it from its point; calls in flight finish. A guarded point remembers `reason`, and stays closed. */
  remove(reason: AbortReason = 'cancelled'): void {
    if (!this.#stands) return;
    this.hide(reason);
    if (!this.plugin.stands) this.plugin.retire();
  }

  /** The same, but that its plugin does not retire: it may stand again. */
  hide(reason: AbortReason = 'cancelled'): void {
    if (!this.#stands) return;
    this.#stands = false;
    this.point.take(this, reason);
  }

  /** Stands again where it stood. Throws GRAFT_POINT_TAKEN. */
  standAgain(): void {
    this.point.put(this);
    this.#stands = true;
  }
}
