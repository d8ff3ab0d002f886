// What a page's realm asks of the proxy, below /.well-known/graftwork/ of the page's own origin: its script, once, and
// exchanges. Whoever asks may be the page: a realm's script goes to the start of a worker alone, and an exchange counts
// if it is signed. Everything else is not found.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import {
  type Exchange,
  FUEL_PER_MS,
  OUTCOME_PATH,
  PAGE_HEADER,
  type RealmConfig,
  SIGNATURE_HEADER,
} from './protocol.ts';
import { realmScript } from './scripts.ts';
import type { Visit, Visits } from './visits.ts';

const BODY_BYTES_MAX = 64 * 1024;
const REALM = /\/\.well-known\/graftwork\/realm\/([0-9a-f]{32})\.js$/;

/** How a graft ended in a page. */
export interface PageOutcome {
  readonly url: string;
  /** `plugin#export`. */
  readonly graft: string;
  /** `undone`: what the graft did was taken back, in the realm or, where the host does not keep it, in the page. */
  readonly status: 'committed' | 'undone' | 'refused';
  /** Why, in words of the page; empty for one that committed. */
  readonly why: string;
  readonly fuel: number;
  /** Records of its undo log that were taken back. */
  readonly undone: number;
  readonly changes: number;
}

export interface ContentRoutesOptions {
  readonly visits: Visits;
  /** Of rewritten code, in hexadecimal digits. */
  readonly key: string;
  /** Calls the point for a page; settles when no graft is to run any more. */
  readonly begin: (visit: Visit) => Promise<unknown>;
  readonly ended: (outcome: PageOutcome) => void;
}

const Count = z.number().int().min(0).max(1_000_000);
const Message = z.strictObject({
  number: Count,
  ended: z
    .strictObject({
      status: z.enum(['committed', 'aborted', 'refused']),
      ending: z.string().max(BODY_BYTES_MAX),
      why: z.string().max(2000),
      own_ms: z.number().min(0).max(1_000_000),
      undone: Count,
      changes: Count,
    })
    .nullable(),
});

/** A realm may evaluate what it is given, and speak to its own origin. */
const REALM_HEADERS = {
  'content-type': 'text/javascript; charset=utf-8',
  'content-security-policy': "default-src 'none'; script-src 'unsafe-eval'; connect-src 'self'",
  // A page that asks for this of what it embeds asks for it of its workers, too.
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

const notFound = (response: ServerResponse): void => {
  response.writeHead(404, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end('not found');
};

/** The body of a request; null: it is too long. */
const bodyOf = async (request: IncomingMessage): Promise<string | null> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const messageOf = (text: string): Exchange | null => {
  try {
    return Message.parse(JSON.parse(text));
  } catch {
    return null;
  }
};

export class ContentRoutes {
  readonly #options: ContentRoutesOptions;

  constructor(options: ContentRoutesOptions) {
    this.#options = options;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname = '', host = '' } = URL.parse(request.url ?? '', `http://${request.headers.host ?? ''}`) ?? {};
    const isOurs = (visit: Visit | undefined): visit is Visit =>
      visit !== undefined && new URL(visit.url).host === host;
    const [, id = ''] = REALM.exec(pathname) ?? [];
    const page = this.#options.visits.get(id === '' ? String(request.headers[PAGE_HEADER]) : id);
    if (!isOurs(page)) return notFound(response);
    if (id !== '') return this.#realm(request, response, page);
    return pathname === OUTCOME_PATH ? this.#outcome(request, response, page) : notFound(response);
  }

  #realm({ method, headers }: IncomingMessage, response: ServerResponse, visit: Visit): void {
    const isWorker = headers['sec-fetch-dest'] === 'worker' && headers['sec-fetch-site'] === 'same-origin';
    if (method !== 'GET' || !isWorker || visit.taken) return notFound(response);
    visit.taken = true;
    const config: RealmConfig = { page: visit.id, token: visit.token.toString('hex'), key: this.#options.key };
    response.writeHead(200, REALM_HEADERS).end(realmScript(config));
  }

  async #outcome(request: IncomingMessage, response: ServerResponse, visit: Visit): Promise<void> {
    const text = request.method === 'POST' ? await bodyOf(request) : null;
    const message = text !== null && visit.isSigned(text, request.headers[SIGNATURE_HEADER]) ? messageOf(text) : null;
    if (message === null) return notFound(response);
    const answered = await visit.exchange(message, () => this.#begin(visit));
    if (answered === null) return notFound(response);
    const { graft, ...answer } = answered;
    if (graft !== null) this.#tell(visit, graft, message, answer.kept);
    if (visit.isOver) this.#options.visits.close(visit.id);
    const said = JSON.stringify(answer);
    response
      .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store', ...visit.signed(said) })
      .end(said);
  }

  #begin(visit: Visit): void {
    const end = (): void => visit.end();
    this.#options.begin(visit).then(end, end);
  }

  #tell({ url }: Visit, graft: string, { ended }: Exchange, kept: boolean): void {
    if (ended === null) return;
    const { status, why, own_ms, undone, changes } = ended;
    const isKept = status === 'committed' && kept;
    this.#options.ended({
      url,
      graft,
      status: isKept ? 'committed' : status === 'refused' ? 'refused' : 'undone',
      why,
      fuel: Math.round(own_ms * FUEL_PER_MS),
      undone,
      changes: isKept ? changes : 0,
    });
  }
}
