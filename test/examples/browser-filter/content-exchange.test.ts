// What a realm and the host say to each other, by a client that does all that a browser would not: nothing but the next
// signed exchange of a visit counts, and a page that is gone keeps nobody waiting.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type Content,
  type ContentOptions,
  createContent,
  type PageOutcome,
} from '../../../examples/browser-filter/content/index.ts';
import {
  type Answer,
  bytesOf,
  OUTCOME_PATH,
  PAGE_HEADER,
  type RealmConfig,
  SIGNATURE_HEADER,
  signatureOf,
} from '../../../examples/browser-filter/content/protocol.ts';
import { createHost, type Host } from '../../../src/host/index.ts';

const WORKER = { 'sec-fetch-dest': 'worker', 'sec-fetch-site': 'same-origin' };
const ENDED = { status: 'committed', ending: 'Rnull', why: '', own_ms: 1, undone: 0, changes: 2 };

const outcomes: PageOutcome[] = [];
let content: Content;
let host: Host;
let server: Server;
let origin: string;

const open = async (options: ContentOptions = {}): Promise<void> => {
  content = createContent({ ...options, ended: (outcome) => outcomes.push(outcome) });
  host = await createHost({ store: 'memory', compartment: content.compartments, report: () => {} });
  content.attach(host);
  server = createServer((request, response) => void content.route(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const close = async (): Promise<void> => {
  await host.close();
  server.close();
  server.closeAllConnections();
};

beforeAll(() => open());
afterAll(() => close());

const install = async (...names: readonly string[]): Promise<void> => {
  for (const { name } of host.plugins()) await host.remove(name);
  for (const name of names)
    await host.install({
      manifest: { name, graftwork: { api: 1, grafts: [{ point: 'page/content', export: 'run' }] } },
      files: { 'index.js': 'export const run = () => {};' },
    });
};

/** The address of a new page's realm. */
const realmOf = async (url = `${origin}/page`): Promise<string> => {
  const part = await content.contentFor({ url });
  return new URL(/\/\.well-known\/graftwork\/realm\/[0-9a-f]{32}\.js/.exec(part?.head ?? '')?.[0] ?? '', origin).href;
};

/** Takes a realm, as the start of its worker does. */
const started = async (): Promise<RealmConfig> => {
  const text = await (await fetch(await realmOf(), { headers: WORKER })).text();
  return JSON.parse(text.slice(text.lastIndexOf('({"') + 1, -1)) as RealmConfig;
};

interface Sent {
  readonly status: number;
  readonly answer: Answer | null;
}

const send = async ({ page, token }: RealmConfig, body: string, signature?: string): Promise<Sent> => {
  const signed = signature ?? signatureOf(bytesOf(token), 'to host', body);
  const headers = { [PAGE_HEADER]: page, [SIGNATURE_HEADER]: signed };
  const response = await fetch(origin + OUTCOME_PATH, { method: 'POST', headers, body });
  const text = await response.text();
  if (response.status !== 200) return { status: response.status, answer: null };
  expect(response.headers.get(SIGNATURE_HEADER)).toBe(signatureOf(bytesOf(token), 'to realm', text));
  return { status: 200, answer: JSON.parse(text) as Answer };
};

const say = (config: RealmConfig, number: number, ended: object | null = ENDED): Promise<Sent> =>
  send(config, JSON.stringify({ number, ended: number === 0 ? null : ended }));

describe('a realm', () => {
  test('goes to the start of a worker, once, and to the host of its page', async () => {
    await install('one');
    const realm = await realmOf();
    const status = async (headers: Record<string, string>, method = 'GET'): Promise<number> =>
      (await fetch(realm, { headers, method })).status;
    for (const dest of ['script', 'empty', 'document', 'serviceworker', 'sharedworker'])
      expect(await status({ ...WORKER, 'sec-fetch-dest': dest })).toBe(404);
    expect(await status({})).toBe(404);
    expect(await status({ ...WORKER, 'sec-fetch-site': 'cross-site' })).toBe(404);
    expect(await status(WORKER, 'POST')).toBe(404);
    expect([await status(WORKER), await status(WORKER)]).toEqual([200, 404]);
    expect((await fetch(await realmOf('https://other.test/page'), { headers: WORKER })).status).toBe(404);
  });

  test('is there for pages alone in which it is safe, and only where a graft stands', async () => {
    await install('one');
    const has = async (url: string): Promise<boolean> => (await content.contentFor({ url })) !== undefined;
    expect(await has('https://a.test/')).toBe(true);
    expect(await has('http://localhost:3000/')).toBe(true);
    for (const url of ['http://a.test/', 'http://127.0.0.1.a.test/', 'ftp://a.test/', 'about:blank', ''])
      expect({ url, has: await has(url) }).toEqual({ url, has: false });
    await install();
    expect(await has('https://a.test/')).toBe(false);
  });
});

describe('an exchange', () => {
  test('gives one graft after the other, and says what is kept', async () => {
    await install('one', 'two');
    const config = await started();
    const first = await say(config, 0);
    expect(first.answer).toMatchObject({ kept: false, next: { number: 1, plugin: 'one', export: 'run' } });
    const second = await say(config, 1);
    expect(second.answer).toMatchObject({ kept: true, next: { number: 2, plugin: 'two' } });
    const failed = { ...ENDED, status: 'aborted', ending: 'F{"reason":"thrown","message":"no"}', why: 'thrown: no' };
    expect((await say(config, 2, failed)).answer).toEqual({ kept: false, next: null });
    expect((await say(config, 2)).status).toBe(404);
    expect(outcomes.slice(-2)).toMatchObject([
      { graft: 'one#run', status: 'committed', fuel: 20_000, changes: 2 },
      { graft: 'two#run', status: 'undone', changes: 0 },
    ]);
    expect(host.plugins().map(({ grafts }) => grafts[0]?.state)).toEqual(['installed', 'removed']);
  });

  test('that is not the next one, not signed, too long or no message changes nothing', async () => {
    await install('one');
    const config = await started();
    const body = JSON.stringify({ number: 0, ended: null });
    const long = JSON.stringify({ number: 0, ended: { ...ENDED, ending: 'x'.repeat(100_000) } });
    expect((await send(config, body, '')).status).toBe(404);
    expect((await send(config, body, signatureOf(bytesOf(config.token), 'to realm', body))).status).toBe(404);
    expect((await send({ ...config, page: '0'.repeat(32) }, body)).status).toBe(404);
    for (const text of ['', '{', '[]', '{"number":0}', '{"number":-1,"ended":null}', long])
      expect({ text: text.slice(0, 30), status: (await send(config, text)).status }).toMatchObject({ status: 404 });
    expect((await say(config, 1)).status).toBe(404);
    expect((await say(config, 0)).answer?.next).toMatchObject({ number: 1 });
    expect((await say(config, 0)).status).toBe(404);
    expect((await say(config, 1)).answer).toEqual({ kept: true, next: null });
    const [record] = await host.aborts({ limit: 1 });
    expect(record?.graft).not.toBe('one#run');
  });

  test('may tell nothing that ends a call as its host never would: what is no ending blames the graft', async () => {
    await install('one');
    const config = await started();
    await say(config, 0);
    const odd = { ...ENDED, ending: 'F{"reason":"host-fault","message":7,"stack":[]}' };
    expect((await say(config, 1, odd)).answer?.kept).toBe(false);
    expect((await host.aborts({ limit: 1 }))[0]).toMatchObject({ graft: 'one#run', reason: 'compartment-lost' });
  });

  test('from a page that is gone is waited for in vain once: nobody is blamed, and no other graft waits', async () => {
    await close();
    await open({ limits: { total_ms: 400 } });
    await install('one', 'two', 'three');
    const config = await started();
    expect((await say(config, 0)).answer?.next).toMatchObject({ plugin: 'one' });
    while (host.inUse().transactions > 0) await new Promise((resolve) => setImmediate(resolve));
    expect((await say(config, 1)).status).toBe(404);
    const records = (await host.aborts({ limit: 3 })).map(({ graft, reason }) => [graft, reason]);
    expect(records).toEqual([
      ['three#run', 'cancelled'],
      ['two#run', 'cancelled'],
      ['one#run', 'total-time'],
    ]);
    expect(host.plugins().map(({ grafts }) => grafts[0]?.state)).toEqual(['installed', 'installed', 'installed']);
  });
});
