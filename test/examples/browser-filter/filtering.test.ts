// Grafts at the points of a browser, by requests through the proxy: decisions, undo, injection, switches, restarts.

import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FiltersEngine, Request } from '@ghostery/adblocker';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type BrowserFilter, startBrowserFilter } from '../../../examples/browser-filter/browser-filter.ts';
import { edit } from '../../../examples/browser-filter/html/edits.ts';
import { select } from '../../../examples/browser-filter/html/selects.ts';
import { policiesWith, rulesFault } from '../../../examples/browser-filter/html/style.ts';
import { engineOf, listFiles, makeListBlocker } from '../../../examples/browser-filter/lists.ts';
import { NEUTRAL } from '../../../examples/browser-filter/proxy/neutral.ts';
import { createHost } from '../../../src/host/index.ts';
import { IsolateMaker } from '../../../src/plugins/compartment/index.ts';
import { PAGES, serveFixtures } from './fixtures.ts';
import { ask, makeFolder, type Origin, resolveHere, startOrigin } from './origin.ts';
import { type ListedRequest, SHARED_LISTS, sharedRequests } from './shared.ts';

const folder = makeFolder();
const isLarge = SHARED_LISTS.every((file) => existsSync(file));
const lists = isLarge ? SHARED_LISTS : listFiles(undefined);
let origin: Origin;
let filter: BrowserFilter;

const start = (): Promise<BrowserFilter> =>
  startBrowserFilter({
    data: folder,
    proxyPort: 0,
    lists: lists.join(','),
    samples: ['list-blocker', 'navigation-guard', 'download-log'],
    proxy: { allowPrivate: true, resolve: resolveHere, authorities: [origin.authority.pem] },
    host: { report: (event) => void told.push(event) },
  });
const told: object[] = [];

beforeAll(async () => {
  origin = await startOrigin(serveFixtures);
  filter = await start();
}, 120_000);
afterAll(async () => {
  await filter.close();
  await origin.close();
  rmSync(folder, { recursive: true });
});

const document = { 'sec-fetch-dest': 'document' };
const page = (path: string): Promise<string> =>
  ask(origin.url(path), { proxy: filter.proxy.url, headers: document }).then(({ body }) => body.toString());

/** Installs a plugin of one graft for the time of a test. */
const withGraft = async <T>(
  point: string,
  code: string,
  needs: readonly string[],
  run: () => Promise<T>,
): Promise<T> => {
  const name = `of-a-test-${point.split('/')[1]}`;
  await filter.host.install({
    manifest: { name, api: 1, grafts: [{ point, export: 'graft' }], needs: [...needs] },
    files: { 'index.js': code },
  });
  try {
    return await run();
  } finally {
    await filter.host.remove(name, { dismiss: true });
  }
};

interface Decided {
  readonly action: string;
  readonly url: string;
  readonly resource?: string;
}
interface Deciding {
  call(one: ListedRequest): Promise<Decided>;
}

/** What lists call the neutral resources that they name otherwise. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  noopjs: 'noop.js',
  noopcss: 'noop.css',
  noopframe: 'noop.html',
  nooptext: 'noop.txt',
  noopjson: 'noop.json',
  '1x1-transparent.gif': '1x1.gif',
};

/** What the library decides; where it redirects to what the proxy does not have, the request is blocked. */
const plainDecision = (engine: FiltersEngine, one: ListedRequest): string => {
  const { match, filter, rewrite } = engine.match(Request.fromRawDetails(one as { type: 'script' }));
  if (!match) return rewrite?.url === undefined ? 'allow' : `change ${rewrite.url}`;
  const named = filter?.isRedirect() === true ? filter.getRedirectResource() : '';
  const resource = OTHER_NAMES[named] ?? named;
  return Object.hasOwn(NEUTRAL, resource) ? `redirect ${resource}` : 'block';
};

