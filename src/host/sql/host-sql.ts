// SQL of grafts, for one host: what runs it is made when it is first asked for, and ends with the host.

import type { Callable } from '../../plugins/index.ts';
import type { PostgresPlace, SqlPlace } from '../store/index.ts';
import type { SqlEngine } from './engine.ts';
import { rightsOf, type SqlOptions, type SqlRights } from './grant.ts';
import { connectAs, PostgresEngine } from './postgres/engine.ts';
import type { StatementConnection } from './postgres/statement-connection.ts';
import { checkRole, type Login, PostgresViews } from './postgres/views.ts';
import { sqlCallable } from './sql.ts';
import { startProcesses } from './sqlite/command.ts';
import { SqliteEngine } from './sqlite/engine.ts';
import type { StatementProcess } from './sqlite/statement-process.ts';
import { Workers } from './workers.ts';

export class HostSql {
  #processes: Workers<StatementProcess> | null = null;
  #postgres: { readonly views: PostgresViews; readonly connections: Workers<StatementConnection> } | null = null;

  /** Process ids of those that run statements. */
  get pids(): number[] {
    return (this.#processes?.all ?? []).flatMap(({ pid }) => pid ?? []);
  }

  /** Throws GRAFT_BAD_OPTION, GRAFT_UNKNOWN_TABLE and GRAFT_STORE_UNSUPPORTED. */
  callable(place: SqlPlace, options: SqlOptions): Callable {
    const rights = rightsOf(place, options);
    const engine =
      place.postgres === undefined ? this.#sqlite(place.file as string, rights) : this.#server(place.postgres, rights);
    return sqlCallable(engine);
  }

  #sqlite(file: string, rights: SqlRights): SqlEngine {
    this.#processes ??= startProcesses(file);
    return new SqliteEngine(rights, this.#processes);
  }

  #server(place: PostgresPlace, rights: SqlRights): SqlEngine {
    checkRole(place);
    if (this.#postgres === null) {
      const views = new PostgresViews(place);
      let login: Login = { user: '', password: '' };
      void views.login.then((made) => {
        login = made;
      });
      this.#postgres = { views, connections: new Workers(connectAs(place, () => login)) };
    }
    return new PostgresEngine(rights, this.#postgres.views, this.#postgres.connections);
  }

  async close(): Promise<void> {
    this.#processes?.close();
    this.#postgres?.connections.close();
    await this.#postgres?.views.close();
  }
}
