// What grafts put into a document: texts, and elements that run nothing, load nothing and send nothing by themselves.
// All of it is checked here and written by the host, with every text escaped.

import { z } from 'zod';

/** A text, or an element. */
export type Part = string | { readonly tag: string; readonly attributes?: Attributes; readonly children?: Part[] };
export type Attributes = Readonly<Record<string, string>>;

const TAGS = new Set(
  (
    'a abbr address article aside b bdi bdo blockquote br cite code dd del details dfn div dl dt em ' +
    'figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i ins kbd li main mark nav ol p pre q s samp ' +
    'section small span strong sub summary sup table tbody td tfoot th thead time tr u ul var'
  ).split(' '),
);
const VOID = new Set(['br', 'hr']);
/** Besides `aria-…` and `data-…`. */
const ATTRIBUTES = new Set('class dir hidden href id lang rel role tabindex target title datetime open'.split(' '));
/** Besides those that a graft may set: what a page runs, sends and plays by itself. */
const REMOVABLE = /^(on[a-z]+|style|ping|autoplay)$/;
/** Elements whose content is no markup, or that decide how all the rest is read. */
export const RAW = new Set(
  (
    'script style textarea title template noscript iframe xmp noembed noframes plaintext svg math select option ' +
    'object embed base meta link head html'
  ).split(' '),
);

const NAME = /^[a-z][a-z0-9-]{0,63}$/;
const isNamed = (name: string): boolean =>
  NAME.test(name) && (ATTRIBUTES.has(name) || name.startsWith('aria-') || name.startsWith('data-'));

/** A place that can be gone to: on the web, in the page, or by mail. */
const isPlace = (value: string): boolean => {
  // Browsers pass over control characters and blanks before they look for a scheme.
  const url = URL.parse(value, 'https://page.invalid/');
  return url !== null && /^(https?|mailto|tel):$/.test(url.protocol);
};

/** What is wrong with an attribute that is set on an element; null: nothing. */
export const attributeFault = (tag: string, name: string, value: string): string | null => {
  if (!isNamed(name)) return `the attribute ${name.slice(0, 64)} is not one that a graft may set`;
  if (name === 'href' && !['a', 'area'].includes(tag)) return 'only links have an href that a graft may set';
  return name !== 'href' || isPlace(value) ? null : 'a link leads to http, https, mailto or tel';
};

/** What is wrong with the removal of an attribute; null: nothing. */
export const removalFault = (name: string): string | null =>
  (isNamed(name) && name !== 'rel') || REMOVABLE.test(name)
    ? null
    : `the attribute ${name} is one that no graft removes`;

const DEPTH_MAX = 16;

/** What is wrong with parts; null: nothing. */
export const partsFault = (parts: readonly Part[], depth = 1): string | null => {
  if (depth > DEPTH_MAX) return `parts nested deeper than ${DEPTH_MAX}`;
  for (const part of parts) {
    const fault = typeof part === 'string' ? null : elementFault(part, depth);
    if (fault !== null) return fault;
  }
  return null;
};

const elementFault = ({ tag, attributes = {}, children = [] }: Exclude<Part, string>, depth: number): string | null => {
  if (!TAGS.has(tag)) return `the element ${tag.slice(0, 64)} is not one that a graft may put into a page`;
  if (VOID.has(tag) && children.length > 0) return `${tag} has no children`;
  for (const [name, value] of Object.entries(attributes)) {
    const fault = attributeFault(tag, name, value);
    if (fault !== null) return fault;
  }
  return partsFault(children, depth + 1);
};

/** Shapes of parts, as they cross. */
export const Parts: z.ZodType<Part[]> = z.lazy(() =>
  z
    .array(
      z.union([
        z.string(),
        z.strictObject({
          tag: z.string().max(64),
          attributes: z.record(z.string().max(64), z.string().max(10_000)).optional(),
          children: Parts.optional(),
        }),
      ]),
    )
    .max(10_000),
) as z.ZodType<Part[]>;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (one) => ESCAPES[one] as string);

/** The value of an attribute as the rewriter takes it, which escapes quotes itself. */
export const attributeText = (value: string): string => value.replaceAll('&', '&amp;');

/** HTML of checked parts. */
export const htmlOf = (parts: readonly Part[]): string => parts.map(partHtml).join('');

const partHtml = (part: Part): string => {
  if (typeof part === 'string') return escaped(part);
  const attributes = Object.entries(part.attributes ?? {}).map(([name, value]) => ` ${name}="${escaped(value)}"`);
  const open = `<${part.tag}${attributes.join('')}>`;
  return VOID.has(part.tag) ? open : `${open}${htmlOf(part.children ?? [])}</${part.tag}>`;
};
