// Cells: one value, and what is seen of it from inside and outside.

import { expect, test } from '@jest/globals';
import { Account, Cell } from '../../../src/txn/index.ts';
import { options, reasonOf, setUp, ticketOf } from '../fixture.ts';

test('a write is seen inside at once, outside after the commit', () => {
  const { transactions } = setUp();
  const cell = new Cell('old', options('cell'));
  const txn = transactions.begin();
  cell.set(txn, 'new');
  expect([cell.get(txn), cell.peek()]).toEqual(['new', 'old']);
  const other = transactions.begin();
  const ticket = ticketOf(cell.get(other));
  txn.commit();
  expect([ticket.state, cell.get(other), cell.peek()]).toEqual(['granted', 'new', 'new']);
});

test('each level of nesting takes back its own', () => {
  const { transactions } = setUp();
  const cell = new Cell(0, options('cell'));
  const root = transactions.begin();
  cell.set(root, 1);
  const child = root.begin();
  cell.set(child, 2);
  const grandchild = child.begin();
  cell.set(grandchild, 3);
  grandchild.commit();
  expect(cell.get(child)).toBe(3);
  child.abort();
  expect([cell.get(root), cell.peek()]).toEqual([1, 0]);
  root.abort();
  expect(cell.peek()).toBe(0);
});

test('limit: reads and writes cost what the cell is priced at', () => {
  const { transactions } = setUp();
  const account = new Account(['reads', 'writes']);
  account.create(0, 2);
  account.create(1, 5);
  const cell = new Cell(0, { ...options('cell'), reads: { resource: 0, cost: 2 }, writes: { resource: 1, cost: 5 } });
  const txn = transactions.begin(account);
  cell.set(txn, 1);
  cell.get(txn);
  expect(account.free).toEqual([0, 0]);
  expect(reasonOf(() => cell.get(txn))).toBe('limit: reads');
  txn.abort();
  expect([cell.peek(), account.spent]).toEqual([0, [2, 5]]);
});
