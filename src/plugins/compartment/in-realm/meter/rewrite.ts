// Rewrites a script so that whoever runs it counts fuel: software fault isolation for time.
//
//   regions       what runs through once entered pays for its weight (weights.ts) where it begins
//   functions     one unit where they are entered, but for a little arithmetic on their own parameters
//   loops         one unit a turn: all at once where the head says how many there are (counted.ts); else paid for 64
//                 turns at once, the rest given back, where a turn is short; else turn by turn
//   operators     those whose work has no bound of its own take their price from what they are given (operands.ts)
//
// The result is a function of the operators and globals (metered.ts calls it). It gives a function without parameters,
// the script's body. Each call of that makes everything anew, so a fresh heap costs no parsing.

import type {
  AnyNode,
  Expression,
  ExpressionStatement,
  ForStatement,
  Statement,
  TryStatement,
  WhileStatement,
} from 'acorn';
import MagicString from 'magic-string';
import { turnsOf } from './counted.ts';
import { GLOBALS } from './globals.ts';
import { Insertions } from './insertions.ts';
import { childrenOf, type FunctionNode, isFunction, Names, walk } from './names.ts';
import { HELD, HELD_ANYWHERE, Operands } from './operands.ts';
import { OPERATORS } from './operators.ts';
import { parsed, Unmetered } from './syntax.ts';
import { isIdle, Weights } from './weights.ts';

/** A rewritten script and where its places come from (a source map, version 3). */
export interface RewrittenText {
  readonly code: string;
  readonly map: string;
}

const LOOPS = ['WhileStatement', 'DoWhileStatement', 'ForStatement', 'ForInStatement', 'ForOfStatement'] as const;
type Loop = Extract<AnyNode, { readonly type: (typeof LOOPS)[number] }>;
const isLoop = (node: AnyNode): node is Loop => (LOOPS as readonly string[]).includes(node.type);

/** Dearer turns, in units, pay for themselves alone. */
const BATCHED_MAX = 8;
/** Work of a counted loop that may be paid for at once, in units. */
const COUNTED_MAX = 4096;

/** Whether a loop stands inside, not counting those of functions. */
const holdsLoop = (node: AnyNode): boolean =>
  isLoop(node) || (!isFunction(node) && childrenOf(node).some((child) => holdsLoop(child)));

class Rewriter {
  readonly #to: Insertions;
  readonly #names: Names;
  readonly #weights: Weights;
  readonly #operands: Operands;

  constructor(to: Insertions, names: Names, weights: Weights) {
    this.#to = to;
    this.#names = names;
    this.#weights = weights;
    this.#operands = new Operands(to, names);
  }

  visit(node: AnyNode, parent: AnyNode | null, generator: boolean): void {
    let inside = generator;
    const following = this.#weights.from(node);
    if (following > 0) this.#to.open(node.start, this.#to.pays(following));
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.#function(node);
        inside = node.generator;
        break;
      case 'LabeledStatement':
        if (this.#labelled(node, generator)) return;
        break;
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        this.#loop(node, node.start, generator);
        break;
      default:
        this.#other(node, parent);
    }
    for (const child of childrenOf(node)) this.#inside(node, child, inside);
  }

  #inside(node: AnyNode, child: AnyNode, generator: boolean): void {
    const field = node.type === 'PropertyDefinition' && child === node.value;
    if (!field && !isFunction(node)) return this.visit(child, node, generator);
    this.#operands.enter(!field && child.type === 'BlockStatement');
    this.visit(child, node, generator);
    if (this.#operands.leave()) this.#to.close(child.start + 1, `let ${this.#to.prefix}${HELD};`);
  }

