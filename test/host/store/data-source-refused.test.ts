// DataSources that cannot be a store are refused by what is wrong with them, and left as they were.

import { describe, expect, test } from '@jest/globals';
import { createHost } from '../../../src/host/index.ts';
import { NodeSqlite } from '../../../src/host/store/index.ts';
import { directMaker } from '../../../src/plugins/compartment/index.ts';
import { shopPlace } from './shop-place.ts';
import { shopSource } from './shop-source.ts';

const place = shopPlace();
const { open } = place;

test('a DataSource that cannot be a store is as it was', async () => {
  const source = shopSource(place.file);
  const database = new NodeSqlite(place.file);
  database.exec('CREATE TABLE graftwork_version (one, version); INSERT INTO graftwork_version VALUES (1, 99)');
  database.close();
  await expect(createHost({ store: source })).rejects.toMatchObject({ code: 'GRAFT_STORE_RELEASE' });
  expect(source.isInitialized).toBe(false);
});

describe('what cannot be a store', () => {
  const refuse = async (options: object, expected: object): Promise<void> => {
    const source = shopSource(place.file, options);
    await expect(createHost({ store: source })).rejects.toMatchObject(expected);
    if (source.isInitialized) await source.destroy();
  };

  test('a schema that is changed to what entities say, unless the application wants that', async () => {
    for (const options of [{ synchronize: true }, { dropSchema: true }])
      await refuse(options, { code: 'GRAFT_BAD_OPTION', message: expect.stringContaining('maySynchronize') });
    const source = shopSource(place.file, { synchronize: true, migrations: [] });
    const host = await createHost({ store: source, maySynchronize: true, compartment: directMaker(new Map()) });
    await host.close();
    await source.destroy();
  });

  test('other kinds of databases, by name', async () => {
    await refuse({ database: ':memory:' }, { code: 'GRAFT_BAD_OPTION', message: expect.stringContaining('memory') });
    await refuse({ readonly: true, fileMustExist: false }, { code: 'GRAFT_BAD_OPTION' });
    const fake = {
      ...shopSource(place.file),
      options: { type: 'sqljs' },
      driver: {},
      initialize() {},
      createEntityManager() {},
    };
    await expect(createHost({ store: fake as never })).rejects.toMatchObject({
      code: 'GRAFT_STORE_UNSUPPORTED',
      message: expect.stringContaining('sqljs'),
    });
    await expect(createHost({ store: {} as never })).rejects.toMatchObject({ code: 'GRAFT_BAD_OPTION' });
    await expect(createHost({ store: shopSource(place.file), entities: [] })).rejects.toMatchObject({
      code: 'GRAFT_BAD_OPTION',
    });
  });

  test('pending migrations wait for the host to end', async () => {
    const source = shopSource(place.file, { migrationsRun: false });
    const host = await open(source);
    await expect(source.runMigrations()).rejects.toMatchObject({ code: 'GRAFT_TXN_MISUSE' });
    await host.close();
    expect(await source.runMigrations()).toHaveLength(1);
    await source.destroy();
  });

  test('a second host on the same DataSource', async () => {
    const source = shopSource(place.file);
    const host = await open(source);
    await expect(createHost({ store: source })).rejects.toMatchObject({ code: 'GRAFT_IN_USE' });
    await host.close();
    await source.destroy();
  });
});
