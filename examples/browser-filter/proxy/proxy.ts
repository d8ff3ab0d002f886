// The proxy: HTTP by its absolute URL, and HTTPS by CONNECT, opened with a certificate of the local authority.
//
//   const proxy = await startProxy({ port: 8080, authority, filters });
//   proxy.url
//   await proxy.close();
//
// HTTP/1.1 on both sides; there is no HTTP/2, and nothing that needs it. Connections of WebSockets pass as they are,
// once their request was allowed, and so do connections to hosts that are never opened (`pass`).

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import express, { type Express, type RequestHandler } from 'express';
import type { AddressOptions } from './address.ts';
import type { Authority } from './authority.ts';
import { type ExchangeLimits, exchange, failed } from './exchange.ts';
import type { Filters } from './filters.ts';
import { type Target, targetOf, tunnel, upgrade } from './tunnel.ts';
import { Upstream } from './upstream.ts';

export interface ProxyOptions extends Partial<AddressOptions> {
  /** 0: any free port. */
  readonly port: number;
  /** Default 127.0.0.1: this machine alone. */
  readonly hostname?: string;
  readonly authority: Authority;
  readonly filters: Filters;
  /** Hosts that are never opened; their subdomains are not either. */
  readonly pass?: readonly string[];
  /** Certificates of authorities that vouch for origins, besides those that Node knows: PEM. */
  readonly authorities?: readonly string[];
  readonly limits?: Partial<ProxyLimits>;
  /** Serves requests below /.well-known/graftwork/ of every origin. */
  readonly own?: (request: IncomingMessage, response: ServerResponse) => void;
}

export interface ProxyLimits extends ExchangeLimits {
  readonly connections_max: number;
  /** How long a connection may say nothing. */
  readonly idle_ms_max: number;
}

export interface RunningProxy {
  /** Without a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** Connections of browsers that are open. */
  connections(): Promise<number>;
  /** Ends every connection. */
  close(): Promise<void>;
}

export const PROXY_LIMITS: ProxyLimits = {
  window_bytes: 2 * 2 ** 20,
  window_ms: 5000,
  document_bytes_max: 64 * 2 ** 20,
  connections_max: 1024,
  idle_ms_max: 120_000,
};

/** Below this path every origin has resources that are the proxy's own. */
export const OWN_PATH = '/.well-known/graftwork';

/** The URL that a request means: absolute as proxies get it, or a path at the host of its CONNECT. */
const urlOf = ({ url = '/' }: IncomingMessage, target: Target | undefined): URL | null => {
  if (target !== undefined) return url.startsWith('/') ? URL.parse(`${target.origin}${url}`) : null;
  const parsed = url.startsWith('/') ? null : URL.parse(url);
  return parsed?.protocol === 'http:' && parsed.username === '' && parsed.password === '' ? parsed : null;
};

export const startProxy = async (options: ProxyOptions): Promise<RunningProxy> => {
  const { port, hostname = '127.0.0.1', authority, filters, pass = [], own } = options;
  const limits = { ...PROXY_LIMITS, ...options.limits };
  const upstream = new Upstream({
    allowPrivate: options.allowPrivate === true,
    resolve: options.resolve,
    authorities: options.authorities,
    idle_ms_max: limits.idle_ms_max,
  });
  const exchanging = { upstream, filters, limits };
  /** The hosts that connections were opened to by CONNECT. */
  const targets = new WeakMap<Duplex, Target>();
  const open = new Set<Duplex>();
  const hold = (socket: Duplex): void => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const app = express();
  for (const setting of ['x-powered-by', 'etag', 'query parser']) app.set(setting, false);
  const pageOf: RequestHandler = (request, response, next) => {
    // Express has cut the front of the path off; whoever serves it sees all of it, and no origin before it.
    const { pathname, search } = new URL(request.originalUrl, 'http://origin');
    if (own === undefined) next();
    else own(Object.assign(request, { url: `${pathname}${search}` }), response);
  };
  app.use(OWN_PATH, pageOf);
  app.use((request, response) => {
    const url = urlOf(request, targets.get(request.socket));
    if (url === null) return failed(response, new Error('this is a proxy: it takes absolute URLs of http'));
    if (isItself(server, url)) return failed(response, new Error('the proxy itself'));
    void exchange(exchanging, url, request, response);
  });
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 30_000 }, app as Express);
  server.maxConnections = limits.connections_max;
  server.on('connection', hold);
  server.on('clientError', (_error, socket) => void socket.destroy());
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const url = urlOf(request, targets.get(socket));
    if (url === null || isItself(server, url)) return void socket.destroy();
    void upgrade({ request, socket, head, url, filters, upstream });
  });
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const target = targetOf(request.url ?? '');
    if (target === null) return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    const isPassed = pass.some((host) => target.host === host || target.host.endsWith(`.${host}`));
    void tunnel({ socket: socket as Socket, head, target, upstream, authority, isPassed }, (inner, origin) => {
      targets.set(inner, origin);
      hold(inner);
      server.emit('connection', inner);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, hostname, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${address.port}`,
    port: address.port,
    connections: () => Promise.resolve(open.size),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
        upstream.close();
      }),
  };
};

/** Whether a URL leads to the proxy: it would ask itself without an end. */
const isItself = (server: Server, url: URL): boolean =>
  Number(url.port || (url.protocol === 'https:' ? 443 : 80)) === (server.address() as AddressInfo).port &&
  /^(localhost|127\.[\d.]+|\[::1\]|0\.0\.0\.0)$/.test(url.hostname);
