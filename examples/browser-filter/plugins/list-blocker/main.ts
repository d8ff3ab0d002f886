// Blocks requests and hides elements as filter lists say: @ghostery/adblocker, over an engine that was made of the
// lists before and is a file of this package.

import { FiltersEngine, Request } from '@ghostery/adblocker';
import bytes from './engine.bin';

const engine = FiltersEngine.deserialize(bytes as Uint8Array);

interface Asked {
  readonly url: string;
  readonly sourceUrl: string;
  readonly type: string;
  readonly action: string;
}

/** The host's neutral resources, by the names that lists use. */
const RESOURCES: Readonly<Record<string, string>> = {
  noopjs: 'noop.js',
  'noop.js': 'noop.js',
  noopcss: 'noop.css',
  'noop.css': 'noop.css',
  noopframe: 'noop.html',
  'noop.html': 'noop.html',
  nooptext: 'noop.txt',
  'noop.txt': 'noop.txt',
  noopjson: 'noop.json',
  'noop.json': 'noop.json',
  empty: 'empty',
  '1x1.gif': '1x1.gif',
  '1x1-transparent.gif': '1x1.gif',
};

export const request = (asked: Asked): object => {
  if (asked.action === 'block' || asked.action === 'redirect') return asked;
  const { url, sourceUrl, type } = asked;
  const { match, filter, rewrite } = engine.match(Request.fromRawDetails({ url, sourceUrl, type: type as 'script' }));
  if (match) {
    const resource = RESOURCES[filter?.isRedirect() === true ? filter.getRedirectResource() : ''];
    return resource === undefined ? { ...asked, action: 'block' } : { ...asked, action: 'redirect', resource };
  }
  return rewrite?.url === undefined ? asked : { ...asked, action: 'change', url: rewrite.url };
};

interface Page {
  select(selects: readonly object[]): { selected: { values: Record<string, string[]> }[] };
  hide(selectors: readonly string[]): void;
}

/** The elements in which lists look for classes, names and links. */
const SEEN = ':not(html):not(body):not(head):not(link):not(meta):not(script):not(style):not(s):not(br)';
const HIDING = ' { display: none !important; }';

export const html = (document: { url: string }, api: { page: Page }): object => {
  const names = ['class', 'id', 'href'];
  const { selected } = api.page.select(
    names.map((name) => ({ selector: `[${name}]${SEEN}`, attributes: [name], distinct: true })),
  );
  const [classes = [], ids = [], hrefs = []] = names.map((name, i) => selected[i]?.values[name] ?? []);
  const { hostname, domain } = Request.fromRawDetails({ url: document.url, type: 'document' });
  const { styles } = engine.getCosmeticsFilters({
    url: document.url,
    hostname,
    domain,
    classes: [...new Set(classes.flatMap((text) => text.split(/[\t\n\f\r ]+/).filter(Boolean)))],
    ids,
    hrefs,
    // What runs scripts, or needs one, a sheet cannot do.
    getInjectionRules: false,
    getExtendedRules: false,
  });
  const hidden = styles
    .split('\n\n')
    .flatMap((sheet) => sheet.split(`${HIDING}\n`))
    .map((rule) => (rule.endsWith(HIDING) ? rule.slice(0, -HIDING.length) : rule))
    .filter((rule) => !rule.includes('{'))
    .flatMap((rule) => rule.split(',\n'))
    .filter(Boolean);
  if (hidden.length > 0) api.page.hide(hidden);
  return document;
};
