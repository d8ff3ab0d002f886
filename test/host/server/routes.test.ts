// Every route, with a real host behind it.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import supertest from 'supertest';
import { createServer, OUTCOME_STATUS } from '../../../src/host/server/index.ts';
import { npmPack } from '../../plugins/package/archives.ts';
import { type Bed, makeBed, plugin, TOKEN } from './bed.ts';

let bed: Bed;

beforeEach(async () => {
  bed = await makeBed();
});

afterEach(() => bed.close());

const FAIR = plugin('fair-price', 'price', 'shop/price');
const archive = (): Promise<Buffer> =>
  npmPack({ 'package.json': JSON.stringify(FAIR.manifest), 'index.js': FAIR.files['index.js'] as string });

test('GET /healthz needs no token', async () => {
  const reply = await supertest(bed.url).get('/healthz');
  expect([reply.status, reply.body]).toEqual([200, { status: 'ok' }]);
});

test('an application is served without a socket of its own as well', async () => {
  const reply = await supertest(createServer(bed.host, { token: TOKEN }))
    .get('/api/plugins')
    .auth(TOKEN, { type: 'bearer' });
  expect([reply.status, reply.body]).toEqual([200, { plugins: [] }]);
});

test('GET /api/points lists the points', async () => {
  await bed.host.install(FAIR);
  const reply = await bed.ask('GET', '/api/points');
  expect(reply.status).toBe(200);
  expect(reply.body).toEqual({ points: JSON.parse(JSON.stringify(bed.host.points())) });
  expect(reply.body.points[0]).toMatchObject({
    name: 'shop/price',
    kind: 'function',
    describes: 'What a thing costs.',
    onFault: 'default',
    public: false,
    callable: [],
    grafts: ['fair-price#price'],
    missing: [],
  });
});

describe('plugins', () => {
  test('POST installs a JSON package, GET lists it, DELETE removes it', async () => {
    const installed = await bed.ask('POST', '/api/plugins', FAIR);
    expect(installed.status).toBe(201);
    expect(installed.body.plugin).toMatchObject({ name: 'fair-price', version: '1.0.0', installer: 'host' });
    expect((await bed.ask('GET', '/api/plugins')).body).toEqual({ plugins: [installed.body.plugin] });
    const removed = await bed.ask('DELETE', '/api/plugins/fair-price');
    expect([removed.status, removed.body.plugin.grafts[0].state]).toEqual([200, 'removed']);
    expect((await bed.ask('GET', '/api/plugins')).body).toEqual({ plugins: [] });
  });

  test.each([
    'application/gzip',
    'application/x-gzip',
    'application/octet-stream',
    'application/x-tgz',
    'Application/GZIP; x=y',
  ])('POST installs an archive sent as %s', async (type) => {
    const reply = await bed.ask('POST', '/api/plugins', await archive(), { 'content-type': type });
    expect([reply.status, reply.body.plugin?.name]).toEqual([201, 'fair-price']);
  });

  test('a scoped name is URL-encoded', async () => {
    await bed.ask('POST', '/api/plugins', plugin('@shop/half', 'price', 'shop/price'));
    const reply = await bed.ask('DELETE', '/api/plugins/%40shop%2Fhalf?now=true');
    expect([reply.status, reply.body.plugin.name]).toEqual([200, '@shop/half']);
  });

  test.each([
    ['', { now: false, dismiss: false, forget: false }],
    ['?now=false', { now: false, dismiss: false, forget: false }],
    ['?now=true', { now: true, dismiss: false, forget: false }],
    ['?dismiss=true', { now: false, dismiss: true, forget: false }],
    ['?forget=true', { now: false, dismiss: false, forget: true }],
  ])('DELETE with "%s" removes with its options', async (query, options) => {
    const told: unknown[] = [];
    const other = await makeBed({
      served: (host) => ({
        remove: (name, given) => {
          told.push(given);
          return host.remove(name);
        },
      }),
    });
    await other.host.install(FAIR);
    expect((await other.ask('DELETE', `/api/plugins/fair-price${query}`)).status).toBe(200);
    expect(told).toEqual([{ ...options, by: 'the API' }]);
    await other.close();
  });

  test('a removed plugin is listed, and POST enable installs it again', async () => {
    const made = await bed.ask('POST', '/api/plugins', plugin('patient', 'price', 'shop/open'));
    expect(made.body).toMatchObject({ plugin: { name: 'patient' } });
    await bed.ask('DELETE', '/api/plugins/patient');
    const listed = await bed.ask('GET', '/api/plugins?removed=true');
    expect(listed.body.plugins).toMatchObject([
      { name: 'patient', state: 'removed', removedBecause: { by: 'the API' } },
    ]);
    const reply = await bed.ask('POST', '/api/plugins/patient/enable');
    expect([reply.status, reply.body.plugin.name]).toEqual([201, 'patient']);
    expect((await bed.ask('GET', '/api/plugins?removed=true')).body.plugins).toEqual([]);
    await bed.ask('DELETE', '/api/plugins/patient');
    expect((await bed.ask('POST', '/api/plugins/nobody/enable')).status).toBe(404);
  });

  test('a point that fails closed denies while its guard is missing, until that is dismissed', async () => {
    bed.host.graftPoint({ name: 'shop/guard', kind: 'chain', onFault: 'deny' });
    const installed = await bed.ask('POST', '/api/plugins', plugin('fair-price', 'price', 'shop/guard'));
    expect(installed.body).toMatchObject({ plugin: { name: 'fair-price' } });
    expect((await bed.ask('DELETE', '/api/plugins/fair-price')).status).toBe(200);
    const call = () => bed.ask('POST', '/api/points/shop%2Fguard/call', { input: {} });
    expect((await call()).body.outcome).toMatchObject({ status: 'denied', reason: 'cancelled' });
    const wrong = await bed.ask('POST', '/api/points/shop%2Fguard/dismiss?graft=other%23check');
    expect([wrong.status, wrong.body.error.code]).toEqual([404, 'GRAFT_UNKNOWN_GRAFT']);
    const listed = (await bed.ask('GET', '/api/points')).body.points as { name: string; missing: unknown }[];
    const missing = [{ graft: 'fair-price#price', reason: 'cancelled' }];
    expect(listed.find(({ name }) => name === 'shop/guard')).toMatchObject({ missing });
    const dismissed = await bed.ask('POST', '/api/points/shop%2Fguard/dismiss');
    expect([dismissed.status, dismissed.body.point.missing]).toEqual([200, []]);
    expect((await call()).body.outcome).toMatchObject({ status: 'default' });
  });

  test('of two installs of one name at the same time, one succeeds, or the second is an upgrade', async () => {
    const replies = await Promise.all([bed.ask('POST', '/api/plugins', FAIR), bed.ask('POST', '/api/plugins', FAIR)]);
    const ends = replies.map((reply) => reply.body.error?.code ?? reply.status);
    expect([
      [201, 201],
      [201, 'GRAFT_INSTALLED'],
      ['GRAFT_INSTALLED', 201],
    ]).toContainEqual(ends);
    expect(bed.host.plugins()).toHaveLength(1);
  });
});

