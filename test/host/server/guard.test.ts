// Who may ask: Host, Origin and the site of a page, the token, and the headers of every answer.

import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { urlHost } from '../../../src/host/server/guard.ts';
import { BEARER, type Bed, JSON_BODY, makeBed, plugin, type Reply, send, TOKEN } from './bed.ts';

let bed: Bed;
let published: Bed;

beforeAll(async () => {
  bed = await makeBed({
    server: { pages: (app) => void app.get('/', (_request, response) => void response.send('the page')) },
  });
  published = await makeBed({ server: { publicOrigin: 'https://grafts.example' } });
});

afterAll(async () => {
  await bed.close();
  await published.close();
});

/** PORT in a text stands for the server's port. */
const withHeaders = (server: Bed, headers: Record<string, string | string[]>, path = '/healthz'): Promise<Reply> => {
  const filled = Object.entries(headers).map(([name, value]) => [name, `${value}`.replace('PORT', `${server.port}`)]);
  return send(server.url, 'GET', path, { headers: Object.fromEntries(filled) });
};

const raw = async (request: string): Promise<string> => {
  const socket = connect(bed.port, '127.0.0.1');
  socket.write(request.replaceAll('PORT', `${bed.port}`));
  return text(socket);
};

describe('Host', () => {
  test.each(['127.0.0.1:PORT', 'localhost:PORT', 'LocalHost:PORT', '[::1]:PORT'])('%s is this server', async (host) => {
    expect((await withHeaders(bed, { host })).status).toBe(200);
  });

  test.each([
    'evil.example',
    'evil.example:PORT',
    'localhost',
    '127.0.0.1',
    'localhost:1',
    'localhost:PORT.evil.example',
    'localhost.evil.example:PORT',
    'user@localhost:PORT',
    '127.0.0.2:PORT',
    '0.0.0.0:PORT',
    'grafts.example',
  ])('GRAFT_FOREIGN: %s', async (host) => {
    const reply = await withHeaders(bed, { host });
    expect([reply.status, reply.body.error.code]).toEqual([403, 'GRAFT_FOREIGN']);
  });

  test('the address that is listened on is this server', async () => {
    const other = await makeBed({ listen: { hostname: '127.0.0.2' } });
    expect(other.url).toBe(`http://127.0.0.2:${other.port}`);
    expect((await withHeaders(other, { host: '127.0.0.2:PORT' })).status).toBe(200);
    expect((await withHeaders(other, { host: '127.0.0.3:PORT' })).body.error.code).toBe('GRAFT_FOREIGN');
    await other.close();
  });

  test.each([
    ['none, in HTTP/1.0', 'GET /healthz HTTP/1.0\r\n\r\n'],
    ['two', 'GET /healthz HTTP/1.1\r\nHost: localhost:PORT\r\nHost: localhost:PORT\r\nConnection: close\r\n\r\n'],
    [
      'a request for a proxy',
      'GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost:PORT\r\nConnection: close\r\n\r\n',
    ],
  ])('GRAFT_FOREIGN: %s', async (_what, request) => {
    expect(await raw(request)).toMatch(/^HTTP\/1\.1 403 [\s\S]*GRAFT_FOREIGN/);
  });

  test.each([
    ['::1', '[::1]'],
    ['::ffff:10.0.0.7', '10.0.0.7'],
    ['10.0.0.7', '10.0.0.7'],
    ['fe80::ffff:1', '[fe80::ffff:1]'],
  ])('the address %s is %s in a URL', (address, host) => {
    expect(urlHost(address)).toBe(host);
  });
});

describe('Origin', () => {
  test.each(['http://127.0.0.1:PORT', 'http://localhost:PORT', 'http://[::1]:PORT'])(
    '%s is this server',
    async (origin) => {
      expect((await withHeaders(bed, { origin })).status).toBe(200);
    },
  );

  test.each([
    'null',
    'http://evil.example',
    'https://localhost:PORT',
    'http://localhost',
    'http://localhost:1',
    'http://localhost:PORT.evil.example',
    'https://grafts.example',
    'file://',
  ])('GRAFT_FOREIGN: %s', async (origin) => {
    const reply = await withHeaders(bed, { origin });
    expect([reply.status, reply.body.error.code]).toEqual([403, 'GRAFT_FOREIGN']);
  });

  test('GRAFT_FOREIGN: a second one behind one’s own', async () => {
    const request =
      'GET /healthz HTTP/1.1\r\nHost: localhost:PORT\r\nOrigin: http://localhost:PORT\r\n' +
      'Origin: http://evil.example\r\nConnection: close\r\n\r\n';
    expect(await raw(request)).toMatch(/^HTTP\/1\.1 403 /);
  });

  test.each([
    ['cross-site', 403],
    ['same-origin', 200],
    ['same-site', 200],
    ['none', 200],
  ])('a page of site "%s" is answered %d', async (site, status) => {
    expect((await withHeaders(bed, { 'sec-fetch-site': site })).status).toBe(status);
  });
});

describe('a public origin', () => {
  test('its host and its pages are this server’s own', async () => {
    const reply = await withHeaders(published, { host: 'grafts.example', origin: 'https://grafts.example' });
    expect(reply.status).toBe(200);
  });

  test('its host under another scheme is not its origin', async () => {
    const reply = await withHeaders(published, { host: 'grafts.example', origin: 'http://grafts.example' });
    expect(reply.body.error.code).toBe('GRAFT_FOREIGN');
  });
});

