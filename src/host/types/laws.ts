// The laws of a data type, over one batch of its answers: they hold at install, and in every batch of use.
//
//   reading a value's own text gives that text and that key      compare is reflexive, antisymmetric, transitive, total
//   the same question has the same answer                        key(a) < key(b) exactly where compare(a, b) < 0
//
// Equal values have equal keys, so a key does the work of a hash.

import type { TypeAnswers, TypeBatch, TypedValue } from './batch.ts';

/** Triples are looked at for so many values of one batch. */
const TRIPLES_OF_MAX = 40;

const orderOf = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Answers about texts, as they must stay. */
class Told {
  readonly #known: ReadonlyMap<string, TypedValue | null>;
  readonly values = new Map<string, TypedValue | null>();
  readonly order = new Map<string, Map<string, number>>();

  constructor(known: ReadonlyMap<string, TypedValue | null>) {
    this.#known = known;
  }

  value(text: string): TypedValue | null | undefined {
    return this.values.has(text) ? this.values.get(text) : this.#known.get(text);
  }

  /** A value that a text was read as; a fault. */
  read(text: string, value: TypedValue | null): string | null {
    const before = this.value(text);
    if (before !== undefined && (before?.text !== value?.text || before?.key !== value?.key))
      return `${shownText(text)} is read otherwise than before`;
    this.values.set(text, value);
    return null;
  }

  compared(a: string, b: string, sign: number): string | null {
    const row = this.order.get(a) ?? new Map<string, number>();
    this.order.set(a, row);
    const before = row.get(b);
    row.set(b, sign);
    return before === undefined || before === sign ? null : `compare(${both(a, b)}) differs from one time to the next`;
  }
}

const shownText = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
const both = (a: string, b: string): string => `${shownText(a)}, ${shownText(b)}`;

const readFault = (batch: TypeBatch, answers: TypeAnswers, told: Told): string | null => {
  for (const [i, text] of batch.read.entries()) {
    const fault = told.read(text, answers.read[i] as TypedValue | null);
    if (fault !== null) return fault;
  }
  for (const value of answers.read) {
    const again = value === null ? undefined : told.value(value.text);
    if (value === null || again === undefined) continue;
    if (again?.text !== value.text) return `${shownText(value.text)} is not read as itself`;
    if (again.key !== value.key) return `${shownText(value.text)} has two keys`;
  }
  return null;
};

/** Reflexive, antisymmetric, and for few values transitive: of the comparisons alone. */
const orderFault = ({ order }: Told): string | null => {
  for (const [a, row] of order)
    for (const [b, sign] of row) {
      if (a === b && sign !== 0) return `compare(${both(a, b)}) is not 0: not reflexive`;
      const back = order.get(b)?.get(a);
      if (back !== undefined && back + sign !== 0)
        return `compare(${both(a, b)}) and compare(${both(b, a)}) do not agree: not antisymmetric`;
    }
  if (order.size > TRIPLES_OF_MAX) return null;
  for (const [a, row] of order)
    for (const [b, first] of row)
      for (const [c, second] of order.get(b) ?? []) {
        const third = row.get(c);
        if (third !== undefined && first <= 0 && second <= 0 && third !== Math.min(first, second))
          return `compare(${both(a, b)}), compare(${both(b, c)}), compare(${both(a, c)}): not transitive`;
      }
  return null;
};

const keyFault = (told: Told): string | null => {
  for (const [a, row] of told.order)
    for (const [b, sign] of row) {
      const [one, other] = [told.value(a), told.value(b)];
      if (one && other && orderOf(one.key, other.key) !== sign) return `compare(${both(a, b)}) and the keys disagree`;
    }
  return null;
};

/** Which law an answer breaks; null: none. `known`: what was told in earlier batches. */
export const lawFault = (
  batch: TypeBatch,
  answers: TypeAnswers,
  known: ReadonlyMap<string, TypedValue | null>,
): string | null => {
  const told = new Told(known);
  const read = readFault(batch, answers, told);
  if (read !== null) return read;
  for (const [i, [a, b]] of batch.compare.entries()) {
    const answer = answers.compare[i] as number | null;
    const areValues = told.value(a) !== null && told.value(b) !== null;
    if ((answer === null) === areValues) return `compare(${both(a, b)}): ${answer === null ? 'no' : 'an'} answer`;
    const fault = answer === null ? null : told.compared(a, b, Math.sign(answer));
    if (fault !== null) return fault;
  }
  return orderFault(told) ?? keyFault(told);
};
