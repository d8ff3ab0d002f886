// A shop's own writes beside grafts that write, fail, loop and are killed. Eight clients buy over HTTP and change
// prices, alone and beside the grafts in turns, so whatever else the machine does falls on both. At the end every
// purchase that was answered as done is there, no other is, and stocks and remarks agree with them. Used by
// `npm run campaign -- shop [--writes N] [--seed N]`.

import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { createHost, type Host, type HostPoint } from '../../src/host/index.ts';
import { Random } from '../support/random.ts';
import { openShop, Product, Purchase, Remark, shopApp } from './shop-app.ts';

/** Milliseconds at the median, at the 99th percentile, and of the longest. */
type Times = readonly [p50: number, p99: number, max: number];

export interface ShopRun {
  /** The shop's own writes that were answered as done, and those refused because there were not enough goods. */
  readonly done: number;
  readonly refused: number;
  /** Own writes that failed. */
  readonly failed: readonly string[];
  /** What does not agree at the end. */
  readonly lost: readonly string[];
  /** Calls of grafts by how they ended. */
  readonly grafts: Readonly<Record<string, number>>;
  readonly kills: number;
  readonly alone_ms: Times;
  readonly beside_ms: Times;
  /** The longest that an honest graft has had the database. */
  readonly honest_ms: number;
}

const CLIENTS = 8;
const PRODUCTS = 4;
const ROUNDS = 10;
const STOCK = 1_000_000;
const REMARKS = 3;
/** Between two writes of one client: eight clients without a pause would measure nothing but the queue. */
const PAUSE_MS = 5;
/** A graft that writes is called 50 times a second, one that fails 20 times. Now and then a process is killed. */
const HONEST_MS = 20;
const FAILING_MS = 50;
const KILL_MS = 2000;

const WRITE = `api.product.update({ id: 1 + (n % ${PRODUCTS}) }, { views: n });
  api.held(n);
  for (let i = 0; i < ${REMARKS}; i++) api.remark.insert({ text: n + '.' + i });`;
const GRAFTS = {
  honest: `export const honest = (n, api) => { ${WRITE} return n; };`,
  failing: `export const failing = (n, api) => { n = -1 - n; ${WRITE} throw new Error('on purpose'); };`,
  looping: `export const looping = (n, api) => { n = -1 - n; ${WRITE} for (;;); };`,
};
type Name = keyof typeof GRAFTS;

const timesOf = (times: readonly number[]): Times => {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 100) / 100;
  return [at(0.5), at(0.99), at(1)];
};

