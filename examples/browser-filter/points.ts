// The graft points of a browser that goes through the proxy, and what stands at them crosses as.

import { type Host, type HostPoint, type HostTransaction, httpAnswer } from 'graftwork';
import { badArgument, type Callable, type StateView } from 'graftwork/plugins';
import type { Transaction } from 'graftwork/txn';
import { z } from 'zod';
import type { Pages } from './html/index.ts';
import { isHeader, NEUTRAL } from './proxy/index.ts';
import type { DeedKind } from './visits.ts';

/** UTF-16 units of a URL that grafts are told. */
export const URL_MAX = 20_000;
const Url = z.string().max(URL_MAX);
/** In the words of browsers and of filter lists: `script`, `xhr`, `main_frame`. */
const Type = z.string().regex(/^[A-Za-z_]{1,50}$/);
const HeaderName = z.string().max(100);
const HeaderSet = z.record(HeaderName, z.string().max(8192).nullable());

/** A request and what is to become of it. Whoever asks gives the first three; the rest is there for every graft. */
const Request = z.strictObject({
  url: Url,
  sourceUrl: Url.default(''),
  type: Type.default('other'),
  action: z.enum(['allow', 'block', 'redirect', 'change']).default('allow'),
  /** `redirect`: the neutral resource that is answered. */
  resource: z.string().max(50).default(''),
  /** `change`: headers that are set, or removed where null. */
  headers: HeaderSet.default({}),
});
export type RequestDecision = z.infer<typeof Request>;

/** The head of an answer, and changes to it. */
const Response = z.strictObject({
  url: Url,
  type: Type,
  status: z.number().int().min(200).max(599),
  /** As they came, names in small letters; without cookies. */
  received: z.record(HeaderName, z.string().max(8192)),
  headers: HeaderSet,
});
export type ResponseDecision = z.infer<typeof Response>;

const Html = z.strictObject({ url: Url });
const Navigation = z.strictObject({
  url: Url,
  from: Url,
  allow: z.boolean(),
  why: z.string().max(300),
});
const Download = z.strictObject({ url: Url, from: Url, file: z.string().max(300), type: z.string().max(200) });

export interface Points {
  readonly request: HostPoint<z.input<typeof Request>, RequestDecision>;
  readonly response: HostPoint<ResponseDecision, ResponseDecision>;
  readonly html: HostPoint<z.infer<typeof Html>, z.infer<typeof Html>>;
  readonly navigation: HostPoint<z.infer<typeof Navigation>, z.infer<typeof Navigation>>;
  readonly download: HostPoint<z.infer<typeof Download>, unknown>;
}

export const POINTS = {
  request: 'browser/request',
  response: 'browser/response',
  html: 'browser/html',
  navigation: 'browser/navigation',
  download: 'browser/download',
} as const;

/** Headers of a request that say who asks, what for, and where the message ends: the browser's own. */
const OWN_OF_REQUESTS = new RegExp(
  '^(host|cookie2?|authorization|origin|connection|keep-alive|te|trailer|upgrade|expect|via|range|accept-encoding|' +
    'forwarded|(content|transfer|proxy|sec|if|access-control|x-forwarded)-.*)$',
  'i',
);

/** What is wrong with changes to the headers of a request; null: nothing. */
const requestHeadersFault = (headers: Readonly<Record<string, string | null>>): string | null => {
  for (const [name, value] of Object.entries(headers)) {
    if (!isHeader(name, value ?? '')) return `${JSON.stringify(name.slice(0, 50))} with its value is no header`;
    if (OWN_OF_REQUESTS.test(name)) return `${name} is the browser's own`;
  }
  return null;
};

/** Whether a URL differs in its query and its fragment alone. */
const isSamePlace = (url: string, other: string): boolean => {
  const [one, two] = [URL.parse(url), URL.parse(other)];
  return one !== null && two !== null && one.origin === two.origin && one.pathname === two.pathname;
};

const checkRequest = (answer: RequestDecision, input: RequestDecision): string | true => {
  if (answer.sourceUrl !== input.sourceUrl || answer.type !== input.type) return 'what is asked for stays what it is';
  if (answer.url !== input.url && !isSamePlace(answer.url, input.url)) return 'only the query of the URL may change';
  const stops = ['block', 'redirect'];
  if (stops.includes(input.action) && !stops.includes(answer.action)) return 'what one has stopped, none lets go on';
  if (answer.action === 'redirect' && !Object.hasOwn(NEUTRAL, answer.resource))
    return `there is no neutral resource ${answer.resource}`;
  return requestHeadersFault(answer.headers) ?? true;
};

/** What is wrong with a header of an answer; null: nothing. Those that protect readers are the origin's own. */
const answerHeaderFault = (name: string, value: string): string | null => {
  const checked = httpAnswer['~standard'].validate({ headers: { [name]: value } });
  return checked instanceof Promise || checked.issues === undefined ? null : (checked.issues[0]?.message ?? name);
};

