// An entry of a corpus: one hostile plugin, and what a right host shows. README of the corpus: a file of JSON lines.

import { readFileSync } from 'node:fs';
import { type Node, parseExpressionAt } from 'acorn';
import { full } from 'acorn-walk';

export const OUTCOMES = ['aborted', 'aborted-or-unavailable', 'ok-contained', 'refused-install', 'any', 'ok'] as const;

export interface Entry {
  readonly id: string;
  readonly class: string;
  readonly title: string;
  /** A JavaScript function expression `(input, api) => …`. */
  readonly source: string;
  /** What it uses of `api`, and how it wants to be driven, in words. */
  readonly needs: string;
  readonly expect: string;
  readonly outcome: (typeof OUTCOMES)[number];
  readonly reference?: string;
}

const TEXTS = ['id', 'class', 'title', 'source', 'needs', 'expect'] as const;

const entryOf = (line: string, number: number): Entry => {
  const entry = JSON.parse(line) as Record<string, unknown>;
  for (const name of TEXTS) if (typeof entry[name] !== 'string') throw new Error(`line ${number}: ${name} is missing`);
  if (!OUTCOMES.includes(entry.outcome as Entry['outcome']))
    throw new Error(`line ${number}: unknown outcome ${entry.outcome}`);
  return entry as unknown as Entry;
};

/** The entries of a file. Throws where a line is none, or an id stands twice. */
export const readCorpus = (file: string): Entry[] => {
  const entries = readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [entryOf(line, index + 1)]));
  const ids = new Set(entries.map(({ id }) => id));
  if (ids.size !== entries.length) throw new Error('an id stands twice');
  return entries;
};

/** Everything that an entry says of itself in words. */
export const wordsOf = (entry: Entry): string => `${entry.needs} · ${entry.expect} · ${entry.reference ?? ''}`;

/** The syntax tree of a source that is exactly one expression, or null. */
export const expressionOf = (source: string): Node | null => {
  try {
    const node = parseExpressionAt(source, 0, { ecmaVersion: 'latest', allowAwaitOutsideFunction: false });
    return source.slice(node.end).trim() === '' ? node : null;
  } catch {
    return null;
  }
};

interface Literal extends Node {
  readonly properties?: readonly {
    readonly key?: { readonly name?: string; readonly value?: unknown };
    readonly computed?: boolean;
  }[];
}

const keysOf = (node: Literal): string[] =>
  node.type !== 'ObjectExpression'
    ? []
    : (node.properties ?? []).flatMap(({ key, computed }) =>
        key === undefined || computed ? [] : [String(key.name ?? key.value)],
      );

/** Keys of the objects that stand literally in the source: what it may mean to answer with. */
export const literalKeys = (source: string): string[] => {
  const program = expressionOf(source);
  const keys: string[] = [];
  try {
    if (program !== null) full(program, (node) => keys.push(...keysOf(node as Literal)));
  } catch {
    // A source nested too deep to be walked answers nothing.
  }
  return keys;
};

/** What the source uses of `api`: every `api.NAME`, also of an `api` kept under a longer name. */
export const usedNames = (source: string): string[] => [
  ...new Set(
    [...source.matchAll(/(?:\bapi|[a-z]Api)\s*\??\.\s*([A-Za-z_$][\w$]*)/g)].map(([, name]) => name as string),
  ),
];

/** First arguments, as far as they are literal texts, of calls of `api.NAME`. */
export const literalArguments = (source: string, name: string): string[] => [
  ...new Set(
    [...source.matchAll(new RegExp(`\\.${name}\\(\\s*(['"\`])([^'"\`$]{1,100})\\1`, 'g'))].map(
      ([, , text]) => text as string,
    ),
  ),
];
