// A graft's source in the languages that kinds take: JavaScript, and where a kind takes WebAssembly, the text form of a
// module's body.

import { assembled } from '../../test/support/webassembly.ts';
import type { Kind } from './kinds.ts';

export interface Source {
  /** A function expression of input and api. */
  readonly js: string;
  /** What follows the import of the memory, of two pages. */
  readonly wat?: string;
}

/** A plugin's own script, as the bundler makes it, and its export that is measured. */
export interface Script {
  readonly code: string;
  readonly export: string;
}

/** About 5 KB of a module's own code, which an install has to read and to evaluate. */
const BALLAST = Array.from(
  { length: 40 },
  (_, i) =>
    `const step${i} = (list, from) => { const out = []; ` +
    `for (const item of list) if (item > from + ${i}) out.push(item * ${i}); return out; };`,
).join('\n');

const made = new Map<string, Promise<string>>();

/** A plugin's text: one graft, called `graft`. Each is made once. */
export const pluginText = (kind: Kind, { js, wat = '' }: Source): Promise<string> => {
  const key = kind.takes === 'wasm' ? wat : js;
  const text =
    made.get(key) ??
    (kind.takes === 'wasm'
      ? assembled(`(module (import "graftwork" "memory" (memory 2)) ${wat})`)
      : Promise.resolve(`(() => { 'use strict';\n${BALLAST}\nreturn { graft: ${js} }; })()`));
  made.set(key, text);
  return text;
};

/** In WebAssembly: a graft from a number to a number. */
export const direct = (body: string): string => `(func (export "direct_graft") (param $n f64) (result f64) ${body})`;