class Shop {
  readonly source: DataSource;
  readonly host: Host;
  readonly points: Readonly<Record<Name, HostPoint<number, number>>>;
  readonly random: Random;
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true });
  readonly bought = new Map<string, { readonly product: number; readonly count: number }>();
  readonly failed: string[] = [];
  readonly grafts: Record<string, number> = {};
  done = 0;
  refused = 0;
  kills = 0;
  #calls = 0;
  /** Calls of the honest graft that committed. */
  remarked = 0;
  /** When a call's graft has got the database. */
  #held = new Map<number, number>();
  honest_ms = 0;

  constructor(source: DataSource, host: Host, port: number, seed: number) {
    this.source = source;
    this.host = host;
    this.#port = port;
    this.random = new Random(seed);
    const callable = {
      product: host.table('product').callables({ read: ['id'], write: ['views'] }),
      remark: host.table('remark').callables({ write: 'all', insert: true }),
      held: { waits: false, run: (_caller: unknown, [n]: readonly unknown[]) => this.#note(n as number) },
    };
    const point = (name: Name): HostPoint<number, number> =>
      host.graftPoint<number, number>({
        name: `shop/${name}`,
        kind: 'function',
        default: () => -1,
        budget: Number.POSITIVE_INFINITY,
        callable,
      });
    this.points = { honest: point('honest'), failing: point('failing'), looping: point('looping') };
  }

  async open(): Promise<void> {
    for (let i = 0; i < PRODUCTS; i++)
      await this.source.manager.save(Product, { name: `p${i}`, stock: STOCK, price: 1 });
    for (const [name, code] of Object.entries(GRAFTS)) {
      const grafts = [{ point: `shop/${name}`, export: name }];
      const graftwork = { api: 1, grafts, needs: ['product.update', 'remark.insert', 'held'] };
      await this.host.install({ manifest: { name, graftwork }, files: { 'index.js': code } });
    }
  }

  #send(method: string, path: string, body: object): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const options = { port: this.#port, method, path, agent: this.#agent };
      const sent = request({ ...options, headers: { 'content-type': 'application/json' } }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      sent.on('error', reject).end(JSON.stringify(body));
    });
  }

  /** One write of the shop's own; its milliseconds. */
  async write(key: string): Promise<number> {
    const { random } = this;
    const product = 1 + random.below(PRODUCTS);
    const count = random.chance(0.05) ? STOCK + 1 : 1 + random.below(3);
    const isPrice = random.chance(0.2);
    const begun = performance.now();
    const { status, text } = isPrice
      ? await this.#send('PUT', '/price', { product, price: count })
      : await this.#send('POST', '/buy', { key, product, count });
    const ms = performance.now() - begun;
    if (status === 201) this.bought.set(key, { product, count });
    if (status === 201 || status === 204) this.done++;
    else if (status === 409) this.refused++;
    else this.failed.push(`${key}: ${status} ${text}`);
    return ms;
  }

  /** So many writes of each client; their milliseconds. */
  async clients(round: string, writes: number): Promise<number[]> {
    const client = async (number: number): Promise<number[]> => {
      const times: number[] = [];
      for (let i = 0; i < writes; i++) {
        times.push(await this.write(`${round}-${number}-${i}`));
        await wait(PAUSE_MS);
      }
      return times;
    };
    return (await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)))).flat();
  }

  #note(n: number): null {
    // Those that fail write other numbers.
    if (n > 0) this.#held.set(n, performance.now());
    return null;
  }

  async call(name: Name): Promise<void> {
    const n = ++this.#calls;
    const outcome = await this.points[name].invoke(n);
    const { status, grafts } = outcome;
    const how = `${name} ${status} ${'reason' in outcome ? outcome.reason : (grafts[0]?.reason ?? '')}`.trim();
    this.grafts[how] = (this.grafts[how] ?? 0) + 1;
    const since = this.#held.get(n);
    if (status === 'committed') this.remarked++;
    if (name === 'honest' && since !== undefined) this.honest_ms = Math.max(this.honest_ms, performance.now() - since);
    this.#held.delete(n);
  }

  /** Grafts that run until `isOver`: honest ones, failing ones, one that loops, and kills. */
  async disturb(isOver: () => boolean): Promise<void> {
    const again = async (act: () => Promise<void>): Promise<void> => {
      while (!isOver()) await act();
    };
    const kill = async (): Promise<void> => {
      await wait(KILL_MS);
      const pids = this.host.pids();
      if (pids.length === 0) return;
      try {
        process.kill(this.random.pick(pids), 'SIGKILL');
        this.kills++;
      } catch {
        // It has just ended by itself.
      }
    };
    const paced = (name: Name, ms: number) => async (): Promise<void> => {
      await this.call(name);
      await wait(ms);
    };
    await Promise.all([
      this.call('looping'),
      again(paced('honest', HONEST_MS)),
      again(paced('failing', FAILING_MS)),
      again(kill),
    ]);
  }

  /** What does not agree with what was answered. */
  async lost(): Promise<string[]> {
    const purchases = await this.source.manager.find(Purchase, { relations: { product: true } });
    const there = new Set(purchases.map(({ key }) => key));
    const missing = [...this.bought.keys()].filter((key) => !there.has(key)).map((key) => `${key} is lost`);
    const more = purchases.filter(({ key }) => !this.bought.has(key)).map(({ key }) => `${key} was never answered`);
    const stocks = (await this.source.manager.find(Product)).flatMap(({ id, stock }) => {
      const sold = [...this.bought.values()].reduce((sum, { product, count }) => sum + (product === id ? count : 0), 0);
      return stock === STOCK - sold ? [] : [`product ${id} has ${stock}, not ${STOCK - sold}`];
    });
    const remarks = await this.source.manager.count(Remark);
    const expected = this.remarked * REMARKS;
    return [...missing, ...more, ...stocks, ...(remarks === expected ? [] : [`${remarks} remarks, not ${expected}`])];
  }

  close(): void {
    this.#agent.destroy();
  }
}

const rounds = async (
  shop: Shop,
  writes: number,
  count: number,
  progress: (text: string) => void,
): Promise<ShopRun> => {
  const [alone, beside]: [number[], number[]] = [[], []];
  for (let round = 0; round < count; round++) {
    alone.push(...(await shop.clients(`alone ${round}`, Math.ceil(writes / count / CLIENTS))));
    let isOver = false;
    const disturbed = shop.disturb(() => isOver);
    beside.push(...(await shop.clients(`beside ${round}`, Math.ceil(writes / count / CLIENTS))));
    isOver = true;
    await disturbed;
    progress(`round ${round + 1} of ${count}: ${shop.done} writes, ${shop.remarked} honest calls`);
  }
  const { done, refused, failed, grafts, kills } = shop;
  const times = {
    alone_ms: timesOf(alone),
    beside_ms: timesOf(beside),
    honest_ms: Math.round(shop.honest_ms * 100) / 100,
  };
  return { done, refused, failed, lost: await shop.lost(), grafts, kills, ...times };
};

/** `writes`: of the shop's own, alone and as many beside grafts, in `count` rounds. */
export const runShop = async (
  writes: number,
  seed: number,
  progress: (text: string) => void,
  count = ROUNDS,
): Promise<ShopRun> => {
  const folder = mkdtempSync(join(tmpdir(), 'graftwork-shop-'));
  const source = await openShop(join(folder, 'shop.db'));
  const host = await createHost({ store: source, report: () => {} });
  const server = shopApp(source).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const shop = new Shop(source, host, (server.address() as AddressInfo).port, seed);
  try {
    await shop.open();
    return await rounds(shop, writes, count, progress);
  } finally {
    shop.close();
    server.close();
    await host.close();
    await source.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
};
