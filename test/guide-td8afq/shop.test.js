import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import request from 'supertest';
import { shopApp } from './app.ts';
import { openHosting } from './hosting.ts';
import { openDatabase } from './shop.ts';

const source = await openDatabase(join(mkdtempSync(join(tmpdir(), 'shop-')), 'shop.db'));
const hosting = await openHosting(source, async () => {});

afterAll(async () => {
  await hosting.host.close();
  await source.destroy();
});

test('a plugin that half changes something and throws leaves nothing behind', async () => {
  await hosting.host.install({
    manifest: {
      name: 'broken',
      graftwork: { api: 1, grafts: [{ point: 'shop/price', export: 'price' }], needs: ['visits'] },
    },
    files: { 'index.js': "export const price = (order, api) => { api.visits.set('ann', 9); throw new Error('no'); };" },
  });
  const order = { product: 1, count: 2, country: 'DE', customer: 'ann' };
  const answer = await request(shopApp(hosting)).post('/orders').send(order);
  expect(answer.body).toEqual({ paid: 20 });
  const [abort] = await hosting.host.aborts();
  expect(abort).toMatchObject({ graft: 'broken#price', reason: 'thrown', detail: 'Error: no', removed: true });
  expect(abort.undone.first).toContain('visits.set ann');
});
