// What a proxy asks of those who filter: about a request before it leaves, about the head of its answer, and about the
// beginning of a document. The proxy knows nothing of plugins; what answers here may be anything.

import type { HeaderChanges, RawHeaders } from './headers.ts';

/** What a request is for, in the words of filter lists. */
export type RequestType =
  | 'document'
  | 'subdocument'
  | 'script'
  | 'stylesheet'
  | 'image'
  | 'font'
  | 'media'
  | 'object'
  | 'xhr'
  | 'ping'
  | 'websocket'
  | 'other';

/** A request that a browser makes. */
export interface Asked {
  readonly url: string;
  readonly method: string;
  /** The page that it comes from, as far as the browser tells; empty: none. */
  readonly sourceUrl: string;
  readonly type: RequestType;
  readonly headers: RawHeaders;
}

/** Allowed, where needed at another URL of the same origin, or with other headers. */
export interface Allowed {
  readonly action: 'allow';
  readonly url?: string;
  readonly headers?: HeaderChanges;
}

export type Verdict =
  | Allowed
  /** `why` is shown where a page was to come. */
  | { readonly action: 'block'; readonly why: string }
  /** A neutral resource in its place, by its name in `neutral.ts`. */
  | { readonly action: 'redirect'; readonly resource: string };

/** The head of an answer, without what belongs to the connection. */
export interface Head {
  readonly status: number;
  readonly headers: RawHeaders;
}

/** A document's beginning, rewritten. */
export interface Rewritten {
  readonly bytes: Buffer;
  /** The head of the answer, with a policy that lets in what was put in. */
  readonly headers: RawHeaders;
}

/** Rewrites the beginning of one document. */
export type DocumentFilter = (
  beginning: { readonly bytes: Buffer; readonly isWhole: boolean },
  head: Head,
  signal: AbortSignal,
) => Promise<Rewritten>;

export interface Filters {
  request(asked: Asked, signal: AbortSignal): Verdict | Promise<Verdict>;
  /** Changes to the head. */
  response(asked: Asked, head: Head, signal: AbortSignal): Head | Promise<Head>;
  /** What rewrites the document that this head begins; null: nobody. */
  document(asked: Asked, head: Head): DocumentFilter | null;
  /** Whether somebody may rewrite what this request asks for: then it is not asked for in parts, or encoded oddly. */
  mayRewrite(asked: Asked): boolean;
  /** The exchange is over: all of it has left, or it was cut off. */
  ended?(asked: Asked, how: 'whole' | 'cut-off'): void;
}

const BY_DESTINATION: Readonly<Record<string, RequestType>> = {
  document: 'document',
  iframe: 'subdocument',
  frame: 'subdocument',
  fencedframe: 'subdocument',
  script: 'script',
  worker: 'script',
  sharedworker: 'script',
  serviceworker: 'script',
  style: 'stylesheet',
  xslt: 'stylesheet',
  image: 'image',
  font: 'font',
  audio: 'media',
  video: 'media',
  track: 'media',
  object: 'object',
  embed: 'object',
  report: 'ping',
};

/** What a request is for: as the browser says, else as its `Accept` lets guess. */
export const typeOf = (headers: Readonly<Record<string, string | string[] | undefined>>): RequestType => {
  const destination = headers['sec-fetch-dest'];
  if (headers.upgrade !== undefined) return 'websocket';
  if (headers['ping-to'] !== undefined) return 'ping';
  if (typeof destination === 'string')
    return destination === 'empty' ? 'xhr' : (BY_DESTINATION[destination] ?? 'other');
  return String(headers.accept ?? '').startsWith('text/html') ? 'document' : 'other';
};
