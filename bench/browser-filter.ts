// What filters cost as plugins: a request's decision beside the library called plainly and a tiny call; a document
// rewritten by grafts beside the bare rewriter with the same selectors; and a page through the proxy beside a bare
// proxy and beside the library called in the proxy itself.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FiltersEngine, Request } from '@ghostery/adblocker';
import {
  type Asked,
  type BrowserFilter,
  engineOf,
  type Filters,
  listFiles,
  openAuthority,
  rewritten,
  startBrowserFilter,
  startProxy,
} from '../examples/browser-filter/index.ts';
import { machine, quantile } from '../report/index.ts';
import type { Benchmark } from './benchmark.ts';
import { type CallContender, type Contender, compare, eachCall, type Row, row } from './measure.ts';

interface Listed {
  readonly url: string;
  readonly sourceUrl: string;
  readonly type: string;
}

const HOSTS = ['ads.test', 'news.test', 'cdn.test', 'tracker.test', 'stats.test', 'shop.test'];
const TYPES = ['script', 'image', 'xhr', 'stylesheet'];

/** Requests to ask about: those of a file, else made ones. */
const requestsOf = (file: string | undefined): readonly Listed[] => {
  if (file !== undefined)
    return (JSON.parse(readFileSync(file, 'utf8')) as { requests: Listed[] }).requests.map(
      ({ url, sourceUrl, type }) => ({ url, sourceUrl, type }),
    );
  return Array.from({ length: 500 }, (_, i) => ({
    url: `https://${HOSTS[i % HOSTS.length]}/part${i % 7}/advert-${i}.js?utm_source=a&n=${i}`,
    sourceUrl: `https://${HOSTS[(i * 5) % HOSTS.length]}/`,
    type: TYPES[i % TYPES.length] as string,
  }));
};

const PICKS = 10;
/** A page of some 200 kB in which ten elements match each of three selectors. */
const pageOf = (paragraphs: number): Buffer => {
  const parts = Array.from({ length: paragraphs }, (_, i) => {
    const pick = i % Math.floor(paragraphs / PICKS) === 0 ? ' pick-a pick-b pick-c' : '';
    return `<section><p class="text${pick}">Paragraph ${i} of <a href="/go/${i}?a=1&amp;b=2">a page</a> with some
words in it, which <em>nobody</em> reads but a rewriter.</p></section>\n`;
  });
  return Buffer.from(`<!doctype html><html><head><title>t</title></head><body>${parts.join('')}</body></html>`);
};

const selectorOf = (letter: string): string => `p.pick-${letter}`;
/** A graft that marks what matches one selector. */
const marker = (letter: string): Parameters<BrowserFilter['host']['install']>[0] => ({
  manifest: {
    name: `mark-${letter}`,
    api: 1,
    grafts: [{ point: 'browser/html', export: 'html' }],
    needs: ['page.select', 'page.edit'],
  },
  files: {
    'index.js': `const selector = '${selectorOf(letter)}';
export const html = (document, { page }) => {
  const [{ elements }] = page.select([{ selector, attributes: ['class'] }]).selected;
  page.edit(elements.map(({ n }) => ({ selector, n, set: { 'data-${letter}': '1' } })));
  return document;
};`,
  },
});

/** The bare rewriter does the same in one pass. */
const bareRewriter = async (page: Buffer, letters: readonly string[]): Promise<number> => {
  const made = await rewritten(page, {
    on: letters.map((letter) => [
      selectorOf(letter),
      {
        element: (one) => {
          one.getAttribute('class');
          one.setAttribute(`data-${letter}`, '1');
        },
      },
    ]),
    calls: () => letters.length * PICKS,
  });
  return made.length;
};

const HEAD = { status: 200, headers: ['Content-Type', 'text/html; charset=utf-8'] };

/** One document through the grafts that stand, as the proxy has it rewritten. */
const through = async ({ filtering }: BrowserFilter, page: Buffer): Promise<number> => {
  const asked: Asked = { url: 'http://news.test/', method: 'GET', sourceUrl: '', type: 'document', headers: [] };
  const filter = filtering.document(asked, HEAD);
  const made = await filter?.({ bytes: page, isWhole: true }, HEAD, new AbortController().signal);
  return made?.bytes.length ?? 0;
};

const LETTERS = ['a', 'b', 'c'];

