// Rewritten code does what the author's does: random programs over every operator, assignment and loop give the same
// answer, the same order of events and the same errors before and after.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { enter, FUEL_MAX, leave } from '../../../../src/plugins/compartment/in-realm/meter/meter.ts';
import { OPERATORS } from '../../../../src/plugins/compartment/in-realm/meter/operators.ts';
import { rewriteText } from '../../../../src/plugins/compartment/in-realm/meter/rewrite.ts';
import { Random } from '../../../support/random.ts';

type Graft = (log: (what: unknown) => unknown) => unknown;

const plain = (body: string): Graft => new Function('log', `'use strict'; ${body}`) as Graft;

const rewritten = (body: string): Graft => {
  const { code } = rewriteText(`const graft = function (log) { ${body} }; graft`);
  const link = new Function(`return ${code}`)() as (given: object) => () => Graft;
  return link({ operators: OPERATORS, globals: { Math, Object, Number, String } })();
};

/** What a graft did, as text: its events, then its answer or its error. */
const seen = (graft: Graft): string => {
  const events: string[] = [];
  const text = (value: unknown): string => {
    if (typeof value === 'object' && value !== null) return JSON.stringify(value);
    return `${typeof value} ${Object.is(value, -0) ? '-0' : String(value)}`;
  };
  const log = (what: unknown): unknown => {
    if (events.length > 500) throw new RangeError('enough');
    events.push(text(what));
    return what;
  };
  try {
    events.push(`= ${text(graft(log))}`);
  } catch (error) {
    events.push(`! ${(error as Error).constructor.name}`);
  }
  return events.join('\n');
};

/** Values of every type. (An object becomes a primitive where it stands, not after the other operand: not seen.) */
const SETUP = `
  let a = 3, b = -2.5, c = 'x', d = '12', e = null, f, g = true, n = 0;
  const o = { x: 1, y: '5', z: { w: 2, deep: { v: 7 } }, valueOf() { return 4; } };
  const p = { toString() { return '9'; }, get q() { log('get q'); return 6; }, set q(v) { log(v); } };
  const list = [5, '6', 7.5, null, 'k'];
  const bytes = new (list.constructor)(0, 1, 2);
  const make = () => { log('make'); return o.z; };
  class Shape { #side = 2; static made = 0; kind = 'k' + n; constructor(s) { if (s) this.#side = s; Shape.made++; }
    grow(by) { this.#side += by; this.#side *= 2; return this.#side++; } get side() { return this.#side; } }
  const shape = new Shape(3);
`;

