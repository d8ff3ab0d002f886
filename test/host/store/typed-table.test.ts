// Tables by their entities: rows have the types of its properties, and nobody is told of rows that he may not see.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Column, type DataSource, Entity, EntitySchema, PrimaryGeneratedColumn } from 'typeorm';
import type { Host, RowOf } from '../../../src/host/index.ts';
import { shopPlace } from './shop-place.ts';
import { Account, Note, shopSource } from './shop-source.ts';

/** Is true for one and the same type alone. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(is: T): T => is;

const place = shopPlace();
let source: DataSource;
let host: Host;

/** What no table is made of here. */
class Person {
  id!: number;
  born!: Date | null;
  nick?: string;
  friend!: Person;
  greet(): string {
    return `${this.id}`;
  }
}

/** Its name in the database is another. */
class Renamed {
  id!: number;
  title!: string;
}
PrimaryGeneratedColumn()(Renamed.prototype, 'id');
Column('text', { name: 'caption' })(Renamed.prototype, 'title');
Entity('renamed')(Renamed);

beforeEach(async () => {
  const { entities } = shopSource(place.file).options;
  source = shopSource(place.file, { entities: [...(entities as unknown[]), Renamed] });
  await source.initialize();
  await source.query('CREATE TABLE renamed (id integer PRIMARY KEY AUTOINCREMENT NOT NULL, caption text NOT NULL)');
  host = await place.open(source);
});

afterEach(async () => {
  await host.close();
  await source.destroy();
});

test('rows have the properties of the entity, as they cross', () => {
  holds<Same<RowOf<Person>['born'], string | null>>(true);
  holds<Same<RowOf<Person>['nick'], string | null>>(true);
  holds<Same<keyof RowOf<Person>, 'id' | 'born' | 'nick' | 'friend'>>(true);
  const rows = (): void => {
    const accounts = host.table(Account);
    holds<Same<ReturnType<typeof accounts.find>, Pick<RowOf<Account>, 'id' | 'name' | 'balance'>[]>>(true);
    const [some] = accounts.find({ columns: ['name'] });
    holds<Same<typeof some, Pick<RowOf<Account>, 'name'> | undefined>>(true);
    // @ts-expect-error No such column.
    accounts.find({ columns: ['nmae'] });
    // @ts-expect-error No such column.
    accounts.count({ nmae: 'ada' });
    // @ts-expect-error A number.
    void host.transaction((txn) => accounts.in(txn).insert({ name: 'ada', balance: '1' }));
  };
  expect(rows).toThrow(expect.objectContaining({ code: 'GRAFT_BAD_ARGUMENT' }));
});

describe('a table by its entity', () => {
  test('is the one by its name', async () => {
    const accounts = host.table(Account);
    await host.transaction(async (txn) => {
      const { id } = await accounts.in(txn).insert({ name: 'ada', balance: 5 });
      await accounts.in(txn).update({ id: id as number }, { balance: 6 });
      await host.table(Note).in(txn).insert({ text: 'hello' });
    });
    const balances: number[] = accounts.find({ where: { name: 'ada' } }).map(({ balance }) => balance);
    expect(balances).toEqual([6]);
    expect(host.table('account').find()).toEqual(accounts.find());
    expect(host.table(Note).find({ columns: ['text'] })).toEqual([{ text: 'hello' }]);
  });

  test('counts as it finds: in a transaction what that has written, outside what is committed', async () => {
    const accounts = host.table(Account);
    const counts = await host.transaction(async (txn) => {
      for (const [i, name] of ['ada', 'bob', 'cid'].entries()) await accounts.in(txn).insert({ name, balance: i });
      const within = accounts.in(txn);
      expect(accounts.count()).toBe(0);
      return [await within.count(), await within.count({ balance: { op: '>', value: 0 } })];
    });
    expect(counts).toEqual([3, 2]);
    expect([accounts.count(), accounts.count({ name: 'ada' })]).toEqual([3, 1]);
    expect(() => accounts.count({ nobody: 1 } as never)).toThrow(
      expect.objectContaining({ code: 'GRAFT_BAD_ARGUMENT', message: expect.stringContaining('balance') }),
    );
  });

  test('that is not one of the DataSource’s, or whose columns have other names, is refused', () => {
    const Other = new EntitySchema<{ id: number }>({
      name: 'other',
      columns: { id: { type: 'integer', primary: true } },
    });
    for (const [entity, code, message] of [
      [Other, 'GRAFT_UNKNOWN_TABLE', 'unknown table "other"; there is account, entry, note, renamed'],
      [Person, 'GRAFT_UNKNOWN_TABLE', 'unknown table "Person"; there is '],
      ['acount', 'GRAFT_UNKNOWN_TABLE', 'unknown table "acount"; there is account, '],
      [
        Renamed,
        'GRAFT_BAD_OPTION',
        "Renamed.title is the column caption, and rows go by columns: use table('renamed')",
      ],
    ] as const)
      expect(() => host.table(entity as never)).toThrow(
        expect.objectContaining({ code, message: expect.stringContaining(message) }),
      );
    expect(host.table('renamed').count()).toBe(0);
  });
});
