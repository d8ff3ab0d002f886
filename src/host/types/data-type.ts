// A data type that a plugin brings: a function point `db/type/NAME`, which is asked of many values at a time. Each
// batch carries a few questions more, whose answers are known or must agree; a type that breaks a law there is removed,
// and the call is undone, as `invalid-answer`.

import { badArgument, GraftError, type Outcome } from '../../plugins/index.ts';
import type { Host } from '../host.ts';
import type { HostPoint } from '../host-point.ts';
import type { HostTransaction } from '../host-transaction.ts';
import {
  BATCH_LENGTH_MAX,
  BATCH_TEXTS_MAX,
  NOTHING,
  shapeFault,
  TEXT_MAX,
  type TypeAnswers,
  type TypeBatch,
  type TypedValue,
} from './batch.ts';
import { lawFault } from './laws.ts';
import { type AskType, tryType } from './trial.ts';

/** Values that the host remembers of a type, to ask for again. */
const KNOWN_MAX = 64;
/** Of a batch, and of what is remembered, so many are asked for once more, and compared with each other. */
const SAMPLE = 4;

/** What a new type, or a new version, is tried on beside its own examples. */
export interface StoredValues {
  /** Texts of values that are stored. */
  some(): Promise<string[]>;
  /** Throws GRAFT_TRIAL where `read` gives stored values other keys. */
  agree(read: (texts: readonly string[]) => Promise<readonly (TypedValue | null)[]>): Promise<void>;
  /** Told when the type is good. */
  tried(): void;
}

const someOf = <T>(list: readonly T[]): T[] =>
  Array.from({ length: Math.min(SAMPLE, list.length) }, () => list[Math.floor(Math.random() * list.length)] as T);

/** Lists that one batch takes. */
export const batchesOf = <T>(list: readonly T[], lengthOf: (one: T) => number): T[][] => {
  const batches: T[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const one of list) {
    const more = lengthOf(one);
    const last = batches.at(-1);
    if (last === undefined || last.length === BATCH_TEXTS_MAX || length + more > BATCH_LENGTH_MAX) {
      batches.push([one]);
      length = more;
    } else {
      last.push(one);
      length += more;
    }
  }
  return batches;
};

export class DataType {
  readonly name: string;
  readonly #point: HostPoint<TypeBatch, TypeAnswers | null>;
  readonly #known = new Map<string, TypedValue | null>();
  /** Another version is being tried: nothing is remembered of this one. */
  #isTried = false;

  /** Declares the point. */
  constructor(host: Host, name: string, stored: StoredValues) {
    this.name = name;
    this.#point = host.graftPoint<TypeBatch, TypeAnswers | null>({
      name: `db/type/${name}`,
      describes: `The data type ${name}: how its values are read, compared and put in order.`,
      kind: 'function',
      onFault: 'fail',
      default: () => null,
      check: (answer, batch) =>
        shapeFault(answer, batch) ?? lawFault(batch, answer as TypeAnswers, this.#known) ?? true,
      trial: (call) => this.#try(call, stored),
      limits: { own_ms: 1000, total_ms: 10_000 },
    });
  }

  async #try(call: (batch: TypeBatch) => Promise<Outcome<TypeAnswers | null>>, stored: StoredValues): Promise<void> {
    const ask: AskType = async (batch) => {
      const outcome = await call(batch);
      if (outcome.status === 'committed' && outcome.value !== null) return outcome.value;
      const [graft] = outcome.grafts;
      const why = graft?.reason === undefined ? outcome.status : `${graft.reason}: ${graft.detail ?? ''}`;
      throw new GraftError('GRAFT_TRIAL', `type ${this.name}: ${why}`);
    };
    this.#isTried = true;
    this.#known.clear();
    try {
      await tryType(this.name, ask, await stored.some());
      await stored.agree(async (read) => (await ask({ ...NOTHING, read })).read);
      stored.tried();
    } finally {
      this.#isTried = false;
    }
  }

  /** Throws GRAFT_TYPE_ABSENT where no plugin brings the type, GRAFT_FAILED where it fails. */
  async #ask(batch: TypeBatch, txn: HostTransaction | undefined): Promise<TypeAnswers> {
    const answers = await this.#point.call(batch, txn === undefined ? {} : { txn });
    if (answers === null) throw new GraftError('GRAFT_TYPE_ABSENT', `no plugin stands at ${this.#point.name}`);
    return answers;
  }

  /** Whether a plugin brings it. */
  async isThere(txn?: HostTransaction): Promise<boolean> {
    return (await this.#point.call(NOTHING, txn === undefined ? {} : { txn })) !== null;
  }

  /** The values of texts; null: no value of the type. */
  async read(texts: readonly string[], txn?: HostTransaction): Promise<(TypedValue | null)[]> {
    for (const text of texts)
      if (text.length > TEXT_MAX || !text.isWellFormed() || text.includes('\0'))
        badArgument(`type ${this.name}: a text of at most ${TEXT_MAX}, well formed and without NUL`);
    const values: (TypedValue | null)[] = [];
    for (const batch of batchesOf(texts, ({ length }) => length)) values.push(...(await this.#readBatch(batch, txn)));
    return values;
  }

  async #readBatch(texts: readonly string[], txn: HostTransaction | undefined): Promise<(TypedValue | null)[]> {
    const again = [...someOf(texts), ...someOf([...this.#known.keys()])];
    const compare = someOf(again).flatMap((a) => {
      const b = again[Math.floor(Math.random() * again.length)] as string;
      const pairs: (readonly [string, string])[] = [
        [a, b],
        [b, a],
      ];
      return pairs;
    });
    const { read } = await this.#ask({ ...NOTHING, read: [...texts, ...again], compare }, txn);
    if (!this.#isTried) this.#remember(read.slice(0, texts.length));
    return read.slice(0, texts.length);
  }

  /** Remembers a few, in the place of others by chance. */
  #remember(values: readonly (TypedValue | null)[]): void {
    for (const value of someOf(values)) {
      if (value === null) continue;
      this.#known.set(value.text, value);
      if (this.#known.size > KNOWN_MAX) this.#known.delete(someOf([...this.#known.keys()])[0] as string);
    }
  }

  /** What an operator gives for each list of values. Null: no such operator, or no values of the type. */
  async apply(operator: string, lists: readonly (readonly string[])[], txn?: HostTransaction): Promise<unknown[]> {
    const results: unknown[] = [];
    const lengthOf = (list: readonly string[]): number => list.reduce((sum, { length }) => sum + length, 0);
    for (const batch of batchesOf(lists, lengthOf)) {
      const apply = batch.map((list) => [operator, ...list]);
      results.push(...(await this.#ask({ ...NOTHING, apply }, txn)).apply);
    }
    return results;
  }
}
