// A real browser through the proxy: what honest grafts change, and that those that misbehave change nothing.

import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FiltersEngine, Request } from '@ghostery/adblocker';
import { extractFeaturesFromDOM } from '@ghostery/adblocker-content';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type BrowserFilter, startBrowserFilter } from '../../../examples/browser-filter/browser-filter.ts';
import { addPages } from '../../../examples/browser-filter/page/page.ts';
import { createServer, type Listening, listen } from '../../../src/host/server/index.ts';
import { noBrowser, startBrowser } from './browser.ts';
import { serveFixtures } from './fixtures.ts';
import { makeFolder, type Origin, resolveHere, startOrigin } from './origin.ts';
import { SHARED_LISTS, savedPages } from './shared.ts';

type Features = ReturnType<typeof extractFeaturesFromDOM>;

const TOKEN = 'a-token-of-this-test';
const folder = makeFolder();
const isLarge = SHARED_LISTS.every((file) => existsSync(file));
const OWN_LIST = fileURLToPath(new URL('../../../examples/browser-filter/lists/own.txt', import.meta.url));
const LISTS = [OWN_LIST, ...(isLarge ? SHARED_LISTS : [])];
let origin: Origin;
let filter: BrowserFilter;
let server: Listening;
let browser: Browser;
let context: BrowserContext;
const saved = savedPages();

beforeAll(async () => {
  if (noBrowser !== null) return;
  origin = await startOrigin((request, response) => {
    const page = saved.get(decodeURIComponent(new URL(request.url ?? '/', 'http://o').pathname));
    if (page === undefined) return void serveFixtures(request, response);
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(page());
  });
  filter = await startBrowserFilter({
    data: folder,
    proxyPort: 0,
    lists: LISTS.join(','),
    proxy: { allowPrivate: true, resolve: resolveHere, authorities: [origin.authority.pem] },
    host: { report: () => {} },
  });
  const app = createServer(filter.host, { token: TOKEN, pages: (pages) => addPages(pages, filter) });
  server = await listen(app, { port: 0 });
  browser = await startBrowser(filter.proxy.url, filter.authority.pem);
  context = await browser.newContext();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await filter?.close();
  await origin?.close();
  rmSync(folder, { recursive: true, force: true });
});

const shot = async (page: Page, name: string): Promise<void> => {
  const to = process.env.SCREENSHOTS;
  if (to === undefined) return;
  mkdirSync(to, { recursive: true });
  await page.screenshot({ path: `${to}/${name}.png`, fullPage: true });
};

/** Runs with these plugins on, and no others. */
const withPlugins = async <T>(names: readonly string[], run: () => Promise<T>): Promise<T> => {
  const standing = (): string[] => filter.host.plugins().map(({ name }) => name);
  for (const name of standing()) await filter.switchPlugin(name, false);
  for (const name of names) await filter.switchPlugin(name, true);
  return run();
};

/** The DOM of a page, once it has loaded, as HTML; and what is shown of it. */
const load = async (url: string): Promise<{ html: string; text: string }> => {
  const page = await context.newPage();
  try {
    await page.goto(url, { waitUntil: 'load' });
    return {
      html: await page.evaluate('document.documentElement.outerHTML'),
      text: await page.evaluate('document.body.innerText'),
    };
  } finally {
    await page.close();
  }
};

const run = noBrowser === null ? describe : describe.skip;
if (noBrowser !== null) console.warn(`skipped: ${noBrowser}`);

run('pages in Chromium', () => {
  test('over http and https without a graft: the same page', async () => {
    await withPlugins([], async () => {
      const plain = await load(origin.url('/article'));
      expect(plain.html).toContain('data-site="ran"');
      expect(await load(origin.secureUrl('/article'))).toEqual(plain);
    });
  });

  const bare = (): Promise<{ html: string; text: string }> => withPlugins([], () => load(origin.secureUrl('/article')));

  test('link-cleaner changes one link, and nothing else', async () => {
    const before = await bare();
    const after = await withPlugins(['link-cleaner'], () => load(origin.secureUrl('/article')));
    expect(after.html).toBe(before.html.replace('a=1&amp;utm_source=mail&amp;b=2', 'a=1&amp;b=2'));
  });

  test('word-highlighter marks words, and the text stays what it was', async () => {
    const before = await bare();
    const after = await withPlugins(['word-highlighter'], () => load(origin.secureUrl('/article')));
    expect(after.html.match(/<mark>/g)?.length).toBe(14);
    expect(after.html.replace(/<\/?mark>/g, '')).toBe(before.html);
  });

  test('cookie-notice-remover removes the notice', async () => {
    const before = await bare();
    const after = await withPlugins(['cookie-notice-remover'], () => load(origin.secureUrl('/article')));
    const without = before.html.replace('<div id="cookie-notice">We use cookies</div>', '');
    expect(after.html.replace(/<style>[^<]*<\/style>/, '')).toBe(without);
  });

  test('reader-view leaves the article', async () => {
    const before = await bare();
    const after = await withPlugins(['reader-view'], () => load(origin.secureUrl('/article')));
    const around = /<nav>.*?<\/nav>|<aside>.*?<\/aside>|<footer>.*?<\/footer>/g;
    expect(after.html).toBe(before.html.replace(around, ''));
  });

  test('list-blocker blocks requests and hides elements, also behind a strict policy', async () => {
    await withPlugins(['list-blocker'], async () => {
      const page = await context.newPage();
      await page.goto(origin.url('/article'));
      const [visit] = filter.visits.list(1);
      expect(visit?.deeds.filter(({ what }) => what === 'blocked').map(({ url }) => url)).toEqual([
        'http://ads.test/a.js',
      ]);
      expect(await page.locator('.ad-banner').isVisible()).toBe(false);
      await page.goto(origin.secureUrl('/strict'));
      expect(await page.locator('.ad-banner').isVisible()).toBe(false);
      expect(await page.locator('h1').isVisible()).toBe(true);
      await page.close();
    });
  });

  test.each([
    'half-rewriter',
    'loops-on-page',
    'script-injector',
    'process-killer',
    'cookie-reader',
    'response-splitter',
  ])('%s: the page is as if it were not there, and the graft is gone', async (name) => {
    const before = await bare();
    const after = await withPlugins([name], () => load(origin.secureUrl('/article')));
    expect(after).toEqual(before);
    expect(filter.host.plugins().flatMap(({ grafts }) => grafts.filter(({ state }) => state === 'installed'))).toEqual(
      [],
    );
    expect(filter.visits.list(3).some(({ undone }) => undone === 1)).toBe(true);
    expect(filter.host.inUse()).toMatchObject({ transactions: 0, units: 0 });
  });
});

