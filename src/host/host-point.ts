// The graft points of a host: as the application declares and calls them, and as callables of grafts at other points,
// for which a call is a nested transaction.

import {
  ANYTHING,
  answerOf,
  type Base,
  type Callable,
  checkOptions,
  GraftError,
  GraftPoint,
  type InvokeOptions,
  invoke,
  type OptionChecks,
  type Outcome,
  type PointOptions,
  PointTable,
  type StateView,
} from '../plugins/index.ts';
import { type EntitiesOf, HostTransaction } from './host-transaction.ts';
import { inside } from './surroundings.ts';
import type { Turns } from './turns.ts';

/** A graft point as the application calls it. */
export interface HostPoint<Input, Output> {
  /** The name that it was declared with. */
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

/** What a graft point of a host is declared with. */
export interface HostPointOptions<Input = unknown, Output = unknown, Given = unknown>
  extends Omit<PointOptions<Input, Output, Given>, 'default' | 'check' | 'trial'> {
  /**
   * The host's own answer. `txn` is the transaction of the call: what the default does there is committed or undone
   * with it. A chain's omitted default answers its input, an event's answers nothing.
   */
  readonly default?: (input: Input, txn: HostTransaction) => Output | Promise<Output>;
  /**
   * The post-condition: true, or what is wrong with the answer. `state` reads what grafts here may read, at once; `txn`
   * is the transaction of the graft, before it commits, whose locks are held while a check takes time.
   */
  readonly check?: (
    answer: Output,
    input: Input,
    state: StateView,
    txn: HostTransaction,
  ) => boolean | string | Promise<boolean | string>;
  /**
   * Tries a graft that is to be installed, before it stands: `call` calls it alone. Where this throws, the plugin is
   * not installed. A host that brings back what stood before does not ask.
   */
  readonly trial?: (call: (input: Given) => Promise<Outcome<Output>>) => Promise<void>;
}

export interface CallOptions {
  /** The transaction that the call is part of. */
  readonly txn?: HostTransaction;
  /**
   * The principal (a user) of the call: calls of different principals share no heap of a plugin, nor do the calls that
   * they make in turn.
   */
  readonly principal?: string;
  /** Aborts the call as `cancelled`. */
  readonly signal?: AbortSignal;
}

const CALL_OPTIONS: OptionChecks = {
  txn: ['a transaction of the host', (value) => value instanceof HostTransaction],
  principal: ANYTHING,
  signal: ['an AbortSignal', (value) => value instanceof AbortSignal],
};

/** How deep calls through graft points may be nested. */
const DEPTH_MAX = 8;
const PLAIN_CALL: InvokeOptions = {};
const NO_OPTIONS: CallOptions = {};

/** The host's points. */
export class HostPoints {
  readonly table = new PointTable();
  readonly #base: Base;
  readonly #turns: Turns;
  readonly #isClosed: () => boolean;
  readonly #entitiesOf: EntitiesOf;
  readonly #declared: (point: GraftPoint) => void;
  readonly #restoredAt: (point: string) => Promise<unknown> | null;

  /**
   * `isClosed`: whether the host takes no calls any more. `declared` is told of every point. `restoredAt`: what a call
   * of a point waits for, so that it finds the plugins of an earlier start there.
   */
  constructor(
    base: Base,
    turns: Turns,
    isClosed: () => boolean,
    entitiesOf: EntitiesOf,
    declared: (point: GraftPoint) => void,
    restoredAt: (point: string) => Promise<unknown> | null,
  ) {
    this.#base = base;
    this.#turns = turns;
    this.#declared = declared;
    this.#restoredAt = restoredAt;
    this.#isClosed = isClosed;
    this.#entitiesOf = entitiesOf;
  }

  declare<Input, Output>(options: HostPointOptions<Input, Output>): HostPoint<unknown, unknown> {
    const { default: original, check, trial } = options;
    const given = {
      ...(original === undefined ? {} : { default: this.#within(original) }),
      ...(check === undefined ? {} : { check: this.#checking(check) }),
      ...(trial === undefined ? {} : { trial: this.#trying(trial) }),
    };
    const point = this.table.add(
      new GraftPoint<Input, Output>({ ...options, ...given } as PointOptions<Input, Output>),
    );
    this.#declared(point as unknown as GraftPoint);
    return {
      name: point.name,
      invoke: (input, callOptions = NO_OPTIONS) => this.#invoke(point, input, callOptions),
      call: async (input, callOptions = NO_OPTIONS) =>
        answerOf(point.name, await this.#invoke(point, input, callOptions)),
      callable: () => this.#callable(point),
    };
  }

  /** A default whose transaction is the host's; what it has begun there is done before its answer counts. */
  #within<Input, Output>(
    original: NonNullable<HostPointOptions<Input, Output>['default']>,
  ): NonNullable<PointOptions<Input, Output>['default']> {
    const takesTxn = original.length !== 1;
    return (input, core) => {
      const txn = new HostTransaction(core, this.#entitiesOf);
      // Nothing is locked, and nothing will be: nobody can wait for this transaction.
      const isAlone = !takesTxn && core.tree.holds.length === 0;
      const answer = isAlone ? original(input, txn) : inside(core, () => original(input, txn));
      return answer instanceof Promise ? answer.finally(() => txn.idle) : answer;
    };
  }

  /** A post-condition whose transaction is the host's. */
  #checking<Input, Output>(
    check: NonNullable<HostPointOptions<Input, Output>['check']>,
  ): NonNullable<PointOptions<Input, Output>['check']> {
    const takesTxn = check.length === 0 || check.length > 3;
    return (answer, input, state, core) => {
      const txn = new HostTransaction(core, this.#entitiesOf);
      const verdict = takesTxn
        ? inside(core, () => check(answer, input, state, txn))
        : check(answer, input, state, txn);
      return verdict instanceof Promise ? verdict.finally(() => txn.idle) : verdict;
    };
  }

  #trying<Input, Output>(
    trial: NonNullable<HostPointOptions<Input, Output>['trial']>,
  ): NonNullable<PointOptions<Input, Output>['trial']> {
    return (graft) =>
      trial((input) => invoke(this.#base, graft.point, input, { only: graft }) as Promise<Outcome<Output>>);
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
    // What belongs to a transaction in flight may end, while the host drains.
    if (options.txn === undefined && this.#isClosed())
      return Promise.reject(new GraftError('GRAFT_CLOSED', 'the host is closed'));
    const coming = this.#restoredAt(point.name);
    if (coming !== null) return coming.then(() => this.#begin(point, input, options));
    try {
      if (options !== NO_OPTIONS) checkOptions(options, CALL_OPTIONS, `call of ${point.name}`);
    } catch (error) {
      return Promise.reject(error);
    }
    const { txn, principal, signal } = options;
    const given: InvokeOptions =
      principal === undefined && signal === undefined
        ? PLAIN_CALL
        : { ...(principal === undefined ? {} : { principal }), ...(signal === undefined ? {} : { signal }) };
    if (txn === undefined) return invoke(this.#base, point, input, given);
    return txn.queue(() => invoke(this.#base, point, input, { ...given, txn: txn.current }));
  }
}