class Writer {
  readonly #random: Random;
  #depth = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  #pick(ways: readonly (() => string)[]): string {
    this.#depth++;
    const made = this.#depth > 6 ? (ways[0] as () => string)() : this.#random.pick(ways)();
    this.#depth--;
    return made;
  }

  #atom(): string {
    return this.#random.pick([
      'a',
      'b',
      'c',
      'd',
      'e',
      'f',
      'g',
      'n',
      '1',
      "'t'",
      '0.5',
      'null',
      'undefined',
      '(-0)',
      'o.x',
    ]);
  }

  #target(): string {
    return this.#random.pick([
      ...['a', 'b', 'c', 'd', 'f', 'o.x', 'o.y', 'o.z.w', 'o.z.deep.v', 'p.q', 'list[0]', 'list[n]', 'list[n & 3]'],
      ...['o[c]', "o['x']", 'make().w', 'make()[c]', '(o.z).w', 'o.z[d]', 'list[n++ & 3]', 'bytes[n & 1]'],
    ]);
  }

  expression(): string {
    const sub = (): string => this.expression();
    const binary = this.#random.pick([
      '+',
      '-',
      '*',
      '/',
      '%',
      '**',
      '&',
      '|',
      '^',
      '<<',
      '>>',
      '>>>',
      '<',
      '>',
      '<=',
      '>=',
      '==',
      '!=',
      '===',
      '!==',
    ]);
    const assignment = this.#random.pick([
      '=',
      '+=',
      '-=',
      '*=',
      '%=',
      '&=',
      '|=',
      '^=',
      '<<=',
      '>>>=',
      '||=',
      '&&=',
      '??=',
    ]);
    return this.#pick([
      () => this.#atom(),
      () => this.#target(),
      () => `(${sub()} ${binary} ${sub()})`,
      () => `((${sub()}) ${binary} ${sub()})`,
      () => `(${this.#target()} ${assignment} ${sub()})`,
      () => `(${this.#target()}${this.#random.pick(['++', '--'])})`,
      () => `(${this.#random.pick(['++', '--'])}${this.#target()})`,
      () => `(${this.#random.pick(['-', '+', '~', '!', 'typeof ', 'void '])}${sub()})`,
      () => `(${sub()} ? ${sub()} : ${sub()})`,
      () => `(${sub()} ${this.#random.pick(['||', '&&', '??'])} (${sub()}))`,
      () => `(${sub()}, ${sub()})`,
      () => `log(${sub()})`,
      () => `\`\${${sub()}} and \${${sub()}}\``,
      () => `[...list, ${sub()}].length`,
      () => `({ ...o.z, [${sub()}]: ${sub()} }).w`,
      () => `(${this.#random.pick(['c', 'd', 'n', "'x'"])} in o)`,
      () => `(((v, w = ${sub()}) => v ${this.#random.pick(['-', '<', '===', '*'])} w)(${sub()}))`,
      () => `shape.grow(${this.#atom()})`,
      () => `(shape instanceof Shape)`,
      () => `(function () { const [v, w = ${sub()}] = list; return v - w; })()`,
      () => `(() => { const { x, ...rest } = o; return Object.keys(rest).length + x; })()`,
      () => `(p - ${this.#atom()})`,
      () => `(o * ${this.#atom()})`,
    ]);
  }

  statement(): string {
    const block = (): string => `{ ${this.statement()} }`;
    const turns = this.#random.below(4);
    return this.#pick([
      () => `log(${this.#atom()});`,
      () => `${this.expression()};`,
      () => `log(${this.expression()});`,
      () => `if (${this.expression()}) ${block()} else ${block()}`,
      () => `for (let i = 0; i < ${turns}; i++) ${block()}`,
      () => `for (let i = a; i < 5; i++) { if (n++ > 20) break; ${this.statement()} }`,
      () => `for (const v of list) { log(v); ${this.statement()} }`,
      () => `for (const k in o.z) { log(k); ${this.statement()} }`,
      () => `while (n++ < ${turns}) ${block()}`,
      () => `do ${block()} while (n++ < ${turns});`,
      () => `switch (${this.expression()}) { case ${this.expression()}: ${this.statement()} case 'x': log('c'); break;
        default: ${this.statement()} }`,
      () => `try ${block()} catch (error) { log('caught'); ${this.statement()} } finally { log('f'); }`,
      () => `out: for (;;) { for (const v of list) { if (n++ > 9) break out; if (v) continue out; } break; }`,
      () => `{ const g = (function* () { let i = ${turns}; while (i-- > 0) yield ${this.expression()}; })();
        for (const v of g) log(v); }`,
      () => `(function () { if (${this.expression()}) return; ${this.statement()} })();`,
      () => block(),
    ]);
  }

  program(): string {
    const statements = Array.from({ length: 3 + this.#random.below(5) }, () => this.statement());
    return `${SETUP} ${statements.join('\n')} return [a, b, c, d, e, g, n, o, list, shape.side, Shape.made];`;
  }
}

describe('rewritten code', () => {
  beforeAll(() => enter(null, null, FUEL_MAX, FUEL_MAX));
  afterAll(() => leave());

  it.each(Array.from({ length: 8 }, (_, seed) => seed + 1))('does what the author wrote: seed %i', (seed) => {
    const random = new Random(seed);
    for (let i = 0; i < 50; i++) {
      const program = new Writer(random).program();
      const [before, after] = [seen(plain(program)), seen(rewritten(program))];
      if (before !== after) throw new Error(`${program}\n--- plain\n${before}\n--- rewritten\n${after}`);
    }
    expect.assertions(0);
  });
});
