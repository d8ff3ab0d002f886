// Bodies: how large, of what type, in which encoding.

import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readBody } from '../../../src/host/server/body.ts';
import { BODY_MAX } from '../../../src/host/server/index.ts';
import { type Bed, JSON_BODY, makeBed, TOKEN } from './bed.ts';

let bed: Bed;

beforeAll(async () => {
  bed = await makeBed();
});

afterAll(() => bed.close());

const CALL = '/api/points/guard%2Fskip/call';
/** A call's body of exactly so many bytes. */
const callOf = (bytes: number): string => `{"input":null}${' '.repeat(bytes - 14)}`;

const head = (...lines: string[]): string =>
  [
    `POST ${CALL} HTTP/1.1`,
    `Host: 127.0.0.1:${bed.port}`,
    `Authorization: Bearer ${TOKEN}`,
    'Content-Type: application/json',
    ...lines,
    '',
    '',
  ].join('\r\n');

/** A connection by hand. `until` resolves with what was received once it matches. */
const dial = async (port = bed.port): Promise<{ socket: Socket; until: (pattern: RegExp) => Promise<string> }> => {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  let look = (): void => {};
  socket.setEncoding('latin1').on('data', (text) => {
    received += text;
    look();
  });
  await new Promise((resolve) => socket.once('connect', resolve));
  const until = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      look = () => {
        if (pattern.test(received)) resolve(received);
      };
      socket.once('close', () => reject(new Error(`closed after: ${received}`)));
      look();
    });
  return { socket, until };
};

describe('size', () => {
  test('a call may have exactly its bound', async () => {
    const reply = await bed.ask('POST', CALL, callOf(BODY_MAX.call_bytes), JSON_BODY);
    expect([reply.status, reply.body.outcome.status]).toEqual([200, 'default']);
  });

  test('GRAFT_BODY_TOO_LARGE: a call of one byte more', async () => {
    const reply = await bed.ask('POST', CALL, callOf(BODY_MAX.call_bytes + 1), JSON_BODY);
    expect([reply.status, reply.body.error.code]).toEqual([413, 'GRAFT_BODY_TOO_LARGE']);
  });

  test('GRAFT_BODY_TOO_LARGE: a package beyond its bound', async () => {
    const reply = await bed.ask('POST', '/api/plugins', Buffer.alloc(BODY_MAX.package_bytes + 1), {
      'content-type': 'application/gzip',
    });
    expect([reply.status, reply.body.error.code]).toEqual([413, 'GRAFT_BODY_TOO_LARGE']);
  });

  test('GRAFT_BODY_TOO_LARGE: bounds of one’s own', async () => {
    const small = await makeBed({ server: { bodyMax: { call_bytes: 20 } } });
    expect((await small.ask('POST', CALL, callOf(20), JSON_BODY)).status).toBe(200);
    expect((await small.ask('POST', CALL, callOf(21), JSON_BODY)).body.error.code).toBe('GRAFT_BODY_TOO_LARGE');
    await small.close();
  });

  test('GRAFT_BODY_TOO_LARGE is answered before any of a body that says its length is sent', async () => {
    const { socket, until } = await dial();
    socket.write(head('Content-Length: 1000000000'));
    expect(await until(/\}\}$/)).toMatch(/^HTTP\/1\.1 413 [\s\S]*GRAFT_BODY_TOO_LARGE/);
    socket.destroy();
  });

  test('GRAFT_BODY_TOO_LARGE is answered while a body without a length is sent; the connection goes on', async () => {
    const { socket, until } = await dial();
    socket.write(head('Transfer-Encoding: chunked'));
    const piece = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, ' '), Buffer.from('\r\n')]);
    const pieces = BODY_MAX.call_bytes / 65_536 + 1;
    for (let sent = 0; sent < pieces; sent++) socket.write(piece);
    expect(await until(/\}\}$/)).toMatch(/^HTTP\/1\.1 413 [\s\S]*GRAFT_BODY_TOO_LARGE/);
    for (let sent = 0; sent < pieces; sent++) socket.write(piece);
    socket.write(`0\r\n\r\n${head('Content-Length: 14')}${callOf(14)}`);
    expect(await until(/"outcome":\{[^}]*\}\}$/)).toContain('HTTP/1.1 200 OK');
    socket.destroy();
  });

  test('the connection serves the next request when the rest has been sent', async () => {
    const { socket, until } = await dial();
    const body = callOf(BODY_MAX.call_bytes + 1);
    socket.write(head(`Content-Length: ${body.length}`));
    await until(/413/);
    socket.write(body + head('Content-Length: 14') + callOf(14));
    expect(await until(/"outcome":\{[^}]*\}\}$/)).toContain('HTTP/1.1 200 OK');
    socket.destroy();
  });

  test('a body in many tiny pieces is the same body', async () => {
    const { socket, until } = await dial();
    const text = `{"input":"${'x'.repeat(40_000)}"}`;
    socket.write(`${head('Transfer-Encoding: chunked') + [...text].map((one) => `1\r\n${one}\r\n`).join('')}0\r\n\r\n`);
    expect(await until(/\]\}\}$/)).toContain('x'.repeat(40_000));
    socket.destroy();
  });
});

