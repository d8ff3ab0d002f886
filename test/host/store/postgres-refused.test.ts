// What the store of PostgreSQL refuses by name: a role and a schema called like the schema of the host's own tables.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { EntitySchema } from 'typeorm';
import { createHost } from '../../../src/host/index.ts';
import { POSTGRES } from '../../support/databases.ts';
import type { TestDatabase } from '../../support/postgres.ts';

const suite = POSTGRES.isThere ? describe : describe.skip;

suite(`${POSTGRES.name}: names of the store's own`, () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await POSTGRES.make();
  });

  afterEach(() => database.remove());

  test('an entity in the schema graftwork', async () => {
    const entity = new EntitySchema<{ id: number }>({
      name: 'Intruder',
      tableName: 'intruder',
      schema: 'graftwork',
      columns: { id: { type: 'integer', primary: true } },
    });
    await expect(createHost({ store: database.url, entities: [entity] })).rejects.toMatchObject({
      code: 'GRAFT_BAD_OPTION',
      message: expect.stringMatching(/schema graftwork .*intruder/),
    });
  });

  test('the role graftwork', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query("CREATE ROLE graftwork SUPERUSER LOGIN PASSWORD 'graftwork'");
      const url = new URL(database.url);
      url.username = 'graftwork';
      url.password = 'graftwork';
      await expect(createHost({ store: url.href })).rejects.toMatchObject({
        code: 'GRAFT_BAD_OPTION',
        message: expect.stringMatching(/role graftwork /),
      });
    } finally {
      await client.query('DROP ROLE IF EXISTS graftwork');
      await client.end();
    }
  });
});
