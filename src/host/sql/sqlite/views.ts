// The views that stand for tables in the schema `temp` of a connection: of the columns and rows that were granted.
//
// `product` selects from a view of a random name, and that one from the table. A filter has a LIMIT behind it, which
// takes all rows: SQLite moves no condition of a graft's past a LIMIT, so that none is ever tried on a row that the
// filter keeps away (an error that it causes there would tell of the row).

import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { GrantedView } from './messages.ts';

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Makes the views. Gives the random names, each with the table behind it, in lower case. */
export const makeViews = (database: DatabaseSync, views: readonly GrantedView[]): Map<string, string> => {
  const inner = new Map<string, string>();
  for (const { table, columns, filter } of views) {
    const name = `graft_${randomBytes(16).toString('hex')}`;
    const fence = filter === '' ? '' : `${filter} LIMIT -1 OFFSET 0`;
    const list = columns.map(quoted).join(', ');
    database.exec(
      `CREATE TEMP VIEW ${quoted(name)} AS SELECT ${list} FROM main.${quoted(table)}${fence};` +
        `CREATE TEMP VIEW ${quoted(table)} AS SELECT ${list} FROM temp.${quoted(name)};`,
    );
    inner.set(name, table.toLowerCase());
  }
  return inner;
};

/** Takes the views away. */
export const dropViews = (database: DatabaseSync): void => {
  const views = database.prepare("SELECT name FROM sqlite_temp_schema WHERE type = 'view'").all();
  for (const { name } of views as { name: string }[]) database.exec(`DROP VIEW temp.${quoted(name)}`);
};
