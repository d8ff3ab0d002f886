// What the rewriter puts into a text. Nodes are visited from outside in and in the order of the text; so are openings
// inserted, and closings the other way round.

import type { AnyNode } from 'acorn';
import type MagicString from 'magic-string';

export class Insertions {
  /** The text as it was. */
  readonly text: string;
  /** A start that no name of the text has. */
  readonly prefix: string;
  readonly #out: MagicString;

  constructor(text: string, prefix: string, out: MagicString) {
    this.text = text;
    this.prefix = prefix;
    this.#out = out;
  }

  open(at: number, text: string): void {
    this.#out.appendLeft(at, text);
  }

  close(at: number, text: string): void {
    this.#out.prependLeft(at, text);
  }

  replace(start: number, end: number, text: string): void {
    if (text === '') this.#out.remove(start, end);
    else this.#out.update(start, end, text);
  }

  /** Puts an expression into one of OPERATORS, with further arguments where there are some. */
  around(node: AnyNode, operator: string, more = ''): void {
    const list = node.type === 'SequenceExpression';
    this.open(node.start, `${this.prefix}${operator}(${list ? '(' : ''}`);
    this.close(node.end, `${list ? ')' : ''}${more})`);
  }

  /** An expression that takes so many units. */
  price(units: number): string {
    const cell = `${this.prefix}F[0]`;
    return `${units === 1 ? `--${cell}` : `(${cell}-=${units})`}<0&&${this.prefix}T()`;
  }

  /** A statement that takes so many units; '' for none. */
  pays(units: number): string {
    return units === 0 ? '' : `if(${this.price(units)});`;
  }
}