describe('decisions of the list blocker', () => {
  const requests: readonly ListedRequest[] =
    sharedRequests()?.map(({ url, sourceUrl, type }) => ({ url, sourceUrl, type })) ??
    ['ads.example', 'news.test', 'stats.test', 'tracker.test'].flatMap((host) =>
      ['/', '/a.js', '/analytics.js', '/banners/logo.png', '/x?utm_source=1&b=2'].map((path) => ({
        url: `https://${host}${path}`,
        sourceUrl: 'https://news.test/',
        type: path.endsWith('.png') ? 'image' : 'script',
      })),
    );
  if (sharedRequests() === null || !isLarge) console.warn('skipped: data/requests or data/filters is not there');
  let expected: string[];
  beforeAll(async () => {
    const engine = FiltersEngine.deserialize(await engineOf(lists, join(folder, 'engines')));
    expected = requests.map((one) => plainDecision(engine, one));
    expect(new Set(expected).size).toBeGreaterThan(1);
  });

  const decided = async (point: Deciding): Promise<string[]> => {
    const answers: string[] = [];
    for (let at = 0; at < requests.length; at += 16) {
      const outcomes = await Promise.all(requests.slice(at, at + 16).map((one) => point.call(one)));
      answers.push(
        ...outcomes.map(({ action, url, resource }) =>
          action === 'change' ? `change ${url}` : action === 'redirect' ? `redirect ${resource}` : action,
        ),
      );
    }
    return answers;
  };

  test('in a process they are the library’s', async () => {
    expect(await decided(filter.filtering.points.request)).toEqual(expected);
  });

  test('in an isolate they are the library’s', async () => {
    const made = await makeListBlocker(join(folder, 'isolate'), await engineOf(lists, join(folder, 'engines')));
    const manifest = JSON.parse(readFileSync(join(made, 'package.json'), 'utf8'));
    manifest.graftwork = { api: 1, grafts: [{ point: 'browser/request', export: 'request' }] };
    writeFileSync(join(made, 'package.json'), JSON.stringify(manifest));
    const host = await createHost({ store: 'memory', compartment: new IsolateMaker(), report: () => {} });
    const limits = { memory_mb: 192, own_ms: 1000 };
    const point = host.graftPoint<object, Decided>({ name: 'browser/request', kind: 'chain', limits });
    await host.install(made);
    const asked: Deciding = { call: (one) => point.call({ ...one, action: 'allow' }) };
    expect(await decided(asked)).toEqual(expected);
    await host.close();
  });
});

describe('a graft that misbehaves leaves nothing', () => {
  const bare = async (): Promise<string> => {
    await filter.switchSite('news.test', false);
    const html = await page('/article');
    await filter.switchSite('news.test', true);
    return html;
  };

  test.each([
    ['a script by an edit', `page.edit([{ selector: 'p', n: 0, after: [{ tag: 'script', children: ['x'] }] }])`],
    ['a handler', `page.edit([{ selector: 'p', n: 0, set: { onclick: 'x' } }])`],
    ['a link that runs', `page.edit([{ selector: 'a', n: 0, set: { href: ' java\\tscript:x' } }])`],
    ['a frame', `page.edit([{ selector: 'p', n: 0, inner: [{ tag: 'iframe', attributes: { srcdoc: 'x' } }] }])`],
    ['text into a script', `page.edit([{ selector: 'script', n: 0, inner: ['alert(1)'] }])`],
    ['another source of a script', `page.edit([{ selector: 'script', n: 0, set: { src: null } }])`],
    ['an element that ends a sheet', `page.hide(['p{}</style><script>'])`],
    ['a rule that loads', `page.hide(['p{background:url(//x)}'])`],
    ['a script without the permission', `page.script('x')`],
    ['what is no plain data', `page.edit([{ selector: 'p', n: 0, inner: [() => 1] }])`],
    ['another page', `return { url: 'http://other.test/' }`],
  ])('%s', async (_name, code) => {
    const before = await bare();
    const graft = `export const graft = (document, { page }) => {
      page.edit([{ selector: 'h1', n: 0, inner: ['half'] }]); ${code}; return document; };`;
    await withGraft('browser/html', graft, ['page.select', 'page.edit', 'page.hide'], async () => {
      await filter.switchPlugin('list-blocker', false);
      expect(await page('/article')).toBe(before);
      const [visit] = filter.visits.list(1);
      expect(visit).toMatchObject({ undone: 1, changed: 0 });
      expect(visit?.deeds[0]).toMatchObject({ what: 'undone', removed: true });
    }).finally(() => filter.switchPlugin('list-blocker', true));
    expect(filter.host.inUse()).toMatchObject({ transactions: 0, units: 0 });
  });

  test.each([
    ['a header that ends the head', { 'x-a': 'b\r\nSet-Cookie: c=d' }],
    ['a cookie', { 'set-cookie': 'a=b' }],
    ['the frame of the message', { 'content-length': '1' }],
    ['a policy', { 'content-security-policy': "default-src 'none'" }],
    ['the removal of a policy', { 'content-security-policy': null }],
  ])('at browser/response: %s', async (_name, headers) => {
    const before = await ask(origin.url('/strict'), { proxy: filter.proxy.url });
    const graft = `export const graft = (head) => ({ ...head, headers: ${JSON.stringify(headers)} });`;
    await withGraft('browser/response', graft, [], async () => {
      const after = await ask(origin.url('/strict'), { proxy: filter.proxy.url });
      expect({ ...after.headers, date: '' }).toEqual({ ...before.headers, date: '' });
      expect(filter.host.points().find(({ name }) => name === 'browser/response')?.grafts).toEqual([]);
    });
  });

  test('an honest script comes with the permission, and a policy lets in that one alone', async () => {
    const graft = `export const graft = (document, { page }) => {
      page.script('document.title = "set"'); return document; };`;
    await withGraft('browser/html', graft, ['page.script'], async () => {
      const answer = await ask(origin.url('/strict'), { proxy: filter.proxy.url, headers: document });
      expect(answer.body.toString()).toContain('<head><script>document.title = "set"</script>');
      expect(answer.headers['content-security-policy']).toMatch(/script-src 'nonce-a1' 'sha256-[^']+'/);
    });
  });

  test('cookies are read by whoever needs them, and by nobody else', async () => {
    const graft = `export const graft = (asked, api) => ({ ...asked, action: 'change',
      headers: { 'x-seen': api.cookies.read() } });`;
    const seen = async (): Promise<unknown> => {
      let header: unknown;
      origin.plain.once('request', (request) => {
        header = request.headers['x-seen'];
      });
      await ask(origin.url('/plain'), { proxy: filter.proxy.url, headers: { cookie: 'a=1' } });
      return header;
    };
    await withGraft('browser/request', graft, ['cookies.read'], async () => expect(await seen()).toBe('a=1'));
    await withGraft('browser/request', graft, [], async () => expect(await seen()).toBeUndefined());
  });
});

