// What a browser opens by CONNECT: its first byte says whether it is TLS, which is opened, or HTTP as it is for the
// WebSockets of pages without TLS. And what leaves HTTP behind by Upgrade.

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, duplexPair, pipeline } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Authority } from './authority.ts';
import { type Asked, type Filters, typeOf } from './filters.ts';
import { changed, endToEnd, pairsOf, type RawHeaders } from './headers.ts';
import type { Upstream } from './upstream.ts';

/** Where a connection leads. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** `https://host:port`, or `http://` where no TLS is spoken in it. */
  readonly origin: string;
}

/** The target that an authority names, as in `news.example:443`; null: it names none. */
export const targetOf = (authority: string): Target | null => {
  const url = /^[^/?#@\s]+:\d{1,5}$/.test(authority) ? URL.parse(`https://${authority}`) : null;
  if (url === null || url.hostname === '') return null;
  return { host: url.hostname, port: Number(url.port || 443), origin: url.origin };
};

export interface Tunnel {
  readonly socket: Socket;
  readonly head: Buffer;
  readonly target: Target;
  readonly upstream: Upstream;
  readonly authority: Authority;
  /** Its bytes pass as they are. */
  readonly isPassed: boolean;
}

const TLS_HANDSHAKE = 0x16;
const ESTABLISHED = 'HTTP/1.1 200 Connection Established\r\n\r\n';

/** The first piece that a client sends, still to be read; null: it went away. */
const firstOf = (socket: Socket, head: Buffer): Promise<Buffer | null> => {
  if (head.length > 0) return Promise.resolve(head);
  return new Promise((resolve) => {
    const gone = (): void => resolve(null);
    socket.once('close', gone);
    socket.once('data', (chunk: Buffer) => {
      socket.pause();
      socket.off('close', gone);
      resolve(chunk);
    });
  });
};

/** Joins two connections until either ends. */
const join = (one: Duplex, other: Duplex): void => {
  pipeline(one, other, () => other.destroy());
  pipeline(other, one, () => one.destroy());
};

const pass = ({ socket, head, target, upstream }: Tunnel): void => {
  try {
    const origin = upstream.connect(target.host, target.port);
    origin.once('error', () => socket.destroy());
    origin.once('connect', () => {
      socket.write(ESTABLISHED);
      origin.write(head);
      join(socket, origin);
    });
    socket.once('close', () => origin.destroy());
  } catch {
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  }
};

/** A connection that HTTP can be read from anew: Node reads that of a CONNECT past what was read of it already. */
const again = (socket: Socket): Duplex => {
  const [near, far] = duplexPair();
  for (const side of [near, far]) side.setMaxListeners(20);
  join(socket, near);
  return far;
};

/** Opens a tunnel, and hands over the connection that speaks HTTP in it, or lets it pass. */
export const tunnel = async (asked: Tunnel, inside: (connection: Duplex, target: Target) => void): Promise<void> => {
  const { socket, head, target, authority, isPassed } = asked;
  if (isPassed) return pass(asked);
  try {
    const secureContext = await authority.leaf(target.host.replace(/^\[|\]$/g, ''));
    socket.write(ESTABLISHED);
    const first = await firstOf(socket, head);
    if (first === null) return;
    socket.unshift(first);
    if (first[0] !== TLS_HANDSHAKE)
      inside(again(socket), { ...target, origin: target.origin.replace('https:', 'http:') });
    else inside(new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] }), target);
  } catch {
    socket.destroy();
  }
};

export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly url: URL;
  readonly filters: Filters;
  readonly upstream: Upstream;
}

const headText = (first: string, headers: RawHeaders): string =>
  `${first}\r\n${pairsOf(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

/** Asks the origin for an upgrade, once it is allowed; then bytes pass as they are. */
export const upgrade = async ({ request, socket, head, url, filters, upstream }: Upgrade): Promise<void> => {
  const controller = new AbortController();
  socket.once('close', () => controller.abort());
  const asked: Asked = {
    url: url.href.replace(/^http/, 'ws'),
    method: 'GET',
    sourceUrl: request.headers.referer ?? request.headers.origin ?? '',
    type: typeOf(request.headers),
    headers: request.rawHeaders,
  };
  try {
    const verdict = await filters.request(asked, controller.signal);
    if (verdict.action !== 'allow') return void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    const { upgrade: protocol = 'websocket' } = request.headers;
    const headers = [...endToEnd(request.rawHeaders), 'Connection', 'Upgrade', 'Upgrade', protocol];
    const outgoing = upstream.begin({ method: 'GET', url, headers: changed(headers, verdict.headers ?? {}) });
    outgoing.once('error', () => socket.destroy());
    socket.once('close', () => outgoing.destroy());
    outgoing.once('response', (answer) => {
      socket.write(headText(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`, endToEnd(answer.rawHeaders)));
      pipeline(answer, socket, () => socket.destroy());
    });
    outgoing.once('upgrade', (answer, origin, first) => {
      // A connection that may say nothing for long is what this is for.
      origin.setTimeout(0);
      socket.write(headText('HTTP/1.1 101 Switching Protocols', answer.rawHeaders));
      socket.write(first);
      origin.write(head);
      join(socket, origin);
    });
    outgoing.end();
  } catch {
    socket.destroy();
  }
};
