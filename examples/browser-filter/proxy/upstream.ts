// Connections to origins: kept alive, their certificates verified, and none to an address that was not checked.

import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { rootCertificates } from 'node:tls';
import { type AddressOptions, checkedLookup, checkHost } from './address.ts';
import type { RawHeaders } from './headers.ts';

export interface UpstreamOptions extends AddressOptions {
  /** Certificates of authorities that vouch for origins, besides those that Node knows: PEM. */
  readonly authorities?: readonly string[] | undefined;
  /** How long a connection may say nothing. */
  readonly idle_ms_max: number;
}

export interface UpstreamRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: RawHeaders;
}

/** Ports at which no web server is and a browser opens none either, a few of them mail and time (WHATWG Fetch, 2.9). */
const BAD_PORTS = new Set([1, 7, 9, 19, 21, 22, 23, 25, 53, 110, 123, 143, 389, 465, 587, 993, 995, 6000, 6667]);

export class Upstream {
  readonly #options: UpstreamOptions;
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    const agent = { keepAlive: true, maxFreeSockets: 64, scheduling: 'lifo', lookup: checkedLookup(options) } as const;
    const { authorities = [] } = options;
    this.#http = new HttpAgent(agent);
    this.#https = new HttpsAgent({
      ...agent,
      ALPNProtocols: ['http/1.1'],
      ...(authorities.length === 0 ? {} : { ca: [...rootCertificates, ...authorities] }),
    });
  }

  /**
   * Begins a request; its body is still to be written. Throws PrivateAddress. What an origin fails with comes as
   * `error`, as does its silence.
   */
  begin({ method, url, headers }: UpstreamRequest): ClientRequest {
    this.#check(url.hostname, Number(url.port));
    const isSecure = url.protocol === 'https:';
    const send = isSecure ? httpsRequest : httpRequest;
    const request = send({
      agent: isSecure ? this.#https : this.#http,
      method,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (isSecure ? 443 : 80) : url.port,
      path: `${url.pathname}${url.search}`,
      headers: headers as string[],
      setHost: false,
      timeout: this.#options.idle_ms_max,
    });
    request.on('timeout', () => request.destroy(new Error('the origin says nothing')));
    return request;
  }

  /** A bare connection, for a host that is not opened. Throws PrivateAddress. */
  connect(host: string, port: number): Socket {
    this.#check(host, port);
    const socket = connect({
      host: host.replace(/^\[|\]$/g, ''),
      port,
      lookup: checkedLookup(this.#options),
    });
    socket.setTimeout(this.#options.idle_ms_max, () => socket.destroy());
    return socket;
  }

  #check(host: string, port: number): void {
    checkHost(host, this.#options);
    if (BAD_PORTS.has(port)) throw new Error(`port ${port} is no port of the web`);
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

/** The answer of a request. Rejects where there is none, with what the request failed with. */
export const answerOf = (request: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
  });
