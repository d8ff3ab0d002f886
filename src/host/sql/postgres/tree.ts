// What a statement says, by the tree that PostgreSQL's own parser makes of it: one query, of kinds of expressions that
// are known, over tables that were granted, with functions and types that only compute. What is not known is refused.

import { POSTGRES_FUNCTIONS, POSTGRES_TYPES } from './functions.ts';

/** A node: an object with one property, whose name is the node's kind; or a list of nodes; or a plain value. */
export type ParseTree = unknown;

const KINDS: ReadonlySet<string> = new Set(
  (
    'A_ArrayExpr A_Const A_Expr A_Indices A_Indirection A_Star Alias BitString BoolExpr Boolean BooleanTest CaseExpr ' +
    'CaseWhen CoalesceExpr ColumnRef CommonTableExpr Float FuncCall GroupingFunc GroupingSet Integer JoinExpr List ' +
    'MinMaxExpr NullTest ParamRef RangeFunction RangeSubselect RangeVar ResTarget RowExpr SQLValueFunction ' +
    'SelectStmt SortBy String SubLink TypeCast TypeName WindowDef WithClause'
  ).split(' '),
);

/** Values of the server rather than of the data: CURRENT_USER and its like. */
const DATES = /^SVFOP_(CURRENT|LOCAL)/;
const NAMED_OF_SERVER = /ROLE|USER|CATALOG|SCHEMA/;

/** Properties of a query that make it more than one. */
const MORE = ['intoClause', 'lockingClause'];

type NodeFields = Readonly<Record<string, unknown>>;

const namesIn = (list: unknown): string[] =>
  (Array.isArray(list) ? list : []).map((node) => String((node as { String?: { sval?: string } }).String?.sval));

/** The last of a name's parts, where the others are none or PostgreSQL's own. */
const plainName = (list: unknown): string | null => {
  const names = namesIn(list);
  const isOwn = names.length === 1 || (names.length === 2 && names[0] === 'pg_catalog');
  return isOwn ? (names.at(-1) as string) : null;
};

/** All nodes of a tree, each with its kind; what is no node of its own goes by the name of its property. */
function* nodesOf(tree: ParseTree, under = ''): Generator<readonly [kind: string, fields: NodeFields]> {
  const open: [ParseTree, string][] = [[tree, under]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [node, name] = next;
    if (typeof node !== 'object' || node === null) continue;
    if (Array.isArray(node)) for (const one of node) open.push([one, '']);
    else {
      if (name !== '') yield [name, node as NodeFields];
      for (const [key, value] of Object.entries(node)) open.push([value, key]);
    }
  }
}

const isKind = (name: string): boolean => /^[A-Z]/.test(name);

const faultOfNode = (kind: string, fields: NodeFields, tables: ReadonlySet<string>): string | null => {
  if (isKind(kind) && !KINDS.has(kind)) return `a statement has no ${kind}`;
  switch (kind) {
    case 'SelectStmt':
      return MORE.some((name) => name in fields) ? 'a statement reads, and nothing else' : null;
    case 'RangeVar':
    case 'relation':
      if ('schemaname' in fields || 'catalogname' in fields) return 'tables go by their names alone';
      return tables.has(String(fields.relname)) ? null : `no such table: ${String(fields.relname)}`;
    case 'FuncCall': {
      const name = plainName(fields.funcname);
      return POSTGRES_FUNCTIONS.has(name ?? '') ? null : `no such function: ${namesIn(fields.funcname).join('.')}`;
    }
    case 'TypeName':
    case 'typeName': {
      const name = plainName(fields.names);
      return POSTGRES_TYPES.has(name ?? '') ? null : `no such type: ${namesIn(fields.names).join('.')}`;
    }
    case 'A_Expr':
      return namesIn(fields.name).length === 1 ? null : 'operators go by their names alone';
    case 'SQLValueFunction':
      return DATES.test(String(fields.op)) && !NAMED_OF_SERVER.test(String(fields.op)) ? null : 'no such value';
    default:
      return null;
  }
};

/** Why a parsed text may not run; null: it may. `granted`: names of tables. */
export const faultOfTree = (
  parsed: { readonly stmts?: readonly NodeFields[] },
  granted: readonly string[],
): string | null => {
  const { stmts = [] } = parsed;
  if (stmts.length !== 1) return 'one statement at a time';
  const statement = stmts[0]?.stmt as NodeFields;
  if (Object.keys(statement).join() !== 'SelectStmt') return 'a statement begins with SELECT, VALUES or WITH';
  const nodes = [...nodesOf(statement)];
  const own = nodes.filter(([kind]) => kind === 'CommonTableExpr').map(([, { ctename }]) => String(ctename));
  const tables = new Set([...granted, ...own]);
  for (const [kind, fields] of nodes) {
    const fault = faultOfNode(kind, fields, tables);
    if (fault !== null) return fault;
  }
  return null;
};
