// SQLite asks before it takes each part of a statement (`setAuthorizer`): this says what a graft's may take. It is no
// boundary by itself, since SQLite does not ask of everything: plan.ts looks at what a statement will open.
//
// A graft reads views in the schema `temp`, which have the tables' names. Each selects from a view of a name that
// nobody can guess, and only within that one the table itself may be read. SQLite tells within what a name was looked
// up, and a name that a graft gives to a part of its statement would do as well as a view's, if it knew one.

import { constants } from 'node:sqlite';
import { FUNCTIONS, TABLE_FUNCTIONS } from './functions.ts';
import type { Names } from './names.ts';

const lower = (name: string | null): string => (name ?? '').toLowerCase();

/** A table that is counted and not read otherwise comes without a column, and without the schema that it lies in. */
const mayCount = (names: Names, table: string): boolean =>
  names.tables.has(table) || names.inner.has(table) || isTableFunction(names, table) || isOwnName(names, table);

const isTableFunction = (names: Names, table: string): boolean =>
  TABLE_FUNCTIONS.includes(table) && !names.tables.has(table);

/** A name of the statement itself: that of a common table expression. */
const isOwnName = (names: Names, table: string): boolean =>
  !names.taken.has(table) && !table.startsWith('sqlite_') && !table.startsWith('pragma_');

const mayRead = (names: Names, table: string, column: string, schema: string, within: string): boolean => {
  if (column === '') return mayCount(names, table);
  if (schema === 'temp') return names.tables.has(table) || names.inner.has(table);
  return isTableFunction(names, table) ? !names.taken.has(table) : names.inner.get(within) === table;
};

/** Why a statement may not take a part; null: it may. */
export const faultOfPart = (
  names: Names,
  action: number,
  [first, second, schema, within]: readonly (string | null)[],
): string | null => {
  switch (action) {
    case constants.SQLITE_SELECT:
    case constants.SQLITE_RECURSIVE:
      return null;
    case constants.SQLITE_FUNCTION:
      return FUNCTIONS.has(lower(second ?? null)) ? null : `no such function: ${second}`;
    case constants.SQLITE_READ:
      return mayRead(names, lower(first ?? null), second ?? '', lower(schema ?? null), lower(within ?? null))
        ? null
        : `no such table: ${first}`;
    default:
      return 'a statement reads, and nothing else';
  }
};
