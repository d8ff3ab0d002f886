// The life of a server: its options, its socket, clients that go away, and its end.

import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer, listen } from '../../../src/host/server/index.ts';
import type { Outcome } from '../../../src/plugins/index.ts';
import { BEARER, type Bed, type BedOptions, JSON_BODY, makeBed, send, TOKEN } from './bed.ts';

const open: Bed[] = [];

const bedWith = async (options?: BedOptions): Promise<Bed> => {
  const bed = await makeBed(options);
  open.push(bed);
  return bed;
};

afterEach(async () => {
  for (const bed of open.splice(0)) await bed.close();
});

/** A bed with a point whose default answers when the test says so, and what the server told the host of the call. */
const makeGated = async (options: BedOptions = {}) => {
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<AbortSignal>();
  const outcome = Promise.withResolvers<Outcome<unknown>>();
  const bed = await bedWith({
    ...options,
    served: (host) => ({
      invoke: (name, input, given) => {
        const pending = host.invoke(name, input, given);
        if (name === 'shop/gated') {
          pending.then(outcome.resolve, outcome.reject);
          entered.resolve(given?.signal as AbortSignal);
        }
        return pending;
      },
    }),
  });
  bed.host.graftPoint({
    name: 'shop/gated',
    kind: 'function',
    default: async () => {
      await gate.promise;
      return 'late';
    },
  });
  return { bed, gate, entered: entered.promise, outcome: outcome.promise };
};

const CALL = '/api/points/shop%2Fgated/call';
const rawCall = (port: number): string =>
  `POST ${CALL} HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: Bearer ${TOKEN}\r\n` +
  'Content-Type: application/json\r\nContent-Length: 11\r\n\r\n{"input":1}';

describe('options', () => {
  test.each([
    ['a short token', { token: 'fifteen-letters' }],
    ['a token that no header carries', { token: 'a token with blanks' }],
    ['a token with a line break', { token: `${TOKEN}\n` }],
    ['a public origin with a path', { token: TOKEN, publicOrigin: 'https://grafts.example/' }],
    ['a public origin of another scheme', { token: TOKEN, publicOrigin: 'ftp://grafts.example' }],
    ['a public origin that is no URL', { token: TOKEN, publicOrigin: 'grafts.example' }],
    ['a bound that is no number', { token: TOKEN, bodyMax: { call_bytes: '1' as unknown as number } }],
    ['a bound of an unknown name', { token: TOKEN, bodyMax: { calls: 1 } as object }],
    ['an unknown option', { token: TOKEN, port: 1 }],
  ])('GRAFT_BAD_OPTION: %s', async (_what, options) => {
    const { host } = await bedWith();
    const make = () => createServer(host, options);
    expect(make).toThrow(expect.objectContaining({ code: 'GRAFT_BAD_OPTION' }));
    expect(make).toThrow(expect.objectContaining({ message: expect.not.stringContaining(options.token) }));
  });

  test.each([
    { port: -1 },
    { port: 65_536 },
    { port: 1.5 },
    { port: 0, request_ms_max: 0 },
    { port: 0, close_ms_max: -1 },
    { port: 0, backlog: 1 },
  ])('GRAFT_BAD_OPTION: listen with %j', async (options) => {
    const { host } = await bedWith();
    await expect(listen(createServer(host, { token: TOKEN }), options)).rejects.toMatchObject({
      code: 'GRAFT_BAD_OPTION',
    });
  });

  test('GRAFT_BAD_OPTION: a port that is in use says so', async () => {
    const { host, port } = await bedWith();
    const pending = listen(createServer(host, { token: TOKEN }), { port });
    await expect(pending).rejects.toMatchObject({
      code: 'GRAFT_BAD_OPTION',
      message: expect.stringContaining(`port ${port} of 127.0.0.1 is in use`),
    });
  });

  test('GRAFT_BAD_OPTION: an address that this machine does not have', async () => {
    const { host } = await bedWith();
    const pending = listen(createServer(host, { token: TOKEN }), { port: 0, hostname: '192.0.2.1' });
    await expect(pending).rejects.toMatchObject({
      code: 'GRAFT_BAD_OPTION',
      message: expect.stringContaining('EADDRNOTAVAIL'),
    });
  });
});