const html = async (filter: BrowserFilter, small: boolean): Promise<{ one: Row[]; three: Row[] }> => {
  const page = pageOf(small ? 200 : 1000);
  const sizes = small ? { rounds: 3, count: 3, warmup: 1 } : { rounds: 30, count: 5, warmup: 3 };
  const contenders = (letters: readonly string[]): Contender[] => {
    const rounds = (run: () => Promise<number>) => async (count: number) => {
      let length = 0;
      for (let i = 0; i < count; i++) length = await run();
      return length;
    };
    return [
      { name: 'bare rewriter', round: rounds(() => bareRewriter(page, letters)) },
      { name: `${letters.length} graft(s)`, round: rounds(() => through(filter, page)) },
    ];
  };
  await filter.host.remove('list-blocker');
  await filter.host.install(marker('a'));
  const one = await compare(contenders(['a']), sizes);
  for (const letter of LETTERS.slice(1)) await filter.host.install(marker(letter));
  const three = await compare(contenders(LETTERS), sizes);
  for (const letter of LETTERS) await filter.host.remove(`mark-${letter}`);
  await filter.host.enable('list-blocker');
  return { one, three };
};

const TINY = {
  manifest: { name: 'tiny', api: 1, grafts: [{ point: 'bench/tiny', export: 'tiny' }] },
  files: { 'index.js': 'export const tiny = (n) => n + 1;' },
};

const decisions = async (
  { host, filtering }: BrowserFilter,
  engine: FiltersEngine,
  requests: readonly Listed[],
  small: boolean,
): Promise<Row[]> => {
  const tiny = host.graftPoint<number, number>({ name: 'bench/tiny', kind: 'function', default: (n) => n });
  await host.install(TINY);
  const turn = (): (() => Listed) => {
    let at = 0;
    return () => requests[at++ % requests.length] as Listed;
  };
  const [ours, theirs] = [turn(), turn()];
  const contenders: CallContender[] = [
    {
      name: 'library plainly + tiny call',
      call: async () => {
        const { match } = engine.match(
          Request.fromRawDetails(theirs() as Parameters<typeof Request.fromRawDetails>[0]),
        );
        await tiny.invoke(1);
        return match ? 1 : 0;
      },
      close: async () => {},
    },
    {
      name: 'decision of the graft',
      call: async () => {
        const { value } = await filtering.points.request.invoke(ours());
        return value?.action === 'block' || value?.action === 'redirect' ? 1 : 0;
      },
      close: async () => {},
    },
  ];
  const rows = await eachCall(
    contenders,
    small ? { rounds: 3, count: 30, warmup: 1 } : { rounds: 20, count: 200, warmup: 3 },
  );
  await host.remove('tiny');
  return rows;
};

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

