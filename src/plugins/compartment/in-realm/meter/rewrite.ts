// Rewrites a script so that whoever runs it counts fuel: software fault isolation for time.
//
//   functions     one unit where they are entered, but for arithmetic on their own parameters
//   loops         one unit a turn: all at once where the head says how many there are (counted.ts); else paid for 64
//                 turns at once, the rest given back, where the loop's own variable is not captured; else turn by turn
//   operators     those whose work has no bound of its own stand in a function that takes their price (operators.ts)
//
// The result is a function of the operators and globals (metered.ts calls it). It gives a function without parameters,
// the script's body. Each call of that makes everything anew, so a fresh heap costs no parsing.

import type { AnyNode, Expression, ForStatement, Function as FunctionNode, Statement, WhileStatement } from 'acorn';
import MagicString from 'magic-string';
import { turnsOf } from './counted.ts';
import { childrenOf, Names, walk } from './names.ts';
import { GLOBALS, OPERATORS } from './operators.ts';
import { keyOf, parsed, Unmetered } from './syntax.ts';

/** A rewritten script and where its places come from (a source map, version 3). */
export interface RewrittenText {
  readonly code: string;
  readonly map: string;
}

const LOOPS = ['WhileStatement', 'DoWhileStatement', 'ForStatement', 'ForInStatement', 'ForOfStatement'] as const;
type Loop = Extract<AnyNode, { readonly type: (typeof LOOPS)[number] }>;
const isLoop = (node: AnyNode): node is Loop => (LOOPS as readonly string[]).includes(node.type);

/** Expressions whose value needs no work at all. */
const FUNCTIONS = ['FunctionExpression', 'ArrowFunctionExpression', 'ClassExpression'];
const IDLE = ['Literal', 'Identifier', 'ThisExpression', ...FUNCTIONS];

class Rewriter {
  readonly #text: string;
  readonly #out: MagicString;
  readonly #names: Names;
  readonly #prefix: string;
  readonly #tick: string;

  constructor(text: string, names: Names, out: MagicString) {
    this.#text = text;
    this.#names = names;
    this.#out = out;
    this.#prefix = names.fresh;
    this.#tick = `--${this.#prefix}F[0]<0&&${this.#prefix}T()`;
  }

  get prefix(): string {
    return this.#prefix;
  }