  /** A label stays with its loop: it goes with the inner one where that becomes two. */
  #labelled(node: Extract<AnyNode, { type: 'LabeledStatement' }>, generator: boolean): boolean {
    let body: Statement = node.body;
    while (body.type === 'LabeledStatement') body = body.body;
    if (!isLoop(body)) return false;
    this.#loop(body, node.start, generator);
    for (const child of childrenOf(body)) this.visit(child, body, generator);
    return true;
  }

  #loop(node: Loop, start: number, generator: boolean): void {
    const dear = this.#weights.of(node);
    const turns = node.type === 'ForStatement' && !generator ? turnsOf(node) : null;
    if (turns !== null && turns * (1 + dear) <= COUNTED_MAX) {
      this.#to.open(start, `{${this.#to.pays(turns * (1 + dear))}`);
      return this.#to.close(node.end, '}');
    }
    // A loop around loops has dear turns; two counters side by side would cost the inner one a register.
    const single = generator || dear >= BATCHED_MAX || holdsLoop(node.body);
    const splits = node.type === 'ForStatement' || node.type === 'WhileStatement';
    if (splits && dear === 0 && !single && this.#splits(node, generator)) return this.#split(node, start);
    const rest = node.type === 'ForOfStatement' || node.type === 'ForInStatement' ? this.#restOf(node.left) : '';
    if (single) this.#enter(node.body, `${this.#to.pays(1 + dear)}${rest}`);
    else {
      const c = `${this.#to.prefix}c`;
      this.#to.open(start, `{let ${c}=0;`);
      this.#to.close(node.end, `;${this.#to.prefix}F[0]+=${c}}`);
      const turn = dear === 0 ? `--${c}` : `(${c}-=${1 + dear})`;
      this.#enter(node.body, `if(${turn}<0)${c}+=${this.#to.prefix}C();${rest}`);
    }
    if (node.type === 'ForInStatement') this.#to.around(node.right, 'I');
  }

  /** Puts a statement before a body, which becomes a block if it is none. */
  #enter(body: Statement, text: string): void {
    if (body.type === 'BlockStatement') return this.#to.open(body.start + 1, text);
    this.#to.open(body.start, `{${text}`);
    this.#to.close(body.end, '}');
  }

  /**
   * Whether a loop may become two: its own variables must not be captured, since each turn has its own. In a generator
   * a turn may be another call's, so nothing is paid in advance there.
   */
  #splits(node: ForStatement | WhileStatement, generator: boolean): boolean {
    if (generator) return false;
    if (node.type === 'WhileStatement' || node.init?.type !== 'VariableDeclaration' || node.init.kind === 'var')
      return true;
    if (node.init.kind !== 'let' && node.init.kind !== 'const') return false;
    const own = new Set<string>();
    for (const declared of node.init.declarations)
      walk(declared.id, (one) => one.type === 'Identifier' && own.add(one.name));
    let captured = false;
    walk(node, (inner) => {
      if (!/Function|Class/.test(inner.type) || captured) return;
      walk(inner, (one) => {
        captured ||= one.type === 'Identifier' && own.has(one.name);
      });
    });
    return !captured;
  }

  #split(node: ForStatement | WhileStatement, start: number): void {
    const c = `${this.#to.prefix}c`;
    const f = `${this.#to.prefix}F[0]`;
    const labels = start === node.start ? '' : this.#to.text.slice(start, node.start);
    const again = `;){let ${c}=${this.#to.prefix}C();${labels}for(;${c}>0`;
    const init = node.type === 'ForStatement' ? (node.init ?? null) : null;
    const update = node.type === 'ForStatement' ? (node.update ?? null) : null;
    const test = node.test ?? null;
    let at = start;
    let text = 'for(';
    const keep = (part: AnyNode | null, after: string): void => {
      if (part !== null) {
        this.#to.replace(at, part.start, text);
        at = part.end;
        text = '';
      }
      text += after;
    };
    keep(init, `;${again}${test === null ? '' : '&&('}`);
    keep(test, `${test === null ? '' : ')'};`);
    keep(update, `${update === null ? '' : ','}${c}--)`);
    this.#to.replace(at, node.body.start, text);
    this.#to.close(node.body.end, `;if(${c}>0){${f}+=${c};break}}`);
  }

  #function(node: FunctionNode): void {
    const rest = node.params.map((one) => this.#restOf(one)).join('');
    const dear = this.#weights.of(node);
    const own = node.generator || dear > 0 ? null : simpleParameters(node);
    if (node.body.type !== 'BlockStatement') return this.#enterExpression(node.body, own, rest, 1 + dear);
    let at = node.body.start + 1;
    for (const statement of own === null ? [] : node.body.body) {
      const guards = this.#isGuard(statement, own as ReadonlySet<string>);
      if (!guards && statement.type === 'ReturnStatement' && statement.argument)
        return this.#enterExpression(statement.argument, own, rest, 1);
      if (!guards) break;
      at = statement.end;
    }
    this.#to.open(at, `${this.#to.pays(1 + dear)}${rest}`);
  }

  /**
   * Pays for a function where its value is computed. What is nothing but arithmetic on its own parameters and known
   * numbers enters no other function, so it needs no tick: whoever calls it counts, and so do built-ins that call it
   * back. (A parameter may be an object with a valueOf; that one gets none.)
   */
  #enterExpression(value: Expression, own: ReadonlySet<string> | null, rest: string, units: number): void {
    if (own !== null && this.#arithmetic(value, own)) return;
    if (own !== null && value.type === 'ConditionalExpression' && this.#arithmetic(value.test, own)) {
      this.#enterExpression(value.consequent, own, rest, units);
      return this.#enterExpression(value.alternate, own, rest, units);
    }
    const pays = this.#to.price(units);
    this.#to.open(value.start, `(${pays},${rest === '' ? '' : `${rest.slice(0, -1).replaceAll(';', ',')},`}(`);
    this.#to.close(value.end, '))');
  }

  /** `if (arithmetic) return arithmetic;` */
  #isGuard(node: Statement, own: ReadonlySet<string>): boolean {
    if (node.type !== 'IfStatement' || node.alternate || !this.#arithmetic(node.test, own)) return false;
    const [only] = node.consequent.type === 'BlockStatement' ? node.consequent.body : [node.consequent];
    if (only?.type !== 'ReturnStatement') return false;
    return !only.argument || this.#arithmetic(only.argument, own);
  }

  /** Charges what the rest of an object pattern has copied: it stands at the beginning of a body. */
  #restOf(pattern: AnyNode): string {
    const declared = pattern.type === 'VariableDeclaration' ? (pattern.declarations[0]?.id ?? pattern) : pattern;
    const last = declared.type === 'ObjectPattern' ? declared.properties.at(-1) : undefined;
    return last?.type === 'RestElement' && last.argument.type === 'Identifier'
      ? `${this.#to.prefix}O(${last.argument.name});`
      : '';
  }

  /**
   * An expression that is evaluated where no function of its own is entered: a default, a field. Anonymous functions
   * keep the name they get there.
   */
  #paid(value: Expression): void {
    if (!isIdle(value)) this.#paying(value, 1 + this.#weights.of(value));
  }

  #paying(value: Expression, units: number): void {
    this.#to.open(value.start, `(${this.#to.price(units)},`);
    this.#to.close(value.end, ')');
  }

  /** A branch that is a region of its own. */
  #branch(value: Expression): void {
    const dear = this.#weights.of(value);
    if (dear > 0) this.#paying(value, dear);
  }

  #branches(statement: Statement | null | undefined): void {
    const dear = statement ? this.#weights.of(statement) : 0;
    if (dear > 0) this.#enter(statement as Statement, this.#to.pays(dear));
  }

  #arithmetic(node: Expression, own: ReadonlySet<string>): boolean {
    switch (node.type) {
      case 'Literal':
        return true;
      case 'Identifier':
        return own.has(node.name) || this.#names.isNumeric(node);
      case 'UnaryExpression':
        return ['-', '+', '~', '!', 'typeof'].includes(node.operator) && this.#arithmetic(node.argument, own);
      case 'BinaryExpression':
        return (
          !['in', 'instanceof'].includes(node.operator) &&
          node.left.type !== 'PrivateIdentifier' &&
          this.#arithmetic(node.left, own) &&
          this.#arithmetic(node.right, own)
        );
      case 'LogicalExpression':
        return this.#arithmetic(node.left, own) && this.#arithmetic(node.right, own);
      case 'ConditionalExpression':
        return [node.test, node.consequent, node.alternate].every((one) => this.#arithmetic(one, own));
      default:
        return false;
    }
  }

  #other(node: AnyNode, parent: AnyNode | null): void {
    switch (node.type) {
      case 'IfStatement':
        this.#branches(node.consequent);
        return this.#branches(node.alternate);
      case 'ConditionalExpression':
        this.#branch(node.consequent);
        return this.#branch(node.alternate);
      case 'LogicalExpression':
        return this.#branch(node.right);
      case 'SwitchCase': {
        const [dear, first] = [this.#weights.of(node), node.consequent[0]];
        if (first) this.#to.open(first.start, this.#to.pays(dear));
        return;
      }
      case 'AssignmentPattern':
        return this.#paid(node.right);
      case 'TryStatement':
        return this.#caught(node);
      default:
        this.#operands.visit(node, parent);
        if (node.type === 'PropertyDefinition' && node.value) this.#paid(node.value);
    }
  }

  /**
   * An error takes as long to make as many turns of a loop, and where the stack has run out, no function is entered
   * that could count.
   */
  #caught({ handler, finalizer }: TryStatement): void {
    if (handler) {
      const dear = this.#to.pays(this.#weights.of(handler.body));
      this.#to.open(handler.body.start + 1, `${this.#to.prefix}C();${dear}`);
    }
    if (finalizer) this.#to.open(finalizer.start + 1, `${this.#to.prefix}C();`);
  }
}

