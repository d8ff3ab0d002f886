// Takes parameters that follow people from one site to the next out of links, and out of requests.

const FOLLOWS = /^(utm_\w+|fbclid|gclid|dclid|msclkid|mc_eid|igshid|yclid|_hsenc|_hsmi|vero_id|twclid|ttclid)$/i;

/** The URL without such parameters; null: it has none. */
const cleaned = (url: string): string | null => {
  const at = url.indexOf('?');
  if (at === -1) return null;
  const end = url.indexOf('#', at);
  const query = url.slice(at + 1, end === -1 ? undefined : end);
  const parameters = query.split('&');
  const kept = parameters.filter((one) => !FOLLOWS.test(one.split('=')[0] as string));
  if (kept.length === parameters.length) return null;
  return `${url.slice(0, at)}${kept.length === 0 ? '' : `?${kept.join('&')}`}${end === -1 ? '' : url.slice(end)}`;
};

export const request = (asked: { url: string; action: string }): object => {
  const url = asked.action === 'allow' || asked.action === 'change' ? cleaned(asked.url) : null;
  return url === null ? asked : { ...asked, action: 'change', url };
};

interface Api {
  readonly page: {
    select(selects: readonly object[]): { selected: { elements: { n: number; attributes: { href: string } }[] }[] };
    edit(edits: readonly object[]): number;
  };
}

const selector = 'a[href*="?"]';

export const html = (document: object, { page }: Api): object => {
  const links = page.select([{ selector, attributes: ['href'] }]).selected[0]?.elements ?? [];
  const edits = links.flatMap(({ n, attributes }) => {
    const href = cleaned(attributes.href);
    return href === null ? [] : [{ selector, n, set: { href } }];
  });
  if (edits.length > 0) page.edit(edits);
  return document;
};
