// Statements of grafts over SQLite: views for what was granted, in the process of the plugin.

import { replaceMarks, type SqlValue } from '../../store/index.ts';
import { type SqlCaller, type SqlEnd, type SqlEngine, type SqlStatement, tenantOf } from '../engine.ts';
import type { SqlRights } from '../grant.ts';
import type { Workers } from '../workers.ts';
import type { Grant, Request } from './messages.ts';
import type { StatementProcess } from './statement-process.ts';

/** A value in the text of a view, which takes no parameters. */
const literal = (value: SqlValue | undefined): string => {
  if (typeof value === 'number') return String(value);
  return value === null || value === undefined ? 'NULL' : `'${String(value).replaceAll("'", "''")}'`;
};

export class SqliteEngine implements SqlEngine {
  readonly #rights: SqlRights;
  readonly #processes: Workers<StatementProcess>;

  /** Rights of different callables of a host meet in one process of a plugin. */
  constructor(rights: SqlRights, processes: Workers<StatementProcess>) {
    this.#rights = rights;
    this.#processes = processes;
  }

  #grant(caller: SqlCaller): Grant {
    const views = this.#rights.tables.map(({ table, columns, filter }) => {
      const { clause, filtered } = filter(caller);
      const text = replaceMarks(clause.sql, (mark) => literal(clause.values[mark - 1]));
      return { table: table.name, columns, filtered, filter: text };
    });
    return { views };
  }

  async run({ text, parameters, caller, signal }: SqlStatement): Promise<SqlEnd> {
    const request: Request = { text, parameters, rows_max: this.#rights.rows_max };
    const task = {
      grant: JSON.stringify(this.#grant(caller)),
      request: JSON.stringify(request),
      ms: this.#rights.ms,
      signal,
    };
    const end = await this.#processes.run(tenantOf(caller), task);
    // What reads may be begun anew: the process may have been ended by somebody else.
    return end.is === 'failed' ? this.#processes.run(tenantOf(caller), task) : end;
  }
}
