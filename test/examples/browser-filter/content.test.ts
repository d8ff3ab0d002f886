// Grafts inside pages, in a real Chromium: what honest ones change and nothing else, that a failed one leaves no trace,
// and that what the page itself changes meanwhile is the page's.

import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { pageScript, realmScript } from '../../../examples/browser-filter/content/scripts.ts';
import { hasChromium, openSite, type Site, startChromium } from './content-site.ts';

const NEWS = `<!doctype html><html><head><title>News</title></head><body>
<h1>Every graft is a call</h1>
<p id="one" style="color:red">A transaction is one: the <b>transaction</b> of a graft.</p>
<p>Nothing of interest, <i>the</i> end.</p>
<script>const transaction = 'a graft';</script>
<div id="cookie-bar"><p>We use cookies.</p></div><div class="consent">Agreed.</div>
</body></html>`;

const inChromium = hasChromium ? describe : describe.skip;

inChromium('grafts in a page (needs Chromium for Linux on x64)', () => {
  let browser: Browser;
  let site: Site;
  let page: Page;

  beforeAll(async () => {
    browser = await startChromium();
    site = await openSite();
    page = await browser.newPage();
    site.serve('/news', NEWS);
  });

  afterEach(async () => {
    site.beforeExchange = async () => {};
    await site.removeAll();
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  /** The document as the browser has it, without grafts. */
  const plain = async (path: string): Promise<string> => {
    await site.removeAll();
    await page.goto(site.origin + path);
    return page.content();
  };

  test('honest ones change what they should, and nothing else', async () => {
    const before = await plain('/news');
    await site.sample('content-highlight');
    await site.sample('content-cookie-notice');
    const outcomes = await site.visit(page, '/news');
    expect(outcomes.map(({ graft, status, why }) => [graft, status, why])).toEqual([
      ['content-highlight#highlight', 'committed', ''],
      ['content-cookie-notice#tidy', 'committed', ''],
    ]);
    const word = (text: string, note: string): string => `<mark title="${note}">${text}</mark>`;
    const [graft, transaction] = [
      word('graft', 'A function of a plugin.'),
      word('transaction', 'All of it, or nothing.'),
    ];
    const expected = before
      .replace('Every graft is', `Every ${graft} is`)
      .replace('A transaction is', `A ${transaction} is`)
      .replace('<b>transaction</b>', `<b>${transaction}</b>`)
      .replace('of a graft.', `of a ${graft}.`)
      .replace('<div id="cookie-bar">', '<div id="cookie-bar" style="display: none !important;">');
    expect(await page.content()).toBe(expected);
  });

  test('one that throws, one that loops and one that answers too much leave the page byte for byte', async () => {
    const before = await plain('/news');
    await site.sample('content-broken');
    await site.sample('content-loop');
    await site.plugin(
      'hoarder',
      `export const run = (_, { page }) => {
      for (const element of page.query('p')) for (let i = 0; i < 1e6; i++) page.text(element);
    };`,
    );
    const outcomes = await site.visit(page, '/news');
    expect(await page.content()).toBe(before);
    expect(outcomes.map(({ graft, status }) => [graft, status])).toEqual([
      ['content-broken#clean', 'undone'],
      ['content-loop#rewrite', 'undone'],
      ['hoarder#run', 'undone'],
    ]);
    expect(outcomes.map(({ why }) => why)).toEqual([
      'thrown: Error: half done',
      'own-time: more than 1000000 fuel',
      'limit: calls',
    ]);
    expect(outcomes.slice(0, 2).every(({ undone, fuel }) => undone > 0 && fuel > 0)).toBe(true);
  });

  test('what failed in a page is recorded and removed as everywhere; honest ones stay', async () => {
    await site.sample('content-broken');
    await site.sample('content-highlight');
    expect((await site.visit(page, '/news')).map(({ status }) => status)).toEqual(['undone', 'committed']);
    const [record] = await site.host.aborts({ limit: 1 });
    expect(record).toMatchObject({ graft: 'content-broken#clean', reason: 'thrown', removed: true });
    expect(record?.source).toMatch(/^main\.ts:\d+:\d+$/);
    expect((await site.visit(page, '/news')).map(({ graft }) => graft)).toEqual(['content-highlight#highlight']);
  });

  test('a refusal is undone, and never blamed', async () => {
    const before = await plain('/news');
    await site.plugin(
      'shy',
      `import { refuse } from 'graftwork/sdk';
      export const run = (_, { page }) => { page.hide(page.query('h1')[0]); refuse('not-here', 'no'); };`,
    );
    expect(await site.visit(page, '/news')).toMatchObject([{ status: 'refused', why: 'not-here: no' }]);
    expect(await page.content()).toBe(before);
    expect(site.host.plugins()[0]?.grafts[0]?.state).toBe('installed');
  });

  test('a graft reads what it has written, no text that nobody reads, and is told of a wrong selector', async () => {
    await site.plugin(
      'reader',
      `export const run = (_, { page }) => {
      const [p] = page.query('#one');
      page.replace(p, 'transaction', 'deed');
      page.annotate(p, 'graft', 'x');
      const said = [page.text(p), page.text(page.query('body')[0]).includes('const'), page.query('nothing').length];
      const wrong = [() => page.query('<<'), () => page.text(777), () => page.hide('p'), () => page.replace(p, '', '')];
      for (const bad of wrong)
        try { bad(); said.push('no error'); } catch (error) { said.push(error.code); }
      page.replace(page.query('h1')[0], 'Every graft is a call', JSON.stringify(said));
    };`,
    );
    expect(await site.visit(page, '/news')).toMatchObject([{ status: 'committed' }]);
    const said = JSON.parse((await page.textContent('h1')) ?? '');
    const bad = 'GRAFT_BAD_ARGUMENT';
    expect(said).toEqual(['A deed is one: the deed of a graft.', false, 0, bad, bad, bad, bad]);
    expect(await page.innerHTML('#one')).toBe('A deed is one: the <b>deed</b> of a <mark title="x">graft</mark>.');
  });

  test('a plugin for pages is refused where it stands elsewhere too, or cannot be metered', async () => {
    site.host.graftPoint({ name: 'other/point', kind: 'event' });
    const grafts = ['page/content', 'other/point'].map((point) => ({ point, export: 'run' }));
    const files = { 'index.js': 'export const run = () => {};' };
    const mixed = site.host.install({ manifest: { name: 'mixed', graftwork: { api: 1, grafts } }, files });
    await expect(mixed).rejects.toMatchObject({ code: 'GRAFT_INSTALL_FAILED' });
    const unmetered = site.plugin('unmetered', 'export const run = () => /(a+)+b/.test("a");');
    await expect(unmetered).rejects.toMatchObject({ code: 'GRAFT_INSTALL_FAILED' });
    const elsewhere = { api: 1, grafts: [{ point: 'other/point', export: 'run' }] };
    await site.host.install({ manifest: { name: 'elsewhere', graftwork: elsewhere }, files });
    expect((await site.host.invoke('other/point', null)).grafts).toMatchObject([{ status: 'committed' }]);
  });

  /** A page whose element `x-touchy` runs code of the page, in the middle of a batch, whenever its style changes. */
  const touchy = (reaction: string): string => `<!doctype html><html><head><script>
    customElements.define('x-touchy', class extends HTMLElement {
      static observedAttributes = ['style'];
      attributeChangedCallback() { ${reaction} }
    });
  </script></head><body><h1 style="color:red">h</h1><x-touchy>x</x-touchy><h2>h</h2><p>old</p></body></html>`;

  test('what the page makes of a change in the middle of a batch stands', async () => {
    site.serve('/touchy', touchy("document.querySelector('p').textContent = 'of the page';"));
    await site.plugin(
      'meddler',
      `export const run = (_, { page }) => {
      for (const element of page.query('x-touchy')) page.hide(element);
      page.replace(page.query('p')[0], 'o', '0');
    };`,
    );
    expect(await site.visit(page, '/touchy')).toMatchObject([{ status: 'committed', changes: 2 }]);
    expect(await page.textContent('p')).toBe('of the page');
  });

  test('where the page takes away what is about to change, all is undone, thrice, and nobody is blamed', async () => {
    site.serve('/touchy', touchy("document.querySelector('h2').replaceWith(document.createElement('h2'));"));
    await site.plugin(
      'meddler',
      `export const run = (_, { page }) => {
      page.replace(page.query('p')[0], 'o', '0');
      for (const element of page.query('h1, x-touchy, h2')) page.hide(element);
    };`,
    );
    const [outcome] = await site.visit(page, '/touchy');
    expect(outcome).toMatchObject({ status: 'undone', why: 'store-conflict: the page has changed', changes: 0 });
    expect(await page.innerHTML('body')).toBe('<h1 style="color:red">h</h1><x-touchy>x</x-touchy><h2></h2><p>old</p>');
    expect(site.host.plugins()[0]?.grafts[0]).toMatchObject({ state: 'installed', aborts: 0 });
  });

  test('what the host does not keep is taken back, but for what the page has changed since', async () => {
    site.serve(
      '/watching',
      `<!doctype html><html><head></head><body>
      <h1>old</h1><h2 style="color:  red">old</h2><p>old</p><ul><li>an old thing</li><li>an old one</li></ul>
      <script>new MutationObserver((_, own) => {
        own.disconnect();
        document.querySelector('p').firstChild.data += ' and of the page';
        document.querySelector('li mark').setAttribute('title', 'of the page');
      }).observe(document.body, { subtree: true, childList: true, characterData: true });</script></body></html>`,
    );
    await site.plugin(
      'late',
      `export const run = (_, { page }) => {
      for (const element of page.query('h1, p')) page.replace(element, 'old', 'new');
      for (const element of page.query('li')) page.annotate(element, 'old', 'note');
      for (const element of page.query('h2')) page.hide(element);
    };`,
    );
    let exchanges = 0;
    site.beforeExchange = async () => {
      if (++exchanges === 2) await site.host.remove('late', { now: true });
    };
    await site.visit(page, '/watching');
    expect(exchanges).toBe(2);
    const text = (await page.innerHTML('body')).replace(/<script>.*<\/script>/s, '').trim();
    expect(text).toBe(
      '<h1>old</h1><h2 style="color:  red">old</h2><p>new and of the page</p>' +
        '<ul><li>an <mark title="of the page">old</mark> thing</li><li>an old one</li></ul>',
    );
  });

  /** A page that changes its own paragraphs at times of its own, by a seed, and remembers what it wrote last. */
  const restless = (seed: number): string => `<!doctype html><html><head></head><body><script>
    let state = ${seed};
    const random = (below) => {
      state = (state + 0x6d2b79f5) | 0;
      const bits = Math.imul(state ^ (state >>> 15), 1 | state);
      return ((bits ^ (bits >>> 14)) >>> 0) % below;
    };
    const last = [];
    const list = [];
    const write = (i) => {
      last[i] = 'p' + i + ' v' + rounds + ' old';
      const [only, other] = list[i].childNodes;
      if (random(4) > 0 && only instanceof Text && other === undefined) only.data = last[i];
      else list[i].textContent = last[i];
    };
    let rounds = 0;
    for (let i = 0; i < 12; i++) { list[i] = document.body.appendChild(document.createElement('p')); write(i); }
    const calm = random(3) === 0 ? 0 : random(250);
    const turn = () => {
      rounds++;
      const i = random(12);
      if (random(8) === 0) document.body.appendChild(list[i]);
      write(i);
      if (rounds < calm) setTimeout(turn, random(4));
    };
    if (calm > 0) addEventListener('DOMContentLoaded', turn);
    const settled = () => rounds >= calm ? 'settled' : null;
    const seen = () => list.map((p, i) => [p.textContent, last[i]]);
  </script></body></html>`;

  test('whatever a page writes while grafts run stands, as it wrote it or with a whole change on it', async () => {
    await site.plugin(
      'writer',
      `export const run = (_, { page }) => {
      for (const element of page.query('p')) page.replace(element, 'old', 'new');
      for (const element of page.query('body p')) page.annotate(element, 'v', 'note');
    };`,
    );
    const ends = new Set<string>();
    for (let seed = 1; seed <= 25; seed++) {
      site.serve('/restless', restless(seed));
      const [outcome] = await site.visit(page, '/restless');
      await page.waitForFunction('settled()');
      const seen = (await page.evaluate('seen()')) as [string, string][];
      const wrong = seen.filter(([now, last]) => now !== last && now !== last.replace('old', 'new'));
      expect({ seed, wrong }).toEqual({ seed, wrong: [] });
      const changed = seen.filter(([now]) => now.includes('new')).length;
      if (outcome?.status === 'undone') expect({ seed, changed }).toEqual({ seed, changed: 0 });
      ends.add(`${outcome?.status}`);
    }
    expect(ends).toContain('committed');
    expect(site.host.plugins()[0]?.grafts[0]).toMatchObject({ state: 'installed', aborts: 0 });
  }, 120_000);
});

test('the injected script and the realm are small', () => {
  const id = '0'.repeat(32);
  const injected = pageScript({ realm: `/.well-known/graftwork/realm/${id}.js`, trusted: `graftwork-${id}` });
  const realm = realmScript({ page: id, token: id + id, key: id + id });
  const kilobytes = (text: string): number => gzipSync(text, { level: 9 }).length / 1000;
  expect(kilobytes(injected)).toBeLessThan(4);
  expect(kilobytes(realm)).toBeLessThan(75);
});
