// One request of a browser and its answer:
//
//   verdict → request to the origin, streamed → head of the answer → its changes → body, streamed; of a document that
//   somebody rewrites, the beginning is held, rewritten and sent, and the rest follows as it comes
//
// Whatever ends before the other side is done ends the other side too: a client that goes away ends the request to the
// origin, and an origin that breaks off ends the connection to the client, which so knows that the answer is not whole.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { beginningOf, decoded, ENCODINGS, isDecodable, restOf } from './body.ts';
import { type Asked, type DocumentFilter, type Filters, type Head, typeOf, type Verdict } from './filters.ts';
import { changed, endToEnd, headerOf, type RawHeaders, without } from './headers.ts';
import { NEUTRAL } from './neutral.ts';
import { answerOf, type Upstream } from './upstream.ts';

export interface ExchangeLimits {
  /** The beginning of a document that grafts may change. */
  readonly window_bytes: number;
  /** How long its arrival is waited for; then what there is counts as the beginning. */
  readonly window_ms: number;
  /** A document that is decoded has at most so many bytes. */
  readonly document_bytes_max: number;
}

export interface Exchanging {
  readonly upstream: Upstream;
  readonly filters: Filters;
  readonly limits: ExchangeLimits;
}

/** A short page for a person, in place of what was asked for. */
const said = (response: ServerResponse, status: number, text: string): void => {
  const body = `${text}\n`;
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(body);
};

/** The answer where there is none of the origin's. */
export const failed = (response: ServerResponse, error: unknown): void => {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const isForbidden = code === 'PRIVATE_ADDRESS';
  said(response, isForbidden ? 403 : 502, `${isForbidden ? 'Not allowed' : 'No answer'}: ${reasonOf(error)}`);
};

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 300);

const sendNeutral = (response: ServerResponse, name: string, asked: Asked): void => {
  const { type, body } = NEUTRAL[name] ?? (NEUTRAL.empty as { type: string; body: Buffer });
  const origin = headerOf(asked.headers, 'origin');
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    ...(origin === undefined
      ? {}
      : { 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' }),
  });
  response.end(asked.method === 'HEAD' ? undefined : body);
};

/** Answers without the origin where the verdict says so. */
const answered = (asked: Asked, verdict: Verdict, response: ServerResponse): boolean => {
  if (verdict.action === 'block') said(response, 403, `Blocked: ${verdict.why}`);
  else if (verdict.action === 'redirect') sendNeutral(response, verdict.resource, asked);
  else if (asked.type === 'document' && verdict.url !== undefined && verdict.url !== asked.url) {
    // So that the address in the browser is the one that is shown.
    response.writeHead(307, { Location: verdict.url, 'Cache-Control': 'no-store', 'Content-Length': 0 }).end();
  } else return false;
  return true;
};

/** What is sent to the origin. Of a document that may be rewritten all is asked for, in an encoding known here. */
const sentHeaders = (asked: Asked, mayRewrite: boolean): RawHeaders => {
  const headers = endToEnd(asked.headers);
  if (!mayRewrite) return headers;
  const whole = without(headers, (name) => name === 'range' || name === 'if-range');
  return headerOf(whole, 'accept-encoding') === undefined ? whole : changed(whole, { 'Accept-Encoding': ENCODINGS });
};

const MAY_REPEAT = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The origin's answer. A connection that was kept and is found closed is replaced by another, once. */
const ask = async (
  { upstream }: Exchanging,
  asked: Asked,
  headers: RawHeaders,
  body: IncomingMessage,
  signal: AbortSignal,
): Promise<IncomingMessage> => {
  const hasBody = body.headers['content-length'] !== undefined || body.headers['transfer-encoding'] !== undefined;
  for (let attempt = 1; ; attempt++) {
    const request = upstream.begin({ method: asked.method, url: new URL(asked.url), headers });
    const leave = (): void => void request.destroy();
    signal.addEventListener('abort', leave, { once: true });
    const answer = answerOf(request);
    if (hasBody) pipeline(body, request).catch(() => {});
    else request.end();
    try {
      const response = await answer;
      response.once('close', () => signal.removeEventListener('abort', leave));
      return response;
    } catch (error) {
      signal.removeEventListener('abort', leave);
      const isStale = request.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
      if (!isStale || hasBody || attempt > 2 || !MAY_REPEAT.has(asked.method)) throw error;
    }
  }
};

const send = async (head: Head, message: string, answer: IncomingMessage, response: ServerResponse): Promise<void> => {
  response.writeHead(head.status, message, head.headers as string[]);
  // With the first piece of its body, if that is there by then.
  setImmediate(() => response.flushHeaders());
  await pipeline(answer, response);
};

/** What no longer holds of a document that was rewritten, nor may be kept under its name. */
const OF_THE_ORIGINAL = new Set(
  'content-length content-encoding content-md5 etag last-modified accept-ranges digest repr-digest cache-control'.split(
    ' ',
  ),
);

const sendRewritten = async (
  { limits }: Exchanging,
  filter: DocumentFilter,
  head: Head,
  answer: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> => {
  const body = decoded(answer, headerOf(head.headers, 'content-encoding'));
  const beginning = await beginningOf(body, limits.window_bytes, limits.window_ms);
  const rewritten = await filter(beginning, head, signal);
  signal.throwIfAborted();
  const headers = without(rewritten.headers, (name) => OF_THE_ORIGINAL.has(name));
  response.writeHead(head.status, [...headers, 'Cache-Control', 'no-store']);
  response.write(rewritten.bytes);
  if (beginning.isWhole) response.end();
  else await pipeline(restOf(body, limits.document_bytes_max), response);
};

/** Whether a document can be rewritten: all of it is there, in an encoding that is known. */
const isRewritable = (asked: Asked, { status, headers }: Head): boolean =>
  asked.method === 'GET' && status !== 206 && status !== 304 && isDecodable(headerOf(headers, 'content-encoding'));

export const exchange = async (
  exchanging: Exchanging,
  url: URL,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const { filters } = exchanging;
  const asked: Asked = {
    url: url.href,
    method: incoming.method ?? 'GET',
    sourceUrl: incoming.headers.referer ?? '',
    type: typeOf(incoming.headers),
    headers: incoming.rawHeaders,
  };
  const controller = new AbortController();
  const { signal } = controller;
  response.sendDate = false;
  response.once('close', () => {
    controller.abort();
    filters.ended?.(asked, response.writableFinished ? 'whole' : 'cut-off');
  });
  try {
    const pending = filters.request(asked, signal);
    const verdict = pending instanceof Promise ? await pending : pending;
    signal.throwIfAborted();
    if (answered(asked, verdict, response) || verdict.action !== 'allow') return;
    const mayRewrite = filters.mayRewrite(asked);
    const headers = changed(sentHeaders(asked, mayRewrite), verdict.headers ?? {});
    const answer = await ask(exchanging, { ...asked, url: verdict.url ?? asked.url }, headers, incoming, signal);
    const received: Head = { status: answer.statusCode as number, headers: endToEnd(answer.rawHeaders) };
    const seen = filters.response(asked, received, signal);
    const head = seen instanceof Promise ? await seen : seen;
    const filter = mayRewrite && isRewritable(asked, received) ? filters.document(asked, head) : null;
    if (filter === null) await send(head, answer.statusMessage ?? '', answer, response);
    else await sendRewritten(exchanging, filter, head, answer, response, signal);
  } catch (error) {
    failed(response, error);
  }
};
