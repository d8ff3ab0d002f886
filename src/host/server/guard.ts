// The two walls around the server. First, a request must be meant for this server and come from no other site's page
// (Host, Origin, Sec-Fetch-Site). So no page in a person's browser can reach a server on the same machine, nor can a
// name that an attacker rebinds to it. Second, it must carry the bearer token.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { GraftError, shown } from '../../plugins/index.ts';

const foreign = (why: string): GraftError => new GraftError('GRAFT_FOREIGN', why);

/** An address as written in a URL. An IPv4 address that came over an IPv6 socket is an IPv4 address. */
export const urlHost = (address: string): string => {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  return plain.includes(':') ? `[${plain}]` : plain;
};

/**
 * The values of Host that mean this server: its loopback names and the address that the connection came to, with the
 * port.
 */
const ownHosts = ({ localAddress = '127.0.0.1', localPort = 0 }: Request['socket']): string[] => {
  const names = ['127.0.0.1', 'localhost', '[::1]', urlHost(localAddress)];
  return names.flatMap((name) => (localPort === 80 ? [name, `${name}:80`] : [`${name}:${localPort}`]));
};

/** Refuses requests that are meant for another server or sent by another site's page. Throws GRAFT_FOREIGN. */
export const foreignGuard =
  (publicOrigin: string | undefined): RequestHandler =>
  (request, _response, next) => {
    const own = ownHosts(request.socket);
    const origins = own.map((host) => `http://${host}`);
    if (publicOrigin !== undefined) {
      own.push(new URL(publicOrigin).host);
      origins.push(publicOrigin);
    }
    const { host = [], origin = [] } = request.headersDistinct;
    if (!request.originalUrl.startsWith('/')) throw foreign('this server is no proxy');
    if (host.length !== 1 || !own.includes((host[0] as string).toLowerCase()))
      throw foreign(`the Host header must name this server, like ${own[0]}, not ${shown(host.join(', '))}`);
    if (!origin.every((one) => origins.includes(one.toLowerCase())))
      throw foreign(`the request must come from a page of ${origins[0]}, not of ${shown(origin.join(', '))}`);
    if (request.headers['sec-fetch-site'] === 'cross-site')
      throw foreign('the request comes from a page of another site');
    next();
  };

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether a request carries a token, the digests compared in constant time. */
export type TokenTest = (request: Request) => boolean;

export const tokenTest = (token: string): TokenTest => {
  const expected = digest(token);
  return (request) => {
    const given = tokenOf(request);
    return given !== undefined && timingSafeEqual(digest(given), expected);
  };
};

const tokenOf = (request: Request): string | undefined =>
  /^Bearer +([^ ]+) *$/i.exec(request.headers.authorization ?? '')?.[1];

/** Asks for `Authorization: Bearer TOKEN`, and the right one. Throws GRAFT_UNAUTHORIZED. */
export const tokenGuard = (token: string): RequestHandler => {
  const carries = tokenTest(token);
  return (request, _response, next) => {
    if (tokenOf(request) === undefined)
      throw new GraftError('GRAFT_UNAUTHORIZED', 'this needs the header Authorization: Bearer TOKEN');
    if (!carries(request)) throw new GraftError('GRAFT_UNAUTHORIZED', 'the token is not the one of this server');
    next();
  };
};

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  ...['script-src', 'style-src', 'img-src', 'connect-src', 'form-action'].map((directive) => `${directive} 'self'`),
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Answers of the API are kept by nobody on the way. */
export const unstored: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store');
  next();
};

/**
 * Headers of every answer: browsers may not sniff its type, frame it, tell other sites of it, or load from elsewhere.
 */
export const safeHeaders: RequestHandler = (request, response, next) => {
  response.set({
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
  });
  if (/^\/(api(\/|$)|healthz$)/i.test(request.path)) response.set('Cache-Control', 'no-store');
  next();
};