/** A proxy of Node's own parts, which does nothing but pass on. */
const bareProxy =
  (agent: Agent): RequestListener =>
  (incoming, response) => {
    const { hostname: _name, port, pathname } = new URL(incoming.url ?? '/');
    const { method, headers } = incoming;
    const asked = request({ host: '127.0.0.1', port, path: pathname, method, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode as number, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(asked);
  };

/** When the first and the last byte of a page have come, in ns. */
const load = (proxy: number, url: string, agent: Agent): Promise<[first: number, last: number]> =>
  new Promise((resolve, reject) => {
    const begun = performance.now();
    const headers = { 'sec-fetch-dest': 'document', host: new URL(url).host };
    const asked = request({ host: '127.0.0.1', port: proxy, path: url, headers, agent }, (answer: IncomingMessage) => {
      let first = 0;
      answer.on('data', () => {
        if (first === 0) first = performance.now() - begun;
      });
      answer.once('end', () => resolve([first * 1e6, (performance.now() - begun) * 1e6]));
    });
    asked.once('error', reject);
    asked.end();
  });

const OPEN: Filters = {
  request: () => ({ action: 'allow' }),
  response: (_asked, head) => head,
  document: () => null,
  mayRewrite: () => false,
};

/** The library called in the proxy itself: its decision, and its sheet for what a page has in it. */
const plainly = (engine: FiltersEngine): Filters => ({
  ...OPEN,
  mayRewrite: () => true,
  request: ({ url, sourceUrl, type }) => {
    const { match } = engine.match(Request.fromRawDetails({ url, sourceUrl, type: type as 'script' }));
    return match ? { action: 'block', why: '' } : { action: 'allow' };
  },
  document:
    ({ url }) =>
    async ({ bytes }, { headers }) => {
      const classes = new Set<string>();
      let calls = 0;
      const element = (one: { getAttribute(name: string): string | null }): void => {
        calls++;
        classes.add(one.getAttribute('class') ?? '');
      };
      await rewritten(bytes, { on: [['[class]', { element }]], calls: () => calls });
      const { hostname, domain } = Request.fromRawDetails({ url, type: 'document' });
      const { styles } = engine.getCosmeticsFilters({
        ...{ url, hostname, domain, classes: [...classes].flatMap((text) => text.split(' ')), ids: [], hrefs: [] },
        ...{ getInjectionRules: false, getExtendedRules: false },
      });
      return { bytes: Buffer.concat([Buffer.from(`<style>${styles}</style>`), bytes]), headers };
    },
});

interface Loads {
  readonly first: Row[];
  readonly last: Row[];
}

const pages = async (filter: BrowserFilter, engine: FiltersEngine, folder: string, small: boolean): Promise<Loads> => {
  const page = pageOf(300);
  const agent = new Agent({ keepAlive: true });
  const origin = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': page.length });
    response.end(page);
  });
  const bare = createServer(bareProxy(agent));
  const url = `http://127.0.0.1:${await listening(origin)}/`;
  const authority = await openAuthority(folder);
  const open = await startProxy({ port: 0, authority, filters: OPEN, allowPrivate: true });
  const direct = await startProxy({ port: 0, authority, filters: plainly(engine), allowPrivate: true });
  const ways: [string, number][] = [
    ['bare Node proxy', await listening(bare)],
    ['the proxy without grafts', open.port],
    ['the library in the proxy', direct.port],
    ['the list blocker as a plugin', filter.proxy.port],
  ];
  const firsts = ways.map(() => [] as number[]);
  const lasts = ways.map(() => [] as number[]);
  for (let round = -20; round < (small ? 10 : 200); round++)
    for (const [i, [, port]] of ways.entries()) {
      const [first, last] = await load(port, url, agent);
      if (round < 0) continue;
      firsts[i]?.push(first);
      lasts[i]?.push(last);
    }
  agent.destroy();
  await Promise.all([open.close(), direct.close()]);
  for (const server of [bare, origin]) {
    server.close();
    server.closeAllConnections();
  }
  const rowsOf = (times: readonly number[][]): Row[] =>
    ways.map(([name], i) => row(name, times[i] as number[], quantile(times[0] as number[], 0.5), ''));
  return { first: rowsOf(firsts), last: rowsOf(lasts) };
};

const ratio = (rows: readonly Row[], field: 'median_ns' | 'p99_ns', of = 1, to = 0): number =>
  (rows[of]?.[field] ?? Number.NaN) / (rows[to]?.[field] ?? Number.NaN);

export const browserFilter: Benchmark = {
  name: 'browser-filter',
  describes: 'filters of a browser as plugins: decisions, documents, pages through the proxy',
  flags: { lists: 'files of filter lists, with commas between', requests: 'a file of requests to decide about' },
  run: async ({ small, seed, progress, flags = {} }) => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-filter-'));
    const { lists } = flags;
    const filter = await startBrowserFilter({
      data: folder,
      proxyPort: 0,
      lists,
      samples: ['list-blocker'],
      proxy: { allowPrivate: true },
      host: { report: () => {} },
    });
    try {
      const engine = FiltersEngine.deserialize(await engineOf(listFiles(lists), join(folder, 'engines')));
      progress('decisions');
      const decided = await decisions(filter, engine, requestsOf(flags.requests), small);
      progress('pages');
      const { first, last } = await pages(filter, engine, folder, small);
      progress('documents');
      const { one, three } = await html(filter, small);
      return {
        benchmark: 'browser-filter',
        seed,
        small,
        machine: machine(['html-rewriter-wasm']),
        tables: {
          'a decision about a request': decided,
          'time to the first byte of a page': first,
          'time to the last byte of a page': last,
          'a document through one graft': one,
          'a document through a chain of three': three,
        },
        targets: [
          { what: 'decision, median, × library + tiny call', value: ratio(decided, 'median_ns'), at_most: 1.3 },
          { what: 'decision, p99, × library + tiny call', value: ratio(decided, 'p99_ns'), at_most: 1.7 },
          { what: 'proxy without grafts × bare Node proxy', value: ratio(last, 'median_ns'), at_most: 1.2 },
          { what: 'one graft, % of the bare rewriter', value: 100 / ratio(one, 'median_ns'), at_least: 35 },
          { what: 'three grafts, % of the bare rewriter', value: 100 / ratio(three, 'median_ns'), at_least: 12 },
        ],
      };
    } finally {
      await filter.close();
      rmSync(folder, { recursive: true });
    }
  },
};
