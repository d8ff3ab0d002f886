// Graft points: the named places where a graft may stand, and the table of them. A point says what goes in and out,
// what a graft may call, how its answer is checked, what happens when it fails, and what answers when nobody stands
// there.

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Transaction } from '../txn/index.ts';
import { type Callable, type CallableTree, flatten } from './callable.ts';
import { type Column, type ColumnOptions, checkColumns } from './columns.ts';
import { GraftError } from './errors.ts';
import type { Graft } from './graft.ts';
import { LIMIT_DEFAULTS, LIMIT_NAMES, type Limits } from './limits.ts';

/**
 * `function`: one graft replaces the default. `chain`: each gets the answer of the one before. `event`: each handles it
 * alone, answers are ignored.
 */
export type PointKind = 'function' | 'chain' | 'event';
export type FaultPolicy = 'default' | 'deny' | 'fail';

/** Reads of the state that a graft at the point may call, in the graft's own transaction, before it commits. */
export type StateView = (name: string, ...args: unknown[]) => unknown;

export interface PointOptions<Input = unknown, Output = unknown> {
  /** Segments of letters, digits, `-`, `_` and `.`, joined by `/`. */
  readonly name: string;
  readonly kind: PointKind;
  /** Any Standard Schema; validation must be synchronous. Omitted: any plain data. */
  readonly input?: StandardSchemaV1<unknown, Input>;
  readonly output?: StandardSchemaV1<unknown, Output>;
  /**
   * The host's own answer; the transaction is there for a default that wants to see the caller's uncommitted state. A
   * chain's omitted default answers its input, an event's answers nothing.
   */
  readonly default?: (input: Input, txn: Transaction) => Output | Promise<Output>;
  /** The post-condition: true, or what is wrong with the answer. It sees the state before commit. */
  readonly check?: (answer: Output, input: Input, state: StateView) => boolean | string;
  /**
   * Function points: the input is a list, and a graft is called once for each of its rows, all in one crossing and one
   * transaction. Schemas, default and post-condition are those of a row; what one row does wrong takes all of them
   * back.
   */
  readonly rows?: boolean;
  /** Function points: which plugin's graft answers this input. Omitted: only one graft may stand here. */
  readonly select?: (input: Input) => string;
  readonly callable?: CallableTree;
  /** Memory that each graft here shares with the host; the graft finds it as `api.columns`. */
  readonly columns?: Readonly<Record<string, ColumnOptions>>;
  /** Writes the columns before every attempt of a call. */
  readonly fill?: (input: Input, columns: Readonly<Record<string, Column>>) => void;
  readonly onFault?: FaultPolicy;
  readonly limits?: Partial<Limits>;
  /** A graft is removed at this many aborts of its own fault. 1, as in VINO, unless given. */
  readonly budget?: number;
  /** Grafts here only read the store, and see one snapshot of it. */
  readonly readOnly?: boolean;
  /** May be called over HTTP without the token. */
  readonly public?: boolean;
  /** One sentence for people who list the points. */
  readonly describes?: string;
}

const POINT_NAME = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/;
const OPTIONS: Record<keyof PointOptions, (value: unknown) => boolean> = {
  name: (value) => typeof value === 'string' && value.length <= 200 && POINT_NAME.test(value),
  kind: (value) => value === 'function' || value === 'chain' || value === 'event',
  input: isSchema,
  output: isSchema,
  default: isFunction,
  check: isFunction,
  rows: isBoolean,
  select: isFunction,
  callable: (value) => typeof value === 'object' && value !== null,
  columns: (value) => typeof value === 'object' && value !== null,
  fill: isFunction,
  onFault: (value) => value === 'default' || value === 'deny' || value === 'fail',
  limits: (value) => typeof value === 'object' && value !== null,
  budget: (value) => typeof value === 'number' && value >= 1,
  readOnly: isBoolean,
  public: isBoolean,
  describes: (value) => typeof value === 'string',
};

function isSchema(value: unknown): boolean {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && '~standard' in value;
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

/** Throws GRAFT_BAD_OPTION for an option that is unknown or whose value is not allowed. */
export const checkOptions = (
  options: object,
  allowed: Record<string, (value: unknown) => boolean>,
  what: string,
): void => {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(allowed, name))
      throw new GraftError('GRAFT_BAD_OPTION', `${what}: unknown option ${name.slice(0, 100)}`);
    if (value !== undefined && allowed[name]?.(value) !== true)
      throw new GraftError('GRAFT_BAD_OPTION', `${what}: option ${name} has a value that is not allowed`);
  }
};

const isPositive = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value > 0;
const LIMIT_CHECKS = Object.fromEntries(LIMIT_NAMES.map((name) => [name, isPositive]));

/** The answers to rows, one after the other; a promise of them from the first that is one. */
const answered = <Input, Output>(
  rows: readonly Input[],
  answer: (row: Input) => Output | Promise<Output>,
): Output[] | Promise<Output[]> => {
  const answers: Output[] = [];
  for (const row of rows) {
    const one = answer(row);
    if (one instanceof Promise) return answeredLater(rows, answer, answers, one);
    answers.push(one);
  }
  return answers;
};

