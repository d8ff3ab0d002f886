// Operators whose work depends on what they are given: a long text is compared, converted to a number or looked up as a
// key character by character, a spread copies, a sum makes texts longer. Each stands in one of OPERATORS, which takes
// the price; what cannot be long (names.ts) stands as it was written. A number is told from the rest in place, since
// most operands are numbers and a call costs more than the sum.
//
// Prototypes are bounded too (prototypes.ts), wherever syntax sets one.

import type { AnyNode, AssignmentExpression, Expression, MemberExpression, Pattern, UpdateExpression } from 'acorn';
import type { Insertions } from './insertions.ts';
import { type Names, walk } from './names.ts';
import { isKeyOf, keyOf, placeOf, Unmetered } from './syntax.ts';

type Of<Type extends AnyNode['type']> = Extract<AnyNode, { type: Type }>;

const escaped = (written: string): string =>
  written
    .replace(/<!--/g, '\\x3c!--')
    .replace(/-->/g, '--\\x3e')
    .replace(/import/g, '\\x69mport');

/** Whether a value needs no pricing as what is compared to it: it is told apart at once, or is short. */
const isShortText = (node: AnyNode, names: Names): boolean =>
  (node.type === 'Literal' && (node.value === null || typeof node.value === 'string') && names.isBrief(node)) ||
  (node.type === 'Identifier' && node.name === 'undefined' && names.isBrief(node)) ||
  (node.type === 'UnaryExpression' && ['typeof', 'void'].includes(node.operator));

/** Whether reading it twice in a row reads the same, and runs no code but an accessor's. */
const isSimple = ({ object, property, computed }: MemberExpression): boolean =>
  ['Identifier', 'ThisExpression', 'Super'].includes(object.type) &&
  (!computed || property.type === 'Identifier' || property.type === 'Literal');

/** The variable of a function whose operands need one. */
export const HELD = 't';
/** The same for all places where none can be declared. */
export const HELD_ANYWHERE = 'u';

interface Around {
  readonly block: boolean;
  used: boolean;
}

export class Operands {
  readonly #to: Insertions;
  readonly #names: Names;
  /** Of the functions around: whether a variable may be declared where we are, and whether one was needed. */
  readonly #scopes: Around[] = [{ block: true, used: true }];

  constructor(to: Insertions, names: Names) {
    this.#to = to;
    this.#names = names;
  }

  /** What follows is inside a function's body (`block`), or where a variable cannot be declared. */
  enter(block: boolean): void {
    this.#scopes.push({ block, used: false });
  }

  /** Whether the body needs the declaration `HELD`. */
  leave(): boolean {
    return this.#scopes.pop()?.used ?? false;
  }

