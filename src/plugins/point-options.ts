// What a graft point is declared with: what goes in and out, what a graft may call, how its answer is checked, and what
// happens when it fails.

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Transaction } from '../txn/index.ts';
import type { CallableTree } from './callable.ts';
import type { Column, ColumnOptions } from './columns.ts';
import { GraftError } from './errors.ts';
import type { Graft } from './graft.ts';
import { LIMIT_NAMES, type Limits } from './limits.ts';
import { A_BOOLEAN, A_FUNCTION, A_TEXT, AN_OBJECT, checkOptions, type Expected, oneOf } from './options.ts';
import { isSchema } from './schema.ts';

/**
 * `function`: one graft replaces the default. `chain`: each gets the answer of the one before. `event`: each handles it
 * alone, answers are ignored.
 */
export type PointKind = 'function' | 'chain' | 'event';
export type FaultPolicy = 'default' | 'deny' | 'fail';

/** Reads of the state that a graft at the point may call, in the graft's own transaction, before it commits. */
export type StateView = (name: string, ...args: unknown[]) => unknown;

export interface PointOptions<Input = unknown, Output = unknown, Given = unknown> {
  /** Segments of letters, digits, `-`, `_` and `.`, joined by `/`. */
  readonly name: string;
  /** How many grafts may stand here, and what becomes of their answers. */
  readonly kind: PointKind;
  /** Any Standard Schema that takes `Given` and makes `Input`, synchronously. Omitted: any plain data. */
  readonly input?: StandardSchemaV1<Given, Input>;
  /** Any Standard Schema that an answer must satisfy, synchronously. Omitted: any plain data. */
  readonly output?: StandardSchemaV1<unknown, Output>;
  /**
   * The host's own answer; the transaction is there for a default that wants to see the caller's uncommitted state. A
   * chain's omitted default answers its input, an event's answers nothing.
   */
  readonly default?: (input: Input, txn: Transaction) => Output | Promise<Output>;
  /**
   * The post-condition: true, or what is wrong with the answer. It sees the state before commit. It may take time where
   * the caller awaits; the locks of the call are held meanwhile.
   */
  readonly check?: (
    answer: Output,
    input: Input,
    state: StateView,
    txn: Transaction,
  ) => boolean | string | Promise<boolean | string>;
  /**
   * Function points: the input is a list, and a graft is called once for each of its rows, all in one crossing and one
   * transaction. Schemas, default and post-condition are those of a row; what one row does wrong takes all of them
   * back.
   */
  readonly rows?: boolean;
  /** Function points: which plugin's graft answers this input. Omitted: only one graft may stand here. */
  readonly select?: (input: Input) => string;
  /** What grafts here may call, by name, in groups. Omitted: nothing. */
  readonly callable?: CallableTree;
  /** Memory that each graft here shares with the host; the graft finds it as `api.columns`. */
  readonly columns?: Readonly<Record<string, ColumnOptions>>;
  /** Writes the columns before every attempt of a call. */
  readonly fill?: (input: Input, columns: Readonly<Record<string, Column>>) => void;
  /**
   * What a call does whose graft failed: `default` (the default answers; the default of this option), `deny` (a guard:
   * the call is denied, and the point stays closed while its graft is missing) or `fail` (the caller is told).
   */
  readonly onFault?: FaultPolicy;
  /**
   * Tries a graft that is to be installed, before it stands. Where this throws, the plugin is not installed. It is not
   * asked when a host brings back what stood before.
   * @internal
   */
  readonly trial?: (graft: Graft) => Promise<void>;
  /** Limits of one call; a plugin's manifest may lower them. */
  readonly limits?: Partial<Limits>;
  /** A graft is removed at this many aborts of its own fault. 1, as in VINO, unless given. */
  readonly budget?: number;
  /** Grafts here only read the store, and see one snapshot of it. They do not wait for those who write. */
  readonly readOnly?: boolean;
  /** May be called over HTTP without the token. Such a caller is told status, value, refusal and reason alone. */
  readonly public?: boolean;
  /** One sentence for people who list the points. */
  readonly describes?: string;
}

const POINT_NAME = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/;
const NAME: Expected = [
  'segments of a-z, 0-9, - _ . joined by /, at most 200 characters',
  (value) => typeof value === 'string' && value.length <= 200 && POINT_NAME.test(value),
];
const A_SCHEMA: Expected = ['a Standard Schema', isSchema];
const OPTIONS: Record<keyof PointOptions, Expected> = {
  name: NAME,
  kind: oneOf('function', 'chain', 'event'),
  input: A_SCHEMA,
  output: A_SCHEMA,
  default: A_FUNCTION,
  check: A_FUNCTION,
  rows: A_BOOLEAN,
  select: A_FUNCTION,
  callable: AN_OBJECT,
  columns: AN_OBJECT,
  fill: A_FUNCTION,
  onFault: oneOf('default', 'deny', 'fail'),
  trial: A_FUNCTION,
  limits: AN_OBJECT,
  budget: ['a number from 1', (value) => typeof value === 'number' && value >= 1],
  readOnly: A_BOOLEAN,
  public: A_BOOLEAN,
  describes: A_TEXT,
};

const POSITIVE: Expected = [
  'a number above 0',
  (value) => typeof value === 'number' && Number.isFinite(value) && value > 0,
];
const LIMIT_CHECKS = Object.fromEntries(LIMIT_NAMES.map((name) => [name, POSITIVE]));

/** Throws GRAFT_BAD_OPTION for options that no graft point can have. */
export const checkPointOptions = <Input, Output>(options: PointOptions<Input, Output>): void => {
  checkOptions(options, OPTIONS, 'graft point');
  for (const needed of ['name', 'kind'] as const) {
    if (options[needed] === undefined)
      throw new GraftError('GRAFT_BAD_OPTION', `graft point: option ${needed} is missing: ${OPTIONS[needed][0]}`);
  }
  const { name, kind, limits = {}, rows, select } = options;
  const fault = (what: string): GraftError => new GraftError('GRAFT_BAD_OPTION', `graft point ${name}: ${what}`);
  if (kind === 'function' && options.default === undefined) throw fault('a function point needs a default');
  if (select !== undefined && kind !== 'function') throw fault('only a function point selects');
  if (rows === true && (kind !== 'function' || select !== undefined))
    throw fault('only a function point that does not select takes rows');
  checkOptions(limits, LIMIT_CHECKS, `limits of ${name}`);
};
