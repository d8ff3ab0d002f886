// Grafts inside pages: the point page/content of a filtering proxy. README.md says how it works, and why.
//
//   const content = createContent();
//   const host = await createHost({ …, compartment: content.compartments });
//   content.attach(host);                                  // declares page/content; then host.install(…) as ever
//
//   const part = await content.contentFor({ url });        // for a document that the browser navigates to
//   // part.head right after <head>, each policy header through part.csp
//   // all requests below /.well-known/graftwork/ of every origin: content.route(request, response)

import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Host, HostPoint, Limits } from 'graftwork';
import { z } from 'zod';
import type { ProcessOptions } from '../../../src/plugins/compartment/index.ts';
import { badArgument } from '../../../src/plugins/index.ts';
import { PageMaker } from './page-maker.ts';
import { withContent } from './policy.ts';
import { ACCESSORS, BASE_PATH, LIMITS, POINT } from './protocol.ts';
import { ContentRoutes, type PageOutcome } from './routes.ts';
import { pageScript } from './scripts.ts';
import { Visits } from './visits.ts';

export { POINT } from './protocol.ts';
export type { PageOutcome } from './routes.ts';

/** What a page gets. */
export interface PageContent {
  /** HTML, to stand right after `<head>` of a document of text/html; XML would read it otherwise. */
  readonly head: string;
  /** A policy header of the page, Content-Security-Policy or its report-only form, as it has to be with `head`. */
  readonly csp: (header: string | undefined) => string | undefined;
}

export interface ContentOptions {
  readonly processes?: ProcessOptions;
  /** What a graft may use up in a page; the defaults are LIMITS of protocol.ts. */
  readonly limits?: Pick<Partial<Limits>, 'own_ms' | 'total_ms'>;
  /** Hears how each graft ended in each page. */
  readonly ended?: (outcome: PageOutcome) => void;
}

export interface Content {
  /** What `createHost` takes as `compartment`. */
  readonly compartments: PageMaker;
  /** Declares page/content at the host. */
  attach(host: Host): void;
  /** What the page at `url` gets; undefined: nothing, since no graft stands there, or none can run in such a page. */
  contentFor(page: { readonly url: string }): Promise<PageContent | undefined>;
  /** Serves requests below /.well-known/graftwork/. Takes them with their body unread. */
  route(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** Never run: a graft of this point runs in a page, where it finds accessors of the same names. */
const elsewhere = { waits: false, run: () => badArgument('api.page is there in a page alone') };

const Input = z.strictObject({ page: z.string().max(64), url: z.string().max(10_000) });

/**
 * A browser tells what a request is for (Sec-Fetch-Dest) where nobody can listen on the way: over https, and on this
 * machine. Without that a script of the page could fetch a realm of its own and read its token.
 */
const isTrustworthy = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\]|.*\.localhost)$/.test(hostname));

export const createContent = ({ processes, limits, ended = () => {} }: ContentOptions = {}): Content => {
  const visits = new Visits();
  const key = randomBytes(32);
  let host: Host | null = null;
  let point: HostPoint<z.infer<typeof Input>, unknown> | null = null;
  const routes = new ContentRoutes({
    visits,
    key: key.toString('hex'),
    begin: async ({ id, url }) => point?.invoke({ page: id, url: url.slice(0, 10_000) }),
    ended,
  });
  return {
    compartments: new PageMaker(visits, key, processes),
    attach: (to) => {
      host = to;
      point = to.graftPoint({
        name: POINT,
        describes: 'Changes pages in the browser that shows them; runs there.',
        kind: 'event',
        input: Input,
        callable: { page: Object.fromEntries(ACCESSORS.map((name) => [name, elsewhere])) },
        limits: { ...LIMITS, ...limits },
      });
    },
    contentFor: async ({ url }) => {
      const at = URL.parse(url);
      const stands = host?.points().some(({ name, grafts }) => name === POINT && grafts.length > 0) === true;
      if (!stands || at === null || !isTrustworthy(at)) return undefined;
      const { id } = visits.open(url);
      const realm = `${BASE_PATH}realm/${id}.js`;
      const trusted = `graftwork-${id}`;
      const script = pageScript({ realm, trusted });
      const hash = `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
      return {
        head: `<script>${script}</script>`,
        csp: (header) => withContent(header, { hash, realm: at.origin + realm, trusted }),
      };
    },
    route: (request, response) => routes.serve(request, response),
  };
};
