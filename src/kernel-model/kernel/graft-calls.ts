// The kernel as a base of grafts: what THE call (src/plugins) needs of it, and what a call costs in emulated time.

import { types } from 'node:util';
import {
  type Base,
  type CompartmentCall,
  type Graft,
  type GraftPoint,
  type GraftReport,
  invokeSync,
  type Outcome,
  treasury,
} from '../../plugins/index.ts';
import { type Account, Transactions } from '../../txn/index.ts';
import { CYCLES } from '../limits.ts';
import { type Cpu, clockOf } from '../machine/index.ts';
import type { Dispatcher } from '../sched/index.ts';
import type { Trace } from '../trace.ts';

/** What became of grafts, in counts and in the last words of those that failed. */
export interface GraftCounts {
  committed: number;
  aborted: number;
  refused: number;
}

export interface GraftNews {
  readonly graft: Graft;
  readonly report: GraftReport;
  readonly lines: readonly string[];
}

/**
 * Told of every question to a graft point where somebody stands, one inside the other where a graft waits and others
 * are asked meanwhile.
 */
export interface AskObserver {
  asks(point: string): void;
  /** Everything that a graft did is kept, or undone, when this is called. */
  answered(point: string): void;
}

export class GraftCalls implements Base {
  readonly transactions: Transactions;
  readonly treasury: Account = treasury();
  readonly participant = null;
  readonly counts: GraftCounts = { committed: 0, aborted: 0, refused: 0 };
  /** Undos and effects that failed: none, unless the kernel is wrong. */
  readonly faults: unknown[] = [];
  /** Told of every end of a graft's call. */
  listener: ((news: GraftNews) => void) | null = null;
  observer: AskObserver | null = null;
  readonly #cpu: Cpu;
  readonly #trace: Trace;
  readonly #options: { readonly wait: Dispatcher['wait'] };

  constructor(cpu: Cpu, trace: Trace, wait: Dispatcher['wait']) {
    this.#cpu = cpu;
    this.#trace = trace;
    this.#options = { wait };
    this.transactions = new Transactions({ clock: clockOf(cpu.events), report: (report) => this.faults.push(report) });
  }

  isProxy(value: object): boolean {
    return types.isProxy(value);
  }

  hostFailed(_what: string, error: unknown): void {
    this.faults.push(error);
  }

  reported(graft: Graft, report: GraftReport, lines: readonly string[]): void {
    this.counts[report.status]++;
    if (report.status !== 'committed')
      this.#trace.note('graft', report.undone.records, this.counts.aborted, this.#cpu.events.now_us);
    this.listener?.({ graft, report, lines });
  }

  /**
   * Asks a policy method: the graft that stands at its point, or the default. Everything a graft did is kept, or
   * undone, when this returns.
   */
  ask<Input, Output>(point: GraftPoint<Input, Output>, input: Input): Outcome<Output> {
    const kind = point.grafts[0]?.plugin.compartment.kind;
    this.observer?.asks(point.name);
    this.#cpu.charge(CYCLES.transaction_begin);
    const outcome = invokeSync(this, point, input, this.#options);
    if (kind !== 'metered') this.#cpu.charge(CYCLES.unmetered_call);
    this.#cpu.charge(outcome.status === 'committed' ? CYCLES.transaction_commit : CYCLES.transaction_abort);
    this.observer?.answered(point.name);
    return outcome;
  }

  /** The fuel that a metered graft has used since the last tick. */
  burn(_call: CompartmentCall, fuel: number): void {
    this.#cpu.charge(fuel * CYCLES.fuel);
  }
}
