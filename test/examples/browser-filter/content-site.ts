// A site behind a proxy, as a test has it: one server is both. It serves fixtures by their paths, with what
// page/content gives for each, to a real Chromium.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import chromium from '@sparticuz/chromium';
import express from 'express';
import { type Browser, type Page, chromium as playwright } from 'playwright-core';
import { createContent, type PageOutcome } from '../../../examples/browser-filter/content/index.ts';
import { createHost, type Host } from '../../../src/host/index.ts';

/** Whether there is a Chromium for this system among the development dependencies. */
export const hasChromium = process.platform === 'linux' && process.arch === 'x64';

/**
 * What the package starts it with for other uses, and a browser that people use does not have: one process for all, in
 * which a context that is closed takes the browser with it, no walls between origins, shared memory for everybody.
 */
const UNLIKE_A_BROWSER =
  /^--(single-process|disable-web-security|allow-running-insecure|disable-site-isolation|(en|dis)able-features=)/;

export const startChromium = async (): Promise<Browser> =>
  playwright.launch({
    executablePath: await chromium.executablePath(),
    args: [...chromium.args.filter((arg) => !UNLIKE_A_BROWSER.test(arg)), '--disable-background-networking'],
    headless: true,
  });

/** A document of the site; without headers unless it has some. */
export interface Fixture {
  readonly html: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const POLICIES = ['content-security-policy', 'content-security-policy-report-only'];

/** A log that can be waited for. */
class Log<Entry> {
  readonly entries: Entry[] = [];
  readonly #waiting: (() => void)[] = [];

  add(entry: Entry): void {
    this.entries.push(entry);
    for (const told of this.#waiting.splice(0)) told();
  }

  /** Resolves with all entries when there are `count`. */
  async until(count: number): Promise<Entry[]> {
    while (this.entries.length < count) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    return this.entries;
  }
}

export class Site {
  readonly host: Host;
  readonly origin: string;
  /** How grafts have ended. */
  readonly outcomes: Log<PageOutcome>;
  /** What pages have reported: bodies of their POSTs to /report. */
  readonly reports: Log<string>;
  /** Answers of what lies below /.well-known/graftwork: method, last part of the path, status. */
  readonly asked: Log<string>;
  /** Awaited before the host hears of the exchange of this number. */
  beforeExchange: (count: number) => Promise<unknown> = async () => {};
  readonly #fixtures: Map<string, Fixture>;
  readonly #stop: () => Promise<void>;

  constructor(
    parts: Pick<Site, 'host' | 'origin' | 'outcomes' | 'reports' | 'asked'>,
    fixtures: Map<string, Fixture>,
    stop: () => Promise<void>,
  ) {
    this.host = parts.host;
    this.origin = parts.origin;
    this.outcomes = parts.outcomes;
    this.reports = parts.reports;
    this.asked = parts.asked;
    this.#fixtures = fixtures;
    this.#stop = stop;
  }

  serve(path: string, html: string, headers: Fixture['headers'] = {}): void {
    this.#fixtures.set(path, { html, headers });
  }

  /** Installs a sample of the example. */
  sample(name: string): Promise<unknown> {
    return this.host.install(
      fileURLToPath(new URL(`../../../examples/browser-filter/plugins/${name}`, import.meta.url)),
    );
  }

  /** Installs a plugin whose graft is the export `run`. */
  plugin(name: string, code: string): Promise<unknown> {
    const graftwork = { api: 1, grafts: [{ point: 'page/content', export: 'run' }], needs: ['page'] };
    return this.host.install({ manifest: { name, graftwork }, files: { 'index.js': code } });
  }

  async removeAll(): Promise<void> {
    for (const { name } of this.host.plugins()) await this.host.remove(name);
  }

  /** Opens a document, and gives the ends of its grafts when its realm has ended: nothing of it happens any more. */
  async visit(page: Page, path: string): Promise<PageOutcome[]> {
    const before = this.outcomes.entries.length;
    const realm = page.waitForEvent('worker').then((worker) => worker.waitForEvent('close'));
    await page.goto(this.origin + path);
    await realm;
    return this.outcomes.entries.slice(before);
  }

  close(): Promise<void> {
    return this.#stop();
  }
}

export const openSite = async (): Promise<Site> => {
  const outcomes = new Log<PageOutcome>();
  const reports = new Log<string>();
  const asked = new Log<string>();
  const content = createContent({ ended: (outcome) => outcomes.add(outcome) });
  const host = await createHost({ store: 'memory', compartment: content.compartments, report: () => {} });
  content.attach(host);
  const fixtures = new Map<string, Fixture>();
  const app = express();
  let exchanges = 0;
  app.use('/.well-known/graftwork', async (request, response) => {
    response.on('finish', () =>
      asked.add(
        `${request.method} ${request.path
          .split('/')
          .at(-1)
          ?.replace(/^[0-9a-f]{32}/, 'ID')} ${response.statusCode}`,
      ),
    );
    request.url = request.originalUrl;
    if (request.method === 'POST') await site.beforeExchange(++exchanges);
    await content.route(request, response);
  });
  app.post('/report', express.text({ type: () => true, limit: '10mb' }), (request, response) => {
    reports.add(request.body as string);
    response.end();
  });
  app.use(async (request, response) => {
    const fixture = fixtures.get(request.path);
    if (fixture === undefined) return void response.status(404).end();
    const isPage = !request.path.endsWith('.js');
    const part = isPage
      ? await content.contentFor({ url: `http://${request.headers.host}${request.originalUrl}` })
      : undefined;
    for (const [name, value] of Object.entries(fixture.headers ?? {}))
      response.setHeader(name, POLICIES.includes(name) ? (part?.csp(value) ?? value) : value);
    response.type(isPage ? 'html' : 'js').send(fixture.html.replace('<head>', `<head>${part?.head ?? ''}`));
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const site = new Site({ host, origin, outcomes, reports, asked }, fixtures, async () => {
    await host.close();
    server.close();
    server.closeAllConnections();
  });
  return site;
};