describe('POST /api/points/:name/call', () => {
  test('a default is 200', async () => {
    const reply = await bed.call('shop/price', { list: 10 });
    expect([reply.status, reply.body]).toEqual([200, { outcome: { status: 'default', value: 10, grafts: [] } }]);
  });

  test('a commit is 200', async () => {
    await bed.host.install(FAIR);
    const reply = await bed.call('shop/price', { list: 10 });
    expect([reply.status, reply.body.outcome.status, reply.body.outcome.value]).toEqual([200, 'committed', 5]);
  });

  test('a refusal is 422', async () => {
    await bed.host.install(plugin('picky', 'price', 'shop/price'));
    const reply = await bed.call('shop/price', { list: 10 });
    expect([reply.status, reply.body.outcome.status]).toEqual([422, 'refused']);
    expect(reply.body.outcome.refusal).toEqual({ code: 'SOLD_OUT', message: 'there are none left' });
  });

  test.each([
    ['deny', 403, 'denied'],
    ['tell', 502, 'failed'],
    ['skip', 200, 'default'],
  ])('a fault at guard/%s is %d, and what it did is undone', async (name, status, outcome) => {
    await bed.host.install(plugin('faulty', 'spoil', `guard/${name}`, { needs: ['stock'] }));
    const reply = await bed.call(`guard/${name}`, 1);
    expect([reply.status, reply.body.outcome.status]).toEqual([status, outcome]);
    expect(reply.body.outcome.grafts[0]).toMatchObject({
      status: 'aborted',
      reason: 'thrown',
      removed: true,
      undone: { records: 1 },
    });
  });

  test('the end of a call as a whole is 503', async () => {
    const reply = await bed.call('shop/ended', null);
    expect([reply.status, reply.body.outcome]).toEqual([503, { status: 'aborted', reason: 'deadlock', grafts: [] }]);
  });

  test('every status of an outcome has its HTTP status', () => {
    expect(OUTCOME_STATUS).toEqual({
      committed: 200,
      default: 200,
      refused: 422,
      denied: 403,
      failed: 502,
      aborted: 503,
    });
  });

  test('null is an input', async () => {
    expect((await bed.call('guard/skip', null)).body.outcome).toEqual({ status: 'default', value: null, grafts: [] });
  });
});

describe('GET /api/facts', () => {
  test('says what holds on the system, the walls among it', async () => {
    const { body } = await bed.ask('GET', '/api/facts');
    expect(body).toEqual({ facts: bed.host.facts() });
    expect(body.facts.compartment).toBe('direct');
  });
});

describe('GET /api/aborts', () => {
  const fault = async (name: string): Promise<void> => {
    await bed.host.install(plugin('faulty', 'spoil', `guard/${name}`, { needs: ['stock'] }));
    await bed.call(`guard/${name}`, 1);
  };

  test('lists who, why and what was undone, newest first, page by page', async () => {
    await fault('deny');
    await fault('tell');
    const all = await bed.ask('GET', '/api/aborts');
    expect(all.body.aborts.map((one: { point: string }) => one.point)).toEqual(['guard/tell', 'guard/deny']);
    expect(all.body.aborts[0]).toMatchObject({
      graft: 'faulty#spoil',
      reason: 'thrown',
      detail: 'Error: not today',
      removed: true,
    });
    const first = await bed.ask('GET', '/api/aborts?limit=1');
    expect(first.body.aborts).toEqual([all.body.aborts[0]]);
    const second = await bed.ask('GET', `/api/aborts?limit=1&before=${first.body.aborts[0].id}`);
    expect(second.body.aborts).toEqual([all.body.aborts[1]]);
  });
});
