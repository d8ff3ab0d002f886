// The kernel as a base of grafts: the state that a call (src/plugins) needs of it, and the price of a call in emulated
// time.

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

/** The ends of grafts' calls: counts, and the last words of those that failed. */
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
 * Hears of every call of a graft point with a graft. Calls are nested when a graft waits and others are called
 * meanwhile.
 */
export interface AskObserver {
  asks(point: string): void;
  /** Called after the graft's changes have been kept or undone. */
  answered(point: string): void;
}

export class GraftCalls implements Base {
  readonly transactions: Transactions;
  readonly treasury: Account = treasury();
  readonly participant = null;
  readonly counts: GraftCounts = { committed: 0, aborted: 0, refused: 0 };
  /** Undos and effects that failed: none, unless the kernel is wrong. */
  readonly faults: unknown[] = [];
  /** Hears of every end of a graft's call. */
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
   * Calls a policy method: the graft that stands at its point, or the default. The graft's changes are kept or undone
   * when this returns.
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
