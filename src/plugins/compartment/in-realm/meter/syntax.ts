// What metered code may not be written with: syntax whose work has no bound that could be counted, or that reaches code
// which was never rewritten. One table; whatever it refuses, is refused when the plugin is loaded, with the place.

import { type AnyNode, type Comment, type MemberExpression, type Pattern, type Program, parse } from 'acorn';
import { childrenOf, isFunction } from './names.ts';

/** A program that cannot be metered. The message has the place. */
export class Unmetered extends Error {
  constructor(why: string, at: { readonly line: number; readonly column: number } | undefined) {
    super(at === undefined ? why : `${why} (${at.line}:${at.column + 1})`);
  }
}

interface Refusal {
  readonly what: string;
  readonly why: string;
  /** `parents`: the nodes around it, innermost last. */
  test(node: AnyNode, parents: readonly AnyNode[]): boolean;
}

/** The name of a property that is written out, or null. */
export const keyOf = (node: MemberExpression): string | null => {
  if (!node.computed) return node.property.type === 'Identifier' ? node.property.name : null;
  return node.property.type === 'Literal' ? String(node.property.value) : null;
};

const hasRest = (pattern: Pattern): boolean => {
  if (pattern.type === 'ArrayPattern') return pattern.elements.some((one) => one?.type === 'RestElement');
  return pattern.type === 'ObjectPattern' && pattern.properties.some((one) => one.type === 'RestElement');
};

/**
 * Whether a pattern with a rest stands where what it takes apart can be charged: at the top of a declaration or an
 * assignment.
 */
const atTop = (node: AnyNode, parent: AnyNode | undefined, around: AnyNode | undefined): boolean => {
  if (parent?.type === 'AssignmentExpression') return parent.left === node;
  if (parent?.type !== 'VariableDeclarator') return false;
  return parent.init !== null && parent.init !== undefined && around?.type === 'VariableDeclaration';
};

/** The object pattern of a parameter or of a loop's head: its rest is charged where the body begins. */
const atHead = (node: AnyNode, parents: readonly AnyNode[]): boolean => {
  if (node.type !== 'ObjectPattern' || node.properties.at(-1)?.type !== 'RestElement') return false;
  const parent = parents.at(-1) as AnyNode;
  if (isFunction(parent)) return parent.params.includes(node);
  return (
    parent.type === 'VariableDeclarator' && ['ForOfStatement', 'ForInStatement'].includes(parents.at(-3)?.type ?? '')
  );
};

const inPattern = (parents: readonly AnyNode[]): boolean => {
  const parent = parents.at(-1);
  if (parent === undefined) return false;
  if (['ArrayPattern', 'RestElement', 'AssignmentPattern'].includes(parent.type)) return true;
  if (['ForInStatement', 'ForOfStatement'].includes(parent.type)) return true;
  return parent.type === 'Property' && parents.at(-2)?.type === 'ObjectPattern';
};

export const REFUSED: readonly Refusal[] = [
  {
    what: 'async functions and await',
    why: 'they go on when the call is over',
    test: (node) =>
      node.type === 'AwaitExpression' ||
      (isFunction(node) && node.async) ||
      (node.type === 'ForOfStatement' && node.await),
  },
  {
    what: 'regular expressions',
    why: 'matching one may take for ever',
    test: (node) => node.type === 'Literal' && node.regex !== undefined && node.regex !== null,
  },
  {
    what: 'BigInt literals',
    why: 'their powers have no bound',
    test: (node) => node.type === 'Literal' && node.bigint !== undefined && node.bigint !== null,
  },
  {
    what: 'import',
    why: 'it runs code that was not rewritten',
    test: (node) => ['ImportExpression', 'MetaProperty'].includes(node.type) && !isNewTarget(node),
  },
  { what: 'with', why: 'names would mean something else', test: (node) => node.type === 'WithStatement' },
  { what: 'debugger', why: 'it stops the host', test: (node) => node.type === 'DebuggerStatement' },
  {
    what: 'eval',
    why: 'it runs code that was not rewritten',
    test: (node, parents) => node.type === 'Identifier' && node.name === 'eval' && !isKey(node, parents.at(-1)),
  },
  {
    what: 'arguments outside a function',
    why: 'they would be the host’s',
    test: (node, parents) =>
      node.type === 'Identifier' &&
      node.name === 'arguments' &&
      !isKey(node, parents.at(-1)) &&
      !parents.some((one) => isFunction(one) && one.type !== 'ArrowFunctionExpression'),
  },
  {
    what: 'a rest inside another pattern, or of an array parameter',
    why: 'what it copies cannot be counted there',
    test: (node, parents) =>
      (node.type === 'ArrayPattern' || node.type === 'ObjectPattern') &&
      hasRest(node) &&
      !atTop(node, parents.at(-1), parents.at(-2)) &&
      !atHead(node, parents),
  },
  {
    what: 'the key constructor in a pattern',
    why: 'native constructors allocate without counting',
    test: (node, parents) =>
      node.type === 'Property' && parents.at(-1)?.type === 'ObjectPattern' && isKeyOf(node, 'constructor'),
  },
  {
    what: 'the key stack in a pattern',
    why: 'what it costs to read is not counted there',
    test: (node, parents) =>
      node.type === 'Property' && parents.at(-1)?.type === 'ObjectPattern' && isKeyOf(node, 'stack'),
  },
  {
    what: 'a static field named name',
    why: 'every error’s stack would show it, however long it is',
    test: (node) =>
      node.type === 'PropertyDefinition' &&
      node.static &&
      node.value !== null &&
      (node.computed || isKeyOf(node, 'name')),
  },
  {
    what: 'constructor or stack inside an optional chain',
    why: 'what they cost is not counted there',
    test: (node, parents) => {
      if (node.type !== 'MemberExpression' || !['constructor', 'stack'].includes(keyOf(node) ?? '')) return false;
      const chain = parents.findLast((one) => !['MemberExpression', 'CallExpression'].includes(one.type));
      return chain?.type === 'ChainExpression' && parents.at(-1) !== chain;
    },
  },
  {
    what: 'new with a constructor of a constructor',
    why: 'native constructors allocate without counting',
    test: (node) => {
      if (node.type !== 'NewExpression') return false;
      for (let one: AnyNode = node.callee; one.type === 'MemberExpression'; one = one.object) {
        if (one !== node.callee && keyOf(one) === 'constructor') return true;
      }
      return false;
    },
  },
  {
    what: 'a property as the target of a pattern or of a loop',
    why: 'it may be the length of an array',
    test: (node, parents) => node.type === 'MemberExpression' && inPattern(parents) && isTarget(node, parents),
  },
  {
    what: 'length changed by anything but =, += and -=',
    why: 'an array may grow without bound',
    test: (node) =>
      node.type === 'AssignmentExpression' &&
      node.left.type === 'MemberExpression' &&
      keyOf(node.left) === 'length' &&
      !['=', '+=', '-='].includes(node.operator),
  },
];

