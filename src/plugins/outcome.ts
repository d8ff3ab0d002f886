// The outcome of a call: a closed union on `status`. Expected failure is a value here; only misuse and the caller's own
// wish for a plain value throw.

import type { AbortReason, Undone } from '../txn/index.ts';
import { GraftError, type Refusal } from './errors.ts';

/**
 * What a graft used up: its own time in ms (processor time; below 1 ms, what the wall clock shows), and what its
 * accessors were charged.
 */
export interface Spent {
  readonly own_ms: number;
  readonly calls: number;
  readonly writes: number;
  readonly log_bytes: number;
}

/** What one graft did in a call. An aborted graft's work is undone. */
export interface GraftReport {
  /** `plugin#export`. */
  readonly graft: string;
  readonly status: 'committed' | 'aborted' | 'refused';
  readonly reason?: AbortReason;
  /**
   * What exactly: the limit, the path of the answer, the error's text. Written by the plugin where it threw: treat it
   * as such.
   */
  readonly detail?: string;
  /** Where in the author's source, `file:line:column`, when an error said so. */
  readonly at?: string;
  /** The frames of that error in the author's source, innermost first, at most ten: `name (file:line:column)`. */
  readonly stack?: readonly string[];
  /** True when this abort removed the graft. */
  readonly removed?: true;
  readonly undone: Undone;
  readonly spent: Spent;
}

/**
 * `default`: nobody stands there, or the graft failed and the default answered (its entry says why). `committed`: a
 * graft's answer, its work kept. `refused`: a graft said no. `denied`: a guard failed, closed. `failed`: a graft failed
 * and its point tells. `aborted`: the call as a whole ended.
 */
export type Outcome<Value> =
  | { readonly status: 'default' | 'committed'; readonly value: Value; readonly grafts: readonly GraftReport[] }
  | {
      readonly status: 'refused';
      readonly value?: undefined;
      readonly refusal: Refusal;
      readonly grafts: readonly GraftReport[];
    }
  | {
      readonly status: 'denied' | 'failed' | 'aborted';
      readonly value?: undefined;
      readonly reason: AbortReason;
      readonly grafts: readonly GraftReport[];
      /** What the host's own code threw, where that ended the call. It is not enumerable, so it is never sent. */
      readonly cause?: unknown;
    };

/** An outcome with its cause, where there is one. */
export const abortedBy = <Value>(cause: unknown, outcome: Outcome<Value>): Outcome<Value> =>
  cause === undefined ? outcome : Object.defineProperty(outcome, 'cause', { value: cause });

/** The value of an outcome, or the coded error of what went wrong. */
export const answerOf = <Output>(point: string, outcome: Outcome<Output>): Output => {
  switch (outcome.status) {
    case 'default':
    case 'committed':
      return outcome.value;
    case 'refused':
      throw new GraftError('GRAFT_REFUSED', `${outcome.refusal.code}: ${outcome.refusal.message}`, {
        refusal: outcome.refusal,
      });
    case 'denied':
      throw new GraftError('GRAFT_DENIED', `${point}: ${outcome.reason}`);
    case 'failed':
      throw new GraftError('GRAFT_FAILED', `${point}: ${outcome.reason}`);
    case 'aborted':
      throw new GraftError(
        'GRAFT_ABORTED',
        `${point}: ${outcome.reason}`,
        'cause' in outcome ? { cause: outcome.cause } : {},
      );
  }
};
