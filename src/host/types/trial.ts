// A data type is tried before it stands: on the examples that it names, on texts made from them and from values that
// are stored. What it breaks is said by the laws (laws.ts), which every answer is held to.

import { GraftError } from '../../plugins/index.ts';
import { NOTHING, type TypeAnswers, type TypeBatch, type TypedValue } from './batch.ts';

/** Examples that a type must name, and how many of them are looked at. */
const EXAMPLES_MIN = 3;
const EXAMPLES_MAX = 200;
/** Texts made from examples. */
const MADE = 300;
/** Values of which each is compared with each: 2 × 40 × 40 comparisons. */
const COMPARED_MAX = 40;

export type AskType = (batch: TypeBatch) => Promise<TypeAnswers>;

const refused = (type: string, what: string): GraftError => new GraftError('GRAFT_TRIAL', `type ${type}: ${what}`);

/** Numbers from 0 to 1, the same each time (mulberry32). */
const numbers = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Texts like the given ones: other digits, a character less or twice, the beginning of one and the end of another. */
const madeFrom = (texts: readonly string[], chance: () => number): string[] => {
  const below = (count: number): number => Math.floor(chance() * count);
  const pick = (): string => texts[below(texts.length)] as string;
  const ways: readonly ((text: string, at: number) => string)[] = [
    (text) => text.replace(/\d/g, (digit) => (chance() < 0.4 ? String(below(10)) : digit)),
    (text, at) => text.slice(0, at) + text.slice(at + 1),
    (text, at) => text.slice(0, at + 1) + text.slice(at),
    (text, at) => {
      const other = pick();
      return text.slice(0, at) + other.slice(below(other.length + 1));
    },
  ];
  return Array.from({ length: MADE }, () => {
    const text = pick();
    return (ways[below(ways.length)] as (typeof ways)[number])(text, below(text.length)).toWellFormed();
  });
};

/** Some of a list, evenly. */
export const spread = <T>(list: readonly T[], count: number): T[] =>
  list.length <= count
    ? [...list]
    : Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)] as T);

const distinct = (read: readonly (TypedValue | null)[]): TypedValue[] => [
  ...new Map(read.filter((one) => one !== null).map((one) => [one.text, one])).values(),
];

/** Throws GRAFT_TRIAL for a type that names no examples; `ask` throws for one that breaks a law. */
export const tryType = async (type: string, ask: AskType, stored: readonly string[]): Promise<void> => {
  const { examples } = await ask({ ...NOTHING, examples: true });
  if (examples.length < EXAMPLES_MIN) throw refused(type, `names ${examples.length} examples, of ${EXAMPLES_MIN}`);
  const seen = examples.slice(0, EXAMPLES_MAX);
  const { read } = await ask({ ...NOTHING, read: seen });
  const wrong = seen.find((_, i) => read[i] === null);
  if (wrong !== undefined) throw refused(type, `does not read its example ${JSON.stringify(wrong.slice(0, 60))}`);
  const made = madeFrom([...seen, ...stored], numbers(1));
  const all = await ask({ ...NOTHING, read: [...new Set([...seen, ...stored, ...made])] });
  const values = distinct(all.read);
  // Once more, as the values write themselves.
  const own = [...values, ...values];
  const again = await ask({ ...NOTHING, read: own.map(({ text }) => text) });
  const lost = own.find((value, i) => again.read[i]?.text !== value.text || again.read[i]?.key !== value.key);
  if (lost !== undefined) throw refused(type, `${JSON.stringify(lost.text.slice(0, 60))} is not read as itself`);
  const few = [
    ...spread(
      values.filter(({ text }) => seen.includes(text)),
      COMPARED_MAX / 2,
    ),
    ...spread(values, COMPARED_MAX / 2),
  ];
  const texts = [...new Set(few.map(({ text }) => text))];
  const pairs = texts.flatMap((a) => texts.map((b): readonly [string, string] => [a, b]));
  await ask({ ...NOTHING, read: texts, compare: [...pairs, ...pairs.toReversed()] });
  const near = values.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ text }) => text);
  const neighbours = near.slice(1).map((text, i): readonly [string, string] => [near[i] as string, text]);
  await ask({ ...NOTHING, read: near, compare: neighbours });
};
