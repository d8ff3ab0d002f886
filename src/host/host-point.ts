// The graft points of a host: as the application declares and calls them, and as callables of grafts at other points,
// for which a call is a nested transaction.

import {
  answerOf,
  type Base,
  type Callable,
  GraftError,
  GraftPoint,
  type InvokeOptions,
  invoke,
  type Outcome,
  type PointOptions,
  PointTable,
} from '../plugins/index.ts';
import type { HostTransaction } from './host-transaction.ts';
import type { Turns } from './turns.ts';

/** A graft point as the application calls it. */
export interface HostPoint<Input, Output> {
  readonly name: string;
  /**
   * The outcome. Throws only for misuse (GRAFT_BAD_INPUT, GRAFT_CLOSED), and GRAFT_OVERLOADED where the policy of the
   * point is `deny` or `fail`.
   */
  invoke(input: Input, options?: CallOptions): Promise<Outcome<Output>>;
  /** The value; throws the coded error of a refusal (GRAFT_REFUSED), denial, failure or abort as well. */
  call(input: Input, options?: CallOptions): Promise<Output>;
  /** The point as a callable of grafts at other points: a nested transaction. */
  callable(): Callable;
}

export interface CallOptions {
  /** The transaction that the call is part of. */
  readonly txn?: HostTransaction;
  /**
   * The principal (a user) of the call: calls of different principals share no heap of a plugin, nor do the calls that
   * they make in turn.
   */
  readonly principal?: string;
  readonly signal?: AbortSignal;
}

/** How deep calls through graft points may be nested. */
const DEPTH_MAX = 8;
const PLAIN_CALL: InvokeOptions = {};

/** The host's points. */
export class HostPoints {
  readonly table = new PointTable();
  readonly #base: Base;
  readonly #turns: Turns;
  readonly #isClosed: () => boolean;

  readonly #declared: (point: GraftPoint) => void;

  /** `isClosed`: whether the host takes no calls any more. `declared` is told of every point. */
  constructor(base: Base, turns: Turns, isClosed: () => boolean, declared: (point: GraftPoint) => void) {
    this.#base = base;
    this.#turns = turns;
    this.#declared = declared;
    this.#isClosed = isClosed;
  }

  declare<Input, Output>(options: PointOptions<Input, Output>): HostPoint<unknown, unknown> {
    const point = this.table.add(new GraftPoint(options));
    this.#declared(point as unknown as GraftPoint);
    return {
      name: point.name,
      invoke: (input, callOptions = {}) => this.#invoke(point, input, callOptions),
      call: async (input, callOptions = {}) => answerOf(point.name, await this.#invoke(point, input, callOptions)),
      callable: () => this.#callable(point),
    };
  }

  /** Calls a point by its name. Throws GRAFT_UNKNOWN_POINT and what `invoke` of the point throws. */
  invoke(name: string, input: unknown, options: CallOptions): Promise<Outcome<unknown>> {
    const named = async (): Promise<Outcome<unknown>> => this.#begin(this.table.get(name), input, options);
    return this.#turns.after(named());
  }

  /** A point by its name, as a callable of grafts at other points. Throws GRAFT_UNKNOWN_POINT. */
  callable(name: string): Callable {
    return this.#callable(this.table.get(name));
  }

  #callable<Input, Output>(point: GraftPoint<Input, Output>): Callable {
    return {
      waits: true,
      run: async ({ txn, depth, principal }, [input = null]) => {
        if (depth + 1 > DEPTH_MAX) throw txn.doom('limit', `nesting deeper than ${DEPTH_MAX}`);
        return answerOf(point.name, await invoke(this.#base, point, input, { txn, depth: depth + 1, principal }));
      },
    };
  }

  #invoke<Input, Output>(
    point: GraftPoint<Input, Output>,
    input: unknown,
    options: CallOptions,
  ): Promise<Outcome<Output>> {
    return this.#turns.after(this.#begin(point, input, options));
  }

  #begin<Input, Output>(
    point: GraftPoint<Input, Output>,
    input: unknown,
    options: CallOptions,
  ): Promise<Outcome<Output>> {
    if (this.#isClosed()) return Promise.reject(new GraftError('GRAFT_CLOSED', 'the host is closed'));
    const { txn, principal, signal } = options;
    const given: InvokeOptions =
      principal === undefined && signal === undefined
        ? PLAIN_CALL
        : { ...(principal === undefined ? {} : { principal }), ...(signal === undefined ? {} : { signal }) };
    if (txn === undefined) return invoke(this.#base, point, input, given);
    return txn.queue(() => invoke(this.#base, point, input, { ...given, txn: txn.core }));
  }
}
