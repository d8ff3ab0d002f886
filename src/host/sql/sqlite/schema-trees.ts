// Which trees of pages hold a table, and which of its columns lie at which place of their rows.

import type { DatabaseSync } from 'node:sqlite';
import type { GrantedView } from './messages.ts';
import type { Places } from './plan.ts';

interface ColumnInfo {
  readonly cid: number;
  readonly name: string;
  /** 2: computed when it is read, and not in the row. */
  readonly hidden: number;
}

interface IndexInfo {
  readonly seqno: number;
  /** The column of the table; -1: the row's number; -2: an expression. */
  readonly cid: number;
}

const NOT_STORED = 2;

const all = <T>(database: DatabaseSync, sql: string, ...values: string[]): T[] =>
  database.prepare(sql).all(...values) as T[];

/** Columns are stored in their order, those that are computed when read behind all others. */
const storedOrder = (columns: readonly ColumnInfo[]): ColumnInfo[] => [
  ...columns.filter(({ hidden }) => hidden !== NOT_STORED),
  ...columns.filter(({ hidden }) => hidden === NOT_STORED),
];

/** The columns that a granted column is computed from may be read too, if it is computed when it is read. */
const readable = (columns: readonly ColumnInfo[], { columns: granted, filtered }: GrantedView): Set<string> => {
  const names = new Set([...granted, ...filtered].map((name) => name.toLowerCase()));
  const isComputed = columns.some(({ hidden, name }) => hidden === NOT_STORED && names.has(name.toLowerCase()));
  return isComputed ? new Set(columns.map(({ name }) => name.toLowerCase())) : names;
};

/** The trees of a granted table, by root page. Empty where there is no such table. */
export const treesOf = (database: DatabaseSync, view: GrantedView): [number, Places][] => {
  const columns = all<ColumnInfo>(database, "SELECT cid, name, hidden FROM pragma_table_xinfo(?, 'main')", view.table);
  const names = readable(columns, view);
  const cids = new Set(columns.filter(({ name }) => names.has(name.toLowerCase())).map(({ cid }) => cid));
  const places = new Set(storedOrder(columns).flatMap(({ cid }, place) => (cids.has(cid) ? [place] : [])));
  const found = all<{ type: string; name: string; rootpage: number }>(
    database,
    'SELECT type, name, rootpage FROM main.sqlite_schema WHERE lower(tbl_name) = lower(?) AND rootpage > 0',
    view.table,
  );
  const indexes = all<{ name: string; origin: string }>(
    database,
    "SELECT * FROM pragma_index_list(?, 'main')",
    view.table,
  );
  const placesIn = (index: string): Places => {
    const parts = all<IndexInfo>(database, "SELECT seqno, cid FROM pragma_index_xinfo(?, 'main')", index);
    return new Set(parts.filter(({ cid }) => cid < 0 || cids.has(cid)).map(({ seqno }) => seqno));
  };
  const isStored = (name: string): boolean => found.some((one) => one.name === name);
  // A table without row numbers is its primary key's index.
  const primary = indexes.find(({ origin, name }) => origin === 'pk' && !isStored(name));
  return found.map(({ type, name, rootpage }) => {
    const index = type === 'index' ? name : primary?.name;
    return [rootpage, index === undefined ? places : placesIn(index)];
  });
};