describe('guards and events', () => {
  test('a guard of navigation says no, and where it fails nobody goes anywhere', async () => {
    await filter.switchPlugin('navigation-guard', true);
    const asked = { proxy: filter.proxy.url, headers: document };
    expect((await ask(origin.url('/article'), asked)).status).toBe(200);
    expect((await ask(origin.url('/article', 'xn--e1awd7f.test'), asked)).status).toBe(403);
    await filter.switchPlugin('navigation-guard', false);
    await filter.host.install({
      manifest: { name: 'broken-guard', api: 1, grafts: [{ point: 'browser/navigation', export: 'graft' }] },
      files: { 'index.js': 'export const graft = () => { throw new Error("no"); };' },
    });
    expect((await ask(origin.url('/article'), asked)).status).toBe(403);
    expect((await ask(origin.url('/article'), asked)).status).toBe(403);
    filter.host.dismiss('browser/navigation');
    expect((await ask(origin.url('/article'), asked)).status).toBe(200);
  });

  test('a download is told', async () => {
    await filter.switchPlugin('download-log', true);
    const heard = async (): Promise<string> => {
      for (;;) {
        const text = JSON.stringify(told);
        if (text.includes('report.pdf')) return text;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await ask(origin.url('/file'), { proxy: filter.proxy.url, headers: document });
    expect(await heard()).toContain('/file');
  });
});

describe('many connections while processes of plugins are killed', () => {
  test('no page fails', async () => {
    let stopped = false;
    let kills = 0;
    const killing = (async () => {
      while (!stopped) {
        for (const pid of filter.host.pids()) {
          try {
            process.kill(pid, 'SIGKILL');
            kills++;
          } catch {}
        }
        await page('/fragment');
      }
    })();
    const texts = await Promise.all(Array.from({ length: 40 }, () => page('/strict')));
    stopped = true;
    await killing;
    expect(kills).toBeGreaterThan(0);
    expect(texts.filter((text) => !text.includes('<h1>Strict</h1>'))).toEqual([]);
  }, 120_000);
});

describe('a restart', () => {
  test('keeps switches of plugins and sites, and the engine that was made', async () => {
    await filter.switchSite('shop.test', false);
    const standing = filter.host
      .plugins()
      .filter(({ state }) => state === 'installed')
      .map(({ name }) => name);
    await filter.close();
    cpSync(join(folder, 'authority.pem'), join(folder, 'before.pem'));
    filter = await start();
    const again = filter.host
      .plugins()
      .filter(({ state }) => state === 'installed')
      .map(({ name }) => name);
    expect(again.toSorted()).toEqual(standing.toSorted());
    expect(filter.sitesOff()).toEqual(['shop.test']);
    expect(readFileSync(join(folder, 'before.pem'), 'utf8')).toBe(filter.authority.pem);
  }, 60_000);
});

describe('two passes', () => {
  const element = fc.constantFrom('p', 'b', 'i', 'div');
  const html = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc
        .stringMatching(/^[a-z &;<>"é€]{0,12}$/)
        .map((text) => text.replace(/[<&]/g, (one) => (one === '<' ? '&lt;' : '&amp;'))),
      fc
        .tuple(element, fc.array(tie('node'), { maxLength: 4 }))
        .map(([tag, all]) => `<${tag}>${all.join('')}</${tag}>`),
    ),
  })).node;

  test('no edit, no change; an edit of the texts as they are changes no text', async () => {
    await fc.assert(
      fc.asyncProperty(html, async (given) => {
        const bytes = Buffer.from(given);
        expect((await edit(bytes, [], true)).bytes.toString()).toBe(given);
        const selector = 'p, div';
        const [found] = (await select(bytes, [{ selector, text: true }], true)).selected;
        const edits = (found?.texts ?? []).map(({ n, text }) => ({ selector, text: n, parts: [text] }));
        const made = (await edit(bytes, edits, true)).bytes;
        const [again] = (await select(made, [{ selector, text: true }], true)).selected;
        expect(again?.texts).toEqual(found?.texts);
      }),
      { numRuns: 200, seed: 11 },
    );
  });

  test('of a beginning that breaks off, only elements that end in it are offered and edited', async () => {
    const bytes = Buffer.from('<div><p>a</p><p>b');
    const [p, div] = (await select(bytes, [{ selector: 'p' }, { selector: 'div' }], false)).selected;
    expect(p?.elements.map(({ n }) => n)).toEqual([0]);
    expect(div?.elements).toEqual([]);
    const removed = await edit(
      bytes,
      [0, 1].map((n) => ({ selector: 'p', n, do: 'remove' as const })),
      false,
    );
    expect(removed.bytes.toString()).toBe('<div><p>b');
  });

  test('texts of scripts and fields are no texts of the page', async () => {
    const bytes = Buffer.from('<div>a<script>b</script><textarea>c</textarea>d</div>');
    const [found] = (await select(bytes, [{ selector: 'div', text: true }], true)).selected;
    expect(found?.texts.map(({ text }) => text)).toEqual(['a', 'd']);
  });
});

