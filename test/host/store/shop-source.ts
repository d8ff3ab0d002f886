// The DataSource of an application, for tests: tables of classes with decorators, one of a schema, and their migration.

import {
  Column,
  DataSource,
  Entity,
  type EntityManager,
  EntitySchema,
  ForeignKey,
  PrimaryGeneratedColumn,
} from 'typeorm';
import { NodeSqlite } from '../../../src/host/store/index.ts';

/** Decorators are called by hand: what strips the types of tests transforms no syntax. */
export class Account {
  id!: number;
  name!: string;
  balance!: number;
}
PrimaryGeneratedColumn()(Account.prototype, 'id');
Column('text')(Account.prototype, 'name');
Column('integer', { default: 0 })(Account.prototype, 'balance');
Entity('account')(Account);

export class Entry {
  id!: number;
  account!: number;
  amount!: number;
}
PrimaryGeneratedColumn()(Entry.prototype, 'id');
Column('integer')(Entry.prototype, 'account');
ForeignKey(() => Account, { onDelete: 'CASCADE', deferrable: 'INITIALLY DEFERRED' })(Entry.prototype, 'account');
Column('integer')(Entry.prototype, 'amount');
Entity('entry')(Entry);

export const Note = new EntitySchema<{ id: number; text: string }>({
  name: 'note',
  columns: { id: { type: 'integer', primary: true, generated: 'increment' }, text: { type: 'text' } },
});

export class Tables1700000000000 {
  readonly name = 'Tables1700000000000';

  async up(runner: { query(sql: string): Promise<unknown> }): Promise<void> {
    await runner.query(
      'CREATE TABLE account (id integer PRIMARY KEY AUTOINCREMENT, name text NOT NULL, ' +
        'balance integer NOT NULL DEFAULT 0)',
    );
    await runner.query(
      'CREATE TABLE entry (id integer PRIMARY KEY AUTOINCREMENT, amount integer NOT NULL, ' +
        'account integer NOT NULL REFERENCES account (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED)',
    );
    await runner.query('CREATE TABLE note (id integer PRIMARY KEY AUTOINCREMENT, text text NOT NULL)');
  }

  async down(): Promise<void> {}
}

/** Not initialized. `library` undefined: TypeORM's own, better-sqlite3. */
export const shopSource = (database: string, options: object = {}): DataSource =>
  new DataSource({
    type: 'better-sqlite3',
    database,
    entities: [Account, Entry, Note],
    migrations: [Tables1700000000000],
    migrationsRun: true,
    ...options,
  });

export const LIBRARIES: readonly (readonly [string, object])[] = [
  ['better-sqlite3', {}],
  ['node:sqlite', { driver: NodeSqlite }],
];

/** Reads, waits and writes: two at the same time would lose one. */
export const add = async (entities: EntityManager, amount: number): Promise<void> => {
  const account = await entities.findOneByOrFail(Account, { id: 1 });
  await new Promise(setImmediate);
  account.balance += amount;
  await entities.save(account);
  await entities.save(Entry, { account: 1, amount });
};
