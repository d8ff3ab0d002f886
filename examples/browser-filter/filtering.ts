// What the proxy asks, answered by the grafts that stand at the points. Every question is a call, which is a
// transaction; a document's beginning is rewritten in one, with a nested one for each graft.

import { isUtf8 } from 'node:buffer';
import type { CallOptions, Host, HostPoint, HostTransaction, Outcome } from 'graftwork';
import { POINT as CONTENT_POINT, type Content } from './content/index.ts';
import { Page, Pages, policiesWith, sheetOf, withHead } from './html/index.ts';
import {
  Cookies,
  Deeds,
  declarePoints,
  POINTS,
  type Points,
  type RequestDecision,
  type ResponseDecision,
  URL_MAX,
} from './points.ts';
import {
  type Asked,
  changed,
  type DocumentFilter,
  type Filters,
  type Head,
  headerOf,
  pairsOf,
  type RawHeaders,
  type Rewritten,
  type Verdict,
} from './proxy/index.ts';
import { type DeedKind, siteOf, type Visits } from './visits.ts';

export interface FilteringOptions {
  readonly host: Host;
  readonly visits: Visits;
  /** Whether grafts are called for a site. */
  readonly isOn: (site: string) => boolean;
  /** What goes into a page for grafts that run there; undefined: nothing. */
  readonly contentFor?: Content['contentFor'];
}

const POLICY = 'content-security-policy';
const REPORTED_POLICY = `${POLICY}-report-only`;

const isHtml = (headers: RawHeaders): boolean =>
  /^\s*text\/html\s*(;|$)/i.test(headerOf(headers, 'content-type') ?? '');

/** Whether bytes can be read as UTF-8, which is what the rewriter reads; a character at their end may be cut. */
const isReadable = (bytes: Buffer, headers: RawHeaders): boolean => {
  const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(headerOf(headers, 'content-type') ?? '')?.[1];
  if (charset !== undefined && !/^(utf-?8|us-ascii|ascii)$/i.test(charset)) return false;
  const end = bytes.subarray(-4).findLastIndex((byte) => (byte & 0xc0) !== 0x80);
  return isUtf8(bytes) || (end !== -1 && isUtf8(bytes.subarray(0, bytes.length - Math.min(4, bytes.length) + end)));
};

/** The name of the file that an answer is saved as; null: it is shown. */
const fileOf = ({ url }: Asked, headers: RawHeaders): string | null => {
  const disposition = headerOf(headers, 'content-disposition') ?? '';
  if (!/^\s*attachment/i.test(disposition)) return null;
  const named = /filename="?([^";]*)/i.exec(disposition)?.[1];
  return (named ?? URL.parse(url)?.pathname.split('/').at(-1) ?? '').replace(/[^\x20-\x7e]/g, '_').slice(0, 300);
};

export class Filtering implements Filters {
  readonly points: Points;
  readonly #options: FilteringOptions;
  readonly #pages = new Pages();
  readonly #cookies = new Cookies();
  readonly #deeds = new Deeds();
  /** The visits that requests under way belong to. */
  readonly #visit = new WeakMap<Asked, number>();

  constructor(options: FilteringOptions) {
    this.#options = options;
    this.points = declarePoints(options.host, this.#pages, this.#cookies, this.#deeds);
  }

  /** Whether a graft stands at a point, or is missing where its absence counts. */
  #stands(name: string): boolean {
    const point = this.#options.host.points().find((one) => one.name === name);
    return point !== undefined && (point.grafts.length > 0 || point.missing.length > 0);
  }

