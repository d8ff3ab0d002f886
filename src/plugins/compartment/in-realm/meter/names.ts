// What the rewriter knows about a program's names, without looking at scopes: a name counts as numeric (or brief) only
// where everything of that name is, wherever it is declared or assigned. That is sound, since what a global of that
// name might be cannot be set: the global object of metered code is frozen.

import type { AnyNode, Expression, Node, Pattern, Program } from 'acorn';

export type FunctionNode = Extract<
  AnyNode,
  { readonly type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }
>;
export const isFunction = (node: AnyNode): node is FunctionNode =>
  /^(Function(Declaration|Expression)|ArrowFunctionExpression)$/.test(node.type);

/** The nodes right inside a node, in the order of the text. */
export const childrenOf = (node: Node): AnyNode[] => {
  const found: AnyNode[] = [];
  for (const [key, value] of Object.entries(node)) {
    if (key === 'loc' || key === 'range') continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === 'object' && one !== null && typeof (one as Node).type === 'string') found.push(one as AnyNode);
    }
  }
  return found.sort((a, b) => a.start - b.start || b.end - a.end);
};

export const walk = (node: AnyNode, visit: (node: AnyNode) => void): void => {
  visit(node);
  for (const child of childrenOf(node)) walk(child, visit);
};

/** The identifiers that a pattern binds or assigns. */
const targets = (pattern: Pattern | null): string[] => {
  if (pattern === null) return [];
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ArrayPattern':
      return pattern.elements.flatMap(targets);
    case 'ObjectPattern':
      return pattern.properties.flatMap((one) => targets(one.type === 'RestElement' ? one.argument : one.value));
    case 'RestElement':
      return targets(pattern.argument);
    case 'AssignmentPattern':
      return targets(pattern.left);
    default:
      return [];
  }
};

/** Texts up to here cost nothing to compare or to convert. */
const BRIEF = 64;
const COMPARISONS = ['==', '!=', '===', '!==', '<', '>', '<=', '>=', 'in', 'instanceof'];
const NUMBER_OPERATORS = ['-', '*', '/', '%', '**', '&', '|', '^', '<<', '>>', '>>>'];
const LOGICAL_ASSIGNMENTS = ['=', '+=', '||=', '&&=', '??='];

export class Names {
  /** Every identifier of the program, property names included. */
  readonly all = new Set<string>();
  readonly #assigned: [string, Expression, string][] = [];
  /** Names that are bound to something that may be no number, or bound nowhere. */
  readonly #unknown = new Set<string>();
  /** The same of what may be a long text or an object. */
  readonly #long = new Set<string>();
  readonly #declared = new Set<string>();

  constructor(program: Program) {
    walk(program, (node) => this.#note(node));
    this.#spread(this.#unknown, (_name, value) => !this.isNumeric(value));
    this.#spread(this.#long, (name, value, operator) =>
      operator === '+=' ? !this.#isNumber(name) : !this.isBrief(value),
    );
  }

  /** Adds the names that an assignment brings into a set, until there are no more. */
  #spread(set: Set<string>, brings: (name: string, value: Expression, operator: string) => boolean): void {
    for (let before = -1; before !== set.size; ) {
      before = set.size;
      for (const [name, value, operator] of this.#assigned) if (brings(name, value, operator)) set.add(name);
    }
  }

  #lost(pattern: Pattern | null): void {
    for (const name of targets(pattern)) {
      this.#unknown.add(name);
      this.#long.add(name);
    }
  }

  #note(node: AnyNode): void {
    switch (node.type) {
      case 'Identifier':
      case 'PrivateIdentifier':
        this.all.add(node.name);
        return;
      case 'VariableDeclarator':
        return this.#assign(node.id, node.init ?? null, '=');
      case 'AssignmentExpression':
        if (LOGICAL_ASSIGNMENTS.includes(node.operator)) this.#assign(node.left, node.right, node.operator);
        return;
      case 'ForInStatement':
      case 'ForOfStatement':
        return this.#lost(
          node.left.type === 'VariableDeclaration' ? (node.left.declarations[0]?.id ?? null) : node.left,
        );
      case 'CatchClause':
        return this.#lost(node.param ?? null);
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        for (const param of node.params) this.#lost(param);
        if (node.type !== 'ArrowFunctionExpression') this.#lost(node.id ?? null);
        return;
      case 'ClassDeclaration':
      case 'ClassExpression':
        return this.#lost(node.id ?? null);
      default:
    }
  }

  #assign(pattern: Pattern, value: Expression | null, operator: string): void {
    if (pattern.type !== 'Identifier') return this.#lost(pattern);
    this.#declared.add(pattern.name);
    if (value !== null) this.#assigned.push([pattern.name, value, operator]);
  }

  /** Whether a name is never anything but a number or undefined. */
  #isNumber(name: string): boolean {
    if (name === 'NaN' || name === 'Infinity') return !this.#declared.has(name) && !this.#unknown.has(name);
    return this.#declared.has(name) && !this.#unknown.has(name);
  }

  /** Whether an expression is never anything but a number or undefined. */
  isNumeric(node: Expression | AnyNode): boolean {
    switch (node.type) {
      case 'Literal':
        return typeof node.value === 'number';
      case 'Identifier':
        return this.#isNumber(node.name);
      case 'UnaryExpression':
        return ['-', '+', '~'].includes(node.operator);
      case 'UpdateExpression':
        return true;
      case 'BinaryExpression':
        if (node.operator === '+') return this.isNumeric(node.left) && this.isNumeric(node.right);
        return NUMBER_OPERATORS.includes(node.operator);
      case 'LogicalExpression':
        return this.isNumeric(node.left) && this.isNumeric(node.right);
      case 'ConditionalExpression':
        return this.isNumeric(node.consequent) && this.isNumeric(node.alternate);
      case 'AssignmentExpression':
        if (node.operator === '+=')
          return node.left.type === 'Identifier' && this.isNumeric(node.left) && this.isNumeric(node.right);
        if (!LOGICAL_ASSIGNMENTS.includes(node.operator)) return true;
        return (
          this.isNumeric(node.right) &&
          (node.operator === '=' || (node.left.type === 'Identifier' && this.isNumeric(node.left)))
        );
      case 'ParenthesizedExpression':
        return this.isNumeric(node.expression);
      default:
        return false;
    }
  }

  /** Whether an expression is never a long text nor an object: its work as an operand is bounded. */
  isBrief(node: Expression | AnyNode): boolean {
    if (this.isNumeric(node)) return true;
    switch (node.type) {
      case 'Literal':
        return typeof node.value !== 'string' || node.value.length <= BRIEF;
      case 'Identifier':
        return (this.#declared.has(node.name) || node.name === 'undefined') && !this.#long.has(node.name);
      case 'UnaryExpression':
        return true;
      case 'BinaryExpression':
        return COMPARISONS.includes(node.operator);
      case 'LogicalExpression':
        return this.isBrief(node.left) && this.isBrief(node.right);
      case 'ConditionalExpression':
        return this.isBrief(node.consequent) && this.isBrief(node.alternate);
      case 'AssignmentExpression':
        return node.operator === '=' && this.isBrief(node.right);
      default:
        return false;
    }
  }

  /** A start that no name of the program has. */
  get fresh(): string {
    let prefix = '$';
    while ([...this.all].some((name) => name.startsWith(prefix))) prefix += '$';
    return prefix;
  }
}