describe('a client that goes away', () => {
  test('cancels its call', async () => {
    const { bed, gate, entered, outcome } = await makeGated();
    const socket = connect(bed.port, '127.0.0.1');
    socket.write(rawCall(bed.port));
    const signal = await entered;
    expect(signal.aborted).toBe(false);
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    socket.destroy();
    await aborted;
    gate.resolve();
    expect(await outcome).toMatchObject({ status: 'aborted', reason: 'cancelled' });
    expect(bed.logged).toEqual([]);
  });

  test('one that has its answer cancels nothing', async () => {
    const { bed, gate, entered, outcome } = await makeGated();
    gate.resolve();
    const reply = await bed.call('shop/gated', 1);
    expect(reply.body.outcome.value).toBe('late');
    expect((await outcome).status).toBe('default');
    await bed.close();
    expect((await entered).aborted).toBe(false);
  });
});

describe('close', () => {
  test('lets a request in flight finish, ends its connection, and accepts no other', async () => {
    const { bed, gate, entered } = await makeGated();
    const reply = send(bed.url, 'POST', CALL, {
      headers: { ...BEARER, ...JSON_BODY, connection: 'keep-alive' },
      body: '{"input":1}',
    });
    await entered;
    const closed = bed.listening.close();
    await expect(send(bed.url, 'GET', '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    gate.resolve();
    const { status, body, headers } = await reply;
    expect([status, body.outcome.value, headers.connection]).toEqual([200, 'late', 'close']);
    await closed;
  });

  test('ends connections that wait for a next request', async () => {
    const bed = await bedWith();
    const socket = connect(bed.port, '127.0.0.1');
    socket.write(`GET /healthz HTTP/1.1\r\nHost: localhost:${bed.port}\r\n\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    const gone = new Promise((resolve) => socket.once('close', resolve));
    await bed.listening.close();
    await gone;
  });

  test('answers a request that has begun to arrive, and ends its connection', async () => {
    const bed = await bedWith();
    const socket = connect(bed.port, '127.0.0.1').setEncoding('utf8');
    const received: string[] = [];
    const gone = new Promise((resolve) => socket.once('close', resolve));
    const first = new Promise((resolve) => socket.once('data', resolve));
    socket.on('data', (text: string) => received.push(text));
    const request = `GET /healthz HTTP/1.1\r\nHost: localhost:${bed.port}\r\n\r\n`;
    socket.write(request + request.slice(0, 20));
    await first;
    const closed = bed.listening.close();
    socket.write(request.slice(20));
    await gone;
    await closed;
    const answers = received.join('').split(/(?=HTTP\/1\.1 )/);
    expect(answers.map((one) => /^Connection: (.*)\r$/m.exec(one)?.[1])).toEqual(['keep-alive', 'close']);
  });

  test('cuts off what takes too long, which cancels it', async () => {
    const { bed, gate, entered, outcome } = await makeGated({ listen: { close_ms_max: 20 } });
    const reply = send(bed.url, 'POST', CALL, { headers: { ...BEARER, ...JSON_BODY }, body: '{"input":1}' });
    const failed = expect(reply).rejects.toMatchObject({ code: 'ECONNRESET' });
    const signal = await entered;
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    await bed.listening.close();
    await failed;
    await aborted;
    gate.resolve();
    expect(await outcome).toMatchObject({ status: 'aborted', reason: 'cancelled' });
  });

  test('twice is once', async () => {
    const bed = await bedWith();
    expect(bed.listening.close()).toBe(bed.listening.close());
    await bed.listening.close();
  });
});