  /** A variable for a value that is looked at twice in a row: the function's own costs nothing. */
  get #held(): string {
    const scope = this.#scopes.at(-1) as Around;
    if (!scope.block) return `${this.#to.prefix}${HELD_ANYWHERE}`;
    scope.used = true;
    return `${this.#to.prefix}${HELD}`;
  }

  visit(node: AnyNode, parent: AnyNode | null): void {
    switch (node.type) {
      case 'BinaryExpression':
        return this.#binary(node, parent);
      case 'UnaryExpression':
        if (['+', '-', '~'].includes(node.operator)) this.#number(node.argument);
        return;
      case 'UpdateExpression':
        return this.#update(node, parent);
      case 'AssignmentExpression':
        return this.#assignment(node);
      case 'SwitchStatement':
        return this.#switch(node);
      case 'TemplateLiteral':
        return this.#template(node, parent);
      case 'SpreadElement':
        return this.#to.around(node.argument, parent?.type === 'ObjectExpression' ? 'O' : 'S');
      case 'VariableDeclarator':
        if (node.init) this.#taken(node.id, node.init);
        return;
      case 'MemberExpression':
        return this.#member(node, parent);
      case 'Property':
        return this.#property(node, parent);
      case 'MethodDefinition':
      case 'PropertyDefinition':
        if (node.computed) this.#key(node.key, 'J');
        return;
      case 'ClassDeclaration':
      case 'ClassExpression':
        if (node.superClass) this.#to.around(node.superClass, 'H');
        return;
      case 'YieldExpression':
        if (node.delegate && node.argument) this.#to.around(node.argument, 'Y');
        return;
      case 'Literal':
        if (typeof node.value === 'string') this.#literal(node.start, node.end, node.value, JSON.stringify);
        return;
      default:
    }
  }

  /** An operand that is made a primitive, and a number or a text in order. */
  #number(node: AnyNode): void {
    if (this.#names.isBrief(node)) return;
    this.#told(node, 'number', (value) => `${value}:${this.#to.prefix}N(${value})`);
  }

  /** Tells a value's type in place; it stands in `then`. A sequence has parentheses of its own. */
  #told(node: AnyNode, type: string, then: (value: string) => string): void {
    if (node.type === 'Identifier') {
      this.#to.open(node.start, `(typeof `);
      return this.#to.close(node.end, `==="${type}"?${then(node.name)})`);
    }
    const held = this.#held;
    const [open, close] = node.type === 'SequenceExpression' ? ['(', ')'] : ['', ''];
    this.#to.open(node.start, `(typeof(${held}=${open}`);
    this.#to.close(node.end, `${close})==="${type}"?${then(held)})`);
  }

  #binary(node: Of<'BinaryExpression'>, parent: AnyNode | null): void {
    switch (node.operator) {
      case '+':
        // A longer sum is priced once, as a whole.
        if (this.#names.isNumeric(node) || (parent?.type === 'BinaryExpression' && parent.operator === '+')) return;
        return this.#to.around(node, 'P');
      case '==':
      case '!=':
        return this.#alike(node);
      case '===':
      case '!==':
        return this.#same(node);
      case 'in':
        if (node.left.type !== 'PrivateIdentifier') this.#key(node.left, 'J');
        return;
      case 'instanceof':
        return;
      default:
        this.#number(node.left);
        this.#number(node.right);
    }
  }

  /** Where one side is short, so is the work. */
  #same({ left, right }: Of<'BinaryExpression'>): void {
    if (this.#names.isBrief(left) || this.#names.isBrief(right)) return;
    const one = left.type !== 'Identifier' && right.type === 'Identifier' ? right : left;
    this.#told(one, 'string', (value) => `${this.#to.prefix}E(${value}):${value}`);
  }

  #alike(node: Of<'BinaryExpression'>): void {
    const { left, right, operator } = node;
    if (isShortText(left, this.#names) || isShortText(right, this.#names)) return;
    if (this.#names.isBrief(left) && this.#names.isBrief(right)) return;
    this.#to.open(node.start, `${operator === '!=' ? '!' : ''}${this.#to.prefix}Q(`);
    this.#token(left.end, right.start, operator, ',');
    this.#to.close(node.end, ')');
  }

  /** Replaces what stands between two nodes. */
  #token(from: number, to: number, token: string, by: string): void {
    const at = from + this.#to.text.slice(from, to).indexOf(token);
    this.#to.replace(at, at + token.length, by);
  }

  #switch({ discriminant, cases }: Of<'SwitchStatement'>): void {
    if (this.#names.isBrief(discriminant)) return;
    const long = cases.filter(({ test }) => test && !this.#names.isBrief(test)).length;
    if (long > 0) this.#to.around(discriminant, 'E', `,${long}`);
  }

  /** `name++` becomes a sum of a number, whoever sees its value. */
  #update(node: UpdateExpression, parent: AnyNode | null): void {
    const { argument, operator, prefix } = node;
    // `n-->0` would read as the end of an HTML comment.
    if (!prefix && this.#to.text[node.end] === '>') this.#to.close(node.end, ' ');
    const { prefix: p } = this.#to;
    if (argument.type === 'Identifier') {
      if (this.#names.isNumeric(argument)) return;
      const { name } = argument;
      this.#to.open(node.start, `(typeof ${name}==="number"||(${name}=+${p}N(${name})),`);
      return this.#to.close(node.end, ')');
    }
    const member = argument as MemberExpression;
    const seen = !prefix && parent?.type !== 'ExpressionStatement' && parent?.type !== 'ForStatement';
    if (prefix) this.#to.replace(node.start, node.start + 2, '');
    else this.#to.replace(node.end - 2, node.end, '');
    if (isSimple(member)) {
      const value = this.#reference(member);
      if (!seen) {
        this.#to.open(member.start, '(');
        return this.#to.close(member.end, `=+${p}N(${value})${operator[0]}1)`);
      }
      const held = this.#held;
      const before = `${held}=+${p}N(${value})`;
      if (held.endsWith(HELD)) {
        this.#to.open(member.start, `(${before},`);
        return this.#to.close(member.end, `=${held}${operator[0]}1,${held})`);
      }
      this.#to.open(member.start, `${p}B(${before},`);
      return this.#to.close(member.end, `=${held}${operator[0]}1)`);
    }
    this.#found(member, seen ? 'V' : 'R');
    this.#to.close(member.end, `,${p}x=>+${p}N(${p}x)${operator[0]}1)`);
  }

  /** A simple member as it is read in rewritten code. */
  #reference({ object, property, computed }: MemberExpression): string {
    const of = this.#to.text.slice(object.start, object.end);
    const key = this.#to.text.slice(property.start, property.end);
    if (!computed) return `${of}.${key}`;
    const plain = property.type === 'Literal' || this.#names.isNumeric(property);
    return `${of}[${plain ? key : `${this.#to.prefix}K(${key})`}]`;
  }

  /**
   * Opens an operator that changes `object.key`, where finding the object or the key may do work: each is found once,
   * and stands as an argument.
   */
  #found(member: MemberExpression, operator: string): void {
    const { object, property, computed } = member;
    if (property.type === 'PrivateIdentifier')
      throw new Unmetered(
        'metered code may not change a private field in place but of a name or this',
        placeOf(member),
      );
    this.#to.open(member.start, `${this.#to.prefix}${operator}(`);
    if (!computed) {
      const at = object.end + this.#to.text.slice(object.end, property.start).indexOf('.');
      const key = this.#to.text.slice(property.start, property.end);
      return this.#to.replace(at, property.end, `,${JSON.stringify(key)}`);
    }
    this.#token(object.end, property.start, '[', ',');
    this.#token(property.end, member.end, ']', '');
  }

  #assignment(node: AssignmentExpression): void {
    this.#taken(node.left, node.right);
    if (node.operator === '+=') {
      if (!this.#names.isNumeric(node)) this.#to.around(node, 'P');
    } else if (!['=', '||=', '&&=', '??='].includes(node.operator)) this.#compound(node);
    if (node.left.type !== 'MemberExpression') return;
    if (node.left.computed) this.#element(node, node.left);
    const key = keyOf(node.left);
    if (key === 'length') this.#to.around(node.right, 'L');
    if (key === 'prototype') this.#to.around(node.right, 'D');
  }

  /** `object[key] = value`, where the object may be a typed array. */
  #element(node: AssignmentExpression, to: MemberExpression): void {
    const { operator, right } = node;
    if (this.#names.isBrief(operator === '+=' ? node : right) || !/^(\+|\|\||&&|\?\?)?=$/.test(operator)) return;
    const { prefix: p, text } = this.#to;
    if (to.object.type === 'Super') return;
    if (isSimple(to)) {
      const object = text.slice(to.object.start, to.object.end);
      return this.#told(right, 'number', (value) => `${value}:${p}W(${object},${value})`);
    }
    if (operator === '=') {
      this.#found(to, 'G');
      this.#token(to.end, right.start, '=', ',');
      return this.#to.close(node.end, ')');
    }
    this.#unyielding(right);
    this.#found(to, 'R');
    const logical = operator.slice(0, -1);
    this.#token(to.end, right.start, operator, `,${p}x=>${p}x${logical}(`);
    this.#to.close(node.end, '))');
  }

  #unyielding(node: AnyNode): void {
    if (yields(node))
      throw new Unmetered('metered code may not yield while it changes a property in place', placeOf(node));
  }

  /** `name -= value` becomes `name = name - value`, whose operands are priced. */
  #compound(node: AssignmentExpression): void {
    const { left, right, operator } = node;
    const { prefix: p } = this.#to;
    const sign = operator.slice(0, -1);
    if (left.type === 'Identifier' && this.#names.isNumeric(left)) return this.#number(right);
    this.#to.close(node.end, ')');
    if (left.type !== 'Identifier' && !isSimple(left as MemberExpression)) this.#to.close(node.end, ')');
    this.#number(right);
    if (left.type === 'Identifier') {
      const value = `(typeof ${left.name}==="number"?${left.name}:${p}N(${left.name}))`;
      return this.#token(left.end, right.start, operator, `=${value}${sign}(`);
    }
    const member = left as MemberExpression;
    if (isSimple(member))
      return this.#token(left.end, right.start, operator, `=${p}N(${this.#reference(member)})${sign}(`);
    this.#unyielding(right);
    this.#found(member, 'R');
    this.#token(left.end, right.start, operator, `,${p}x=>${p}N(${p}x)${sign}(`);
  }

  /** What a pattern with a rest takes apart. */
  #taken(pattern: Pattern, value: Expression): void {
    if (pattern.type === 'ArrayPattern' && pattern.elements.at(-1)?.type === 'RestElement') this.#to.around(value, 'S');
    if (pattern.type === 'ObjectPattern' && pattern.properties.at(-1)?.type === 'RestElement')
      this.#to.around(value, 'O');
  }

  #member(node: MemberExpression, parent: AnyNode | null): void {
    const changed =
      (parent?.type === 'AssignmentExpression' && parent.left === node) ||
      (parent?.type === 'UpdateExpression' && parent.argument === node);
    const key = keyOf(node);
    const taken = changed || (parent?.type === 'UnaryExpression' && parent.operator === 'delete');
    if (key === 'constructor') {
      if (taken) return;
      const called = parent?.type === 'NewExpression' && parent.callee === node;
      this.#to.open(node.start, `${called ? '(' : ''}${this.#to.prefix}X(`);
      return this.#to.close(node.end, called ? '))' : ')');
    }
    if (key === 'stack' && !taken && !/^(Call|New|TaggedTemplate)Expression$/.test(parent?.type ?? ''))
      this.#to.around(node, 'P');
    if (node.computed) this.#key(node.property, changed ? 'A' : 'K');
  }

  #property(node: Of<'Property'>, parent: AnyNode | null): void {
    if (node.computed) this.#key(node.key, parent?.type === 'ObjectPattern' ? 'K' : 'J');
    else if (!node.shorthand && !node.method && parent?.type === 'ObjectExpression' && isKeyOf(node, '__proto__'))
      this.#to.around(node.value, 'D');
  }

  #key(node: AnyNode, operator: string): void {
    if (node.type === 'Literal' || node.type === 'PrivateIdentifier' || this.#names.isNumeric(node)) return;
    this.#to.around(node, operator);
  }

  /** A tag sees the text of a template as it was written. */
  #template(node: Of<'TemplateLiteral'>, parent: AnyNode | null): void {
    if (parent?.type === 'TaggedTemplateExpression') return;
    if (node.expressions.length > 0) this.#to.around(node, 'P');
    const written = (value: string): string => value.replace(/[\\`$]/g, '\\$&').replace(/\r/g, '\\r');
    for (const { start, end, value } of node.quasis)
      if (start < end) this.#literal(start, end, value.cooked ?? '', written);
  }

  /** SES refuses a text that holds these, wherever: so they are written otherwise in texts. */
  #literal(start: number, end: number, value: string, written: (value: string) => string): void {
    if (/<!--|-->|import/.test(value)) this.#to.replace(start, end, escaped(written(value)));
  }
}

/** Whether a generator stops inside an expression. */
const yields = (node: AnyNode): boolean => {
  let found = false;
  walk(node, (one) => {
    found ||= one.type === 'YieldExpression';
  });
  return found;
};
