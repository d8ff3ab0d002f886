// The HTTP server of a host. A request passes, in this order:
//
//   headers → foreign? (guard.ts) → GET /healthz → /api: token? → its route (routes.ts) → the application's own pages →
//   token? → not found
//
// An error thrown on the way becomes an answer in problem.ts. `listen` gives the server a socket and ends it
// gracefully.

import { createServer as createHttpServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, Router } from 'express';
import {
  A_FUNCTION,
  A_TEXT,
  A_WHOLE,
  AN_OBJECT,
  checkOptions,
  type Expected,
  GraftError,
} from '../../plugins/index.ts';
import { BODY_MAX } from './body.ts';
import { foreignGuard, safeHeaders, tokenGuard, unstored, urlHost } from './guard.ts';
import { problemHandler } from './problem.ts';
import { apiRouter, type BodyBounds, healthRoute, type ServedHost } from './routes.ts';
import { checkToken } from './token.ts';

export interface RouterOptions {
  /** The bearer token that requests must carry, at least 16 visible characters. */
  readonly token: string;
  /**
   * The origin under which a proxy publishes this server, like `https://grafts.example`. Its host and pages count as
   * this server's own.
   */
  readonly publicOrigin?: string;
  /** The bytes of bodies at most; default BODY_MAX. */
  readonly bodyMax?: Partial<BodyBounds>;
  /** Logs failures that are the host's own. Default: standard error. */
  readonly log?: (text: string) => void;
}

export interface ServerOptions extends RouterOptions {
  /** Adds the application's pages; they need no token, but those under /api. */
  readonly pages?: (app: Express) => void;
}

const isOrigin = (value: unknown): boolean => {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  return url !== null && url.origin === value && /^https?:$/.test(url.protocol);
};

const ORIGIN: Expected = ['an origin like "https://grafts.example", without a slash at its end', isOrigin];
const ROUTER_OPTIONS = { token: A_TEXT, publicOrigin: ORIGIN, bodyMax: AN_OBJECT, log: A_FUNCTION };
const OPTIONS = { ...ROUTER_OPTIONS, pages: A_FUNCTION };
const BODY_OPTIONS = { call_bytes: A_WHOLE, package_bytes: A_WHOLE };

const apiOf = (host: ServedHost, { token, bodyMax }: RouterOptions): Router => {
  checkOptions(bodyMax ?? {}, BODY_OPTIONS, 'bodyMax');
  return apiRouter(host, checkToken(token, 'the option token'), { ...BODY_MAX, ...bodyMax });
};

const notFound = (what: string): never => {
  throw new GraftError(
    'GRAFT_NOT_FOUND',
    `the server has no such resource; its API is ${what}/points, ${what}/plugins, ${what}/aborts and ${what}/facts`,
  );
};

const toStandardError = (text: string): void => console.error(text);

/**
 * The routes of the API for an application that has its own server, to be used before anything that reads bodies:
 * `app.use('/grafts', createRouter(host, { token }))`. It answers its own errors, and refuses what is not meant for
 * this server or comes from a page of another site, as `createServer` does: behind a proxy it needs `publicOrigin`.
 * Throws GRAFT_BAD_OPTION.
 */
export const createRouter = (host: ServedHost, options: RouterOptions): Router => {
  checkOptions(options, ROUTER_OPTIONS, 'router');
  const api = apiOf(host, options);
  const router = Router({ caseSensitive: true, strict: true });
  router.use(unstored, foreignGuard(options.publicOrigin), api, ({ baseUrl }) => notFound(baseUrl));
  router.use(problemHandler(options.log ?? toStandardError));
  return router;
};

/**
 * An Express application that serves `host`. Throws GRAFT_BAD_OPTION. Add routes through `pages`: later ones are never
 * reached.
 */
export const createServer = (host: ServedHost, options: ServerOptions): Express => {
  checkOptions(options, OPTIONS, 'server');
  const api = apiOf(host, options);
  const app = express();
  for (const setting of ['x-powered-by', 'etag', 'query parser']) app.set(setting, false);
  for (const setting of ['case sensitive routing', 'strict routing']) app.set(setting, true);
  app.use(safeHeaders, foreignGuard(options.publicOrigin));
  healthRoute(app);
  app.use('/api', api);
  options.pages?.(app);
  app.use(tokenGuard(options.token), () => notFound('/api'));
  app.use(problemHandler(options.log ?? toStandardError));
  return app;
};

export interface ListenOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly hostname?: string;
  /** How long a request may take to arrive, body included. Default 60,000. */
  readonly request_ms_max?: number;
  /** How long `close` waits for requests in flight before it cuts them off. Default 10,000. */
  readonly close_ms_max?: number;
}

export interface Listening {
  /** Without a slash at its end. */
  readonly url: string;
  /** Stops accepting, lets requests in flight finish, and cuts off those that take too long. */
  close(): Promise<void>;
}

const PORT: Expected = [
  'a whole number from 0 to 65535',
  (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535,
];
const LISTEN_OPTIONS = { port: PORT, hostname: A_TEXT, request_ms_max: A_WHOLE, close_ms_max: A_WHOLE };

const CONNECTIONS_MAX = 512;
const HEADERS_MS_MAX = 10_000;

/**
 * Listens; resolves when connections are accepted. Throws GRAFT_BAD_OPTION if the port or the address cannot be used.
 */
export const listen = async (app: Express, options: ListenOptions): Promise<Listening> => {
  checkOptions(options, LISTEN_OPTIONS, 'listen');
  const { port, hostname = '127.0.0.1', request_ms_max = 60_000, close_ms_max = 10_000 } = options;
  const server = createHttpServer({
    requestTimeout: request_ms_max,
    headersTimeout: Math.min(HEADERS_MS_MAX, request_ms_max),
    connectionsCheckingInterval: Math.min(1000, request_ms_max),
  });
  server.maxConnections = CONNECTIONS_MAX;
  const inFlight = new Set<ServerResponse>();
  server.on('request', (_request, response) => {
    if (!server.listening) response.setHeader('Connection', 'close');
    inFlight.add(response);
    response.once('close', () => inFlight.delete(response));
  });
  server.on('request', app);
  await bind(server, port, hostname);
  const address = server.address() as AddressInfo;
  let closed: Promise<void> | null = null;
  return {
    url: `http://${urlHost(address.address)}:${address.port}`,
    close: () => {
      closed ??= end(server, inFlight, close_ms_max);
      return closed;
    },
  };
};

const bind = (server: Server, port: number, hostname: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is in use: another server runs there' : `cannot be had: ${cause.code}`;
      reject(new GraftError('GRAFT_BAD_OPTION', `port ${port} of ${hostname} ${why}; choose another one`, { cause }));
    });
    server.listen(port, hostname, resolve);
  });

const end = (server: Server, inFlight: ReadonlySet<ServerResponse>, close_ms_max: number): Promise<void> =>
  new Promise((resolve) => {
    const cutOff = setTimeout(() => server.closeAllConnections(), close_ms_max);
    server.close(() => {
      clearTimeout(cutOff);
      resolve();
    });
    for (const response of inFlight) if (!response.headersSent) response.setHeader('Connection', 'close');
  });
