// Start-up as a program does it: data folder, token, facts, socket, signals.

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Host } from '../../../src/host/index.ts';
import { readPort, readToken, type Served, type ServeOptions, serve } from '../../../src/host/server/index.ts';
import { makeHost, send, TOKEN } from './bed.ts';

let folder: string;
let data: string;
let host: Host;
let lines: string[];
const kept = process.env.GRAFTWORK_TOKEN;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'graftwork-'));
  data = join(folder, 'data');
  host = await makeHost();
  lines = [];
  delete process.env.GRAFTWORK_TOKEN;
});

afterEach(async () => {
  await host.close();
  await rm(folder, { recursive: true });
  if (kept !== undefined) process.env.GRAFTWORK_TOKEN = kept;
});

const start = (options: Partial<ServeOptions> = {}): Promise<Served> =>
  serve(host, { port: 0, data, print: (line) => lines.push(line), ...options });
const isClosed = (): Promise<boolean> =>
  host.invoke('shop/price', { list: 1 }).then(
    () => false,
    (error: { code: string }) => error.code === 'GRAFT_CLOSED',
  );
const listeners = (): number => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');

describe('serve', () => {
  test('makes the data folder and a token, says what holds and where it listens', async () => {
    const served = await start();
    const token = (await readToken(data)) as string;
    expect((await stat(data)).mode & 0o777).toBe(0o700);
    expect(lines).toEqual([
      `token, shown this once and kept in ${join(data, 'token')}: ${token}`,
      ...Object.entries(host.facts()).map(([name, fact]) => `${name}: ${fact}`),
      `Graftwork listens on ${served.url}`,
    ]);
    expect(
      (await send(served.url, 'GET', '/api/points', { headers: { authorization: `Bearer ${token}` } })).status,
    ).toBe(200);
    await served.close();
  });

  test('shows the token at the first start alone', async () => {
    await (await start()).close();
    lines = [];
    host = await makeHost();
    await (await start()).close();
    expect(lines.join('\n')).not.toContain((await readToken(data)) as string);
    expect(lines).toHaveLength(Object.keys(host.facts()).length + 1);
  });

  test.each(['option', 'environment'])('takes the token of the %s, and shows and keeps none', async (where) => {
    if (where === 'environment') process.env.GRAFTWORK_TOKEN = TOKEN;
    const served = await start(where === 'option' ? { token: TOKEN } : {});
    expect(
      (await send(served.url, 'GET', '/api/points', { headers: { authorization: `Bearer ${TOKEN}` } })).status,
    ).toBe(200);
    expect(await readToken(data)).toBeNull();
    expect(lines.join('\n')).not.toContain(TOKEN);
    await served.close();
  });

  test('adds pages', async () => {
    const served = await start({
      pages: (app) => void app.get('/', (_request, response) => void response.send('the page')),
    });
    expect((await send(served.url, 'GET', '/')).text).toBe('the page');
    await served.close();
  });

  test('publishes under an origin, on an address', async () => {
    const served = await start({ publicOrigin: 'https://grafts.example', hostname: '127.0.0.2' });
    expect(served.url).toMatch(/^http:\/\/127\.0\.0\.2:/);
    expect((await send(served.url, 'GET', '/healthz', { headers: { host: 'grafts.example' } })).status).toBe(200);
    await served.close();
  });

  test.each([
    ['an unknown option', { prot: 1 } as object],
    ['a port that is none', { port: -1 }],
    ['a weak token', { token: 'weak' }],
  ])('GRAFT_BAD_OPTION: %s, and the host stays open', async (_what, options) => {
    await expect(start(options)).rejects.toMatchObject({ code: 'GRAFT_BAD_OPTION' });
    expect(await isClosed()).toBe(false);
  });

  test('GRAFT_BAD_OPTION: a port in use', async () => {
    const served = await start();
    const before = listeners();
    await expect(start({ port: Number(new URL(served.url).port) })).rejects.toMatchObject({ code: 'GRAFT_BAD_OPTION' });
    expect(listeners()).toBe(before);
    await served.close();
  });
});

describe('its end', () => {
  test('close ends the server, then the host, and hears no signals any more', async () => {
    const before = listeners();
    const served = await start();
    expect(listeners()).toBe(before + 2);
    await served.close();
    await served.closed;
    expect(await isClosed()).toBe(true);
    expect(listeners()).toBe(before);
    await expect(send(served.url, 'GET', '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s closes it', async (signal) => {
    const before = listeners();
    const served = await start();
    process.emit(signal);
    expect(listeners()).toBe(before);
    await served.closed;
    expect(await isClosed()).toBe(true);
  });

  test('signals are heard before anyone is told that it listens', async () => {
    const before = listeners();
    const heard: number[] = [];
    const served = await start({
      print: (line) => void (line.startsWith('Graftwork listens') && heard.push(listeners())),
    });
    expect(heard).toEqual([before + 2]);
    await served.close();
  });

  test('a host that cannot close is told', async () => {
    const broken = {
      ...host,
      points: () => [],
      plugins: () => [],
      facts: () => ({}),
      close: () => Promise.reject(new Error('stuck')),
    };
    const served = await serve(broken as unknown as Host, { port: 0, data, print: () => {} });
    await expect(served.close()).rejects.toThrow('stuck');
    await expect(served.closed).rejects.toThrow('stuck');
  });
});

describe('a port', () => {
  test.each([
    [undefined, 3000],
    ['', 3000],
    ['0', 0],
    ['8080', 8080],
    ['65535', 65_535],
  ])('%j is %d', (text, port) => {
    expect(readPort(text)).toBe(port);
  });

  test.each(['65536', '-1', '80 ', '0x50', '8e3', 'http', '1.5'])('GRAFT_BAD_OPTION: %j', (text) => {
    expect(() => readPort(text)).toThrow(expect.objectContaining({ code: 'GRAFT_BAD_OPTION' }));
  });
});
