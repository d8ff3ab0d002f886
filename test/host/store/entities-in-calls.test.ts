// TypeORM within calls of grafts: the application's own accessors and post-conditions act in the graft's transaction.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createHost } from '../../../src/host/index.ts';
import { Account, add, shopSource } from './shop-source.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'graftwork-calls-'));
  file = join(folder, 'shop.db');
});

afterEach(() => rmSync(folder, { recursive: true }));

test('an accessor of the application’s own acts in the graft’s transaction', async () => {
  const source = shopSource(file);
  const host = await createHost({ store: source, report: () => {} });
  await source.manager.save(Account, { name: 'ada', balance: 10 });
  const point = host.graftPoint<number, string>({
    name: 'shop/pay',
    kind: 'function',
    default: () => 'default',
    budget: 2,
    callable: { pay: host.accessor(async (txn, amount) => add(txn.entities, Number(amount))) },
  });
  const code =
    'export const graft = (n, api) => { api.pay(n); if (n > 5) throw new Error("too much"); return "paid"; };';
  const graftwork = { api: 1, grafts: [{ point: 'shop/pay', export: 'graft' }], needs: ['pay'] };
  await host.install({
    manifest: { name: 'payer', version: '1.0.0', main: 'i.js', graftwork },
    files: { 'i.js': code },
  });
  expect(await point.call(6)).toBe('default');
  expect((await source.manager.findOneBy(Account, { id: 1 }))?.balance).toBe(10);
  expect(await point.call(5)).toBe('paid');
  expect((await source.manager.findOneBy(Account, { id: 1 }))?.balance).toBe(15);
  await host.close();
  await source.destroy();
});

test('a post-condition sees through TypeORM what the graft has done, before it commits', async () => {
  const source = shopSource(file);
  const host = await createHost({ store: source, report: () => {} });
  const point = host.graftPoint<number, string>({
    name: 'shop/spend',
    kind: 'function',
    default: () => 'default',
    budget: 2,
    check: async (_answer, _input, _state, txn) =>
      (await txn.entities.sum(Account, 'balance', {})) === 10 || 'money came or went',
    callable: { account: host.table('account').callables({ read: 'all', write: ['balance'] }) },
  });
  await source.manager.save(Account, [
    { name: 'ada', balance: 10 },
    { name: 'bob', balance: 0 },
  ]);
  const code = `export const graft = (n, api) => {
    api.account.update({ name: 'ada' }, { balance: 10 - n });
    api.account.update({ name: 'bob' }, { balance: n > 5 ? n + 1 : n });
    return 'spent';
  };`;
  const graftwork = { api: 1, grafts: [{ point: 'shop/spend', export: 'graft' }], needs: ['account'] };
  await host.install({
    manifest: { name: 'mover', version: '1.0.0', main: 'i.js', graftwork },
    files: { 'i.js': code },
  });
  expect(await point.invoke(6)).toMatchObject({ value: 'default', grafts: [{ detail: 'money came or went' }] });
  expect(await point.invoke(4)).toMatchObject({ status: 'committed', value: 'spent' });
  expect(host.table('account').find({ columns: ['balance'] })).toEqual([{ balance: 6 }, { balance: 4 }]);
  await host.close();
  await source.destroy();
});
