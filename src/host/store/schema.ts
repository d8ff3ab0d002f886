// Schemas as SQLite keeps them: the text of every table and index. A table is compared by the parts of its text, its
// columns and constraints, whatever their order and their names of constraints.

import type { SqliteDatabase } from './node-sqlite.ts';

interface SchemaObject {
  readonly type: 'table' | 'index' | 'trigger' | 'view';
  readonly name: string;
  readonly table: string;
  readonly sql: string;
}

const OBJECTS = `SELECT type, name, tbl_name AS "table", sql FROM sqlite_master
  WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
  ORDER BY instr('table index trigger view', type), rowid`;

/** Tables first, then what stands on them. */
export const schemaOf = (database: SqliteDatabase): SchemaObject[] => database.prepare(OBJECTS).all() as SchemaObject[];

/** A string in quotes of any kind, or one other character. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|[\s\S]/g;

/** The parts between the outer parentheses of a CREATE TABLE, and what follows them. */
const partsOf = (sql: string): string[] => {
  const parts = [''];
  let depth = 0;
  for (const [token] of sql.matchAll(TOKEN)) {
    if (token === ')') depth--;
    if (depth === 1 && token === ',') parts.push('');
    else if (depth > 0) parts[parts.length - 1] += token;
    if (token === '(') depth++;
  }
  const rest = sql.slice(sql.lastIndexOf(')') + 1);
  return [...parts, rest]
    .map((part) =>
      part
        .replace(/CONSTRAINT ("(?:[^"]|"")*"|\w+) /g, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((part) => part !== '');
};

const without = (parts: readonly string[], others: readonly string[]): string[] =>
  parts.filter((part) => !others.includes(part));

/** What of a table's parts is there and not wanted, and the other way round; null: nothing. */
const differenceOf = (wanted: SchemaObject, there: SchemaObject): string | null => {
  const [want, have] = [partsOf(wanted.sql), partsOf(there.sql)];
  const [more, less] = [without(have, want), without(want, have)];
  if (more.length + less.length === 0) return null;
  const has = more.length === 0 ? '' : ` has ${more.join(', ')}`;
  const lacks = less.length === 0 ? '' : ` lacks ${less.join(', ')}`;
  return `table ${wanted.name}${has}${has !== '' && lacks !== '' ? ' and' : ''}${lacks}`;
};

/**
 * Compares what is there with what is wanted: `missing` tables and what stands on them, and `differences` of tables
 * that are there, in words. Tables that nobody wants are left alone.
 */
export const compareSchemas = (
  wanted: readonly SchemaObject[],
  there: readonly SchemaObject[],
): { readonly missing: SchemaObject[]; readonly differences: string[] } => {
  const byName = new Map(there.map((object) => [object.name, object]));
  const missing = wanted.filter(({ name }) => !byName.has(name));
  const newTables = new Set(missing.filter(({ type }) => type === 'table').map(({ name }) => name));
  const differences = wanted.flatMap((object) => {
    const found = byName.get(object.name);
    if (object.type !== 'table' || found === undefined) return [];
    return differenceOf(object, found) ?? [];
  });
  const lost = missing.filter(({ type, table }) => type === 'index' && !newTables.has(table));
  return {
    missing: missing.filter((object) => !lost.includes(object)),
    differences: [...differences, ...lost.map(({ name, table }) => `table ${table} lacks the index ${name}`)],
  };
};
