// Origins on this machine, over http and https, whose names resolve to it alone; and a client that goes through a
// proxy.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, LookupFunction, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type SecureContext } from 'node:tls';
import { type Authority, openAuthority } from '../../../examples/browser-filter/proxy/index.ts';

/** Every name is this machine. */
export const resolveHere: LookupFunction = (_host, options, told) => {
  if (options.all === true) told(null, [{ address: '127.0.0.1', family: 4 }]);
  else told(null, '127.0.0.1', 4);
};

export const makeFolder = (): string => mkdtempSync(join(tmpdir(), 'browser-filter-'));

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

export interface Origin {
  readonly port: number;
  readonly securePort: number;
  /** Vouches for the origin's certificates. */
  readonly authority: Authority;
  readonly plain: Server;
  /** A URL of a host, `news.test` unless it is given. */
  url(path: string, host?: string): string;
  secureUrl(path: string, host?: string): string;
  close(): Promise<void>;
}

/** Starts an origin that answers every host, over http and https. */
export const startOrigin = async (answer: RequestListener): Promise<Origin> => {
  const folder = makeFolder();
  const authority = await openAuthority(folder);
  rmSync(folder, { recursive: true });
  const plain = createServer(answer);
  const SNICallback = (host: string, told: (error: Error | null, context?: SecureContext) => void): void => {
    authority.leaf(host).then((context) => told(null, context), told);
  };
  const secure = createSecureServer({ SNICallback }, answer);
  const [port, securePort] = [await listening(plain), await listening(secure)];
  return {
    port,
    securePort,
    authority,
    plain,
    url: (path, host = 'news.test') => `http://${host}:${port}${path}`,
    secureUrl: (path, host = 'news.test') => `https://${host}:${securePort}${path}`,
    close: async () => {
      await Promise.all([closed(plain), closed(secure)]);
    },
  };
};

/** An answer as it came; `isWhole`: it did not break off. */
export interface Answer {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly isWhole: boolean;
}

export interface Asking {
  readonly proxy?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Certificates that are trusted. */
  readonly ca?: string;
}

const read = (response: IncomingMessage): Promise<Answer> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => void chunks.push(chunk));
    response.on('error', () => {});
    response.once('close', () =>
      resolve({
        status: response.statusCode as number,
        rawHeaders: response.rawHeaders,
        headers: response.headers,
        body: Buffer.concat(chunks),
        isWhole: response.complete,
      }),
    );
  });

/** A connection to a host through a proxy, by CONNECT. Rejects where the proxy says no. */
export const connectThrough = (proxy: string, authority: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(proxy);
    const asked = request({ host: hostname, port, method: 'CONNECT', path: authority, headers: { host: authority } });
    asked.once('connect', ({ statusCode }, socket: Socket) => {
      if (statusCode === 200) resolve(socket);
      else reject(new Error(`CONNECT: ${statusCode}`));
    });
    asked.once('error', reject);
    asked.end();
  });

/** Asks for a URL, through a proxy where one is given. Rejects where there is no answer. */
export const ask = async (
  given: string,
  { proxy, method = 'GET', headers = {}, body, ca }: Asking = {},
): Promise<Answer> => {
  const url = new URL(given);
  const sent = { host: url.host, ...headers, ...(body === undefined ? {} : { 'content-length': String(body.length) }) };
  const isSecure = url.protocol === 'https:';
  const path = `${url.pathname}${url.search}`;
  const socket =
    isSecure && proxy !== undefined ? await connectThrough(proxy, `${url.hostname}:${url.port || 443}`) : undefined;
  const secured = (): Socket =>
    connect({
      ...(socket === undefined ? { host: '127.0.0.1', port: Number(url.port) } : { socket }),
      servername: url.hostname,
      ...(ca === undefined ? {} : { ca }),
    });
  return new Promise<Answer>((resolve, reject) => {
    const target = new URL(proxy ?? `http://127.0.0.1:${url.port}`);
    const asked = request({
      ...(isSecure
        ? { createConnection: secured, path }
        : { agent: false, host: target.hostname, port: target.port, path: proxy === undefined ? path : given }),
      method,
      headers: sent,
    });
    asked.once('response', (response) => void read(response).then(resolve));
    asked.once('error', reject);
    asked.end(body);
  });
};
