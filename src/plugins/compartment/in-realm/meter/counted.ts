// Loops whose number of turns is written in their head: `for (let i = 0; i < 100; i++)`, with nothing in the body that
// leaves it early or moves `i`. They are paid for once, before they begin, and count nothing while they run.

import type { AnyNode, Expression, ForStatement, Pattern } from 'acorn';
import { childrenOf } from './names.ts';

/** Longer loops are paid for as they go, so that a tick comes in time. */
const TURNS_MAX = 1024;

const LEAVING = ['BreakStatement', 'ContinueStatement', 'ReturnStatement', 'ThrowStatement', 'YieldExpression'];

const numberOf = (node: Expression | null | undefined): number | null =>
  node?.type === 'Literal' && typeof node.value === 'number' && Number.isSafeInteger(node.value) ? node.value : null;

const isNamed = (node: AnyNode | null | undefined, name: string): boolean =>
  node?.type === 'Identifier' && node.name === name;

/** Whether a pattern gives `name` a value. */
const binds = (pattern: Pattern | AnyNode, name: string): boolean => {
  if (pattern.type === 'MemberExpression') return false;
  return isNamed(pattern, name) || childrenOf(pattern).some((child) => binds(child, name));
};

/** Whether something below `node` may change the loop's variable or end the loop before its last turn. */
const disturbs = (node: AnyNode, name: string): boolean => {
  if (LEAVING.includes(node.type)) return true;
  if (node.type === 'UpdateExpression' && isNamed(node.argument, name)) return true;
  if (node.type === 'AssignmentExpression' && binds(node.left, name)) return true;
  if ((node.type === 'ForInStatement' || node.type === 'ForOfStatement') && binds(node.left, name)) return true;
  return childrenOf(node).some((child) => disturbs(child, name));
};

const stepOf = (update: Expression | null | undefined, name: string): number => {
  if (update?.type === 'UpdateExpression') return update.operator === '++' && isNamed(update.argument, name) ? 1 : 0;
  if (update?.type !== 'AssignmentExpression' || update.operator !== '+=' || !isNamed(update.left, name)) return 0;
  return numberOf(update.right) ?? 0;
};

/** How many turns a loop has, where its head says so and nothing changes that; null: nobody knows. */
export const turnsOf = ({ init, test, update, body }: ForStatement): number | null => {
  if (init?.type !== 'VariableDeclaration' || init.kind !== 'let' || init.declarations.length !== 1) return null;
  const [declared] = init.declarations;
  if (declared?.id.type !== 'Identifier') return null;
  const { name } = declared.id;
  if (
    test?.type !== 'BinaryExpression' ||
    (test.operator !== '<' && test.operator !== '<=') ||
    !isNamed(test.left, name)
  )
    return null;
  const [from, to, step] = [numberOf(declared.init), numberOf(test.right), stepOf(update, name)];
  if (from === null || to === null || step < 1) return null;
  const turns = Math.max(0, Math.ceil((to - from + (test.operator === '<=' ? 1 : 0)) / step));
  return turns <= TURNS_MAX && !disturbs(body, name) ? turns : null;
};
