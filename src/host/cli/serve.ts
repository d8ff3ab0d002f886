// `graftwork serve`: a host whose points a module declares, served until a signal comes.

import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GraftError, namesLike, shown } from '../../plugins/index.ts';
import { createHost, type Host } from '../index.ts';
import { addPages, hostPage, makeDataFolder, readPort, serve as serveHost } from '../server/index.ts';
import { dataFolder } from './client.ts';

export interface ServeFlags {
  readonly port?: string;
  readonly data?: string;
  readonly hostModule?: string;
}

type HostModule = (host: Host) => void | Promise<void>;

const loadModule = async (path: string): Promise<HostModule> => {
  const url = pathToFileURL(resolve(path)).href;
  const loaded = (await import(url).catch((cause: unknown) => {
    throw new GraftError('GRAFT_BAD_OPTION', `the host module ${path} cannot be loaded: ${(cause as Error).message}`, {
      cause,
    });
  })) as { default?: unknown };
  const { default: declare } = loaded;
  if (typeof declare === 'function') return declare as HostModule;
  throw new GraftError(
    'GRAFT_BAD_OPTION',
    `the host module ${path} has no default export that is a function of the host; ` +
      (declare === undefined ? namesLike('default', Object.keys(loaded)) : `it is ${shown(declare)}`),
  );
};

/** Serves until a signal comes. Gives the exit code. */
export const serve = async (flags: ServeFlags): Promise<number> => {
  const port = readPort(flags.port ?? process.env.PORT);
  const data = dataFolder(flags.data);
  const declare = flags.hostModule === undefined ? null : await loadModule(flags.hostModule);
  await makeDataFolder(data);
  const host = await createHost({
    store: `sqlite:${join(data, 'application.db')}`,
    registry: join(data, 'graftwork.db'),
  });
  try {
    await declare?.(host);
    const served = await serveHost(host, {
      port,
      data,
      pages: (app) => addPages(app, { '/': ({ url }) => hostPage(host, url) }),
    });
    // Many plugins take a while: calls wait for theirs, and everything else is answered at once.
    await Promise.all([host.restore(), served.closed]);
  } finally {
    await host.close();
  }
  return 0;
};
