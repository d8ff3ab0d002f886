// Statements of grafts over PostgreSQL: what a statement says is checked by PostgreSQL's own grammar (tree.ts), and it
// runs as a role that may read views of what was granted (views.ts). Neither relies on the other.

import { parse } from 'libpg-query';
import type { PostgresPlace } from '../../store/index.ts';
import { POSTGRES_TEXT_MAX, POSTGRES_TEXTS_KEPT, SQL_MESSAGE_MAX } from '../bounds.ts';
import { type SqlEnd, type SqlEngine, type SqlParameter, type SqlStatement, tenantOf } from '../engine.ts';
import type { SqlRights } from '../grant.ts';
import type { Workers } from '../workers.ts';
import { StatementConnection, type StatementRequest } from './statement-connection.ts';
import { faultOfTree } from './tree.ts';
import type { Login, PostgresViews } from './views.ts';

/** Bytes as PostgreSQL reads them from text. */
const bound = (value: SqlParameter): unknown =>
  typeof value === 'object' && value !== null ? `\\x${Buffer.from(value.base64, 'base64').toString('hex')}` : value;

/** Opens a connection of the role, to the database that the host uses. */
export const connectAs =
  ({ library, config }: PostgresPlace, login: () => Login) =>
  (ended: (connection: StatementConnection) => void): StatementConnection => {
    const { connectionParameters } = new library.Client(config);
    const { host, port, database, ssl } = connectionParameters;
    const name = { application_name: 'graftwork sql', keepAlive: true };
    return new StatementConnection(
      library,
      new library.Client({ host, port, database, ssl, ...login(), ...name }),
      ended,
    );
  };

export class PostgresEngine implements SqlEngine {
  readonly #rights: SqlRights;
  readonly #views: PostgresViews;
  readonly #connections: Workers<StatementConnection>;
  /** Why texts may not run; null: they may. */
  readonly #faults = new Map<string, string | null>();

  constructor(rights: SqlRights, views: PostgresViews, connections: Workers<StatementConnection>) {
    this.#rights = rights;
    this.#views = views;
    this.#connections = connections;
  }

  async run({ text, parameters, caller, signal }: SqlStatement): Promise<SqlEnd> {
    const fault = await this.#faultOf(text);
    if (fault !== null) return { is: 'refused', why: fault.slice(0, SQL_MESSAGE_MAX) };
    let schema: string;
    try {
      schema = await this.#views.schema(this.#rights, caller);
    } catch (error) {
      return { is: 'failed', why: (error as Error).message };
    }
    const request: StatementRequest = { text, values: parameters.map(bound), rows_max: this.#rights.rows_max };
    return this.#connections.run(tenantOf(caller), {
      grant: schema,
      request: JSON.stringify(request),
      ms: this.#rights.ms,
      signal,
    });
  }

  async #faultOf(text: string): Promise<string | null> {
    if (text.length > POSTGRES_TEXT_MAX) return `a statement has at most ${POSTGRES_TEXT_MAX} characters`;
    let fault = this.#faults.get(text);
    if (fault !== undefined) return fault;
    try {
      fault = faultOfTree(
        (await parse(text)) as { stmts?: Record<string, unknown>[] },
        this.#rights.tables.map(({ table }) => table.name),
      );
    } catch (error) {
      fault = (error as Error).message;
    }
    if (this.#faults.size >= POSTGRES_TEXTS_KEPT) this.#faults.clear();
    this.#faults.set(text, fault);
    return fault;
  }
}