/** Whether a property that is written out has this name. */
export const isKeyOf = (node: Extract<AnyNode, { key: unknown; computed: boolean }>, name: string): boolean =>
  !node.computed &&
  (node.key.type === 'Identifier' ? node.key.name : String((node.key as { value?: unknown }).value)) === name;

const isNewTarget = (node: AnyNode): boolean => node.type === 'MetaProperty' && node.meta.name === 'new';

/** Whether an identifier is only the name of a property. */
const isKey = (node: AnyNode, parent: AnyNode | undefined): boolean => {
  if (parent === undefined) return false;
  if (parent.type === 'MemberExpression') return parent.property === node && !parent.computed;
  if (parent.type === 'Property') return parent.key === node && !parent.computed && !parent.shorthand;
  return (
    (parent.type === 'MethodDefinition' || parent.type === 'PropertyDefinition') &&
    parent.key === node &&
    !parent.computed
  );
};

/** Whether a property inside a pattern or a loop's head is assigned, not read. */
const isTarget = (node: AnyNode, parents: readonly AnyNode[]): boolean => {
  const parent = parents.at(-1) as AnyNode;
  if (parent.type === 'AssignmentPattern') return parent.left === node;
  if (parent.type === 'Property') return parent.value === node;
  if (parent.type === 'ForInStatement' || parent.type === 'ForOfStatement') return parent.left === node;
  return true;
};

const check = (node: AnyNode, parents: AnyNode[]): void => {
  const refusal = REFUSED.find((one) => one.test(node, parents));
  if (refusal !== undefined)
    throw new Unmetered(`metered code may not use ${refusal.what}: ${refusal.why}`, placeOf(node));
  parents.push(node);
  for (const child of childrenOf(node)) check(child, parents);
  parents.pop();
};

export const placeOf = (node: AnyNode): { line: number; column: number } | undefined =>
  node.loc === null || node.loc === undefined
    ? undefined
    : { line: node.loc.start.line - 1, column: node.loc.start.column };

/** Every text is strict, as it will be where it runs: the parser is told so by a line of our own before it. */
const STRICT = "'use strict';\n";

/**
 * Parses a script and refuses what cannot be metered. In `text` it stands behind one line, without its comments;
 * offsets are those of `text`.
 */
export const parsed = (code: string): { readonly program: Program; readonly text: string } => {
  const comments: Comment[] = [];
  const text = STRICT + code;
  let program: Program;
  try {
    program = parse(text, { ecmaVersion: 'latest', sourceType: 'script', locations: true, onComment: comments });
  } catch (error) {
    const { message, loc } = error as { message: string; loc?: { line: number; column: number } };
    throw new Unmetered(message.replace(/ \(\d+:\d+\)$/, ''), loc && { line: loc.line - 1, column: loc.column });
  }
  check(program, []);
  return { program, text: withoutComments(text, comments) };
};

/** Comments as spaces: two parsers that disagree on where one ends would disagree on what is code. */
const withoutComments = (text: string, comments: readonly Comment[]): string => {
  let made = '';
  let at = 0;
  for (const { start, end } of comments) {
    made += text.slice(at, start) + text.slice(start, end).replace(/[^\n\r\u2028\u2029]/g, ' ');
    at = end;
  }
  return made + text.slice(at);
};