/** The names of a function's parameters, where they are nothing but names. */
const simpleParameters = (node: FunctionNode): ReadonlySet<string> | null => {
  const own = new Set<string>();
  for (const one of node.params) {
    if (one.type !== 'Identifier') return null;
    own.add(one.name);
  }
  return own;
};

const OPERATOR_NAMES = Object.keys(OPERATORS);

/** The script's value is that of its last statement, which must be an expression. */
const lastOf = (body: readonly AnyNode[]): ExpressionStatement => {
  const last = body.at(-1);
  if (last?.type !== 'ExpressionStatement')
    throw new Unmetered('the script ends with no expression: it has no exports', undefined);
  return last;
};

/** Rewrites a script. Throws Unmetered, with the place, for what cannot be metered. */
export const rewriteText = (code: string): RewrittenText => {
  const { program, text } = parsed(code);
  const names = new Names(program);
  const out = new MagicString(text);
  const to = new Insertions(text, names.fresh, out);
  const { prefix } = to;
  const [, ...body] = program.body as Statement[];
  const weights = new Weights(program, body, names);
  const rewriter = new Rewriter(to, names, weights);
  const last = lastOf(body);
  for (const statement of body) if (statement !== last) rewriter.visit(statement, null, false);
  // It stands in parentheses of its own, whatever it begins with.
  to.open(last.start, `${to.pays(weights.from(last))}return (`);
  to.close(last.end - (text[last.end - 1] === ';' ? 1 : 0), ')');
  rewriter.visit(last.expression, last, false);
  const operators = OPERATOR_NAMES.map((name) => `${name}:${prefix}${name}`).join(',');
  const globals = ['globalThis', ...GLOBALS.filter((name) => name !== 'undefined')]
    .filter((name) => names.all.has(name))
    .join(',');
  out.prepend(
    `(function(${prefix}){const {${operators}}=${prefix}.operators,{${globals}}=${prefix}.globals;return function(){` +
      `let ${prefix}${HELD},${prefix}${HELD_ANYWHERE};${to.pays(1 + weights.of(program))}`,
  );
  out.append('\n}})');
  const map = out.generateMap({ hires: 'boundary', source: 'plugin.js' });
  return { code: out.toString(), map: map.toString() };
};