  #isOn({ type, url, sourceUrl }: Asked): boolean {
    return this.#options.isOn(siteOf(type === 'document' ? url : sourceUrl || url));
  }

  /** Calls a point in a transaction that `prepare` has seen before any graft, and notes what was done. */
  async #call<Input, Output>(
    asked: Asked,
    point: HostPoint<Input, Output>,
    input: Input,
    signal: AbortSignal,
    prepare: (txn: HostTransaction) => void,
  ): Promise<Outcome<Output>> {
    const { host } = this.#options;
    let deeds: readonly (DeedKind | null)[] = [];
    const outcome = await host.transaction((txn) => {
      prepare(txn);
      deeds = this.#deeds.open(txn.core);
      const options: CallOptions = { txn, signal };
      return point.invoke(input, options);
    });
    this.#note(asked, point.name, outcome, deeds);
    return outcome;
  }

  #note(asked: Asked, point: string, outcome: Outcome<unknown>, deeds: readonly (DeedKind | null)[]): void {
    const id = this.#visit.get(asked);
    if (id !== undefined) this.#options.visits.note(id, point, asked.url, outcome.grafts, deeds);
  }

  async request(asked: Asked, signal: AbortSignal): Promise<Verdict> {
    this.#visit.set(asked, this.#options.visits.of(asked));
    if (!this.#isOn(asked)) return { action: 'allow' };
    const denied =
      asked.type === 'document' && this.#stands(POINTS.navigation) ? await this.#navigate(asked, signal) : null;
    if (denied !== null) return denied;
    if (!this.#stands(POINTS.request)) return { action: 'allow' };
    const input = { url: cut(asked.url), sourceUrl: cut(asked.sourceUrl), type: asked.type };
    const cookies = headerOf(asked.headers, 'cookie') ?? '';
    const outcome = await this.#call(asked, this.points.request, input, signal, ({ core }) =>
      this.#cookies.open(core, cookies),
    );
    return verdictOf(input.url, outcome);
  }

  async #navigate(asked: Asked, signal: AbortSignal): Promise<Verdict | null> {
    const input = { url: cut(asked.url), from: cut(asked.sourceUrl), allow: true, why: '' };
    const outcome = await this.points.navigation.invoke(input, { signal });
    const why = outcome.value?.allow === true ? null : (outcome.value?.why ?? whyNot(outcome));
    this.#note(asked, POINTS.navigation, outcome, why === null ? [] : outcome.grafts.map(() => 'blocked'));
    return why === null ? null : { action: 'block', why };
  }

  async response(asked: Asked, head: Head, signal: AbortSignal): Promise<Head> {
    if (!this.#isOn(asked)) return head;
    const file = fileOf(asked, head.headers);
    if (file !== null && this.#stands(POINTS.download)) this.#downloads(asked, head, file);
    if (!this.#stands(POINTS.response) || head.status < 200) return head;
    const input = { url: cut(asked.url), type: asked.type, status: head.status, received: received(head), headers: {} };
    const cookies = headerOf(asked.headers, 'cookie') ?? '';
    const outcome = await this.#call(asked, this.points.response, input, signal, ({ core }) =>
      this.#cookies.open(core, cookies),
    );
    const answer = outcome.value ?? input;
    const isChanged = answer.status !== input.status || Object.keys(answer.headers).length > 0;
    return isChanged ? { status: answer.status, headers: changed(head.headers, answer.headers) } : head;
  }

  #downloads(asked: Asked, { headers }: Head, file: string): void {
    const type = (headerOf(headers, 'content-type') ?? '').slice(0, 200);
    const input = { url: cut(asked.url), from: cut(asked.sourceUrl), file, type };
    this.points.download.invoke(input).then(
      (outcome) => this.#note(asked, POINTS.download, outcome, []),
      () => {},
    );
  }

  /** Whether grafts run inside this document: they do in those that the address bar shows. */
  #hasContent({ type }: Asked): boolean {
    return type === 'document' && this.#options.contentFor !== undefined && this.#stands(CONTENT_POINT);
  }

  mayRewrite(asked: Asked): boolean {
    if (asked.type !== 'document' && asked.type !== 'subdocument') return false;
    return this.#isOn(asked) && (this.#stands(POINTS.html) || this.#hasContent(asked));
  }

  document(asked: Asked, { headers }: Head): DocumentFilter | null {
    if (!isHtml(headers) || fileOf(asked, headers) !== null) return null;
    return async (beginning, head, signal) => {
      const content = isReadable(beginning.bytes, head.headers)
        ? await this.#rewrite(asked, beginning, head, signal)
        : { bytes: beginning.bytes, headers: head.headers };
      return this.#withContent(asked, content);
    };
  }

  async #rewrite(
    asked: Asked,
    { bytes, isWhole }: { readonly bytes: Buffer; readonly isWhole: boolean },
    { headers }: Head,
    signal: AbortSignal,
  ): Promise<Rewritten> {
    if (!this.#stands(POINTS.html)) return { bytes, headers };
    const page = new Page(bytes, isWhole);
    await this.#call(asked, this.points.html, { url: cut(asked.url) }, signal, ({ core }) =>
      this.#pages.open(core, page),
    );
    return withInserted(page.version, headers);
  }

  async #withContent(asked: Asked, { bytes, headers }: Rewritten): Promise<Rewritten> {
    const content = this.#hasContent(asked) ? await this.#options.contentFor?.({ url: asked.url }) : undefined;
    if (content === undefined) return { bytes, headers };
    const policed = pairsOf(headers).flatMap(([name, value]) => {
      if (![POLICY, REPORTED_POLICY].includes(name.toLowerCase())) return [name, value];
      const made = content.csp(value);
      return made === undefined ? [] : [name, made];
    });
    return { bytes: await withHead(bytes, content.head), headers: policed };
  }
}