describe('sheets and policies', () => {
  test.each(['.a', '#a > b', '[href="a{b}"]', 'a:not(.b, [c=")"])', '.\\[x\\]'])('%s is a selector', (text) => {
    expect(rulesFault([text])).toBeNull();
  });
  test.each(['a{', 'a}', '</style>', 'a;', '@media x', '"', 'a[', 'a)', 'a\\', '/* a', 'a\nb'])(
    '%j is none',
    (text) => {
      expect(rulesFault([text])).not.toBeNull();
    },
  );
  test('a policy lets in what was put in, and where all is let in nothing is taken back', () => {
    const hash = /'sha256-[^']+'/;
    const sheet = (policy: string): string => policiesWith(policy, 'style', 'x').replace(hash, 'HASH');
    expect(sheet("default-src 'none'")).toBe("default-src 'none'; style-src HASH");
    expect(sheet("style-src 'self'; script-src a")).toBe("style-src 'self' HASH; script-src a");
    expect(sheet("style-src 'unsafe-inline'")).toBe("style-src 'unsafe-inline'");
    expect(sheet("style-src 'unsafe-inline' 'nonce-a'")).toBe("style-src 'unsafe-inline' 'nonce-a' HASH");
    expect(sheet("img-src a, style-src 'none'")).toBe('img-src a, style-src HASH');
  });
});

test('what a page is without grafts is what the origin serves', async () => {
  await filter.switchSite('news.test', false);
  for (const [path, text] of Object.entries(PAGES)) expect(await page(path)).toBe(text);
  await filter.switchSite('news.test', true);
});