/** What is wrong with changes to the head of an answer; null: nothing. */
const responseFault = (answer: ResponseDecision, input: ResponseDecision): string | null => {
  for (const [name, value] of Object.entries(answer.headers)) {
    if (!isHeader(name, value ?? '')) return `${JSON.stringify(name.slice(0, 50))} with its value is no header`;
    // A cookie may be kept from being set, and not be set.
    const isFree = value === null && name.toLowerCase() === 'set-cookie';
    const fault = isFree ? null : answerHeaderFault(name, value ?? 'x');
    if (fault !== null) return fault;
  }
  const isFree = answer.status === input.status || (answer.status >= 400 && input.status >= 200);
  if (!isFree) return 'a status stays what it is, or says what went wrong';
  return answer.url === input.url && answer.type === input.type ? null : 'what is answered stays what it is';
};

/** The cookies of the request of a call: for plugins that need them, by `needs`, and no others. */
export class Cookies {
  readonly #cookies = new WeakMap<Transaction, string>();

  open(txn: Transaction, cookies: string): void {
    this.#cookies.set(txn, cookies);
  }

  readonly read: Callable = {
    waits: false,
    run: ({ txn }) => this.#cookies.get(txn.tree.root) ?? badArgument('there are cookies while a browser asks'),
  };
}

/** What each graft of a call did that kept its work, in the order of the grafts; null: nothing. */
export class Deeds {
  readonly #deeds = new WeakMap<Transaction, (DeedKind | null)[]>();

  open(txn: Transaction): (DeedKind | null)[] {
    const deeds: (DeedKind | null)[] = [];
    this.#deeds.set(txn, deeds);
    return deeds;
  }

  /** A post-condition that notes what a graft did, once all else is right. */
  noting<Value>(
    check: (answer: Value, input: Value) => string | true,
    deedOf: (answer: Value, input: Value, txn: Transaction) => DeedKind | null,
  ): (answer: Value, input: Value, state: StateView, txn: HostTransaction) => string | true {
    return (answer, input, _state, { core }) => {
      const verdict = check(answer, input);
      const deeds = verdict === true ? this.#deeds.get(core.tree.root) : undefined;
      if (deeds !== undefined) deeds.push(deedOf(answer, input, core.tree.root));
      return verdict;
    };
  }
}

const isSame = (one: object, other: object): boolean => JSON.stringify(one) === JSON.stringify(other);

const requestDeed = (answer: RequestDecision, input: RequestDecision): DeedKind | null => {
  if (isSame(answer, input)) return null;
  if (answer.action === 'block') return 'blocked';
  return answer.action === 'redirect' ? 'redirected' : 'changed';
};

const LIMITS = { memory_mb: 192, log_bytes: 4096 } as const;

/** Declares the points. */
export const declarePoints = (host: Host, pages: Pages, cookies: Cookies, deeds: Deeds): Points => ({
  request: host.graftPoint({
    name: POINTS.request,
    describes: 'A request of the browser: allow, block, redirect to a neutral resource, change its query or headers.',
    kind: 'chain',
    input: Request,
    output: Request,
    check: deeds.noting(checkRequest, requestDeed),
    callable: { cookies: { read: cookies.read }, storage: host.storage, log: host.log },
    limits: { ...LIMITS, own_ms: 100, total_ms: 5000, calls: 20 },
  }),
  response: host.graftPoint({
    name: POINTS.response,
    describes: 'The head of an answer: its status and its headers.',
    kind: 'chain',
    input: Response,
    output: Response,
    check: deeds.noting<ResponseDecision>(
      (answer, input) => responseFault(answer, input) ?? true,
      (answer, input) => (isSame(answer, input) ? null : 'changed'),
    ),
    callable: { cookies: { read: cookies.read }, storage: host.storage, log: host.log },
    limits: { ...LIMITS, own_ms: 100, total_ms: 5000, calls: 20 },
  }),
  html: host.graftPoint({
    name: POINTS.html,
    describes: 'The beginning of a document: select what matches, edit it, hide it.',
    kind: 'chain',
    input: Html,
    output: Html,
    check: deeds.noting<z.infer<typeof Html>>(
      ({ url }, input) => url === input.url || 'a graft answers what it was given',
      (_answer, _input, root) => (pages.hasChanged(root) ? 'changed' : null),
    ),
    callable: { page: pages.callables, storage: host.storage, log: host.log },
    limits: { ...LIMITS, own_ms: 500, total_ms: 5000, calls: 100 },
  }),
  navigation: host.graftPoint({
    name: POINTS.navigation,
    describes: 'A guard of where the browser goes: fails closed.',
    kind: 'chain',
    onFault: 'deny',
    input: Navigation,
    output: Navigation,
    check: (answer, input) =>
      (answer.url === input.url && answer.from === input.from && (input.allow || !answer.allow)) ||
      'a guard says no, or nothing',
    callable: { storage: host.storage, log: host.log },
    limits: { ...LIMITS, own_ms: 100, total_ms: 5000, calls: 20 },
  }),
  download: host.graftPoint({
    name: POINTS.download,
    describes: 'The browser begins to download a file.',
    kind: 'event',
    input: Download,
    callable: { storage: host.storage, log: host.log },
    limits: { ...LIMITS, own_ms: 100, calls: 20 },
  }),
});
