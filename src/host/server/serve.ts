// Start-up, the same for the command `graftwork serve` and for an application with pages of its own:
//
//   data folder → token (shown once when it is new) → listen → handle signals → print the facts of this system, and the
//   address
//
//   const served = await serve(host, { port: 3000, data: './data', pages: (app) => app.get('/', page) });
//   await served.closed;

import { join } from 'node:path';
import type { Express } from 'express';
import { A_FUNCTION, A_TEXT, ANYTHING, checkOptions, GraftError, shown } from '../../plugins/index.ts';
import type { Host } from '../host.ts';
import type { ServedHost } from './routes.ts';
import { createServer, listen } from './server.ts';
import { chooseToken, makeDataFolder } from './token.ts';

export interface ServeOptions {
  /** 0: any free port. */
  readonly port: number;
  /** The folder of the token; created if needed. */
  readonly data: string;
  /** The address to listen on. Default 127.0.0.1: this machine alone. */
  readonly hostname?: string;
  readonly publicOrigin?: string;
  /** Default: the environment's GRAFTWORK_TOKEN, else the one kept in the data folder. */
  readonly token?: string;
  /** Adds the application's pages; they need no token, but those under /api. */
  readonly pages?: (app: Express) => void;
  /** Prints lines for the person that starts the server. Default: standard output. */
  readonly print?: (line: string) => void;
}

export interface Served {
  readonly url: string;
  /** Ends the server gracefully, then the host. SIGINT and SIGTERM do the same. */
  close(): Promise<void>;
  /** Settles when the server and the host have ended. */
  readonly closed: Promise<void>;
}

export type ServableHost = ServedHost & Pick<Host, 'close'>;

const OPTIONS = {
  port: ANYTHING,
  data: A_TEXT,
  hostname: ANYTHING,
  publicOrigin: ANYTHING,
  token: A_TEXT,
  pages: A_FUNCTION,
  print: A_FUNCTION,
};

/** The port that a text names; 3000 for none. Throws GRAFT_BAD_OPTION. */
export const readPort = (text: string | undefined): number => {
  if (text === undefined || text === '') return 3000;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new GraftError('GRAFT_BAD_OPTION', `a port is a whole number from 0 to 65535, not ${shown(text)}`);
  return Number(text);
};

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Calls `close` at the first signal. A second signal then ends the process as usual. Gives back the function that
 * removes the listeners.
 */
const onSignals = (close: () => void): (() => void) => {
  const stop = (): void => {
    for (const signal of SIGNALS) process.off(signal, heard);
  };
  const heard = (): void => {
    stop();
    close();
  };
  for (const signal of SIGNALS) process.on(signal, heard);
  return stop;
};

/**
 * Serves a host whose graft points are declared. From then on the host belongs to the server, and is closed with it.
 * Throws GRAFT_BAD_OPTION, and then the host is still open.
 */
export const serve = async (host: ServableHost, options: ServeOptions): Promise<Served> => {
  checkOptions(options, OPTIONS, 'serve');
  const { port, data, hostname, publicOrigin, pages, print = (line) => console.log(line) } = options;
  await makeDataFolder(data);
  const { token, isNew } = await chooseToken(data, options.token ?? process.env.GRAFTWORK_TOKEN);
  if (isNew) print(`token, shown this once and kept in ${join(data, 'token')}: ${token}`);
  const app = createServer(host, {
    token,
    ...(publicOrigin === undefined ? {} : { publicOrigin }),
    ...(pages === undefined ? {} : { pages }),
  });
  const listening = await listen(app, { port, ...(hostname === undefined ? {} : { hostname }) });
  const ended = Promise.withResolvers<void>();
  const close = (): Promise<void> => {
    stopHearing();
    listening
      .close()
      .then(() => host.close())
      .then(ended.resolve, ended.reject);
    return ended.promise;
  };
  const stopHearing = onSignals(close);
  for (const [name, fact] of Object.entries(host.facts())) print(`${name}: ${fact}`);
  print(`Graftwork listens on ${listening.url}`);
  return { url: listening.url, close, closed: ended.promise };
};
