// Grafts in hostile pages and under strict policies, in a real Chromium: they work, or they do not start; the page
// learns nothing of them, reaches nothing, and can say nothing in their name.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { hasChromium, openSite, type Site, startChromium } from './content-site.ts';

const inChromium = hasChromium ? describe : describe.skip;

/** Takes what a script needs to report, before it breaks the page's built-ins. */
const REPORTING = `
  const { ownKeys, apply } = Reflect, { defineProperty, setPrototypeOf } = Object, text = String;
  const stringify = JSON.stringify, beacon = navigator.sendBeacon.bind(navigator);
  const markup = Object.getOwnPropertyDescriptor(Element.prototype, 'outerHTML').get.bind(document.documentElement);
  const list = () => setPrototypeOf([], null);
  const globals = () => {
    const names = list();
    for (const on of [window, document, navigator]) {
      const keys = ownKeys(on);
      for (let i = 0; i < keys.length; i++) if (isNaN(text(keys[i]))) names[names.length] = text(keys[i]);
    }
    return names;
  };
`;

/** Watches whatever a script could use. What it sees while no code of the page's own runs (mine) is a leak. */
const BREAKING = `
  let mine = 1;
  const leaks = list();
  const first = globals();
  const note = (what) => { if (mine === 0) leaks[leaks.length] = what; };
  const watched = (name, native) => native && function () { note(name); return apply(native, this, arguments); };
  const spy = (name, on, key) => {
    const own = Object.getOwnPropertyDescriptor(on, key);
    if (own === undefined || !own.configurable) return;
    const label = name + '.' + text(key);
    if (typeof own.value === 'function') defineProperty(on, key, { ...own, value: watched(label, own.value) });
    else if (own.get !== undefined)
      defineProperty(on, key, { ...own, get: watched(label, own.get), set: watched(label, own.set) });
  };
  const prototypes = { Map, Set, WeakMap, String, Promise, MessagePort, MessageChannel, Worker, MessageEvent,
    EventTarget, Event, Node, Element, HTMLElement, SVGElement, CharacterData, Text, NodeList, Document,
    CSSStyleDeclaration, Function, Array };
  for (const name in prototypes)
    for (const key of ownKeys(prototypes[name].prototype))
      if (key !== 'constructor') spy(name, prototypes[name].prototype, key);
  for (const name of ['JSON', 'Symbol', 'Reflect', 'Object'])
    for (const key of ownKeys(window[name])) spy(name, window[name], key);
  for (const key of ['setTimeout', 'queueMicrotask', 'postMessage', 'structuredClone', 'Worker', 'SharedWorker',
    'MessageChannel', 'addEventListener', 'fetch', 'eval']) spy('window', window, key);
  for (const key of ['querySelectorAll', 'createElement', 'createTextNode', 'addEventListener'])
    document[key] = watched('document.' + key, document[key]);
  for (const on of [Object.prototype, Array.prototype, Function.prototype])
    for (const key of ['kind', 'question', 'answer', 'of', 'id', 'texts', 'then', 'toJSON', '0', '1', 'get',
      'set', 'value']) defineProperty(on, key, { __proto__: null, configurable: true,
        set(value) {
          note('set ' + key);
          defineProperty(this, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
        },
        get() { note('get ' + key); } });
  addEventListener('message', () => { note('a message'); });
  addEventListener('error', () => { note('an error'); });
  addEventListener('pagehide', () => {
    mine = 1;
    const said = { __proto__: null, leaks, first, last: globals(), markup: markup(), frames: length,
      scripts: document.scripts.length };
    beacon('/report', stringify(said));
  });
  mine = 0;
`;

const ARTICLE = '<h1>Every graft</h1><p>A transaction.</p><div id="cookie">We use cookies.</div>';
const GRAFTED =
  '<h1>Every <mark title="A function of a plugin.">graft</mark></h1>' +
  '<p>A <mark title="All of it, or nothing.">transaction</mark>.</p>' +
  '<div id="cookie" style="display: none !important;">We use cookies.</div>';

const HOSTILE = `<!doctype html><html><head><script>{ ${REPORTING} ${BREAKING} }</script></head>
<body>${ARTICLE}</body></html>`;