/** A document with the sheet and the scripts of its grafts, and a policy that lets them in. */
const withInserted = async ({ bytes, hidden, scripts }: Page['version'], given: RawHeaders): Promise<Rewritten> => {
  if (hidden.length === 0 && scripts.length === 0) return { bytes, headers: given };
  const sheet = sheetOf(hidden);
  const texts = [
    ...scripts.map((text) => ['script', text] as const),
    ...(sheet === '' ? [] : [['style', sheet] as const]),
  ];
  let headers = given;
  for (const [kind, text] of texts)
    headers = pairsOf(headers).flatMap(([name, value]) => [
      name,
      name.toLowerCase() === POLICY ? policiesWith(value, kind, text) : value,
    ]);
  return { bytes: await withHead(bytes, texts.map(([kind, text]) => `<${kind}>${text}</${kind}>`).join('')), headers };
};

/** As much of a URL as grafts are told. */
const cut = (url: string): string => url.slice(0, URL_MAX);

/** Headers by name, without cookies; of one that stands more often its values together. */
const received = ({ headers }: Head): ResponseDecision['received'] => {
  const byName: Record<string, string> = {};
  for (const [given, value] of pairsOf(headers)) {
    const name = given.toLowerCase();
    if (name === 'set-cookie' || name === 'set-cookie2' || !/^[a-z0-9_-]{1,100}$/.test(name)) continue;
    if (['__proto__', 'constructor', 'prototype'].includes(name)) continue;
    byName[name] = (Object.hasOwn(byName, name) ? `${byName[name]}, ${value}` : value).slice(0, 8192);
  }
  return byName;
};

const whyNot = (outcome: Outcome<unknown>): string => {
  if (outcome.status === 'refused') return outcome.refusal.message;
  return outcome.status === 'denied' ? 'a guard of navigation is missing or has failed' : 'not allowed';
};

const verdictOf = (asked: string, outcome: Outcome<RequestDecision>): Verdict => {
  if (outcome.status === 'refused') return { action: 'block', why: outcome.refusal.message };
  // Where the call as a whole was ended, nobody has said no.
  const { value } = outcome;
  if (value === undefined || value === null) return { action: 'allow' };
  if (value.action === 'block') return { action: 'block', why: 'by a filter' };
  if (value.action === 'redirect') return { action: 'redirect', resource: value.resource };
  const isElsewhere = value.url !== asked;
  return {
    action: 'allow',
    ...(isElsewhere ? { url: value.url } : {}),
    ...(Object.keys(value.headers).length > 0 ? { headers: value.headers } : {}),
  };
};
