// A graft: one function of a plugin, standing at one graft point.

import { Account } from '../txn/index.ts';
import type { Callable } from './callable.ts';
import { type Column, type ColumnMemory, columnViews } from './columns.ts';
import type { Compartment } from './compartment/compartment.ts';
import type { GraftCall } from './graft-call.ts';
import type { GraftPoint } from './graft-point.ts';
import { ARGUMENT_BYTES, CALLS, type Limits, LOG_BYTES, RESOURCES, WRITES } from './limits.ts';

export interface GraftOptions {
  readonly plugin: Plugin;
  readonly index: number;
  readonly export: string;
  readonly order: number;
  readonly limits: Limits;
  readonly callables: readonly Callable[];
  readonly columns: readonly ColumnMemory[];
  readonly point: GraftPoint;
}

/** An installed plugin: its code in a compartment, its grafts, and who answers for it. */
export interface Plugin {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly installer: string;
  /** What its manifest said that it needs. */
  readonly needs: readonly string[];
  readonly grafts: Graft[];
  compartment: Compartment;
  /** Calls of its grafts that have begun and not ended, in no order; each knows its place. */
  readonly running: GraftCall[];
  /** No graft of it stands any more: the compartment is disposed of when nothing runs. */
  retired: boolean;
  /** Maps a place in the bundle to the author's file, or null. */
  position(line: number, column: number): string | null;
}

export class Graft {
  readonly plugin: Plugin;
  readonly index: number;
  readonly export: string;
  /** Where it stands in a chain or among an event's handlers: smaller first, then by time of install. */
  readonly order: number;
  readonly limits: Limits;
  readonly callables: readonly Callable[];
  readonly point: GraftPoint;
  /** The host's views of the memory it shares with the graft. */
  readonly columns: Readonly<Record<string, Column>>;
  readonly name: string;
  /** What the limits leave of one call, in the order of RESOURCES. */
  readonly allowance: readonly number[];
  state: 'installed' | 'removed' = 'installed';
  /** Aborts that were its own fault. */
  aborts = 0;
  /** Calls begun, and attempts repeated because something else got in the way. */
  calls = 0;
  repeats = 0;
  #idle: Account | null = null;

  constructor(options: GraftOptions) {
    this.plugin = options.plugin;
    this.index = options.index;
    this.export = options.export;
    this.order = options.order;
    this.limits = options.limits;
    this.callables = options.callables;
    this.point = options.point;
    this.columns = columnViews(options.columns);
    this.name = `${options.plugin.name}#${options.export}`;
    const allowance: number[] = [];
    allowance[CALLS] = options.limits.calls;
    allowance[WRITES] = options.limits.writes;
    allowance[LOG_BYTES] = options.limits.log_bytes;
    allowance[ARGUMENT_BYTES] = options.limits.argument_bytes;
    this.allowance = allowance;
  }

  /**
   * An account for one call, filled from `source` as the limits say; closing it through `closeAccount` lets the next
   * call use its memory.
   */
  openAccount(source: Account): Account {
    const closed = this.#idle;
    this.#idle = null;
    return source.open(this.allowance, null, closed);
  }

  closeAccount(account: Account): void {
    account.close();
    this.#idle = account;
  }

  /** Whether it stands at its point. */
  get stands(): boolean {
    return this.state === 'installed';
  }

  /** Hides it from its point; calls in flight finish. */
  remove(): void {
    if (this.state === 'removed') return;
    this.state = 'removed';
    this.point.take(this);
    if (this.plugin.grafts.every((graft) => !graft.stands)) retire(this.plugin);
  }
}

/** Disposes of the plugin's compartment as soon as none of its calls runs. */
export const retire = (plugin: Plugin): void => {
  plugin.retired = true;
  if (plugin.running.length === 0) plugin.compartment.dispose();
};

/** A call of the plugin has begun. */
export const enlist = (plugin: Plugin, call: GraftCall): void => {
  call.place = plugin.running.push(call) - 1;
};

/** A call of the plugin has ended: the last one takes its place. */
export const strike = (plugin: Plugin, call: GraftCall): void => {
  const last = plugin.running.pop() as GraftCall;
  if (last === call) return;
  plugin.running[call.place] = last;
  last.place = call.place;
};

const TREASURY_UNITS = 2 ** 52;

/** Units of a treasury that calls have in their accounts or hold: zero while none runs. */
export const unitsInUse = ({ free, spent }: Account): number =>
  RESOURCES.reduce((sum, _, index) => sum + (TREASURY_UNITS - (free[index] as number) - (spent[index] as number)), 0);

/** An account that never runs dry: what a host owns, to fill its calls' accounts from. */
export const treasury = (): Account => {
  const account = new Account(RESOURCES);
  for (let index = 0; index < RESOURCES.length; index++) account.create(index, TREASURY_UNITS);
  return account;
};