const answeredLater = async <Input, Output>(
  rows: readonly Input[],
  answer: (row: Input) => Output | Promise<Output>,
  answers: Output[],
  first: Promise<Output>,
): Promise<Output[]> => {
  answers.push(await first);
  for (const row of rows.slice(answers.length)) answers.push(await answer(row));
  return answers;
};

export class GraftPoint<Input = unknown, Output = unknown> {
  readonly options: PointOptions<Input, Output>;
  readonly name: string;
  readonly kind: PointKind;
  readonly limits: Limits;
  readonly onFault: FaultPolicy;
  /** Aborts of its own fault that a graft here may have. */
  budget: number;
  /** What a graft here may call, in the order of the protocol's numbers. */
  readonly callables: ReadonlyMap<string, Callable>;
  /** Who stands here, in the order of calling. Replaced, never changed, so that a call in flight keeps its list. */
  grafts: readonly Graft[] = [];

  constructor(options: PointOptions<Input, Output>) {
    checkOptions(options, OPTIONS, 'graft point');
    for (const needed of ['name', 'kind'] as const) {
      if (options[needed] === undefined)
        throw new GraftError('GRAFT_BAD_OPTION', `graft point: option ${needed} is missing`);
    }
    if (options.kind === 'function' && options.default === undefined) {
      throw new GraftError('GRAFT_BAD_OPTION', `graft point ${options.name}: a function point needs a default`);
    }
    if (options.select !== undefined && options.kind !== 'function') {
      throw new GraftError('GRAFT_BAD_OPTION', `graft point ${options.name}: only a function point selects`);
    }
    if (options.rows === true && (options.kind !== 'function' || options.select !== undefined)) {
      throw new GraftError(
        'GRAFT_BAD_OPTION',
        `graft point ${options.name}: only a function point that does not select takes rows`,
      );
    }
    checkOptions(options.limits ?? {}, LIMIT_CHECKS, `limits of ${options.name}`);
    this.options = options;
    this.name = options.name;
    this.kind = options.kind;
    this.limits = { ...LIMIT_DEFAULTS, ...options.limits };
    this.onFault = options.onFault ?? 'default';
    this.budget = options.budget ?? 1;
    this.callables = new Map(flatten(options.callable ?? {}));
    for (const taken of ['original', 'columns']) {
      if (this.callables.has(taken))
        throw new GraftError('GRAFT_BAD_OPTION', `graft point ${this.name}: the callable name ${taken} is taken`);
    }
    checkColumns(this.name, options.columns ?? {});
  }

  /**
   * Puts a graft here, in the place of `instead` where that is given. Throws GRAFT_POINT_TAKEN where its place is
   * another's.
   */
  put(graft: Graft, instead?: Graft): void {
    if (this.kind === 'function') {
      const isRival = (other: Graft): boolean =>
        this.options.select === undefined || other.plugin.name === graft.plugin.name;
      const rival = this.grafts.find((other) => other !== instead && isRival(other));
      if (rival !== undefined) throw new GraftError('GRAFT_POINT_TAKEN', `${this.name}: ${rival.name} stands here`);
    }
    const grafts =
      instead === undefined ? [...this.grafts, graft] : this.grafts.map((other) => (other === instead ? graft : other));
    this.grafts = grafts.sort((a, b) => a.order - b.order);
  }

  take(graft: Graft): void {
    this.grafts = this.grafts.filter((other) => other !== graft);
  }

  /** The grafts that answer `input`. */
  chosen(input: Input): readonly Graft[] {
    const select = this.options.select;
    if (select === undefined || this.grafts.length === 0) return this.grafts;
    const name = select(input);
    const graft = this.grafts.find((one) => one.plugin.name === name);
    return graft === undefined ? [] : [graft];
  }

  /** The host's own answer. */
  original(input: Input, txn: Transaction): unknown {
    const original = this.options.default;
    if (original === undefined) return this.kind === 'chain' ? input : null;
    if (this.options.rows !== true) return original(input, txn);
    return answered(input as unknown as readonly Input[], (row) => original(row, txn));
  }
}

/** The graft namespace (VINO): points by name. */
export class PointTable {
  readonly #points = new Map<string, GraftPoint>();

  add<Input, Output>(point: GraftPoint<Input, Output>): GraftPoint<Input, Output> {
    if (this.#points.has(point.name)) throw new GraftError('GRAFT_POINT_EXISTS', point.name);
    this.#points.set(point.name, point as unknown as GraftPoint);
    return point;
  }

  /** Throws GRAFT_UNKNOWN_POINT. */
  get(name: string): GraftPoint {
    const point = this.#points.get(name);
    if (point === undefined) throw new GraftError('GRAFT_UNKNOWN_POINT', name.slice(0, 200));
    return point;
  }

  has(name: string): boolean {
    return this.#points.has(name);
  }

  /** What stood for something that is gone now: its grafts are removed with it. */
  remove(point: GraftPoint): void {
    for (const graft of point.grafts) graft.remove();
    if (this.#points.get(point.name) === point) this.#points.delete(point.name);
  }

  list(): GraftPoint[] {
    return [...this.#points.values()];
  }
}
