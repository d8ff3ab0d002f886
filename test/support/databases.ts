// The databases that a store can lie in, for suites whose promises are the same for each: `describe.each(DATABASES)`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedPostgres, type TestDatabase, whyNoPostgres } from './postgres.ts';

export interface DatabaseKind {
  /** In the name of the suite; where there is no such database here, why. */
  readonly name: string;
  readonly isThere: boolean;
  /** Makes an empty one: what `createHost` takes as its store, and what removes it. */
  make(): Promise<TestDatabase>;
}

const sqlite: DatabaseKind = {
  name: 'sqlite',
  isThere: true,
  make: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'graftwork-database-'));
    return {
      url: `sqlite:${join(folder, 'app.db')}`,
      remove: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

const why = whyNoPostgres();

export const POSTGRES: DatabaseKind = {
  name: why === null ? 'postgres' : `postgres (skipped: ${why})`,
  isThere: why === null,
  make: async () => {
    const server = await sharedPostgres();
    if (server === null) throw new Error(why ?? 'no PostgreSQL');
    const { url, remove } = await server.database();
    return { url, remove: () => remove().then(() => server.stop()) };
  },
};

export const DATABASES: readonly DatabaseKind[] = [sqlite, POSTGRES];