/** Pages of which the cosmetic test takes one in so many; all of them take minutes. */
const EVERY = Number(process.env.EVERY_PAGE ?? 6);

run('cosmetic filtering', () => {
  test('a page hides through the proxy what the library itself hides', async () => {
    if (saved.size === 0 || !isLarge)
      console.warn('skipped: data/pages or data/filters is not there; small pages alone');
    const engine = FiltersEngine.parse(LISTS.map((file) => readFileSync(file, 'utf8')).join('\n'));
    // A context of this browser is not closed: its process is the browser's own, and ends with it.
    const still = await browser.newContext({ javaScriptEnabled: false, bypassCSP: true });
    const page = await still.newPage();
    // What the pages ask for elsewhere is no matter of this test.
    await page.route('**/*', (route) =>
      route.request().isNavigationRequest() && route.request().frame() === page.mainFrame()
        ? route.continue()
        : route.abort(),
    );
    const hidden =
      '[...document.body.querySelectorAll("*")].flatMap((e, i) => getComputedStyle(e).display === "none" ? [i] : [])';
    const urls = [...saved.keys()].filter((_path, i) => i % EVERY === 0).concat('/article', '/strict');
    const shown = async (path: string): Promise<unknown> => {
      await page.goto(origin.url(path), { waitUntil: 'domcontentloaded' });
      return page.evaluate(hidden);
    };
    const through: unknown[] = [];
    await withPlugins(['list-blocker'], async () => {
      for (const path of urls) through.push([path, await shown(path)]);
    });
    const plainly: unknown[] = [];
    let more = 0;
    await withPlugins([], async () => {
      for (const path of urls) {
        const before = await shown(path);
        const url = origin.url(path);
        const { hostname, domain } = Request.fromRawDetails({ url, type: 'document' });
        const features = (await page.evaluate(`(${extractFeaturesFromDOM})()`)) as Features;
        const given = { url, hostname, domain, ...features, getInjectionRules: false, getExtendedRules: false };
        const sheet = JSON.stringify({ textContent: engine.getCosmeticsFilters(given).styles });
        await page.evaluate(
          `document.documentElement.append(Object.assign(document.createElement('style'), ${sheet}))`,
        );
        const after = (await page.evaluate(hidden)) as unknown[];
        more += after.length - (before as unknown[]).length;
        plainly.push([path, after]);
      }
    });
    expect(through).toEqual(plainly);
    expect(more).toBeGreaterThan(0);
  }, 300_000);
});

run('the page of visits', () => {
  let own: Browser;
  let page: Page;
  beforeAll(async () => {
    own = await startBrowser();
    page = await (await own.newContext({ bypassCSP: true })).newPage();
  });
  afterAll(() => own?.close());

  const sign = async (page: Page): Promise<void> => {
    await page.goto(server.url);
    await page.evaluate('sessionStorage.clear()');
    await page.reload();
    await page.getByLabel(/Token of this server/).fill(TOKEN);
    await page.getByRole('button', { name: 'Show visits' }).click();
  };

  /** Does what throws a switch, and waits until the host has answered. */
  const switchedBy = async (act: () => Promise<void>): Promise<void> => {
    const answered = page.waitForResponse(/\/api\/switches$/);
    await act();
    expect((await answered).status()).toBe(200);
  };

  test('shows visits as they happen, switches plugins and sites, and is accessible', async () => {
    await sign(page);
    await withPlugins(['list-blocker'], async () => {
      await load(origin.url('/article'));
      const row = page.locator('#visits > li').first();
      await row.getByText('1 blocked').waitFor();
      await row.getByText('What was done').click();
      await row.getByText('blocked http://ads.test/a.js').waitFor();
      await switchedBy(() => row.getByLabel('Filters on news.test').uncheck());
      expect(filter.sitesOff()).toEqual(['news.test']);
      expect((await load(origin.url('/article'))).html).not.toContain('<style>');
      await filter.switchSite('news.test', true);
      await switchedBy(() => page.getByLabel('link-cleaner').check());
      expect(filter.host.plugins().map(({ name }) => name)).toContain('link-cleaner');
    });
  });

  test.each([
    ['light', 1200],
    ['dark', 1200],
    ['light', 360],
    ['dark', 360],
  ] as const)('%s at %i pixels: no fault that axe finds', async (colorScheme, width) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    await sign(page);
    await page.locator('#visits > li').first().waitFor();
    for (const summary of await page.locator('summary').all()) await summary.click();
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate('axe.run()')) as { violations: { id: string; nodes: unknown[] }[] };
    expect(violations.map(({ id, nodes }) => `${id}: ${JSON.stringify(nodes).slice(0, 300)}`)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    await shot(page, `visits-${colorScheme}-${width}`);
  });
});