  /**
   * Nodes are visited from outside in and in the order of the text; so are openings inserted, and closings the other
   * way round.
   */
  #open(at: number, text: string): void {
    this.#out.appendLeft(at, text);
  }

  #close(at: number, text: string): void {
    this.#out.prependLeft(at, text);
  }

  #around(node: AnyNode, operator: string): void {
    const list = node.type === 'SequenceExpression';
    this.#open(node.start, `${this.#prefix}${operator}(${list ? '(' : ''}`);
    this.#close(node.end, list ? '))' : ')');
  }

  visit(node: AnyNode, parent: AnyNode | null, generator: boolean): void {
    let inside = generator;
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
    for (const child of childrenOf(node)) this.visit(child, node, inside);
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
    const turns = node.type === 'ForStatement' && !generator ? turnsOf(node) : null;
    if (turns !== null) {
      this.#open(start, `{${this.#prefix}F[0]-=${turns};if(${this.#prefix}F[0]<0)${this.#prefix}T();`);
      return this.#close(node.end, '}');
    }
    if ((node.type === 'ForStatement' || node.type === 'WhileStatement') && this.#splits(node, generator))
      return this.#split(node, start);
    const rest = node.type === 'ForOfStatement' || node.type === 'ForInStatement' ? this.#restOf(node.left) : '';
    if (generator) this.#enter(node.body, `if(${this.#tick});${rest}`);
    else {
      const c = `${this.#prefix}c`;
      this.#open(start, `{let ${c}=0;`);
      this.#close(node.end, `;${this.#prefix}F[0]+=${c}}`);
      this.#enter(node.body, `if(--${c}<0)${c}=${this.#prefix}C()-1;${rest}`);
    }
    if (node.type === 'ForInStatement') this.#around(node.right, 'I');
  }

  /** Puts a statement before a body, which becomes a block if it is none. */
  #enter(body: Statement, text: string): void {
    if (body.type === 'BlockStatement') return this.#open(body.start + 1, text);
    this.#open(body.start, `{${text}`);
    this.#close(body.end, '}');
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
    const c = `${this.#prefix}c`;
    const f = `${this.#prefix}F[0]`;
    const labels = start === node.start ? '' : this.#text.slice(start, node.start);
    const again = `;){let ${c}=${this.#prefix}C();${labels}for(;${c}>0`;
    const init = node.type === 'ForStatement' ? (node.init ?? null) : null;
    const update = node.type === 'ForStatement' ? (node.update ?? null) : null;
    const test = node.test ?? null;
    let at = start;
    let text = 'for(';
    const keep = (part: AnyNode | null, after: string): void => {
      if (part !== null) {
        this.#out.update(at, part.start, text);
        at = part.end;
        text = '';
      }
      text += after;
    };
    keep(init, `;${again}${test === null ? '' : '&&('}`);
    keep(test, `${test === null ? '' : ')'};`);
    keep(update, `${update === null ? '' : ','}${c}--)`);
    this.#out.update(at, node.body.start, text);
    this.#close(node.body.end, `;if(${c}>0){${f}+=${c};break}}`);
  }

  #function(node: FunctionNode): void {
    const rest = node.params.map((one) => this.#restOf(one)).join('');
    const own = node.generator ? null : simpleParameters(node);
    if (node.body.type !== 'BlockStatement') return this.#enterExpression(node.body, own, rest);
    let at = node.body.start + 1;
    for (const statement of own === null ? [] : node.body.body) {
      const guards = this.#isGuard(statement, own as ReadonlySet<string>);
      if (!guards && statement.type === 'ReturnStatement' && statement.argument)
        return this.#enterExpression(statement.argument, own, rest);
      if (!guards) break;
      at = statement.end;
    }
    this.#open(at, `if(${this.#tick});${rest}`);
  }

  /**
   * Pays for a function where its value is computed. What is nothing but arithmetic on its own parameters and known
   * numbers enters no other function, so it needs no tick: whoever calls it counts, and so do built-ins that call it
   * back. (A parameter may be an object with a valueOf; that one gets none.)
   */
  #enterExpression(value: Expression, own: ReadonlySet<string> | null, rest: string): void {
    if (own !== null && this.#arithmetic(value, own)) return;
    if (own !== null && value.type === 'ConditionalExpression' && this.#arithmetic(value.test, own)) {
      this.#enterExpression(value.consequent, own, rest);
      return this.#enterExpression(value.alternate, own, rest);
    }
    this.#open(value.start, `(${this.#tick},${rest === '' ? '' : `${rest.slice(0, -1).replaceAll(';', ',')},`}(`);
    this.#close(value.end, '))');
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
      ? `${this.#prefix}O(${last.argument.name});`
      : '';
  }

  /**
   * An expression that is evaluated where no function of its own is entered: a default, a field. Anonymous functions
   * keep the name they get there.
   */
  #paid(value: Expression): void {
    if (IDLE.includes(value.type)) return;
    this.#open(value.start, `(${this.#tick},`);
    this.#close(value.end, ')');
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
      case 'BinaryExpression':
        // A longer sum is priced once, as a whole.
        if (
          node.operator !== '+' ||
          this.#names.isNumeric(node) ||
          (parent?.type === 'BinaryExpression' && parent.operator === '+')
        )
          return;
        return this.#around(node, 'P');
      case 'AssignmentExpression':
        return this.#assignment(node);
      case 'TemplateLiteral':
        return this.#template(node, parent);
      case 'SpreadElement':
        return this.#around(node.argument, parent?.type === 'ObjectExpression' ? 'O' : 'S');
      case 'VariableDeclarator':
        if (node.init) this.#taken(node.id, node.init);
        return;
      case 'AssignmentPattern':
        return this.#paid(node.right);
      case 'MemberExpression':
        return this.#member(node, parent);
      case 'Property':
        if (parent?.type === 'ObjectPattern' && node.computed) this.#around(node.key, 'K');
        return;
      case 'TryStatement':
        // An error takes as long to make as many turns of a loop, and where the stack has run out, no function is
        // entered that could count.
        for (const block of [node.handler?.body, node.finalizer])
          if (block) this.#open(block.start + 1, `${this.#prefix}C();`);
        return;
      case 'PropertyDefinition':
        if (node.value) this.#paid(node.value);
        return;
      case 'Literal':
        if (typeof node.value === 'string') this.#literal(node.start, node.end, node.value, JSON.stringify);
        return;
      case 'UpdateExpression':
        // `n-->0` would read as the end of an HTML comment.
        if (!node.prefix && this.#text[node.end] === '>') this.#close(node.end, ' ');
        return;
      default:
    }
  }

  /** What a pattern with a rest takes apart. */
  #taken(pattern: AnyNode, value: Expression): void {
    if (pattern.type === 'ArrayPattern' && pattern.elements.at(-1)?.type === 'RestElement') this.#around(value, 'S');
    if (pattern.type === 'ObjectPattern' && pattern.properties.at(-1)?.type === 'RestElement') this.#around(value, 'O');
  }

  #assignment(node: Extract<AnyNode, { type: 'AssignmentExpression' }>): void {
    this.#taken(node.left, node.right);
    if (node.operator === '+=' && !this.#names.isNumeric(node)) this.#around(node, 'P');
    if (node.left.type === 'MemberExpression' && keyOf(node.left) === 'length') this.#around(node.right, 'N');
  }

  #member(node: Extract<AnyNode, { type: 'MemberExpression' }>, parent: AnyNode | null): void {
    const assigned =
      (parent?.type === 'AssignmentExpression' && parent.left === node) ||
      (parent?.type === 'UpdateExpression' && parent.argument === node);
    if (keyOf(node) === 'constructor') {
      if (assigned || (parent?.type === 'UnaryExpression' && parent.operator === 'delete')) return;
      const called = parent?.type === 'NewExpression' && parent.callee === node;
      this.#open(node.start, `${called ? '(' : ''}${this.#prefix}X(`);
      this.#close(node.end, called ? '))' : ')');
      return;
    }
    if (!node.computed || node.property.type === 'PrivateIdentifier' || this.#names.isNumeric(node.property)) return;
    if (node.property.type === 'Literal') return;
    this.#around(node.property, assigned ? 'A' : 'K');
  }

  /** SES refuses a text that holds these, wherever: so they are written otherwise in texts. */
  #literal(start: number, end: number, value: string, written: (value: string) => string): void {
    if (!/<!--|-->|import/.test(value)) return;
    this.#out.update(start, end, escaped(written(value)));
  }

  /** A tag sees the text of a template as it was written. */
  #template(node: Extract<AnyNode, { type: 'TemplateLiteral' }>, parent: AnyNode | null): void {
    if (parent?.type === 'TaggedTemplateExpression') return;
    if (node.expressions.length > 0) this.#around(node, 'P');
    const written = (value: string): string => value.replace(/[\\`$]/g, '\\$&').replace(/\r/g, '\\r');
    for (const { start, end, value } of node.quasis)
      if (start < end) this.#literal(start, end, value.cooked ?? '', written);
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

const escaped = (written: string): string =>
  written
    .replace(/<!--/g, '\\x3c!--')
    .replace(/-->/g, '--\\x3e')
    .replace(/import/g, '\\x69mport');

const OPERATOR_NAMES = Object.keys(OPERATORS);

/** The script's value is that of its last statement, which must be an expression. */
const returned = (out: MagicString, last: AnyNode | undefined): void => {
  if (last?.type !== 'ExpressionStatement')
    throw new Unmetered('the script ends with no expression: it has no exports', undefined);
  out.appendLeft(last.expression.start, 'return (');
  out.prependLeft(last.expression.end, ')');
};

/** Rewrites a script. Throws Unmetered, with the place, for what cannot be metered. */
export const rewriteText = (code: string): RewrittenText => {
  const { program, text } = parsed(code);
  const names = new Names(program);
  const out = new MagicString(text);
  const rewriter = new Rewriter(text, names, out);
  const { prefix } = rewriter;
  const [, ...body] = program.body;
  returned(out, body.at(-1));
  for (const statement of body) rewriter.visit(statement, null, false);
  const operators = OPERATOR_NAMES.map((name) => `${name}:${prefix}${name}`).join(',');
  const globals = ['globalThis', ...GLOBALS.filter((name) => name !== 'undefined')]
    .filter((name) => names.all.has(name))
    .join(',');
  out.prepend(
    `(function(${prefix}){const {${operators}}=${prefix}.operators,{${globals}}=${prefix}.globals;return function(){`,
  );
  out.append('\n}})');
  const map = out.generateMap({ hires: 'boundary', source: 'plugin.js' });
  return { code: out.toString(), map: map.toString() };
};
