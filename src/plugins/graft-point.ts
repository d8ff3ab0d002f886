// A graft point: a named place where grafts may stand. It knows who stands there, in the order of calling, checks what
// goes in, and answers with the host's own default.

import type { AbortReason, Transaction } from '../txn/index.ts';
import { type Callable, flatten } from './callable.ts';
import { checkColumns } from './columns.ts';
import { GraftError } from './errors.ts';
import type { Graft } from './graft.ts';
import { LIMIT_DEFAULTS, type Limits } from './limits.ts';
import { isPlainAtom } from './plain.ts';
import { checkPointOptions, type FaultPolicy, type PointKind, type PointOptions } from './point-options.ts';
import { type Checked, checkRows, checkValue } from './schema.ts';

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

const NOBODY: ReadonlyMap<string, AbortReason> = new Map();

const pluginOf = (graft: string): string => graft.slice(0, graft.lastIndexOf('#'));

export interface PointSnapshot {
  readonly grafts: readonly Graft[];
  readonly missing: ReadonlyMap<string, AbortReason>;
}

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
  /**
   * Guards that are missing here, by name (`plugin#export`), and why. Only a point that fails closed (`deny`) has any.
   * It denies every call that they would have looked at, until they are installed again or dismissed.
   */
  #missing: ReadonlyMap<string, AbortReason> = NOBODY;
  #places = 0;

  constructor(options: PointOptions<Input, Output>) {
    checkPointOptions(options);
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
    if (graft.place === 0) graft.place = instead?.place ?? ++this.#places;
    this.grafts = grafts.sort((a, b) => a.order - b.order || a.place - b.place);
    const { name } = graft.plugin;
    if (this.#missing.size > 0)
      this.#missing = new Map([...this.#missing].filter(([missing]) => pluginOf(missing) !== name));
  }

  /** The graft is removed, for `reason`. One that another has replaced already is not here any more. */
  take(graft: Graft, reason: AbortReason): void {
    if (!this.grafts.includes(graft)) return;
    this.grafts = this.grafts.filter((other) => other !== graft);
    this.expect(graft.name, reason);
  }

  /** A guard belongs here and does not stand, for `reason`. Points that do not fail closed take no notice. */
  expect(name: string, reason: AbortReason): void {
    if (this.onFault === 'deny') this.#missing = new Map([...this.#missing, [name, reason]]);
  }

  /** Goes on without a missing guard, or without any that is missing. Whether there was one. */
  dismiss(name?: string): boolean {
    const left = [...this.#missing].filter(([other]) => name !== undefined && other !== name);
    const found = left.length < this.#missing.size;
    this.#missing = new Map(left);
    return found;
  }

  /** Guards that are missing, and why. */
  get missing(): ReadonlyMap<string, AbortReason> {
    return this.#missing;
  }

  /** Who stands here and who is missing, to go back to with `reset`. */
  snapshot(): PointSnapshot {
    return { grafts: this.grafts, missing: this.#missing };
  }

  reset({ grafts, missing }: PointSnapshot): void {
    this.grafts = grafts;
    this.#missing = missing;
  }

  /** Why calls with this input are denied before any graft is asked; null: they are not. */
  closedFor(input: Input): AbortReason | null {
    if (this.#missing.size === 0) return null;
    const { select } = this.options;
    if (select === undefined) return this.#missing.values().next().value as AbortReason;
    const plugin = select(input);
    for (const [name, reason] of this.#missing) if (pluginOf(name) === plugin) return reason;
    return null;
  }

  /** What goes in, checked against plain data and the schema, as the schema made it. Throws GRAFT_BAD_INPUT. */
  checkInput(input: unknown, isProxy: (value: object) => boolean): Input {
    const { input: schema, rows } = this.options;
    if (schema === undefined && rows !== true && isPlainAtom(input)) return input as Input;
    const checked = (rows === true ? checkRows : checkValue)(input, schema, isProxy) as Checked<Input>;
    if (!checked.ok) throw new GraftError('GRAFT_BAD_INPUT', `${this.name}: ${checked.why}`);
    return checked.value;
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
