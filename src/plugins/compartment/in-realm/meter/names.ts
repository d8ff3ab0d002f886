// What the rewriter knows about a program's names, without looking at scopes: a name counts as numeric only where
// everything of that name is, wherever it is declared or assigned. That is sound, since what a global of that name
// might be cannot be set: the global object of metered code is frozen.

import type { AnyNode, Expression, Node, Pattern, Program } from 'acorn';

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

const NUMBER_OPERATORS = ['-', '*', '/', '%', '**', '&', '|', '^', '<<', '>>', '>>>'];
const LOGICAL_ASSIGNMENTS = ['=', '+=', '||=', '&&=', '??='];

export class Names {
  /** Every identifier of the program, property names included. */
  readonly all = new Set<string>();
  readonly #assigned: [string, Expression][] = [];
  /** Names that are bound to something whose type is unknown, or bound nowhere. */
  readonly #unknown = new Set<string>();
  readonly #declared = new Set<string>();

  constructor(program: Program) {
    walk(program, (node) => this.#note(node));
    for (let before = -1; before !== this.#unknown.size; ) {
      before = this.#unknown.size;
      for (const [name, value] of this.#assigned) if (!this.isNumeric(value)) this.#unknown.add(name);
    }
  }

  #lost(pattern: Pattern | null): void {
    for (const name of targets(pattern)) this.#unknown.add(name);
  }

  #note(node: AnyNode): void {
    switch (node.type) {
      case 'Identifier':
      case 'PrivateIdentifier':
        this.all.add(node.name);
        return;
      case 'VariableDeclarator':
        return this.#assign(node.id, node.init ?? null);
      case 'AssignmentExpression':
        if (LOGICAL_ASSIGNMENTS.includes(node.operator)) this.#assign(node.left, node.right);
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

  #assign(pattern: Pattern, value: Expression | null): void {
    if (pattern.type !== 'Identifier') return this.#lost(pattern);
    this.#declared.add(pattern.name);
    if (value !== null) this.#assigned.push([pattern.name, value]);
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

  /** A start that no name of the program has. */
  get fresh(): string {
    let prefix = '$';
    while ([...this.all].some((name) => name.startsWith(prefix))) prefix += '$';
    return prefix;
  }
}