test.each(['/healthz', '/', '/api/points', '/nothing', '/api/points/%ZZ/call'])(
  'foreign comes before everything else at %s',
  async (path) => {
    const reply = await withHeaders(bed, { ...BEARER, host: 'evil.example' }, path);
    expect(reply.body.error.code).toBe('GRAFT_FOREIGN');
  },
);

const PROTECTED = [
  ['GET', '/api/points'],
  ['GET', '/api/plugins'],
  ['POST', '/api/plugins'],
  ['DELETE', '/api/plugins/fair-price'],
  ['GET', '/api/aborts'],
  ['GET', '/api/facts'],
  ['POST', '/api/points/shop%2Fprice/call'],
  ['POST', '/api/points/no%2Fsuch/call'],
  ['GET', '/api/points/shop%2Fopen/call'],
  ['PATCH', '/api/points'],
  ['GET', '/api/nothing'],
  ['GET', '/nothing'],
] as const;

const basic = Buffer.from(`graftwork:${TOKEN}`).toString('base64');
const WRONG: readonly (readonly [string, Record<string, string>])[] = [
  ['no token', {}],
  ['a wrong token', { authorization: 'Bearer a-token-of-the-tests-0124' }],
  ['the beginning of the token', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
  ['more than the token', { authorization: `Bearer ${TOKEN}x` }],
  ['the token in another case', { authorization: `Bearer ${TOKEN.toUpperCase()}` }],
  ['the token in another scheme', { authorization: `Token ${TOKEN}` }],
  ['the token as a password', { authorization: `Basic ${basic}` }],
  ['the token without a scheme', { authorization: TOKEN }],
  ['an empty token', { authorization: 'Bearer ' }],
  ['the token in a cookie', { cookie: `token=${TOKEN}` }],
];

describe('the token', () => {
  test.each(PROTECTED)('GRAFT_UNAUTHORIZED: %s %s without it', async (method, path) => {
    const reply = await send(bed.url, method, path, {
      headers: JSON_BODY,
      ...(method === 'POST' ? { body: '{"input":1}' } : {}),
    });
    expect([reply.status, reply.body.error.code, reply.headers['www-authenticate']]).toEqual([
      401,
      'GRAFT_UNAUTHORIZED',
      'Bearer',
    ]);
  });

  test.each(WRONG)('GRAFT_UNAUTHORIZED: %s', async (_what, headers) => {
    const reply = await send(bed.url, 'GET', '/api/points', { headers });
    expect([reply.status, reply.body.error.code]).toEqual([401, 'GRAFT_UNAUTHORIZED']);
    expect(reply.text).not.toContain(TOKEN);
  });

  test('GRAFT_UNAUTHORIZED: the token in the query', async () => {
    expect((await send(bed.url, 'GET', `/api/points?token=${TOKEN}`)).status).toBe(401);
  });

  test.each([`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER   ${TOKEN} `])('"%s" is let in', async (authorization) => {
    expect((await send(bed.url, 'GET', '/api/points', { headers: { authorization } })).status).toBe(200);
  });

  test.each([
    ['none', {}],
    ['a wrong one', { authorization: 'Bearer wrong' }],
  ])('a public point is called with %s', async (_what, headers) => {
    const sent = { headers: { ...JSON_BODY, ...headers }, body: '{"input":{"list":3}}' };
    const reply = await send(bed.url, 'POST', '/api/points/shop%2Fopen/call', sent);
    expect([reply.status, reply.body.outcome.value]).toEqual([200, 3]);
  });

  test.each([
    ['none, and is told nothing of plugins', {}, []],
    ['the token, and is told all', BEARER, [expect.objectContaining({ graft: 'faulty#spoil', reason: 'thrown' })]],
  ])('a public point whose graft fails is called with %s', async (_what, headers, grafts) => {
    const other = await makeBed();
    const stock = other.host.map('kept').writable();
    other.host.graftPoint({ name: 'pub', kind: 'chain', public: true, callable: { stock } });
    await other.host.install(plugin('faulty', 'spoil', 'pub', { needs: ['stock'] }));
    const sent = { headers: { ...JSON_BODY, ...headers }, body: '{"input":3}' };
    const { body } = await send(other.url, 'POST', '/api/points/pub/call', sent);
    expect(body).toEqual({ outcome: { status: 'default', value: 3, grafts } });
    await other.close();
  });

  test('the page of the application needs none', async () => {
    expect((await send(bed.url, 'GET', '/')).text).toBe('the page');
  });

  test('what the application adds under /api needs it', async () => {
    const other = await makeBed({
      server: { pages: (app) => void app.get('/api/more', (_request, response) => void response.json(1)) },
    });
    expect((await send(other.url, 'GET', '/api/more')).status).toBe(401);
    expect((await other.ask('GET', '/api/more')).body).toBe(1);
    await other.close();
  });
});

describe('headers', () => {
  test.each(['/healthz', '/', '/api/points', '/api/nothing', '/nothing'])('of %s', async (path) => {
    const { headers } = await send(bed.url, 'GET', path, { headers: BEARER });
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; /);
    expect(headers['content-security-policy']).not.toMatch(/unsafe|\*|data:/);
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(headers).not.toHaveProperty('etag');
  });

  test('nothing under /api is stored, errors included', async () => {
    for (const path of ['/api/points', '/api/nothing', '/api/points/%ZZ/call']) {
      expect((await send(bed.url, 'GET', path, { headers: BEARER })).headers['cache-control']).toBe('no-store');
    }
    expect((await send(bed.url, 'GET', '/api/points')).headers['cache-control']).toBe('no-store');
  });
});
