// How much work a program's text is, so that straight-line code pays for itself. Every node of the syntax tree weighs
// something; a region is what runs through once it is entered: a function, a turn of a loop, a branch, what follows a
// statement that may leave. A region whose weight is below UNIT is paid for by the region around it, or by the one unit
// that a call or a turn costs anyhow: so small code has no more counters than it has loops and functions.

import type { AnyNode, Expression, Statement, SwitchCase } from 'acorn';
import { childrenOf, type FunctionNode, isFunction, type Names } from './names.ts';

/** The weight that one unit of fuel pays for: as many nodes that do next to nothing, or a few that allocate. */
export const UNIT = 32;

/** What a node weighs beyond the one that each does. */
const DEAR: Partial<Record<AnyNode['type'], number>> = {
  ArrayExpression: 7,
  ArrayPattern: 31,
  CallExpression: 7,
  MethodDefinition: 63,
  NewExpression: 15,
  ObjectExpression: 7,
  PropertyDefinition: 63,
  RestElement: 31,
  SpreadElement: 15,
  TaggedTemplateExpression: 15,
  ThrowStatement: 31,
  YieldExpression: 15,
};
/** Making a closure, a class. */
const [FUNCTION, CLASS] = [16, 128];
/** Operators that look things up. */
const LOOKUPS = ['in', 'instanceof', '**', '=='];

const LEAVING = ['ReturnStatement', 'ThrowStatement', 'BreakStatement', 'ContinueStatement'];

/** Expressions whose value needs no work where they stand: defaults and fields that cost nothing. */
export const isIdle = (node: AnyNode): boolean =>
  ['Literal', 'Identifier', 'ThisExpression', 'ClassExpression'].includes(node.type) || isFunction(node);

/** Texts are made of numbers, and texts, digit by digit. */
const SUM = 8;

const own = (node: AnyNode, names: Names): number => {
  const dear = DEAR[node.type] ?? 0;
  if (node.type === 'MemberExpression') return node.computed ? 5 : 1;
  if (node.type === 'BinaryExpression' && node.operator === '+' && !names.isNumeric(node)) return SUM;
  if (node.type === 'BinaryExpression') return LOOKUPS.includes(node.operator) ? 8 : 1;
  if (node.type === 'TemplateLiteral') return 8 * (1 + node.expressions.length);
  if (node.type === 'UnaryExpression') return node.operator === 'delete' ? 16 : 1;
  return 1 + dear;
};

export class Weights {
  readonly #regions = new Map<AnyNode, number>();
  /** By the first statement that follows one that may leave. */
  readonly #follows = new Map<AnyNode, number>();
  /** A statement was met that may leave what is around it. */
  #leaves = false;

  readonly #names: Names;

  /** `body`: the statements of the program, which are a region. */
  constructor(program: AnyNode, body: readonly Statement[], names: Names) {
    this.#names = names;
    this.#regions.set(program, this.#list(body));
  }

  /**
   * Units that a region costs when it is entered, beyond the one of a call or a turn: a function, a loop (each turn), a
   * branch, a `case`, a default, a field, the program. 0 for what is no region.
   */
  of(node: AnyNode): number {
    return Math.floor((this.#regions.get(node) ?? 0) / UNIT);
  }

  /** Units of the region that begins with this statement; 0 for most. */
  from(statement: AnyNode): number {
    return Math.floor((this.#follows.get(statement) ?? 0) / UNIT);
  }

  /** Everything below is paid for with `node`, but for regions of their own. */
  #weigh(node: AnyNode): number {
    if (isFunction(node)) return this.#function(node);
    switch (node.type) {
      case 'ForStatement':
        return this.#loop(node, node.init ? this.#weigh(node.init) : 0, [node.test, node.update, node.body]);
      case 'WhileStatement':
      case 'DoWhileStatement':
        return this.#loop(node, 0, [node.test, node.body]);
      case 'ForInStatement':
      case 'ForOfStatement':
        return this.#loop(node, this.#weigh(node.right), [node.left, node.body]);
      case 'IfStatement':
      case 'ConditionalExpression':
        return (
          1 +
          this.#weigh(node.test) +
          this.#branch(node.consequent) +
          (node.alternate ? this.#branch(node.alternate) : 0)
        );
      case 'LogicalExpression':
        return 1 + this.#weigh(node.left) + this.#branch(node.right);
      case 'SwitchCase':
        return this.#case(node);
      case 'CatchClause':
        return (node.param ? this.#weigh(node.param) : 0) + this.#branch(node.body);
      case 'BlockStatement':
      case 'StaticBlock':
        return this.#list(node.body);
      case 'AssignmentPattern':
        return this.#weigh(node.left) + this.#value(node.right);
      case 'PropertyDefinition':
        return (
          own(node, this.#names) +
          (node.computed ? this.#weigh(node.key) : 0) +
          (node.value ? this.#value(node.value) : 0)
        );
      case 'ClassDeclaration':
      case 'ClassExpression':
        return CLASS + this.#children(node);
      default:
        this.#leaves ||= LEAVING.includes(node.type);
        return own(node, this.#names) + this.#children(node);
    }
  }

  #children(node: AnyNode): number {
    let weight = 0;
    for (const child of childrenOf(node)) weight += this.#weigh(child);
    return weight;
  }

  #function(node: FunctionNode): number {
    const left = this.#leaves;
    let weight = this.#weigh(node.body);
    for (const param of node.params) weight += this.#weigh(param);
    this.#regions.set(node, weight);
    this.#leaves = left;
    return FUNCTION;
  }

  #loop(node: AnyNode, before: number, turn: readonly (AnyNode | null | undefined)[]): number {
    let weight = 0;
    for (const part of turn) if (part) weight += this.#weigh(part);
    this.#regions.set(node, weight);
    return 2 + before;
  }

  /** A branch that weighs a unit is paid for where it is taken. */
  #branch(node: AnyNode): number {
    const weight = this.#weigh(node);
    if (weight < UNIT) return weight;
    this.#regions.set(node, weight);
    return 0;
  }

  #case(node: SwitchCase): number {
    const weight = this.#list(node.consequent);
    if (weight >= UNIT) this.#regions.set(node, weight);
    return 1 + (node.test ? this.#weigh(node.test) : 0) + (weight < UNIT ? weight : 0);
  }

  /** A default, a field: paid for where it is evaluated. */
  #value(node: Expression): number {
    const weight = this.#weigh(node);
    if (isIdle(node)) return weight;
    this.#regions.set(node, weight);
    return 0;
  }

  /** What follows a statement that may leave is a region of its own. */
  #list(statements: readonly AnyNode[]): number {
    let rest = 0;
    let leaves = this.#leaves;
    for (let i = statements.length - 1; i >= 0; i--) {
      this.#leaves = false;
      const weight = this.#weigh(statements[i] as AnyNode);
      if (this.#leaves && rest >= UNIT) {
        this.#follows.set(statements[i + 1] as AnyNode, rest);
        rest = 0;
      }
      leaves ||= this.#leaves;
      rest += weight;
    }
    this.#leaves = leaves;
    return rest;
  }
}
