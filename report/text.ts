// A result as text, for the terminal: its sentence, tables, plots, facts and hash.

import type { Result } from './figure.ts';
import { alignedText, numberText, tableText } from './table.ts';
import { figureText } from './terminal-plot.ts';

/** The facts of a result as they are printed. */
export const factsOf = ({ facts }: Result): [name: string, value: string][] =>
  Object.entries(facts).map(([name, value]) => [name, typeof value === 'number' ? numberText(value) : value]);

/** One result for the terminal: its sentence, tables, plots, facts and hash. */
export const resultText = (result: Result): string => {
  const parts = result.parts.map((part) => (part.kind === 'table' ? tableText(part) : figureText(part)));
  const facts = factsOf(result);
  const said = facts.length === 0 ? [] : [alignedText(['fact', 'value'], facts)];
  return [`${result.name}: ${result.title}`, ...parts, ...said, `hash ${result.hash}`].join('\n\n');
};
