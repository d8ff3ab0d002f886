// The API's routes in a server of the application's own.

import { createServer as createHttpServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import express, { type Express, type Router } from 'express';
import request from 'supertest';
import type { Host } from '../../../src/host/index.ts';
import { createRouter } from '../../../src/host/server/index.ts';
import { BEARER, makeHost, plugin, TOKEN } from './bed.ts';

let host: Host;
let logged: string[];
beforeEach(async () => {
  host = await makeHost();
  logged = [];
});
afterEach(() => host.close());

const mounted = (router: Router, before: (app: Express) => void = () => {}): ReturnType<typeof createHttpServer> => {
  const app = express();
  before(app);
  app.use('/grafts', router);
  app.get('/own', (_request, response) => void response.send('own'));
  return createHttpServer(app);
};

const router = (): Router => createRouter(host, { token: TOKEN, log: (text) => logged.push(text) });

describe('createRouter', () => {
  test('serves the API below its path, and leaves the rest to the application', async () => {
    const server = mounted(router());
    const made = await request(server)
      .post('/grafts/plugins')
      .set(BEARER)
      .send(plugin('fair-price', 'price', 'shop/price'));
    expect([made.status, made.body.plugin.name]).toEqual([201, 'fair-price']);
    const called = await request(server)
      .post('/grafts/points/shop%2Fprice/call')
      .set(BEARER)
      .send({ input: { list: 8 } });
    expect([called.status, called.body.outcome.value, called.headers['cache-control']]).toEqual([200, 4, 'no-store']);
    expect((await request(server).get('/own')).text).toBe('own');
  });

  test('answers its own errors: no token, no such route, a page of another site', async () => {
    const server = mounted(router());
    const codes = [
      request(server).get('/grafts/plugins'),
      request(server).get('/grafts/nothing').set(BEARER),
      request(server)
        .get('/grafts/plugins')
        .set({ ...BEARER, origin: 'https://elsewhere.example' }),
    ].map(async (answer) => (await answer).body.error.code);
    expect(await Promise.all(codes)).toEqual(['GRAFT_UNAUTHORIZED', 'GRAFT_NOT_FOUND', 'GRAFT_FOREIGN']);
  });

  test('says at once that something before it has read the body', async () => {
    const server = mounted(router(), (app) => app.use(express.json()));
    const { status, body } = await request(server)
      .post('/grafts/points/shop%2Fprice/call')
      .set(BEARER)
      .send({ input: { list: 8 } });
    expect([status, body.error.code]).toEqual([500, 'GRAFT_INTERNAL']);
    expect(logged.join()).toContain('before what reads bodies');
  });

  test('takes no option that it does not know', () => {
    expect(() => createRouter(host, { token: TOKEN, pages: () => {} } as never)).toThrow(/pages/);
  });
});