inChromium('hostile pages and strict policies (needs Chromium for Linux on x64)', () => {
  let browser: Browser;
  let site: Site;
  let page: Page;

  beforeAll(async () => {
    browser = await startChromium();
    site = await openSite();
  });

  beforeEach(async () => {
    const context = await browser.newContext();
    page = await context.newPage();
  });

  afterEach(async () => {
    await site.removeAll();
    await page.context().close();
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const samples = async (): Promise<void> => {
    for (const name of ['content-highlight', 'content-cookie-notice']) await site.sample(name);
  };

  /** Leaves the page, and gives what it reports of itself then. */
  const report = async (): Promise<{ markup: string; [what: string]: unknown }> => {
    const { length } = site.reports.entries;
    await page.goto('about:blank');
    return JSON.parse((await site.reports.until(length + 1))[length] as string);
  };

  test('a page that breaks and watches everything gets its grafts, and sees none of it', async () => {
    site.serve('/hostile', HOSTILE);
    await page.goto(`${site.origin}/hostile`);
    const before = await report();
    expect(before.leaks).toEqual([]);
    await samples();
    const outcomes = await site.visit(page, '/hostile');
    expect(outcomes.map(({ status }) => status)).toEqual(['committed', 'committed']);
    const after = await report();
    expect(after).toEqual({ ...before, markup: before.markup.replace(ARTICLE, GRAFTED) });
  });

  test('nothing that fails leaves a trace in such a page either', async () => {
    site.serve('/hostile', HOSTILE);
    await page.goto(`${site.origin}/hostile`);
    const before = await report();
    await site.sample('content-broken');
    await site.sample('content-loop');
    expect((await site.visit(page, '/hostile')).map(({ status }) => status)).toEqual(['undone', 'undone']);
    expect(await report()).toEqual(before);
  });

  test.each([
    [
      'nothing but its own scripts',
      { 'content-security-policy': "default-src 'none'; script-src 'nonce-x'; connect-src 'self'" },
    ],
    ['its own origin', { 'content-security-policy': "default-src 'self'; script-src 'nonce-x'" }],
    [
      'what its scripts trust',
      { 'content-security-policy': "script-src 'nonce-x' 'strict-dynamic'; object-src 'none'" },
    ],
    ['no workers', { 'content-security-policy': "script-src 'nonce-x'; worker-src 'none'" }],
    [
      'Trusted Types alone',
      { 'content-security-policy': "require-trusted-types-for 'script'; trusted-types own; script-src 'nonce-x'" },
    ],
    [
      'two policies at once',
      {
        'content-security-policy': "script-src 'nonce-x', default-src 'none'; connect-src 'self'; script-src 'nonce-x'",
      },
    ],
    [
      'reports',
      { 'content-security-policy-report-only': "default-src 'none'; script-src 'nonce-x'; connect-src 'self'" },
    ],
    ['isolation', { 'cross-origin-embedder-policy': 'require-corp', 'cross-origin-opener-policy': 'same-origin' }],
  ])('a page whose headers allow %s gets its grafts, and breaks no rule of its own', async (_what, headers) => {
    site.serve(
      '/strict',
      `<!doctype html><html><head><script nonce="x">{ ${REPORTING}
      const broken = [];
      addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
        broken.push([effectiveDirective, blockedURI]);
      });
      addEventListener('pagehide', () => beacon('/report', stringify({ broken, markup: markup() })));
    }</script></head><body>${ARTICLE}</body></html>`,
      headers,
    );
    await samples();
    expect((await site.visit(page, '/strict')).map(({ status }) => status)).toEqual(['committed', 'committed']);
    const { broken, markup } = await report();
    expect(broken).toEqual([]);
    expect(markup).toContain(GRAFTED);
  });

  test('a page whose policy is in its text, or allows no script at all, gets its grafts', async () => {
    const meta = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'">`;
    site.serve('/meta', `<!doctype html><html><head>${meta}</head><body>${ARTICLE}</body></html>`);
    site.serve('/none', `<!doctype html><html><head></head><body>${ARTICLE}</body></html>`, {
      'content-security-policy': "default-src 'none'",
    });
    await samples();
    for (const path of ['/meta', '/none']) {
      await site.visit(page, path);
      expect(await page.content()).toContain(GRAFTED);
    }
  });

  test('a page whose policy takes its origin away has none: no realm starts, and it stays as it is', async () => {
    const policy = `s${'andbox'} allow-scripts`;
    site.serve('/apart', `<!doctype html><html><head></head><body>${ARTICLE}</body></html>`, {
      'content-security-policy': policy,
    });
    await samples();
    const { length } = site.asked.entries;
    await page.goto(`${site.origin}/apart`, { waitUntil: 'networkidle' });
    expect(page.workers()).toEqual([]);
    expect(site.asked.entries.length).toBe(length);
    expect(await page.content()).toContain(ARTICLE);
  });

  test('a page can neither read a realm nor speak for one', async () => {
    site.serve(
      '/forger',
      `<!doctype html><html><head></head><body>${ARTICLE}<script>
      const forge = async () => {
        const loaded = performance.getEntriesByType('resource').map(({ name }) => name);
        const own = loaded.find((name) => name.includes('/realm/'));
        const copy = await (await fetch(location.href)).text();
        const other = location.origin + copy.match(/\\/\\.well-known\\/graftwork\\/realm\\/[0-9a-f]{32}\\.js/)[0];
        const id = other.match(/[0-9a-f]{32}/)[0];
        const status = async (url, options) => (await fetch(url, options)).status;
        const element = (name, url) => new Promise((resolve) => {
          const made = document.createElement(name);
          made.onload = () => resolve('loaded'); made.onerror = () => resolve('error');
          if (name === 'script') made.src = url; else { made.rel = 'stylesheet'; made.href = url; }
          document.head.append(made);
        });
        const shared = (url) => new Promise((resolve) => {
          new SharedWorker(url).onerror = () => resolve('error');
        });
        const body = JSON.stringify({ number: 0, ended: null });
        const ours = '/.well-known/graftwork/';
        const post = (signature) => status(ours + 'outcome', { method: 'POST', body,
          headers: { 'x-graftwork-page': id, 'x-graftwork-signature': signature } });
        return {
          isOther: own !== other && own !== undefined,
          reads: [await status(own), await status(other), await status(other, { mode: 'same-origin' })],
          loads: [await element('script', other), await element('link', other),
            await import(other).catch(() => 'error'), await shared(other)],
          posts: [await post(''), await post('0'.repeat(64)), await post(id)],
          others: [await status(ours), await status(ours + 'realm/' + '0'.repeat(32) + '.js')],
        };
      };
    </script></body></html>`,
    );
    await samples();
    await site.visit(page, '/forger');
    const { length } = site.outcomes.entries;
    expect(await page.evaluate('forge()')).toEqual({
      isOther: true,
      reads: [404, 404, 404],
      loads: ['error', 'error', 'error', 'error'],
      posts: [404, 404, 404],
      others: [404, 404],
    });
    expect(site.outcomes.entries.length).toBe(length);
  });

  test('a realm that a page starts itself runs grafts on what the page tells, and cannot be made to lie', async () => {
    site.serve(
      '/starter',
      `<!doctype html><html><head></head><body>${ARTICLE}<script>
      const steal = async () => {
        const copy = await (await fetch(location.href)).text();
        const worker = new Worker(copy.match(/\\/\\.well-known\\/graftwork\\/realm\\/[0-9a-f]{32}\\.js/)[0]);
        const said = [];
        return new Promise((resolve) => {
          worker.onmessage = ({ data }) => {
            said.push(JSON.stringify(data));
            if (data.kind === 'done') return resolve(said);
            // Whatever is no list of rows: proxies do not cross, but everything else does.
            const odd = [new Map(), [{ id: 1, texts: [[1, 2]] }], [{ id: -1 }], { length: 9 }, 7, 'x'];
            worker.postMessage({ kind: 'answer', question: data.question, answer: odd[said.length % odd.length] });
          };
          worker.postMessage({ kind: 'go', question: 0, answer: { toString: 1 } });
          worker.postMessage({ kind: 'go', question: 0, answer: 'again' });
        });
      };
    </script></body></html>`,
    );
    await site.plugin(
      'honest',
      `export const run = (_, { page }) => {
      for (const selector of ['p', 'q', 'r', 's', 't', 'u', 'v'])
        try { page.query(selector); } catch (error) { if (error.code !== 'GRAFT_BAD_ARGUMENT') throw error; }
    };`,
    );
    await site.visit(page, '/starter');
    const said = (await page.evaluate('steal()')) as string[];
    expect(said.join(' ')).not.toMatch(/[0-9a-f]{32}/);
    expect(site.host.plugins()[0]?.grafts[0]).toMatchObject({ state: 'installed', aborts: 0 });
  });

  test('under a service worker of the page no realm starts, and nothing is told', async () => {
    const worker = `onfetch = (event) => event.respondWith(fetch(event.request));
        onactivate = (event) => event.waitUntil(clients.claim());`;
    site.serve('/worker.js', worker);
    site.serve(
      '/served',
      `<!doctype html><html><head></head><body>${ARTICLE}<script>
      const { serviceWorker } = navigator;
      const ready = serviceWorker.register('/worker.js').then(() => serviceWorker.ready).then(() => 'ready');
    </script></body></html>`,
    );
    await page.goto(`${site.origin}/served`);
    await page.evaluate('ready');
    await samples();
    const [outcomes, asked] = [site.outcomes.entries.length, site.asked.entries.length];
    await page.goto(`${site.origin}/served`);
    expect((await site.asked.until(asked + 1)).slice(asked)).toEqual(['GET ID.js 404']);
    expect(site.outcomes.entries.length).toBe(outcomes);
    expect(await page.content()).toContain(ARTICLE);
  });
});
