// A real host with graft points, in memory, behind a real server on a free port. Its plugins are ordinary functions of
// this file, so that no process has to start: how they fare in one is tested with the compartments.

import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { createHost, type Host, type HostTransaction } from '../../../src/host/index.ts';
import {
  createServer,
  type Listening,
  type ListenOptions,
  listen,
  type ServedHost,
  type ServerOptions,
} from '../../../src/host/server/index.ts';
import { directMaker, refuseDirect } from '../../../src/plugins/compartment/index.ts';
import type { Callable } from '../../../src/plugins/index.ts';

export const TOKEN = 'a-token-of-the-tests-0123';
export const BEARER = { authorization: `Bearer ${TOKEN}` };
export const JSON_BODY = { 'content-type': 'application/json' };

interface Request {
  readonly list: number;
}

const MODULES: Record<string, Record<string, unknown>> = {
  'fair-price': { price: (request: Request) => request.list / 2 },
  '@shop/half': { price: (request: Request) => request.list / 2 },
  faulty: {
    spoil: (_input: unknown, api: { stock: { set(key: string, value: number): void } }) => {
      api.stock.set('x', 99);
      throw new Error('not today');
    },
  },
  picky: { price: () => refuseDirect('SOLD_OUT', 'there are none left') },
  patient: { price: () => 1 },
};

/** A point whose default ends the call as a whole. */
const endedCall = (_input: unknown, { core }: HostTransaction): null => {
  core.doom('deadlock', '');
  return null;
};

const waiting: Callable = { waits: true, run: async () => null };

/**
 * Points of every kind of outcome: shop/price (function), shop/open (public), guard/deny, guard/tell, guard/skip
 * (chains), shop/ended.
 */
export const makeHost = async (): Promise<Host> => {
  const compartment = directMaker(new Map(Object.entries(MODULES)));
  const host = await createHost({ store: 'memory', compartment, report: () => {} });
  const stock = host.map<number>('stock');
  const price = (request: unknown): number => (request as Request).list;
  host.graftPoint({ name: 'shop/price', kind: 'function', describes: 'What a thing costs.', default: price });
  host.graftPoint({ name: 'shop/open', kind: 'function', public: true, default: price });
  host.graftPoint({ name: 'shop/ended', kind: 'function', default: endedCall });
  host.graftPoint({ name: 'shop/waiting', kind: 'function', default: price, callable: { wait: waiting } });
  for (const [name, onFault] of [
    ['deny', 'deny'],
    ['tell', 'fail'],
    ['skip', 'default'],
  ] as const) {
    host.graftPoint({ name: `guard/${name}`, kind: 'chain', onFault, callable: { stock: stock.writable() } });
  }
  return host;
};

/** A plugin for POST /api/plugins: one graft. */
export const plugin = (
  name: string,
  exported: string,
  point: string,
  more: object = {},
): { manifest: object; files: Record<string, string> } => ({
  manifest: { name, version: '1.0.0', graftwork: { api: 1, grafts: [{ point, export: exported }], ...more } },
  files: { 'index.js': `export const ${exported} = () => null;\n` },
});

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Parsed; null where it is not JSON. */
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface Sent {
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Uint8Array;
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** Sends a request exactly as it says: any Host, any path. */
export const send = (url: string, method: string, path: string, { headers = {}, body }: Sent = {}): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const request = httpRequest({ host: hostname, port, method, path, headers, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed(text) });
      });
    });
    request.on('error', reject);
    request.end(body);
  });

export interface Bed {
  readonly host: Host;
  readonly url: string;
  readonly port: number;
  readonly listening: Listening;
  /** What the server logged. */
  readonly logged: string[];
  /** Sends a request with the token; an object goes out as JSON. */
  ask(
    method: string,
    path: string,
    body?: object | string | Uint8Array,
    headers?: Record<string, string>,
  ): Promise<Reply>;
  call(point: string, input: unknown): Promise<Reply>;
  close(): Promise<void>;
}

export interface BedOptions {
  readonly server?: Partial<ServerOptions>;
  readonly listen?: Partial<ListenOptions>;
  /** Stands in front of the host. */
  readonly served?: (host: Host) => Partial<ServedHost>;
}

/** The host's methods, some of them replaced. */
const front = (host: Host, replaced: Partial<ServedHost>): ServedHost => ({
  points: () => host.points(),
  plugins: () => host.plugins(),
  removedPlugins: () => host.removedPlugins(),
  aborts: (options) => host.aborts(options),
  facts: () => host.facts(),
  install: (source, options) => host.install(source, options),
  remove: (name, options) => host.remove(name, options),
  enable: (name) => host.enable(name),
  dismiss: (point, graft) => host.dismiss(point, graft),
  invoke: (name, input, options) => host.invoke(name, input, options),
  ...replaced,
});

export const makeBed = async (options: BedOptions = {}): Promise<Bed> => {
  const host = await makeHost();
  const logged: string[] = [];
  const app = createServer(front(host, options.served?.(host) ?? {}), {
    token: TOKEN,
    log: (text) => logged.push(text),
    ...options.server,
  });
  const listening = await listen(app, { port: 0, ...options.listen });
  const { url } = listening;
  const ask: Bed['ask'] = (method, path, body, headers) => {
    const isJson = typeof body === 'object' && !(body instanceof Uint8Array);
    const sent = { headers: { ...BEARER, ...(isJson ? JSON_BODY : {}), ...headers } };
    return send(
      url,
      method,
      path,
      body === undefined ? sent : { ...sent, body: isJson ? JSON.stringify(body) : (body as string) },
    );
  };
  return {
    host,
    url,
    port: Number(new URL(url).port),
    listening,
    logged,
    ask,
    call: (point, input) => ask('POST', `/api/points/${encodeURIComponent(point)}/call`, { input }),
    close: async () => {
      await listening.close();
      await host.close();
    },
  };
};