describe('time', () => {
  test('GRAFT_BAD_OPTION: a body that ends before its end', async () => {
    const request = Object.assign(new PassThrough(), { headers: {} });
    const body = readBody(request as unknown as IncomingMessage, 100);
    request.write('{"inp');
    request.destroy();
    await expect(body).rejects.toMatchObject({
      code: 'GRAFT_BAD_OPTION',
      message: 'the request ended before its body did',
    });
  });

  test('a body that does not arrive in time ends its connection with 408; nothing is logged or called', async () => {
    const slow = await makeBed({
      listen: { request_ms_max: 30 },
      served: () => ({ invoke: () => Promise.reject(new Error('called')) }),
    });
    const { socket, until } = await dial(slow.port);
    socket.write(`${head('Content-Length: 14').replace(`:${bed.port}`, `:${slow.port}`)}{"input"`);
    expect(await until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 408 /);
    await slow.close();
    expect(slow.logged).toEqual([]);
  });

  test('a client that goes away in the middle of its body leaves nothing behind', async () => {
    const lonely = await makeBed({ served: () => ({ invoke: () => Promise.reject(new Error('called')) }) });
    const { socket } = await dial(lonely.port);
    socket.write(`${head('Content-Length: 14').replace(`:${bed.port}`, `:${lonely.port}`)}{"input"`, () =>
      socket.destroy(),
    );
    await new Promise((resolve) => socket.once('close', resolve));
    await lonely.close();
    expect(lonely.logged).toEqual([]);
  });
});

describe('type', () => {
  test.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON;charset="UTF-8"'])(
    '%s is JSON',
    async (type) => {
      expect((await bed.ask('POST', CALL, callOf(14), { 'content-type': type })).status).toBe(200);
    },
  );

  test.each([
    ['no type at all', CALL, {}],
    ['the type of a form', CALL, { 'content-type': 'application/x-www-form-urlencoded' }],
    ['the type of plain text', CALL, { 'content-type': 'text/plain' }],
    ['a type like JSON', CALL, { 'content-type': 'application/json-patch+json' }],
    ['an archive where a call is', CALL, { 'content-type': 'application/gzip' }],
    ['another character set', CALL, { 'content-type': 'application/json; charset=utf-16' }],
    ['a content encoding', CALL, { ...JSON_BODY, 'content-encoding': 'gzip' }],
    ['a package of an unknown type', '/api/plugins', { 'content-type': 'application/zip' }],
    ['a form with a package', '/api/plugins', { 'content-type': 'multipart/form-data; boundary=x' }],
  ])('GRAFT_BAD_MEDIA_TYPE: %s', async (_what, path, headers) => {
    const reply = await bed.ask('POST', path, gzipSync(callOf(14)), headers);
    expect([reply.status, reply.body.error.code]).toEqual([415, 'GRAFT_BAD_MEDIA_TYPE']);
  });

  test('GRAFT_BAD_JSON: bytes that are not UTF-8 are refused, not replaced', async () => {
    const body = Buffer.concat([Buffer.from('{"input":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    const reply = await bed.ask('POST', CALL, body, JSON_BODY);
    expect([reply.status, reply.body.error.code]).toEqual([400, 'GRAFT_BAD_JSON']);
  });

  test('text of every plane goes through unchanged', async () => {
    const reply = await bed.ask('POST', CALL, { input: 'aé漢🦊' });
    expect(reply.body.outcome.value).toBe('aé漢🦊');
  });

  test('JSON nested a hundred thousand deep is refused as an input', async () => {
    const reply = await bed.ask('POST', CALL, `{"input":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, JSON_BODY);
    expect([reply.status, reply.body.error.code]).toEqual([400, 'GRAFT_BAD_INPUT']);
  });
});
