// What crosses to a data type and back: many values at a time. A value crosses as its text; what the host keeps of it
// is the text that the type gives for it, and its key, a text whose order is that of the values.

import { isObject, isRecord, isString } from '../../plugins/index.ts';

/** What is asked of a type. */
export interface TypeBatch {
  /** Texts to read. */
  readonly read: readonly string[];
  /** Pairs of texts to compare. */
  readonly compare: readonly (readonly [string, string])[];
  /** Operators to apply: a name, then texts. */
  readonly apply: readonly (readonly string[])[];
  /** Whether the type names examples of its values. */
  readonly examples: boolean;
}

/** A value of a type as it is stored. */
export interface TypedValue {
  readonly text: string;
  readonly key: string;
}

/** Answers, in the order of what was asked. Null: no value of the type, or no such operator. */
export interface TypeAnswers {
  readonly read: readonly (TypedValue | null)[];
  /** Below 0, 0, or above. */
  readonly compare: readonly (number | null)[];
  readonly apply: readonly unknown[];
  readonly examples: readonly string[];
}

/** The texts of one batch, and their length together, in UTF-16 units. */
export const BATCH_TEXTS_MAX = 1000;
export const BATCH_LENGTH_MAX = 200_000;
/** A value's text, in UTF-16 units. */
export const TEXT_MAX = 1000;
/** A key, in characters of ASCII. */
export const KEY_MAX = 500;

/** Characters whose order is the same for JavaScript, SQLite (BINARY) and PostgreSQL ("C"). */
const KEY = /^[ -~]*$/;

export const NOTHING: TypeBatch = { read: [], compare: [], apply: [], examples: false };

const isTyped = (value: unknown): value is TypedValue =>
  isRecord(value) &&
  Object.keys(value).length === 2 &&
  isString(value.text) &&
  value.text.length <= TEXT_MAX &&
  isString(value.key) &&
  value.key.length <= KEY_MAX &&
  KEY.test(value.key);

const lists = (answer: Record<string, unknown>, name: keyof TypeBatch, count: number): boolean => {
  const list = answer[name];
  return Array.isArray(list) && list.length === count;
};

/** What is wrong with the shape of an answer; null: nothing. */
export const shapeFault = (answer: unknown, batch: TypeBatch): string | null => {
  if (!isRecord(answer)) return 'the answer is no object';
  for (const name of ['read', 'compare', 'apply'] as const)
    if (!lists(answer, name, batch[name].length)) return `${name}: as many answers as there are questions`;
  const { read, compare, examples } = answer as unknown as TypeAnswers;
  if (!read.every((one) => one === null || isTyped(one)))
    return `read: null, or { text, key } with a text of at most ${TEXT_MAX} and a key of at most ${KEY_MAX} of ASCII`;
  if (!compare.every((one) => one === null || Number.isFinite(one))) return 'compare: null, or a number';
  if (!isObject(examples) || !Array.isArray(examples) || !examples.every((one) => isString(one)))
    return 'examples: a list of texts';
  return null;
};
